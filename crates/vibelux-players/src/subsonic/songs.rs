//! [`Songs`]: all songs of a server, page by page. A search for nothing finds all songs on most servers; where it does not, the albums are
//! gone through.

use std::collections::{HashSet, VecDeque};

use serde_json::{Map, Value};

use super::answer::text;
use super::client::Subsonic;
use super::error::SubsonicError;
use super::song::read_song;
use crate::server_song::ServerSong;

/// So many songs or albums are asked for at once, the most that `getAlbumList2` gives.
const PAGE: &str = "500";

/// Where the songs stand in an answer to `search3`.
const FOUND: &str = "searchResult3";
const SONG: &str = "song";

/// All songs of a server, each once. Ends after the first error.
#[derive(Debug)]
pub struct Songs<'a> {
    server: &'a Subsonic,
    source: Source,
    ready: VecDeque<ServerSong>,
    /// What was given out, or is ready: a server may say the same again and again.
    seen: HashSet<String>,
}

#[derive(Debug)]
enum Source {
    Search {
        offset: usize,
    },
    Albums {
        offset: usize,
        seen: HashSet<String>,
        waiting: VecDeque<String>,
    },
    Done,
}

impl Subsonic {
    /// All its songs. They are asked for while the iterator is gone through.
    #[must_use]
    pub fn songs(&self) -> Songs<'_> {
        Songs {
            server: self,
            source: Source::Search { offset: 0 },
            ready: VecDeque::new(),
            seen: HashSet::new(),
        }
    }

    /// All its songs at once; `progress` is told how many there are so far, after each answer that had some.
    ///
    /// # Errors
    /// [`SubsonicError`].
    pub fn all_songs(
        &self,
        mut progress: impl FnMut(usize),
    ) -> Result<Vec<ServerSong>, SubsonicError> {
        let mut songs = self.songs();
        let mut all = Vec::new();
        while let Some(song) = songs.next() {
            all.push(song?);
            if songs.ready.is_empty() {
                progress(all.len());
            }
        }
        Ok(all)
    }

    /// How many songs it says that it has. Not all say it, nor to everybody.
    ///
    /// # Errors
    /// [`SubsonicError`] if it does not answer; one that refuses is no error.
    pub fn song_count(&self) -> Result<Option<u64>, SubsonicError> {
        match self.ask("getScanStatus", &[]) {
            Ok(answer) => {
                let count = answer.object("scanStatus");
                let count = count.and_then(|fields| super::answer::integer(fields, "count"));
                Ok(count
                    .and_then(|count| u64::try_from(count).ok())
                    .filter(|&n| n > 0))
            }
            Err(error) if error.is_passing() => Err(error),
            Err(_) => Ok(None),
        }
    }
}

impl Iterator for Songs<'_> {
    type Item = Result<ServerSong, SubsonicError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() {
            let more = match &mut self.source {
                Source::Search { .. } => self.search(),
                Source::Albums { .. } => self.next_album(),
                Source::Done => return None,
            };
            if let Err(error) = more {
                self.source = Source::Done;
                return Some(Err(error));
            }
        }
        self.ready.pop_front().map(Ok)
    }
}

impl Songs<'_> {
    /// The next page of a search for nothing.
    fn search(&mut self) -> Result<(), SubsonicError> {
        let Source::Search { offset } = self.source else {
            return Ok(());
        };
        let from = offset.to_string();
        let answer = self.server.ask(
            "search3",
            &[
                ("query", ""),
                ("artistCount", "0"),
                ("albumCount", "0"),
                ("songCount", PAGE),
                ("songOffset", &from),
            ],
        );
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) if error.is_refusal() && offset == 0 => {
                self.source = albums();
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let songs = answer.list(FOUND, SONG);
        let has_new = self.take(&songs);
        self.source = if has_new {
            // What a page has, and not what it was asked for: some give fewer songs at once.
            Source::Search {
                offset: offset + songs.len(),
            }
        } else if offset > 0 && songs.is_empty() {
            Source::Done
        } else {
            // It finds nothing by this, or begins from the front each time.
            albums()
        };
        Ok(())
    }

    /// The songs of the next album, or the next page of albums.
    fn next_album(&mut self) -> Result<(), SubsonicError> {
        let Source::Albums {
            offset,
            seen,
            waiting,
        } = &mut self.source
        else {
            return Ok(());
        };
        if let Some(id) = waiting.pop_front() {
            return match self.server.ask("getAlbum", &[("id", &id)]) {
                Ok(answer) => {
                    self.take(&answer.list("album", "song"));
                    Ok(())
                }
                // It was there when the albums were listed.
                Err(error) if error.is_absent() => Ok(()),
                Err(error) => Err(error),
            };
        }
        let from = offset.to_string();
        let answer = self.server.ask(
            "getAlbumList2",
            &[
                ("type", "alphabeticalByName"),
                ("size", PAGE),
                ("offset", &from),
            ],
        )?;
        let albums = answer.list("albumList2", "album");
        *offset += albums.len();
        let ids = albums.iter().filter_map(|album| text(album, "id"));
        waiting.extend(ids.filter(|id| seen.insert(id.clone())));
        if waiting.is_empty() {
            self.source = Source::Done;
        }
        Ok(())
    }

    /// Whether anything was new.
    fn take(&mut self, songs: &[&Map<String, Value>]) -> bool {
        let mut has_new = false;
        for fields in songs {
            let is_new = text(fields, "id").is_some_and(|id| self.seen.insert(id));
            has_new |= is_new;
            if is_new {
                self.ready.extend(read_song(fields));
            }
        }
        has_new
    }
}

/// The songs in an answer to `search3`; none if it is none.
#[cfg(feature = "fuzzing")]
pub(crate) fn songs_found(answer: &[u8]) -> Vec<ServerSong> {
    let Some(Ok(answer)) = super::answer::Answer::read(answer) else {
        return Vec::new();
    };
    let songs = answer.list(FOUND, SONG);
    songs.into_iter().filter_map(read_song).collect()
}

fn albums() -> Source {
    Source::Albums {
        offset: 0,
        seen: HashSet::new(),
        waiting: VecDeque::new(),
    }
}
