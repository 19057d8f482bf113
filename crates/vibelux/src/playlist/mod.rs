//! Where the chosen songs go: playlists that every player reads.
//!
//! Takes paths and tags, nothing of emotions; [`crate::recommend`] has chosen by then.

mod m3u;

use std::path::PathBuf;

pub use m3u::{m3u_text, write_m3u};

/// One song of a playlist.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PlaylistEntry {
    /// The audio file, absolute or relative to the current folder.
    pub path: PathBuf,
    /// How long it plays, if known.
    pub duration_seconds: Option<f64>,
    /// Who plays it, from its tags.
    pub artist: Option<String>,
    /// What it is called, from its tags.
    pub title: Option<String>,
}

/// What can go wrong with a playlist.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlaylistError {
    /// The playlist cannot be written.
    #[error("cannot write the playlist {path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}
