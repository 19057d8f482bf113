//! Where the chosen songs go: playlist files that players read, and back.
//!
//! ```text
//! PlaylistEntry -> naming.rs (what the song is called there) -> m3u.rs, xspf.rs, jspf.rs, nsp.rs -> file
//! file -> m3u.rs, xspf.rs, jspf.rs, nsp.rs -> PlaylistEntry
//! ```
//!
//! Takes paths and tags, nothing of emotions; [`crate::recommend`] has chosen by then.

mod entry;
mod error;
mod format;
mod jspf;
mod location;
mod m3u;
mod naming;
mod nsp;
mod xspf;

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

pub use entry::{Playlist, PlaylistEntry};
pub use error::{NotAPlaylist, PlaylistError};
pub use format::{PlaylistFormat, UnknownPlaylistFormat};
pub use naming::{Beside, Naming};

use crate::atomic;
use entry::{Listed, one_line};
use naming::Place;

/// A longer file is no playlist: a million songs are shorter.
const MOST_BYTES: u64 = 1 << 28;

impl Playlist {
    /// Writes a playlist file. It is written to a temporary file beside it and renamed, so that a crash leaves either the old playlist or
    /// the new one. Returns the songs that are left out, as the format cannot hold their paths: in M3U those that are no UTF-8 or have a line
    /// break.
    ///
    /// # Errors
    /// [`PlaylistError::Io`] if the file cannot be written.
    pub fn write(
        &self,
        file: &Path,
        format: PlaylistFormat,
        naming: &Naming,
    ) -> Result<Vec<PathBuf>, PlaylistError> {
        let io = |source| PlaylistError::Io {
            path: file.to_owned(),
            source,
        };
        // What a link leads to is the playlist, and stays one.
        let absolute = match std::fs::canonicalize(file) {
            Ok(real) => real,
            Err(_) => std::path::absolute(file).map_err(io)?,
        };
        replaceable(&absolute).map_err(io)?;
        let folder = naming::without_dots(absolute.parent().unwrap_or(&absolute));
        let (text, left_out) = self.text_in(Some(&folder), format, naming)?;
        let written = atomic::write_with(&absolute, |file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        written.map_err(io)?;
        Ok(left_out)
    }

    /// The text of a playlist that may lie anywhere: no song is named relative to it; and the songs that are left out, as in [`Self::write`].
    ///
    /// # Errors
    /// [`PlaylistError::Io`] for a relative path if the current folder is unknown.
    pub fn text(
        &self,
        format: PlaylistFormat,
        naming: &Naming,
    ) -> Result<(String, Vec<PathBuf>), PlaylistError> {
        self.text_in(None, format, naming)
    }

    fn text_in(
        &self,
        folder: Option<&Path>,
        format: PlaylistFormat,
        naming: &Naming,
    ) -> Result<(String, Vec<PathBuf>), PlaylistError> {
        let mut listed = Vec::new();
        let mut left_out = Vec::new();
        for entry in &self.entries {
            let place = naming.place(&entry.path, folder)?;
            match format.location(&place) {
                Some(location) => listed.push(Listed { entry, location }),
                None => left_out.push(entry.path.clone()),
            }
        }
        let name = self.name.as_deref().map(one_line);
        let name = name.filter(|name| !name.is_empty());
        Ok((format.text(name.as_deref(), &listed), left_out))
    }

    /// Reads a playlist file, whatever of the formats it has. Songs that it names relative to itself get whole paths.
    ///
    /// # Errors
    /// [`PlaylistError::Io`] if it cannot be read, [`PlaylistError::Format`] if it is no playlist.
    pub fn read(file: &Path) -> Result<Self, PlaylistError> {
        let io = |source| PlaylistError::Io {
            path: file.to_owned(),
            source,
        };
        let absolute = std::path::absolute(file).map_err(io)?;
        let mut bytes = Vec::new();
        let opened = File::open(file).map_err(io)?;
        opened
            .take(MOST_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(io)?;
        let format = |source| PlaylistError::Format {
            path: file.to_owned(),
            source,
        };
        if bytes.len() as u64 > MOST_BYTES {
            return Err(format(NotAPlaylist::TooLong { bytes: MOST_BYTES }));
        }
        let folder = absolute.parent().unwrap_or(&absolute);
        Self::parse(&bytes, PlaylistFormat::of_path(file), folder).map_err(format)
    }

    /// The same of its bytes: `folder` is where it lies, `format` what its name says.
    ///
    /// # Errors
    /// [`NotAPlaylist`].
    pub fn parse(
        bytes: &[u8],
        format: Option<PlaylistFormat>,
        folder: &Path,
    ) -> Result<Self, NotAPlaylist> {
        match format.unwrap_or_else(|| PlaylistFormat::of_bytes(bytes)) {
            PlaylistFormat::M3u => Ok(m3u::parse(bytes, folder)),
            PlaylistFormat::Xspf => xspf::parse(bytes, folder),
            PlaylistFormat::Jspf => jspf::parse(bytes, folder),
            PlaylistFormat::Nsp => nsp::parse(bytes, folder),
        }
    }
}

/// Whether a playlist may take the place of what is there.
fn replaceable(file: &Path) -> io::Result<()> {
    let refused = |kind, message| Err(io::Error::new(kind, message));
    match std::fs::metadata(file) {
        Ok(facts) if facts.is_dir() => refused(io::ErrorKind::IsADirectory, "it is a folder"),
        Ok(facts) if !facts.is_file() => refused(
            io::ErrorKind::InvalidInput,
            "it is no file that can be replaced",
        ),
        Ok(facts) if facts.permissions().readonly() => {
            refused(io::ErrorKind::PermissionDenied, "it is read-only")
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

impl PlaylistFormat {
    /// What a song at this place is called; `None` if the format has no way to say it.
    fn location(self, place: &Place) -> Option<String> {
        match self {
            Self::M3u => m3u::line(place),
            Self::Xspf | Self::Jspf => location::uri(place),
            Self::Nsp => nsp::file_path(place),
        }
    }

    fn text(self, name: Option<&str>, listed: &[Listed<'_>]) -> String {
        match self {
            Self::M3u => m3u::text(name, listed),
            Self::Xspf => xspf::text(name, listed),
            Self::Jspf => jspf::text(name, listed),
            Self::Nsp => nsp::text(name, listed),
        }
    }
}

#[cfg(test)]
mod tests;
