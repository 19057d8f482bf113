//! [`SongStore`]: the library as one SQLite file, or as a database on a PostgreSQL server.
//!
//! Everything is said once, in SQL that both understand (`database/`); only how a library comes into being and is brought up to
//! date is each one's own (`layout.rs`, `server_layout.rs`). In a file, write-ahead logging lets a recommendation read while an embedding run writes, and makes a commit
//! cheap enough to do one per song, so that a run which is killed loses only the songs in flight.

mod analyses;
mod aside;
mod classes;
mod copies;
mod creation;
mod database;
mod failures;
mod files;
#[cfg(feature = "postgres")]
mod job;
mod layout;
mod mounts;
mod rows;
#[cfg(feature = "postgres")]
mod server_layout;
mod soundness;
mod verdict;
mod verdicts;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use std::hash::{BuildHasher, RandomState};

use super::address::LibraryAddress;
use super::content::ContentHash;
use super::error::LibraryError;
use super::failure::Failure;
use super::path_bytes::{from_bytes, to_bytes};
use super::revision::Revision;
use super::song::{FileStamp, Song};
use crate::emotion::EmotionVector;
pub use analyses::Analysis;
pub use copies::CopyFacts;
pub use database::DatabaseError;
pub(super) use database::DatabaseErrorKind;
pub use files::Change;
#[cfg(feature = "postgres")]
pub use job::QueuedJob;
pub(super) use rows::damaged;
pub use verdict::{Said, Verdict, VerdictKind};

use database::{Database, Row, Value, values};
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
    database: Database,
    address: LibraryAddress,
    /// What to call it in messages.
    path: PathBuf,
    /// What the next thing that is written completes.
    #[cfg(feature = "postgres")]
    job: Option<QueuedJob>,
}

impl SongStore {
    /// The library's file, or the address of its server without the password.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the library is.
    #[must_use]
    pub fn address(&self) -> &LibraryAddress {
        &self.address
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
        self.write(|database| upsert(database, song, windows))
    }

    /// The same for many songs without windows, in one transaction: all or none.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn upsert_all(&mut self, songs: &[Song]) -> Result<(), LibraryError> {
        self.write(|database| {
            songs
                .iter()
                .try_for_each(|song| upsert(database, song, &[]))
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
        songs.sort_by_cached_key(|song| to_bytes(&song.path));
        // Byte by byte: to `Path`, `a//b` is `a/b`.
        let is_twice = |two: &&[Song]| two[0].path.as_os_str() == two[1].path.as_os_str();
        match songs.windows(2).find(is_twice) {
            Some(two) => Err(damaged(&self.path, &two[0].path)),
            None => Ok(songs),
        }
    }

    /// One song.
    ///
    /// # Errors
    /// As [`Self::songs`].
    pub fn get(&self, path: &Path) -> Result<Option<Song>, LibraryError> {
        let sql = format!("SELECT {COLUMNS}, {IS_DECLARED_MUSIC} FROM songs WHERE path = ?1");
        self.first(&sql, values![&to_bytes(path)], rows::read)
    }

    /// The windows of a song: start in seconds and vector, in the order they were stored; none for
    /// an imported, failed or unknown song.
    ///
    /// # Errors
    /// As [`Self::songs`].
    pub fn windows(&self, path: &Path) -> Result<Vec<(f64, EmotionVector)>, LibraryError> {
        let sql = "SELECT windows FROM windows WHERE path = ?1";
        let blobs = self.query(sql, values![&to_bytes(path)], |row| row.get::<Vec<u8>>(0))?;
        blobs
            .concat()
            .chunks_exact(WINDOW_BYTES)
            .map(|bytes| decode_window(bytes).ok_or_else(|| damaged(&self.path, path)))
            .collect()
    }

    /// What is known of every song, without the vectors.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn known(&self) -> Result<HashMap<PathBuf, KnownSong>, LibraryError> {
        Ok(self.query_known("", &[])?.into_iter().collect())
    }

