//! [`match_songs`]: which of the server's songs is which of ours. By the ends of their paths where these are alike, by artist and title
//! otherwise; a song is rather not found than found wrongly.

mod path_endings;

use std::collections::HashMap;

use crate::plain_text::{plain, plain_artist};
use crate::server_song::ServerSong;
use path_endings::{PathEndings, PathKey};

/// Two lengths of one recording differ by less: servers cut the parts of a second off, and encoders add silence.
const SAME_SECONDS: f64 = 3.0;

/// An ending, or an artist's title, that more songs have says nothing about one of them.
const MOST_ALIKE: usize = 64;

/// A song of ours, as it is matched. What is not known is empty or `None`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LocalSong<'a> {
    /// Where it is, with `/` between folders, from wherever.
    pub path: &'a str,
    /// Its title.
    pub title: &'a str,
    /// Who plays it.
    pub artist: &'a str,
    /// What it was published on.
    pub album: &'a str,
    /// How long it is.
    pub duration_seconds: Option<f64>,
}

/// Which songs of ours are which of the server's.
#[derive(Debug, Clone, PartialEq)]
pub struct Matches<'s> {
    /// The server's id for each song of ours, in the order in which these were given. Two copies of ours may have the same one.
    pub ids: Vec<Option<&'s str>>,
    /// The server's songs that we do not have, in the order in which these were given.
    pub only_on_server: Vec<&'s ServerSong>,
}

/// Tags as they are compared.
struct Tags {
    title: String,
    artist: String,
    album: String,
    seconds: Option<f64>,
}

/// Matches our songs with the server's. Takes time that grows with how many there are, not with its square; the order of the songs changes
/// nothing.
///
/// A path says it if the whole of one stands at the end of the other (a folder at least), or if no other songs end like these two; what is said of the songs must
/// not speak against it. If several fit, album and length decide, and if these do not, there is none.
#[must_use]
pub fn match_songs<'s>(local: &[LocalSong<'_>], server: &'s [ServerSong]) -> Matches<'s> {
    let matching = Matching::new(local, server);
    let by_path: Vec<Option<usize>> = matching.by_path();
    let mut has_path = vec![false; server.len()];
    for &song in by_path.iter().flatten() {
        has_path[song] = true;
    }
    let found = matching.by_tags(&by_path, &has_path);
    let mut is_ours = vec![false; server.len()];
    for &song in found.iter().flatten() {
        is_ours[song] = true;
    }
    Matches {
        ids: found
            .iter()
            .map(|song| song.map(|song| server[song].id.as_str()))
            .collect(),
        only_on_server: server
            .iter()
            .zip(&is_ours)
            .filter(|(_, is_ours)| !**is_ours)
            .map(|(song, _)| song)
            .collect(),
    }
}

struct Matching {
    local: Vec<Tags>,
    server: Vec<Tags>,
    local_paths: Vec<PathKey>,
    server_paths: Vec<PathKey>,
}

