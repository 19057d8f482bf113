//! [`PlaylistFormat`]: how a playlist is written down.

use std::path::Path;
use std::str::FromStr;

/// How a playlist is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PlaylistFormat {
    /// Extended M3U in UTF-8, which every player reads.
    #[default]
    M3u,
    /// XML Shareable Playlist Format, version 1 (xspf.org).
    Xspf,
    /// The same in JSON.
    Jspf,
    /// A smart playlist of Navidrome: it has no order of its own.
    Nsp,
}

/// A text that names no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("use m3u8, xspf, jspf or nsp")]
pub struct UnknownPlaylistFormat;

impl PlaylistFormat {
    /// What the extension of a file says; `None` if it says nothing of a playlist.
    #[must_use]
    pub fn of_path(file: &Path) -> Option<Self> {
        file.extension()?.to_str()?.parse().ok()
    }

    /// What the first bytes of a file say.
    pub(super) fn of_bytes(bytes: &[u8]) -> Self {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        match bytes.trim_ascii_start().first() {
            Some(b'<') => Self::Xspf,
            Some(b'{') => Self::Jspf,
            _ => Self::M3u,
        }
    }

    /// The extension of its files.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::M3u => "m3u8",
            Self::Xspf => "xspf",
            Self::Jspf => "jspf",
            Self::Nsp => "nsp",
        }
    }

    /// Its name for browsers and servers.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::M3u => "audio/x-mpegurl; charset=utf-8",
            Self::Xspf => "application/xspf+xml",
            Self::Jspf | Self::Nsp => "application/json",
        }
    }
}

impl FromStr for PlaylistFormat {
    type Err = UnknownPlaylistFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "m3u8" | "m3u" => Ok(Self::M3u),
            "xspf" => Ok(Self::Xspf),
            "jspf" => Ok(Self::Jspf),
            "nsp" => Ok(Self::Nsp),
            _ => Err(UnknownPlaylistFormat),
        }
    }
}
