//! [`Naming`]: what a song of this machine is called in a playlist, which another program or machine may read.

use std::path::{Component, Path, PathBuf};

use super::error::PlaylistError;
use crate::media::{self, PathMap};

/// How songs are named.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Naming {
    /// Where files are for those who read the playlist.
    pub map: PathMap,
    /// Relative to what.
    pub beside: Beside,
}

/// What songs are named relative to, where they are in or below it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Beside {
    /// The playlist's folder, so that both can be moved together.
    #[default]
    Playlist,
    /// This folder, such as the one that a player calls its library.
    Folder(PathBuf),
    /// Nothing: every song by its whole path.
    Nothing,
}

/// Where a song is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// On a server.
    Address(PathBuf),
    /// At this whole path.
    Absolute(PathBuf),
    /// At this path below what it is relative to.
    Relative(PathBuf),
}

impl Naming {
    /// What a song is called by a program that takes names one by one, with `/` between folders; `None` if that is no text.
    #[must_use]
    pub fn name(&self, song: &Path) -> Option<String> {
        match self.place(song, None).ok()? {
            Place::Address(path) | Place::Absolute(path) => Some(path.to_str()?.to_owned()),
            Place::Relative(below) => {
                let parts: Option<Vec<&str>> = below.iter().map(|part| part.to_str()).collect();
                Some(parts?.join("/"))
            }
        }
    }

    /// Where a song is for the reader of a playlist in `folder`; of one without a folder, nothing is beside it.
    pub(super) fn place(&self, song: &Path, folder: Option<&Path>) -> Result<Place, PlaylistError> {
        let whole = if media::is_address(song) {
            song.to_owned()
        } else {
            let absolute = std::path::absolute(song).map_err(|source| PlaylistError::Io {
                path: song.to_owned(),
                source,
            })?;
            without_dots(&absolute)
        };
        let there = self.map.file(&whole);
        let base = match &self.beside {
            Beside::Playlist => folder,
            Beside::Folder(base) => Some(base.as_path()),
            Beside::Nothing => None,
        };
        let below = base.and_then(|base| media::strip_prefix(&there, base));
        Ok(match below.filter(|below| !below.as_os_str().is_empty()) {
            Some(below) => Place::Relative(below),
            None if media::is_address(&there) => Place::Address(there),
            None => Place::Absolute(there),
        })
    }
}

/// `a/./b/../c` as `a/c`, by the text alone: a song need not be there to be listed.
pub(super) fn without_dots(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}
