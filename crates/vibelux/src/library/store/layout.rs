//! Opening the file: whose it is, which layout it has, and an older one brought up to date.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use rusqlite::{Connection, ErrorCode, OpenFlags, Row, TransactionBehavior};

use super::database::{Database, DatabaseError};
use super::{SongStore, creation, soundness};
use crate::library::address::LibraryAddress;
use crate::library::error::LibraryError;

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
    // A path alone has the shape of an index entry: a page of one, written to the wrong place, would be likes.
    // Such damage from before cannot be told any more.
    "
    ALTER TABLE likes RENAME TO bare_likes;
    CREATE TABLE likes (
        path BLOB PRIMARY KEY,
        verdict TEXT NOT NULL CHECK (verdict = 'liked')
    ) STRICT, WITHOUT ROWID;
    INSERT INTO likes SELECT path, 'liked' FROM bare_likes;
    DROP TABLE bare_likes;
",
    // What the user says of a song outlives a new analysis, so it is apart from the songs; in one table, as the
    // page of an empty one over that of another would be damage that nobody sees.
    "
    ALTER TABLE songs ADD COLUMN sound TEXT CHECK (sound IN ('music', 'speech', 'effects'));
    CREATE TABLE verdicts (
        path BLOB NOT NULL,
        verdict TEXT NOT NULL CHECK (verdict IN ('liked', 'music')),
        PRIMARY KEY (path, verdict)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO verdicts SELECT path, verdict FROM likes;
    DROP TABLE likes;
",
    // What else was said and done about songs, how often, and since when (seconds since 1970; 0 is unknown).
    "
    ALTER TABLE verdicts RENAME TO bare_verdicts;
    CREATE TABLE verdicts (
        path BLOB NOT NULL,
        verdict TEXT NOT NULL CHECK (verdict IN ('liked', 'music', 'sounds', 'skipped', 'finished', 'reaction')),
        times INTEGER NOT NULL CHECK (times BETWEEN 1 AND 1000000),
        seconds INTEGER NOT NULL CHECK (seconds BETWEEN 0 AND 1099511627776),
        numbers BLOB CHECK (length(numbers) = 28),
        CHECK ((numbers IS NOT NULL) = (verdict IN ('sounds', 'reaction'))),
        PRIMARY KEY (path, verdict)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO verdicts SELECT path, verdict, 1, 0, NULL FROM bare_verdicts;
    DROP TABLE bare_verdicts;
",
    "ALTER TABLE songs ADD COLUMN loudness_lufs REAL CHECK (loudness_lufs BETWEEN -70 AND 10);",
    // What is needed to live with a library for years: which sound a file holds, when it came, what kind of failure
    // there was and since when, and which songs are copies of others. Each new table has a column that no other's
    // page would pass for.
    "
    ALTER TABLE songs ADD COLUMN content BLOB CHECK (length(content) = 16);
    ALTER TABLE songs ADD COLUMN genre TEXT;
    ALTER TABLE songs ADD COLUMN year INTEGER CHECK (year BETWEEN 1 AND 9999);
    ALTER TABLE songs ADD COLUMN lossless INTEGER NOT NULL DEFAULT 0 CHECK (lossless IN (0, 1));
    ALTER TABLE songs ADD COLUMN bitrate_kbps INTEGER NOT NULL DEFAULT 0 CHECK (bitrate_kbps BETWEEN 0 AND 4294967295);
    ALTER TABLE songs ADD COLUMN added_seconds INTEGER NOT NULL DEFAULT 0
        CHECK (added_seconds BETWEEN 0 AND 1099511627776);
    ALTER TABLE songs ADD COLUMN first_look INTEGER NOT NULL DEFAULT 0 CHECK (first_look IN (0, 1));
    ALTER TABLE songs ADD COLUMN failure TEXT CHECK (failure IN
        ('unreadable', 'unsupported', 'no_sound', 'damaged', 'limits', 'crashed', 'model'));
    ALTER TABLE songs ADD COLUMN failed_seconds INTEGER NOT NULL DEFAULT 0
        CHECK (failed_seconds BETWEEN 0 AND 1099511627776);
    ALTER TABLE songs ADD COLUMN tried_seconds INTEGER NOT NULL DEFAULT 0
        CHECK (tried_seconds BETWEEN 0 AND 1099511627776);
    ALTER TABLE songs ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts BETWEEN 0 AND 1000000);
    ALTER TABLE songs ADD COLUMN copy_of BLOB;
    ALTER TABLE songs ADD COLUMN compared INTEGER NOT NULL DEFAULT 0 CHECK (compared IN (0, 1));
    CREATE INDEX songs_by_content ON songs (content) WHERE content IS NOT NULL;
    CREATE TABLE fingerprints (
        path BLOB PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind = 'chromaprint'),
        codes BLOB NOT NULL CHECK (length(codes) % 4 = 0)
    ) STRICT;
    CREATE TABLE twins (
        path BLOB NOT NULL,
        twin BLOB NOT NULL,
        likeness REAL NOT NULL CHECK (likeness BETWEEN 0 AND 1),
        PRIMARY KEY (path, twin)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE mounts (
        path BLOB PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind = 'mount')
    ) STRICT;
    -- One row: a number by chance, another one after each time that the library was written.
    CREATE TABLE revision (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        token INTEGER NOT NULL
    ) STRICT;
    INSERT INTO revision VALUES (1, random());
    CREATE TABLE staged (
        path BLOB PRIMARY KEY,
        model TEXT NOT NULL,
        analysis TEXT NOT NULL CHECK (json_valid(analysis))
    ) STRICT;
