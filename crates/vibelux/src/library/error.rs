//! [`LibraryError`]: what can go wrong with the store and with `song_embeddings.json`.

use std::path::{Path, PathBuf};

use super::store::{DatabaseError, DatabaseErrorKind};

/// What can go wrong with the library of songs.
///
/// A song that cannot be read is not among these: it is a row of the result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LibraryError {
    /// A file or its folder cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The folder that the library should lie in cannot be made.
    #[error(
        "{path}: its folder {folder} cannot be made ({source}); choose another file for the library"
    )]
    Folder {
        /// The library.
        path: PathBuf,
        /// Its folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The library's path is a folder's.
    #[error("{path} is a folder; name a file, such as {path}/library.db")]
    IsFolder {
        /// The folder.
        path: PathBuf,
    },
    /// Another program holds the library; try again when it is done.
    #[error("{path} is in use by another program; wait until it has finished, then try again")]
    Busy {
        /// The library.
        path: PathBuf,
    },
    /// The file is damaged, or is something else altogether.
    #[error(
        "{path} is not a readable library ({source}); move it away and run `vibelux embed` again"
    )]
    Corrupt {
        /// The library.
        path: PathBuf,
        /// What the database says.
        source: DatabaseError,
    },
    /// The file holds nothing: it was cut, or is not a library yet.
    #[error(
        "{path} is empty, so it is no library (was it cut short?); bring back a copy of it, or remove it \
         and run `vibelux embed` again"
    )]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A healthy SQLite file that another program made.
    #[error("{path} is a database of another program; choose another file for the library")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The library was written by a newer version of this program.
    #[error("{path} has layout {found}, this version knows up to {supported}; update vibelux")]
    NewerSchema {
        /// The library.
        path: PathBuf,
        /// Its layout version.
        found: i64,
        /// The newest one known here.
        supported: i64,
    },
    /// A stored value is not what was written; the song must be embedded again.
    #[error("{path} holds a damaged entry for {song}; run `vibelux embed --force` on that song")]
    BadEntry {
        /// The library.
        path: PathBuf,
        /// The song.
        song: PathBuf,
    },
    /// The disk is full.
    #[error(
        "{path}: its disk is full; make room (some 4 MB more than the library has) and run the same command again, what \
         was stored is kept"
    )]
    DiskFull {
        /// The library.
        path: PathBuf,
    },
    /// The file or its folder may be read only.
    #[error(
        "{path}: it or its folder cannot be written; what only reads it works, for the rest copy it elsewhere"
    )]
    ReadOnly {
        /// The library.
        path: PathBuf,
    },
    /// Any other failure of the database.
    #[error("{path}: {source}")]
    Database {
        /// The library.
        path: PathBuf,
        /// What the database says.
        source: DatabaseError,
    },
    /// The file is not a JSON object of paths.
    #[error(
        "{path} is not a song_embeddings.json ({source}); it should hold {{\"path\": [7 numbers], ...}}"
    )]
    Json {
        /// Which file.
        path: PathBuf,
        /// What is wrong and where.
        source: serde_json::Error,
    },
    /// The file is no Parquet file of songs.
    #[error("{path} is not a Parquet file of songs: {reason}")]
    Parquet {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// More titles or file names than a table holds.
    #[error(
        "{path} has more than 4 GiB of titles or of file names; split it into several libraries"
    )]
    TooManySongs {
        /// The library.
        path: PathBuf,
    },
    /// A worker could not open the library to read.
    #[error("{path}: cannot be read beside the run that writes it ({reason})")]
    Reader {
        /// The library.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A process that analyses songs could not be started.
    #[error("{program}: cannot be started to analyse songs ({reason})")]
    Helper {
        /// The program.
        program: PathBuf,
        /// Why.
        reason: String,
    },
    /// A worker thread could not be started.
    #[error("cannot start a worker thread: {source}; try fewer with --jobs")]
    Thread {
        /// Why.
        source: std::io::Error,
    },
}

impl LibraryError {
    /// What kind of error it is, for programs (`docs/guide/json.md`).
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Busy { .. } => "library_busy",
            _ => "library",
        }
    }

    /// The same failure, said of another file.
    pub(super) fn at(mut self, file: &Path) -> Self {
        match &mut self {
            Self::Io { path, .. }
            | Self::Folder { path, .. }
            | Self::IsFolder { path }
            | Self::Busy { path }
            | Self::Corrupt { path, .. }
            | Self::Empty { path }
            | Self::Foreign { path }
            | Self::DiskFull { path }
            | Self::ReadOnly { path }
            | Self::NewerSchema { path, .. }
            | Self::BadEntry { path, .. }
            | Self::Database { path, .. }
            | Self::Reader { path, .. }
            | Self::TooManySongs { path }
            | Self::Parquet { path, .. }
            | Self::Json { path, .. } => file.clone_into(path),
            Self::Helper { .. } | Self::Thread { .. } => {}
        }
        self
    }

    /// Whether nothing is wrong and nothing was done.
    #[cfg(feature = "postgres")]
    pub(super) fn is_undone(&self) -> bool {
        matches!(self, Self::Database { source, .. } if source.is_undone())
    }

    /// Sorts a failure of the database by what the caller can do about it.
    pub(super) fn database(path: &Path, source: DatabaseError) -> Self {
        let path = path.to_owned();
        if let Some(song) = source.damaged_song() {
            let song = song.to_owned();
            return Self::BadEntry { path, song };
        }
        match source.kind() {
            DatabaseErrorKind::Busy => Self::Busy { path },
            DatabaseErrorKind::Corrupt => Self::Corrupt { path, source },
            DatabaseErrorKind::Full => Self::DiskFull { path },
            DatabaseErrorKind::ReadOnly => Self::ReadOnly { path },
            DatabaseErrorKind::Other => Self::Database { path, source },
        }
    }

    /// Attaches the path to an I/O failure.
    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}