    /// The same of one song.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn known_song(&self, path: &Path) -> Result<Option<KnownSong>, LibraryError> {
        let known = self.query_known("WHERE path = ?1", values![&to_bytes(path)])?;
        Ok(known.into_iter().next().map(|(_, known)| known))
    }

    fn query_known(
        &self,
        condition: &str,
        values: &[Value<'_>],
    ) -> Result<Vec<(PathBuf, KnownSong)>, LibraryError> {
        let sql = format!(
            "SELECT path, size_bytes, modified_nanoseconds, model, missing, content, first_look, error,
                 {FAILURE_COLUMNS}
             FROM songs {condition}"
        );
        self.query(&sql, values, |row| {
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
        })
    }

    /// Notes that these files are gone, or are back. One transaction; unknown paths are ignored.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn set_missing(&mut self, paths: &[PathBuf], missing: bool) -> Result<(), LibraryError> {
        if paths.is_empty() {
            return Ok(());
        }
        let sql = "UPDATE songs SET missing = ?2 WHERE path = ?1";
        self.write(|database| {
            paths.iter().try_for_each(|path| {
                let path = to_bytes(path);
                database.execute(sql, values![&path, missing]).map(drop)
            })
        })
    }

    /// Forgets the songs whose files were gone at the last scan; returns how many.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn remove_missing(&mut self) -> Result<usize, LibraryError> {
        self.write(|database| {
            database.execute_batch(
                "DELETE FROM fingerprints WHERE path IN (SELECT path FROM songs WHERE missing);
                 DELETE FROM staged WHERE path IN (SELECT path FROM songs WHERE missing);
                 DELETE FROM twins WHERE path IN (SELECT path FROM songs WHERE missing)
                     OR twin IN (SELECT path FROM songs WHERE missing);",
            )?;
            database.execute("DELETE FROM songs WHERE missing", &[])
        })
    }

    /// Which state of the library this is: equal ones hold equal songs.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn state(&self) -> Result<Revision, LibraryError> {
        let state = self.first(STATE, &[], |row| row.get(0).map(Revision))?;
        state.ok_or_else(|| self.stateless())
    }

    /// Gives each song to `take`, in any order, none kept, of one state of the library, which is returned. Two may have the same path
    /// if the library is damaged.
    ///
    /// # Errors
    /// If the database cannot be read or says no state, or an entry is damaged.
    pub fn for_each_song(&self, mut take: impl FnMut(Song)) -> Result<Revision, LibraryError> {
        // Past the index, which could be damaged unseen.
        let songs = format!("SELECT {COLUMNS}, {IS_DECLARED_MUSIC} FROM songs NOT INDEXED");
        let mut state = None;
        let take_state = |row: &Row<'_>| {
            state = Some(Revision(row.get(0)?));
            Ok(())
        };
        let take_song = |row: &Row<'_>| {
            take(rows::read(row)?);
            Ok(())
        };
        self.database
            .stream(STATE, take_state, &songs, take_song)
            .map_err(|source| LibraryError::database(&self.path, source))?;
        state.ok_or_else(|| self.stateless())
    }

    /// What `work` writes, in one transaction, completes this job. `None` if somebody else has the job now, and nothing was
    /// written.
    ///
    /// # Errors
    /// What `work` fails with.
    #[cfg(feature = "postgres")]
    pub fn completing<T>(
        &mut self,
        job: &QueuedJob,
        work: impl FnOnce(&mut Self) -> Result<T, LibraryError>,
    ) -> Result<Option<T>, LibraryError> {
        self.job = Some(job.clone());
        let done = work(self);
        self.job = None;
        match done {
            Err(error) if error.is_undone() => Ok(None),
            done => done.map(Some),
        }
    }

    fn stateless(&self) -> LibraryError {
        LibraryError::database(&self.path, DatabaseError::stateless())
    }

    /// All rows of a query, each as `read` makes it.
    fn query<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> database::Result<T>,
    ) -> Result<Vec<T>, LibraryError> {
        self.database
            .query(sql, values, read)
            .map_err(|source| LibraryError::database(&self.path, source))
    }

    /// The first row of a query, if there is one.
    fn first<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> database::Result<T>,
    ) -> Result<Option<T>, LibraryError> {
        Ok(self.query(sql, values, read)?.into_iter().next())
    }

    /// Runs one write transaction; on a server again if the connection is lost meanwhile.
    fn write<T>(
        &mut self,
        mut work: impl FnMut(&Database) -> database::Result<T>,
    ) -> Result<T, LibraryError> {
        let database = &self.database;
        #[cfg(feature = "postgres")]
        let job = self.job.as_ref();
        let run = || {
            #[cfg(feature = "postgres")]
            if let Some(job) = job {
                job.take_from(database)?;
            }
            let value = work(database)?;
            let sql = "UPDATE revision SET token = ?1";
            database.execute(sql, values![random_number()])?;
            Ok(value)
        };
        database
            .write(run)
            .map_err(|source| LibraryError::database(&self.path, source))
    }

    /// The same for work that may come to nothing, which then is undone.
    fn write_if<T>(
        &mut self,
        mut work: impl FnMut(&Database) -> database::Result<Option<T>>,
    ) -> Result<Option<T>, LibraryError> {
        let mut is_nothing = false;
        let done = self.write(|database| {
            let value = work(database)?;
            is_nothing = value.is_none();
            value.ok_or_else(DatabaseError::undone)
        });
        match done {
            Err(_) if is_nothing => Ok(None),
            done => done.map(Some),
        }
    }
}

const STATE: &str = "SELECT token FROM revision";

/// Another one each time; from the keys that the standard library gives its hash maps.
fn random_number() -> i64 {
    RandomState::new().hash_one(0).cast_signed()
}

#[cfg(test)]
mod tests;