impl Matching {
    fn new(local: &[LocalSong<'_>], server: &[ServerSong]) -> Self {
        let path = |song: &ServerSong| PathKey::new(song.path.as_deref().unwrap_or_default());
        Self {
            local: local.iter().map(Tags::of_local).collect(),
            server: server.iter().map(Tags::of_server).collect(),
            local_paths: local.iter().map(|song| PathKey::new(song.path)).collect(),
            server_paths: server.iter().map(path).collect(),
        }
    }

    fn by_path(&self) -> Vec<Option<usize>> {
        let ours = PathEndings::new((0..).zip(&self.local_paths));
        let theirs = PathEndings::new((0..).zip(&self.server_paths));
        let places = 0..self.local.len();
        places
            .map(|place| self.one_by_path(place, &ours, &theirs))
            .collect()
    }

    fn one_by_path(
        &self,
        place: usize,
        ours: &PathEndings<'_>,
        theirs: &PathEndings<'_>,
    ) -> Option<usize> {
        let (tags, path) = (&self.local[place], &self.local_paths[place]);
        let common = theirs.longest(path)?;
        if common.others.len() > MOST_ALIKE {
            return None;
        }
        let is_only = common.others.len() == 1 && ours.count(common.ending) == 1;
        let fitting = common.others.iter().map(|&song| song as usize);
        let fitting = fitting.filter(|&song| {
            let alike = Alike::new(tags, &self.server[song]);
            let shorter = path.parts().min(self.server_paths[song].parts());
            let is_whole = common.parts >= 2 && common.parts == shorter;
            if is_whole {
                // Tags may have been changed, or a length guessed, but hardly both.
                return !(alike.title == Some(false) && alike.length == Some(false));
            }
            let speaks_against = alike.title == Some(false)
                || alike.length == Some(false)
                || alike.artist == Some(false) && (common.parts == 1 || alike.album == Some(false));
            !speaks_against && (is_only || common.parts >= 2 && alike.title == Some(true))
        });
        self.best(tags, fitting.collect())
    }

    fn by_tags(&self, by_path: &[Option<usize>], has_path: &[bool]) -> Vec<Option<usize>> {
        let mut by_name: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
        for (song, tags) in self.server.iter().enumerate() {
            if let Some(name) = tags.name() {
                by_name.entry(name).or_default().push(song);
            }
        }
        let one = |(tags, found): (&Tags, &Option<usize>)| {
            if found.is_some() {
                return *found;
            }
            let songs = by_name.get(&tags.name()?)?;
            if songs.len() > MOST_ALIKE {
                return None;
            }
            let songs = songs.iter().copied();
            let fitting = songs
                .filter(|&song| Alike::new(tags, &self.server[song]).length != Some(false))
                .collect();
            // That of another copy is another copy.
            let fitting = narrowed(fitting, |&song| !has_path[song]);
            self.best(tags, fitting)
        };
        self.local.iter().zip(by_path).map(one).collect()
    }

    /// The only one, or the best by album and length.
    fn best(&self, tags: &Tags, songs: Vec<usize>) -> Option<usize> {
        let songs = narrowed(songs, |&song| {
            Alike::new(tags, &self.server[song]).album == Some(true)
        });
        let songs = narrowed(songs, |&song| {
            Alike::new(tags, &self.server[song]).title == Some(true)
        });
        if let [song] = songs[..] {
            return Some(song);
        }
        let mut by_length: Vec<(f64, usize)> = songs
            .iter()
            .filter_map(|&song| Some((tags.seconds_between(&self.server[song])?, song)))
            .collect();
        by_length.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        match by_length[..] {
            [(nearest, song), (next, _), ..] if nearest < next => Some(song),
            [(_, song)] => Some(song),
            _ => None,
        }
    }
}

/// Those of which something is true, if there are any.
fn narrowed(songs: Vec<usize>, is_better: impl Fn(&usize) -> bool) -> Vec<usize> {
    let better: Vec<usize> = songs
        .iter()
        .copied()
        .filter(|song| is_better(song))
        .collect();
    if better.is_empty() { songs } else { better }
}

impl Tags {
    fn of_local(song: &LocalSong<'_>) -> Self {
        Self {
            title: plain(song.title),
            artist: plain_artist(song.artist),
            album: plain(song.album),
            seconds: known(song.duration_seconds),
        }
    }

    fn of_server(song: &ServerSong) -> Self {
        Self {
            title: plain(&song.title),
            artist: plain_artist(&song.artist),
            album: plain(&song.album),
            seconds: known(song.duration_seconds),
        }
    }

    /// Artist and title, if both are known.
    fn name(&self) -> Option<(&str, &str)> {
        let is_known = !self.artist.is_empty() && !self.title.is_empty();
        is_known.then_some((&self.artist, &self.title))
    }

    fn seconds_between(&self, other: &Self) -> Option<f64> {
        Some((self.seconds? - other.seconds?).abs())
    }
}

fn known(seconds: Option<f64>) -> Option<f64> {
    seconds.filter(|seconds| seconds.is_finite() && *seconds > 0.0)
}

/// What two songs have in common; `None` where it is not known of both.
struct Alike {
    title: Option<bool>,
    artist: Option<bool>,
    album: Option<bool>,
    length: Option<bool>,
}

impl Alike {
    fn new(one: &Tags, other: &Tags) -> Self {
        let text = |one: &str, other: &str| {
            let is_known = !one.is_empty() && !other.is_empty();
            is_known.then_some(one == other)
        };
        Self {
            title: text(&one.title, &other.title),
            artist: text(&one.artist, &other.artist),
            album: text(&one.album, &other.album),
            length: one
                .seconds_between(other)
                .map(|seconds| seconds <= SAME_SECONDS),
        }
    }
}