",
];

/// For tests: takes the tables of a file back to an older layout.
#[cfg(test)]
pub(super) fn undo_to(version: usize) -> String {
    let seventh = "DROP INDEX songs_by_content; DROP TABLE fingerprints; DROP TABLE twins; DROP TABLE mounts;
        DROP TABLE revision; DROP TABLE staged; ALTER TABLE songs DROP COLUMN content; ALTER TABLE songs DROP COLUMN genre;
        ALTER TABLE songs DROP COLUMN year; ALTER TABLE songs DROP COLUMN lossless;
        ALTER TABLE songs DROP COLUMN bitrate_kbps; ALTER TABLE songs DROP COLUMN added_seconds;
        ALTER TABLE songs DROP COLUMN first_look; ALTER TABLE songs DROP COLUMN failure;
        ALTER TABLE songs DROP COLUMN failed_seconds; ALTER TABLE songs DROP COLUMN tried_seconds;
        ALTER TABLE songs DROP COLUMN attempts; ALTER TABLE songs DROP COLUMN copy_of;
        ALTER TABLE songs DROP COLUMN compared;";
    let sixth = "ALTER TABLE songs DROP COLUMN loudness_lufs;";
    let undone = [sixth, seventh].into_iter().enumerate().rev();
    let undone = undone.filter(|(i, _)| i + 5 >= version).map(|(_, sql)| sql);
    undone.collect::<String>() + &format!("PRAGMA user_version = {version};")
}

impl SongStore {
    /// Opens a library, creates it (and the folder of its file) if absent, and brings an older layout up to date.
    ///
    /// # Errors
    /// [`LibraryError::Folder`] if the folder cannot be made, [`LibraryError::IsFolder`],
    /// [`LibraryError::Empty`], [`LibraryError::Corrupt`] and [`LibraryError::Foreign`] if it is no library,
    /// [`LibraryError::NewerSchema`], [`LibraryError::Busy`] after 5 s of waiting for another writer,
    /// [`LibraryError::Database`] if its server cannot be reached.
    pub fn open(address: impl Into<LibraryAddress>) -> Result<Self, LibraryError> {
        Self::at(address.into(), |path| File::open(path, Look::Whole))
    }

    /// Opens a library that is there without looking through all of its file, for whoever reads a [`SongTable`] of it, which
    /// does that when it must; the same as [`Self::open`] otherwise.
    ///
    /// # Errors
    /// As [`Self::open`].
    ///
    /// [`SongTable`]: crate::library::SongTable
    pub fn open_soon(address: impl Into<LibraryAddress>) -> Result<Self, LibraryError> {
        Self::at(address.into(), |path| File::open(path, Look::WhereOlder))
    }

    /// One more connection to a library that is open.
    pub(in crate::library) fn connect(address: &LibraryAddress) -> Result<Self, LibraryError> {
        Self::at(address.clone(), File::connect)
    }

    fn at(
        address: LibraryAddress,
        file: impl FnOnce(&Path) -> Result<File, LibraryError>,
    ) -> Result<Self, LibraryError> {
        let database = match &address {
            LibraryAddress::File(path) => Database::Sqlite(file(path)?.connection),
            #[cfg(feature = "postgres")]
            LibraryAddress::Postgres(server) => super::server_layout::open(server)?,
        };
        Ok(Self {
            database,
            path: address.shown(),
            address,
            #[cfg(feature = "postgres")]
            job: None,
        })
    }

