//! What can go wrong with a playlist.

use std::path::PathBuf;

/// Why a playlist cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlaylistError {
    /// The file cannot be written or read.
    #[error("the playlist {path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// What is read is no playlist.
    #[error("the playlist {path}: {source}")]
    Format {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: NotAPlaylist,
    },
}

/// What is wrong with the bytes of a playlist.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotAPlaylist {
    /// Longer than any playlist.
    #[error("it is longer than {bytes} bytes, which no playlist is")]
    TooLong {
        /// The longest that is read.
        bytes: u64,
    },
    /// No XSPF.
    #[error("it is no XSPF: {0}")]
    Xspf(#[from] quick_xml::DeError),
    /// Not in UTF-8.
    #[error("it is no UTF-8 text")]
    Encoding,
    /// No JSPF.
    #[error("it is no JSPF: {0}")]
    Jspf(serde_json::Error),
    /// No smart playlist that lists files.
    #[error("it is no smart playlist that lists files: {0}")]
    Nsp(serde_json::Error),
    /// A smart playlist with rules, which only Navidrome can follow.
    #[error("it has rules instead of files, which only Navidrome can follow")]
    Rules,
}
