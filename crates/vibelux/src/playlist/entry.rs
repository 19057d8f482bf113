//! [`Playlist`] and [`PlaylistEntry`]: what all formats hold.

use std::path::PathBuf;

/// Songs in their order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Playlist {
    /// What it is called; on one line.
    pub name: Option<String>,
    /// The songs.
    pub entries: Vec<PlaylistEntry>,
}

/// One song of a playlist.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PlaylistEntry {
    /// The audio file, absolute or relative to the current folder, or its address.
    pub path: PathBuf,
    /// How long it plays, if known.
    pub duration_seconds: Option<f64>,
    /// Who plays it, from its tags.
    pub artist: Option<String>,
    /// What it is called, from its tags.
    pub title: Option<String>,
    /// What it is from, from its tags.
    pub album: Option<String>,
}

/// A song with what it is called in the file.
pub(super) struct Listed<'a> {
    pub(super) entry: &'a PlaylistEntry,
    pub(super) location: String,
}

impl PlaylistEntry {
    /// One that is only known by where it is.
    pub(super) fn at(path: PathBuf) -> Self {
        Self {
            path,
            ..Self::default()
        }
    }

    /// Its length in milliseconds, as XSPF and JSPF have it.
    pub(super) fn milliseconds(&self) -> Option<u64> {
        let seconds = self.duration_seconds?;
        let is_length = seconds.is_finite() && seconds >= 0.0;
        is_length.then(|| (seconds * 1000.0).round() as u64)
    }
}

/// A text of a tag, on one line; `None` if nothing is left of it.
pub(super) fn tag(text: &Option<String>) -> Option<String> {
    text.as_deref()
        .map(one_line)
        .filter(|text| !text.is_empty())
}

/// Line breaks and other control characters would end a line early or upset a terminal; XML has no way to write some of them.
pub(super) fn one_line(text: &str) -> String {
    let breaks =
        |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{FFFE}' | '\u{FFFF}');
    text.split(|c| breaks(c) || c == ' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
