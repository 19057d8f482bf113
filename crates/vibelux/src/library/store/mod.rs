//! [`SongStore`]: the library as one SQLite file.
//!
//! Write-ahead logging lets a recommendation read while an embedding run writes, and makes a commit
//! cheap enough to do one per song, so that a run which is killed loses only the songs in flight.

mod analyses;
mod aside;
mod classes;
mod copies;
mod creation;
mod failures;
mod files;
mod layout;
mod mounts;
mod rows;
mod soundness;
mod verdict;
mod verdicts;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::content::ContentHash;
use super::error::LibraryError;
use super::failure::Failure;
use super::path_bytes::{from_bytes, to_bytes};
use super::revision::Revision;
use super::song::{FileStamp, Song};
use crate::emotion::EmotionVector;
pub use analyses::Analysis;
pub use copies::CopyFacts;
pub use files::Change;
pub use verdict::{Said, Verdict, VerdictKind};

use rows::{
    COLUMNS, FAILURE_COLUMNS, IS_DECLARED_MUSIC, WINDOW_BYTES, content_of, decode_window, stamp,
    upsert,
};

/// What must be known of a song to tell whether it has to be embedded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSong {
    /// The file as it was when it was embedded.
    pub stamp: Option<FileStamp>,
    /// The model that was used.
    pub model: String,
    /// Why that failed, if it did.
    pub failure: Option<Failure>,
    /// Which sound the file holds, if somebody has looked.
    pub content: Option<ContentHash>,
    /// Whether only one window was listened to.
    pub is_first_look: bool,
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
        let mut songs = Vec::new();
        self.for_each_song(|song| songs.push(song))?;
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
            let mut statement = self.connection.prepare(&format!(
                "SELECT path, size_bytes, modified_nanoseconds, model, missing, content, first_look, error,
                     {FAILURE_COLUMNS}
                 FROM songs"
            ))?;
            let rows = statement.query_map([], |row| {
                let path: Vec<u8> = row.get(0)?;
                let reason: Option<String> = row.get(7)?;
                let known = KnownSong {
                    stamp: stamp(row.get(1)?, row.get(2)?),
                    model: row.get(3)?,
                    missing: row.get(4)?,
                    content: content_of(row, 5)?,
                    is_first_look: row.get(6)?,
                    failure: match reason {
                        Some(reason) => Some(rows::failure(row, Some(reason), 8)?),
                        None => None,
                    },
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
        self.write(|connection| {
            connection.execute_batch(
                "DELETE FROM fingerprints WHERE path IN (SELECT path FROM songs WHERE missing);
                 DELETE FROM staged WHERE path IN (SELECT path FROM songs WHERE missing);
                 DELETE FROM twins WHERE path IN (SELECT path FROM songs WHERE missing)
                     OR twin IN (SELECT path FROM songs WHERE missing);",
            )?;
            connection.execute("DELETE FROM songs WHERE missing", [])
        })
    }

    /// Which state of the library this is: equal ones hold equal songs.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn state(&self) -> Result<Revision, LibraryError> {
        revision(&self.connection).map_err(|source| LibraryError::database(&self.path, source))
    }

    /// Gives each song in the order of their paths to `take`, none kept, of one state of the library, which is returned.
    ///
    /// # Errors
    /// As [`Self::songs`].
    pub fn for_each_song(&self, mut take: impl FnMut(Song)) -> Result<Revision, LibraryError> {
        let error = |source| LibraryError::database(&self.path, source);
        let snapshot = self.connection.unchecked_transaction().map_err(error)?;
        let state = revision(&snapshot).map_err(error)?;
        let mut statement = snapshot
            // Past the index, which could be damaged unseen.
            .prepare(&format!(
                "SELECT {COLUMNS}, {IS_DECLARED_MUSIC} FROM songs NOT INDEXED ORDER BY path"
            ))
            .map_err(error)?;
        let mut rows = statement.query([]).map_err(error)?;
        let mut last = PathBuf::new();
        while let Some(row) = rows.next().map_err(error)? {
            let song = rows::read(row, &self.path)?;
            if last == song.path {
                return Err(rows::damaged(&self.path, &song.path));
            }
            last.clone_from(&song.path);
            take(song);
        }
        Ok(state)
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
            transaction
                .prepare_cached("UPDATE revision SET token = random()")?
                .execute([])?;
            transaction.commit()?;
            Ok(value)
        };
        run().map_err(|source| LibraryError::database(&self.path, source))
    }
}

fn revision(connection: &Connection) -> rusqlite::Result<Revision> {
    let found = connection
        .prepare_cached("SELECT token FROM revision")?
        .query_row([], |row| row.get(0).map(Revision));
    match found {
        Err(rusqlite::Error::QueryReturnedNoRows) => {
            let said = "it does not say its state".to_owned();
            Err(soundness::damage(said))
        }
        found => found,
    }
}

#[cfg(test)]
mod tests;