    /// Looks through the whole file: about 0.7 microseconds a song. A server looks after its own.
    ///
    /// # Errors
    /// [`LibraryError::Corrupt`] if it is not whole.
    pub fn check(&self) -> Result<(), LibraryError> {
        match &self.database {
            Database::Sqlite(connection) => soundness::check(connection)
                .map_err(|source| LibraryError::database(self.path(), source)),
            #[cfg(feature = "postgres")]
            Database::Postgres(_) => Ok(()),
        }
    }
}

/// When a file is looked through as it is opened.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Whole,
    WhereOlder,
}

/// A library's file while it is opened.
pub(super) struct File {
    connection: Connection,
    path: PathBuf,
}

/// What stands as it is in the path of a URI.
const IN_URI: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_');

/// Whether a failure comes of a file or a folder that may only be read.
fn is_unwritable(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen))
}

/// The write-ahead log of a library, which is there while somebody has it open, or after a crash.
fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

impl File {
    fn open(path: &Path, look: Look) -> Result<Self, LibraryError> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|source| LibraryError::Folder {
                path: path.to_owned(),
                folder: folder.to_owned(),
                source,
            })?;
        }
        creation::create_if_absent(path, |part| Self::connect(part)?.migrate())?;
        let mut file = Self::connect(path)?;
        let version = file.version()?;
        let is_newest = version >= MIGRATIONS.len() as i64;
        // Before an older layout is rewritten, so that nothing is made of what is damaged.
        if version > 0 && (look == Look::Whole || !is_newest) {
            soundness::check(&file.connection).map_err(|source| file.error(source))?;
        }
        if look == Look::Whole || !is_newest {
            file.migrate()?;
            file.log_ahead().map_err(|source| file.error(source))?;
        }
        Ok(file)
    }

    /// A connection to the file as it is.
    pub fn connect(path: &Path) -> Result<Self, LibraryError> {
        let error = |source: rusqlite::Error| LibraryError::database(path, source.into());
        let mut file = Self {
            connection: Connection::open(path).map_err(error)?,
            path: path.to_owned(),
        };
        match file.configure() {
            Err(failed) if is_unwritable(&failed) && !log_of(path).exists() => {
                file.connection = Self::as_it_stands(path).map_err(error)?;
                file.configure().map_err(error)?;
            }
            configured => configured.map_err(error)?,
        }
        Ok(file)
    }

    /// A connection that reads a file in a folder that cannot be written, where nobody else can be writing it either. The log that
    /// readers and writers share needs files of its own beside it.
    fn as_it_stands(path: &Path) -> rusqlite::Result<Connection> {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let encoded = percent_encode(absolute.as_os_str().as_encoded_bytes(), IN_URI);
        let uri = format!("file:{encoded}?immutable=1");
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        Connection::open_with_flags(uri, flags)
    }

    fn error(&self, source: impl Into<DatabaseError>) -> LibraryError {
        LibraryError::database(&self.path, source.into())
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
        if self.connection.is_readonly("main")? {
            return Ok(());
        }
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

    /// Brings an older layout up to date; lays out a new file.
    pub fn migrate(&mut self) -> Result<(), LibraryError> {
        let supported = MIGRATIONS.len() as i64;
        if self.version()? == supported {
            return Ok(());
        }
        let path = &self.path;
        let error = |source: rusqlite::Error| LibraryError::database(path, source.into());
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
        let (version, application, tables) = read().map_err(|source| self.error(source))?;
        if application != APPLICATION_ID && (application != 0 || version != 0 || tables > 0) {
            return Err(LibraryError::Foreign {
                path: self.path.clone(),
            });
        }
        // Ours get both numbers at once, so one without the other is damage: nothing may be laid out over it.
        if application == APPLICATION_ID && version < 1 {
            let said = format!("its layout is said to be version {version}");
            return Err(self.error(DatabaseError::damage(said)));
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::{Outcome, Song};

    #[test]
    fn a_library_that_may_only_be_read_is_read_and_refuses_the_rest() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a %41?b#c.db");
        let mut store = SongStore::open(&path).unwrap();
        let song = Song::new(
            "/a.mp3",
            "m",
            Outcome::Embedded(crate::EmotionVector::UNIFORM),
        );
        store.upsert(&song, &[]).unwrap();
        drop(store);
        assert!(!log_of(&path).exists());
        let mut store = SongStore {
            database: Database::Sqlite(File::as_it_stands(&path).unwrap()),
            path: path.clone(),
            address: LibraryAddress::File(path.clone()),
            #[cfg(feature = "postgres")]
            job: None,
        };
        assert_eq!(store.songs().unwrap().len(), 1);
        let error = store.upsert(&song, &[]).unwrap_err();
        assert!(matches!(error, LibraryError::ReadOnly { .. }), "{error}");
        assert!(!log_of(&path).exists());
    }
}
