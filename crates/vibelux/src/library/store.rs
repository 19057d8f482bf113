//! [`SongStore`]: the library as one SQLite file.
//!
//! Write-ahead logging lets a recommendation read while an embedding run writes, and makes a commit
//! cheap enough to do one per song, so that a run which is killed loses only the songs in flight.

mod likes;
mod soundness;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, TransactionBehavior, params};

use super::error::LibraryError;
use super::path_bytes::{from_bytes, to_bytes};
use super::song::{FileStamp, Outcome, Song};
use super::tags::Tags;
use crate::emotion::{EMOTION_COUNT, EmotionVector};

/// Marks the file as ours in its header ("VBLX"), so that another program's database is not touched.
const APPLICATION_ID: i64 = 0x5642_4C58;

/// How long to wait for another process that is writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Entry `n` takes the layout from version `n` to `n + 1`. Entries are never changed once released.
const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE songs (
        path BLOB PRIMARY KEY,
        size_bytes INTEGER,
        modified_nanoseconds INTEGER,
        model TEXT NOT NULL,
        title TEXT,
        artist TEXT,
        album TEXT,
        duration_seconds REAL,
        vector BLOB CHECK (length(vector) = 28),
        error TEXT,
        missing INTEGER NOT NULL DEFAULT 0,
        CHECK ((vector IS NULL) <> (error IS NULL)),
        CHECK ((size_bytes IS NULL) = (modified_nanoseconds IS NULL))
    ) STRICT;
    -- Apart from the songs: a recommendation reads every vector and no window.
    CREATE TABLE windows (
        path BLOB PRIMARY KEY REFERENCES songs (path) ON DELETE CASCADE,
        windows BLOB NOT NULL CHECK (length(windows) % 36 = 0)
    ) STRICT;
",
    "CREATE TABLE likes (path BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;",
];

/// Bytes of a window in the table: its start as f64 and seven f32, little-endian.
const WINDOW_BYTES: usize = 8 + 4 * EMOTION_COUNT;

/// How far the sum of a stored vector may be from 1: far above the rounding of seven f32.
const SUM_TOLERANCE: f64 = 1e-4;

const COLUMNS: &str = "path, size_bytes, modified_nanoseconds, model, title, artist, album, \
     duration_seconds, vector, error, missing";

