//! The songs that were found: chosen among those that can be played, and shown as text, JSON or a
//! playlist.

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

use console::Style;
use serde::Serialize;
use vibelux::emotion::EMOTION_COUNT;
use vibelux::library::SongTable;
use vibelux::recommend::{Match, Mode, Pick, Query, SongIndex, reasons};
use vibelux::{Emotion, EmotionVector, by_emotion};

use crate::bars::{bars, columns};
use crate::chosen::{Chosen, Found};
use crate::json::FileSong;
use crate::output;
use vibelux::playlist::{Playlist, PlaylistEntry};

/// A reason that contributes less than this to the cosine is not worth reading.
const MIN_REASON: f32 = 0.05;

/// All songs found, each once, in the order they are shown.
pub fn playlist(found: &[Found], songs: &Chosen) -> Vec<PlaylistEntry> {
    let mut seen = HashSet::new();
    found
        .iter()
        .flat_map(|found| &found.matches)
        .filter(|found| seen.insert(found.index))
        .map(|found| playlist_entry(&songs.table, found.index))
        .collect()
}

/// A song as a playlist has it.
pub fn playlist_entry(table: &SongTable, at: usize) -> PlaylistEntry {
    PlaylistEntry {
        path: table.path(at),
        title: Some(table.title(at).into_owned()),
        artist: table.artist(at).map(Cow::into_owned),
        album: table.album(at).map(Cow::into_owned),
        duration_seconds: table.duration_seconds(at),
    }
}

/// Says that a playlist was written, and what is not in it.
pub fn tell_playlist(file: &Path, list: &Playlist, left_out: &[PathBuf]) {
    for song in left_out {
        let song = output::readable(song);
        crate::tell!(
            "left out of the playlist: {song}; its path has a line break or is no UTF-8, which no playlist of this format holds"
        );
    }
    let written = output::songs(list.entries.len() - left_out.len());
    crate::tell!("wrote a playlist of {written}: {}", output::readable(file));
}

/// What was found, for reading: each query's bars, then its songs, with the emotions that matched if
/// `why`.
pub fn to_text(found: &[Found], songs: &Chosen, index: &SongIndex, why: bool) -> String {
    let mut text = String::new();
    for (i, Found { asked, matches }) in found.iter().enumerate() {
        if i > 0 {
            text.push('\n');
        }
        let vector = &asked.query.vector;
        text += &format!("{} {}.\n", asked.subject, vector.strongest());
        text += &bars(vector, columns());
        text.push('\n');
        if asked.query.is_undirected(index.mode()) {
            text +=
                "  This is the average, so no song fits better than another; try --mode plain.\n";
        }
        if matches.is_empty() {
            text += "  None of the songs' files is on this disk; if they were moved, run `vibelux embed` on their new \
                 folder; --include-missing names them anyway.\n";
        }
        for (rank, found) in matches.iter().enumerate() {
            text += &row(rank + 1, found.index, found.cosine, &songs.table);
            if why {
                text += &reasons_line(index, &asked.query, found);
            }
        }
    }
    text
}

/// Rank, cosine, title and artist; the path below, where it is never cut.
pub fn row(rank: usize, at: usize, cosine: f32, songs: &SongTable) -> String {
    let bold = Style::new().bold();
    let dim = Style::new().dim();
    let artist = match songs.artist(at) {
        Some(artist) => format!(" \u{2014} {artist}"),
        None => String::new(),
    };
    format!(
        "{rank:>4} {cosine:>6.3}  {}{artist}\n{:13}{}\n",
        bold.apply_to(output::readable(songs.title(at).as_ref().as_ref())),
        "",
        dim.apply_to(output::readable(&songs.path(at))),
    )
}

fn reasons_line(index: &SongIndex, query: &Query, found: &Match) -> String {
    let contributions = index.why(query, found.index).unwrap_or_default();
    let reasons: Vec<String> = reasons(&contributions)
        .into_iter()
        .filter(|(_, value)| *value >= MIN_REASON)
        .map(|(emotion, value)| {
            // Centred, two deviations agree when both are below average too.
            let below = query.direction(index.mode())[emotion.index()] < 0.0;
            format!(
                "{}{emotion} {value:+.2}",
                if below { "little " } else { "" }
            )
        })
        .collect();
    if reasons.is_empty() {
        format!("{:13}nothing in particular matched\n", "")
    } else {
        format!("{:13}{}\n", "", reasons.join(", "))
    }
}

/// What was found, for programs.
#[derive(Debug, Serialize)]
pub struct RecommendAnswer<'a> {
    mode: &'static str,
    library_songs: usize,
    queries: Vec<QueryAnswer<'a>>,
}

#[derive(Debug, Serialize)]
struct QueryAnswer<'a> {
    subject: &'a str,
    #[serde(serialize_with = "by_emotion::serialize")]
    vector: EmotionVector,
    strongest: Emotion,
    #[serde(serialize_with = "by_emotion::serialize")]
    reference: EmotionVector,
    recommendations: Vec<Recommendation>,
}

/// A song that was found.
#[derive(Debug, Serialize)]
pub struct Recommendation {
    song: FileSong,
    cosine: f32,
    /// What each emotion contributes to the cosine.
    #[serde(serialize_with = "by_emotion::serialize")]
    why: [f32; EMOTION_COUNT],
    #[serde(serialize_with = "by_emotion::serialize")]
    target: EmotionVector,
}

impl Recommendation {
    /// A song of a queue.
    pub fn of_pick(pick: &Pick, songs: &SongTable) -> Self {
        Self {
            song: FileSong::of(songs, pick.position),
            cosine: pick.cosine,
            why: pick.contributions,
            target: pick.target,
        }
    }
}

/// What a way of comparing is called in answers.
pub fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Plain => "plain",
        Mode::Centred => "centred",
    }
}

/// The same as [`to_text`].
pub fn to_json<'a>(found: &'a [Found], songs: &Chosen, index: &SongIndex) -> RecommendAnswer<'a> {
    let query = |found: &'a Found| {
        let Query { vector, reference } = found.asked.query;
        let recommendation = |found: &Match| {
            let why = index.why(&Query { vector, reference }, found.index);
            Recommendation {
                song: FileSong::of(&songs.table, found.index),
                cosine: found.cosine,
                why: why.unwrap_or_default(),
                target: vector,
            }
        };
        QueryAnswer {
            subject: &found.asked.subject,
            vector,
            strongest: vector.strongest(),
            reference,
            recommendations: found.matches.iter().map(recommendation).collect(),
        }
    };
    RecommendAnswer {
        mode: mode_name(index.mode()),
        library_songs: songs.count(),
        queries: found.iter().map(query).collect(),
    }
}
/// A song in a line: its title and who plays it.
pub fn song_title(table: &SongTable, position: usize) -> String {
    let title = table.title(position);
    let text = match table.artist(position) {
        Some(artist) => format!("{title} \u{2014} {artist}"),
        None => title.into_owned(),
    };
    output::readable(text.as_ref())
}
