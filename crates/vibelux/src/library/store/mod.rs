//! [`SongStore`]: the library as one SQLite file.
//!
//! Write-ahead logging lets a recommendation read while an embedding run writes, and makes a commit
//! cheap enough to do one per song, so that a run which is killed loses only the songs in flight.

mod classes;
mod creation;
mod layout;
mod rows;
mod soundness;
mod verdict;
mod verdicts;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::error::LibraryError;
use super::path_bytes::{from_bytes, to_bytes};
use super::song::{FileStamp, Song};
use crate::emotion::EmotionVector;
pub use verdict::{Said, Verdict, VerdictKind};

use rows::{COLUMNS, IS_DECLARED_MUSIC, WINDOW_BYTES, decode_window, stamp, upsert};

/// What must be known of a song to tell whether it has to be embedded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSong {
    /// The file as it was when it was embedded.
    pub stamp: Option<FileStamp>,
    /// The model that was used.
    pub model: String,
    /// Why that failed, if it did.
    pub failure: Option<String>,
    /// Whether the file was gone at the last scan.
    pub missing: bool,
}

/// The library: songs by path. One connection; open the file again for another thread.
#[derive(Debug)]
pub struct SongStore {
    connection: Connection,
    path: PathBuf,
}

impl SongStore {
    /// Where the library is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a song or replaces what is known of it, with the vectors of its windows (start in
    /// seconds, vector). Committed when it returns.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn upsert(
        &mut self,
        song: &Song,
        windows: &[(f64, EmotionVector)],
    ) -> Result<(), LibraryError> {
        self.write(|connection| upsert(connection, song, windows))
    }

    /// The same for many songs without windows, in one transaction: all or none.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn upsert_all(&mut self, songs: &[Song]) -> Result<(), LibraryError> {
        self.write(|connection| {
            songs
                .iter()
                .try_for_each(|song| upsert(connection, song, &[]))
        })
    }

    /// All songs in the order of their paths, failed and missing ones too.
    ///
    /// # Errors
    /// If the database cannot be read, or an entry is damaged: also if two songs have the same path, as only
    /// the index, past which this reads, would keep them from.
    pub fn songs(&self) -> Result<Vec<Song>, LibraryError> {
        let error = |source| LibraryError::database(&self.path, source);
        let mut statement = self
            .connection
            // Past the index, which could be damaged unseen.
            .prepare(&format!(
                "SELECT {COLUMNS}, {IS_DECLARED_MUSIC} FROM songs NOT INDEXED ORDER BY path"
            ))
            .map_err(error)?;
        let mut rows = statement.query([]).map_err(error)?;
        let mut songs: Vec<Song> = Vec::new();
        while let Some(row) = rows.next().map_err(error)? {
            let song = rows::read(row, &self.path)?;
            if songs.last().is_some_and(|last| last.path == song.path) {
                return Err(rows::damaged(&self.path, &song.path));
            }
            songs.push(song);
        }
        Ok(songs)
    }

    /// One song.
    ///
    /// # Errors
    /// As [`Self::songs`].
    pub fn get(&self, path: &Path) -> Result<Option<Song>, LibraryError> {
        let error = |source| LibraryError::database(&self.path, source);
        let mut statement = self
            .connection
            .prepare_cached(&format!(
                "SELECT {COLUMNS}, {IS_DECLARED_MUSIC} FROM songs WHERE path = ?1"
            ))
            .map_err(error)?;
        let mut rows = statement.query([to_bytes(path)]).map_err(error)?;
        match rows.next().map_err(error)? {
            Some(row) => rows::read(row, &self.path).map(Some),
            None => Ok(None),
        }
    }

    /// The windows of a song: start in seconds and vector, in the order they were stored; none for
    /// an imported, failed or unknown song.
    ///
    /// # Errors
    /// As [`Self::songs`].
    pub fn windows(&self, path: &Path) -> Result<Vec<(f64, EmotionVector)>, LibraryError> {
        let blob: Option<Vec<u8>> = self
            .connection
            .prepare_cached("SELECT windows FROM windows WHERE path = ?1")
            .and_then(|mut s| s.query_row([to_bytes(path)], |row| row.get(0)).optional())
            .map_err(|source| LibraryError::database(&self.path, source))?;
        blob.unwrap_or_default()
            .chunks_exact(WINDOW_BYTES)
            .map(|bytes| decode_window(bytes).ok_or_else(|| rows::damaged(&self.path, path)))
            .collect()
    }

    /// What is known of every song, without the vectors.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn known(&self) -> Result<HashMap<PathBuf, KnownSong>, LibraryError> {
        let read = || -> rusqlite::Result<_> {
            let mut statement = self.connection.prepare(
                "SELECT path, size_bytes, modified_nanoseconds, model, error, missing
                 FROM songs",
            )?;
            let rows = statement.query_map([], |row| {
                let path: Vec<u8> = row.get(0)?;
                let known = KnownSong {
                    stamp: stamp(row.get(1)?, row.get(2)?),
                    model: row.get(3)?,
                    failure: row.get(4)?,
                    missing: row.get(5)?,
                };
                Ok((from_bytes(&path), known))
            })?;
            rows.collect()
        };
        read().map_err(|source| LibraryError::database(&self.path, source))
    }

    /// Notes that these files are gone, or are back. One transaction; unknown paths are ignored.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn set_missing(&mut self, paths: &[PathBuf], missing: bool) -> Result<(), LibraryError> {
        if paths.is_empty() {
            return Ok(());
        }
        self.write(|connection| {
            let mut statement =
                connection.prepare_cached("UPDATE songs SET missing = ?2 WHERE path = ?1")?;
            paths.iter().try_for_each(|path| {
                statement
                    .execute(params![to_bytes(path), missing])
                    .map(drop)
            })
        })
    }

    /// Forgets the songs whose files were gone at the last scan; returns how many.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn remove_missing(&mut self) -> Result<usize, LibraryError> {
        self.write(|connection| connection.execute("DELETE FROM songs WHERE missing", []))
    }

    /// Runs one write transaction. Immediate: it waits for the lock at the start, where waiting
    /// helps, instead of failing at its first write.
    fn write<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, LibraryError> {
        let run = || {
            let transaction = self
                .connection
                .transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        run().map_err(|source| LibraryError::database(&self.path, source))
    }
}

#[cfg(test)]
mod tests;