/// What must be known of a song to tell whether it has to be embedded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSong {
    /// The file as it was when it was embedded.
    pub stamp: Option<FileStamp>,
    /// The model that was used.
    pub model: String,
    /// Whether that failed.
    pub failed: bool,
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
    /// Opens the library at `path`, creates it and its folder if absent, and brings an older layout
    /// up to date.
    ///
    /// # Errors
    /// [`LibraryError::Io`] if the folder cannot be made, [`LibraryError::Corrupt`] and
    /// [`LibraryError::Foreign`] if the file is no library, [`LibraryError::NewerSchema`],
    /// [`LibraryError::Busy`] after 5 s of waiting for another writer.
    pub fn open(path: &Path) -> Result<Self, LibraryError> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(LibraryError::io(folder))?;
        }
        let error = |source| LibraryError::database(path, source);
        let connection = Connection::open(path).map_err(error)?;
        let mut store = Self {
            connection,
            path: path.to_owned(),
        };
        store.configure().map_err(error)?;
        store.migrate()?;
        soundness::check(&store.connection).map_err(error)?;
        store.log_ahead().map_err(error)?;
        Ok(store)
    }

    /// Where the library is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn configure(&self) -> rusqlite::Result<()> {
        let connection = &self.connection;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        // Reads the header, so that a file which is no database is refused before it is changed.
        connection.pragma_query_value(None, "schema_version", |_| Ok(()))?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // With the log, NORMAL loses no commit when the process dies, and after a power failure at
        // most the last ones, never the file.
        connection.pragma_update(None, "synchronous", "NORMAL")
    }

    /// Switches to write-ahead logging. A file system without shared memory stays in the old journal
    /// mode, which works as well, only slower.
    fn log_ahead(&self) -> rusqlite::Result<()> {
        let mode = |row: &Row<'_>| row.get::<_, String>(0);
        let deadline = Instant::now() + BUSY_TIMEOUT;
        loop {
            let current = self
                .connection
                .pragma_query_value(None, "journal_mode", mode)?;
            if current == "wal" {
                return Ok(());
            }
            let result = self
                .connection
                .pragma_update_and_check(None, "journal_mode", "WAL", mode);
            match result {
                // SQLite does not wait by itself for another process that is switching too.
                Err(error)
                    if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                        && Instant::now() < deadline =>
                {
                    std::thread::sleep(Duration::from_millis(5));
                }
                result => return result.map(drop),
            }
        }
    }

    fn migrate(&mut self) -> Result<(), LibraryError> {
        let supported = MIGRATIONS.len() as i64;
        if self.version()? == supported {
            return Ok(());
        }
        let path = &self.path;
        let error = |source| LibraryError::database(path, source);
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(error)?;
        // Asked again under the lock: another process may have been faster.
        let version: i64 = transaction
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .map_err(error)?;
        let pending = usize::try_from(version).unwrap_or(usize::MAX);
        for migration in MIGRATIONS.iter().skip(pending) {
            transaction.execute_batch(migration).map_err(error)?;
        }
        transaction
            .pragma_update(None, "user_version", supported)
            .map_err(error)?;
        transaction
            .pragma_update(None, "application_id", APPLICATION_ID)
            .map_err(error)?;
        transaction.commit().map_err(error)
    }

    /// The layout version, 0 for a new file; refuses what is not ours or too new.
    fn version(&self) -> Result<i64, LibraryError> {
        let error = |source| LibraryError::database(&self.path, source);
        let read = || -> rusqlite::Result<(i64, i64, i64)> {
            // One snapshot: another process may be laying out the file right now.
            let snapshot = self.connection.unchecked_transaction()?;
            let pragma =
                |name: &str| snapshot.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
            let count = "SELECT count(*) FROM sqlite_schema";
            Ok((
                pragma("user_version")?,
                pragma("application_id")?,
                snapshot.query_row(count, [], |row| row.get(0))?,
            ))
        };
        let (version, application, tables) = read().map_err(error)?;
        if application != APPLICATION_ID && (application != 0 || version != 0 || tables > 0) {
            return Err(LibraryError::Foreign {
                path: self.path.clone(),
            });
        }
        let supported = MIGRATIONS.len() as i64;
        if version > supported {
            return Err(LibraryError::NewerSchema {
                path: self.path.clone(),
                found: version,
                supported,
            });
        }
        Ok(version)
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
    /// If the database cannot be read, or an entry is damaged.
    pub fn songs(&self) -> Result<Vec<Song>, LibraryError> {
        let error = |source| LibraryError::database(&self.path, source);
        let mut statement = self
            .connection
            // Past the index, which could be damaged unseen.
            .prepare(&format!(
                "SELECT {COLUMNS} FROM songs NOT INDEXED ORDER BY path"
            ))
            .map_err(error)?;
        let mut rows = statement.query([]).map_err(error)?;
        let mut songs = Vec::new();
        while let Some(row) = rows.next().map_err(error)? {
            songs.push(self.read(row)?);
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
            .prepare_cached(&format!("SELECT {COLUMNS} FROM songs WHERE path = ?1"))
            .map_err(error)?;
        let mut rows = statement.query([to_bytes(path)]).map_err(error)?;
        match rows.next().map_err(error)? {
            Some(row) => self.read(row).map(Some),
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
            .map(|bytes| decode_window(bytes).ok_or_else(|| self.damaged(path)))
            .collect()
    }

    /// What is known of every song, without the vectors.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn known(&self) -> Result<HashMap<PathBuf, KnownSong>, LibraryError> {
        let read = || -> rusqlite::Result<_> {
            let mut statement = self.connection.prepare(
                "SELECT path, size_bytes, modified_nanoseconds, model, error IS NOT NULL, missing
                 FROM songs",
            )?;
            let rows = statement.query_map([], |row| {
                let path: Vec<u8> = row.get(0)?;
                let known = KnownSong {
                    stamp: stamp(row.get(1)?, row.get(2)?),
                    model: row.get(3)?,
                    failed: row.get(4)?,
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

    fn read(&self, row: &Row<'_>) -> Result<Song, LibraryError> {
        let error = |source| LibraryError::database(&self.path, source);
        let path = from_bytes(&row.get::<_, Vec<u8>>(0).map_err(error)?);
        let outcome = match row.get::<_, Option<Vec<u8>>>(8).map_err(error)? {
            Some(blob) => {
                Outcome::Embedded(decode_vector(&blob).ok_or_else(|| self.damaged(&path))?)
            }
            None => {
                let reason: Option<String> = row.get(9).map_err(error)?;
                Outcome::Failed(reason.unwrap_or_default())
            }
        };
        let fields = || -> rusqlite::Result<_> {
            Ok(Song {
                stamp: stamp(row.get(1)?, row.get(2)?),
                model: row.get(3)?,
                tags: Tags {
                    title: row.get(4)?,
                    artist: row.get(5)?,
                    album: row.get(6)?,
                },
                duration_seconds: row.get(7)?,
                missing: row.get(10)?,
                path,
                outcome,
            })
        };
        fields().map_err(error)
    }

    fn damaged(&self, song: &Path) -> LibraryError {
        LibraryError::BadEntry {
            path: self.path.clone(),
            song: song.to_owned(),
        }
    }
}

fn upsert(
    connection: &Connection,
    song: &Song,
    windows: &[(f64, EmotionVector)],
) -> rusqlite::Result<()> {
    let path = to_bytes(&song.path);
    let (vector, reason) = match &song.outcome {
        Outcome::Embedded(vector) => (Some(encode_vector(vector)), None),
        Outcome::Failed(reason) => (None, Some(reason)),
    };
    connection
        .prepare_cached(
            "INSERT INTO songs (path, size_bytes, modified_nanoseconds, model, title, artist, album,
                 duration_seconds, vector, error, missing)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (path) DO UPDATE SET
                 size_bytes = ?2, modified_nanoseconds = ?3, model = ?4, title = ?5, artist = ?6,
                 album = ?7, duration_seconds = ?8, vector = ?9, error = ?10, missing = ?11",
        )?
        .execute(params![
            path,
            // A file of more than 2^63 bytes does not exist; the bits are kept all the same.
            song.stamp.map(|s| s.size_bytes.cast_signed()),
            song.stamp.map(|s| s.modified_nanoseconds),
            song.model,
            song.tags.title,
            song.tags.artist,
            song.tags.album,
            song.duration_seconds.filter(|s| s.is_finite()),
            vector,
            reason,
            song.missing,
        ])?;
    if windows.is_empty() {
        return connection
            .prepare_cached("DELETE FROM windows WHERE path = ?1")?
            .execute([path])
            .map(drop);
    }
    let mut blob = Vec::with_capacity(windows.len() * WINDOW_BYTES);
    for (start_seconds, vector) in windows {
        blob.extend(start_seconds.to_le_bytes());
        blob.extend(encode_vector(vector));
    }
    connection
        .prepare_cached("INSERT OR REPLACE INTO windows (path, windows) VALUES (?1, ?2)")?
        .execute(params![path, blob])
        .map(drop)
}

fn stamp(size_bytes: Option<i64>, modified_nanoseconds: Option<i64>) -> Option<FileStamp> {
    Some(FileStamp {
        size_bytes: size_bytes?.cast_unsigned(),
        modified_nanoseconds: modified_nanoseconds?,
    })
}

fn encode_vector(vector: &EmotionVector) -> Vec<u8> {
    vector
        .values()
        .iter()
        .flat_map(|x| x.to_le_bytes())
        .collect()
}

fn decode_vector(bytes: &[u8]) -> Option<EmotionVector> {
    let values: Vec<f32> = bytes
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect();
    // What was written summed to 1; what does not is no longer what was written.
    let sum: f64 = values.iter().map(|&x| f64::from(x)).sum();
    if (sum - 1.0).abs() > SUM_TOLERANCE {
        return None;
    }
    EmotionVector::from_slice(&values).ok()
}

fn decode_window(bytes: &[u8]) -> Option<(f64, EmotionVector)> {
    let (start, vector) = bytes.split_first_chunk::<8>()?;
    Some((f64::from_le_bytes(*start), decode_vector(vector)?))
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
