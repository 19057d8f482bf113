//! The tables of a library on a PostgreSQL server: the same as in a file, in the server's types, in a schema of their own.

use super::database::{Database, DatabaseError, Postgres, values};
use crate::library::error::LibraryError;
use crate::library::postgres_address::PostgresAddress;

/// The layout that [`FIRST`] makes; counted as those of files.
const FIRST_VERSION: i64 = 7;

const FIRST: &str = "
    CREATE TABLE songs (
        path BYTEA PRIMARY KEY,
        size_bytes BIGINT,
        modified_nanoseconds BIGINT,
        model TEXT NOT NULL,
        title TEXT,
        artist TEXT,
        album TEXT,
        duration_seconds DOUBLE PRECISION,
        vector BYTEA CHECK (length(vector) = 28),
        error TEXT,
        missing BOOLEAN NOT NULL DEFAULT FALSE,
        sound TEXT CHECK (sound IN ('music', 'speech', 'effects')),
        loudness_lufs DOUBLE PRECISION CHECK (loudness_lufs BETWEEN -70 AND 10),
        content BYTEA CHECK (length(content) = 16),
        genre TEXT,
        year BIGINT CHECK (year BETWEEN 1 AND 9999),
        lossless BOOLEAN NOT NULL DEFAULT FALSE,
        bitrate_kbps BIGINT NOT NULL DEFAULT 0 CHECK (bitrate_kbps BETWEEN 0 AND 4294967295),
        added_seconds BIGINT NOT NULL DEFAULT 0 CHECK (added_seconds BETWEEN 0 AND 1099511627776),
        first_look BOOLEAN NOT NULL DEFAULT FALSE,
        failure TEXT CHECK (failure IN
            ('unreadable', 'unsupported', 'no_sound', 'damaged', 'limits', 'crashed', 'model')),
        failed_seconds BIGINT NOT NULL DEFAULT 0 CHECK (failed_seconds BETWEEN 0 AND 1099511627776),
        tried_seconds BIGINT NOT NULL DEFAULT 0 CHECK (tried_seconds BETWEEN 0 AND 1099511627776),
        attempts BIGINT NOT NULL DEFAULT 0 CHECK (attempts BETWEEN 0 AND 1000000),
        copy_of BYTEA,
        compared BOOLEAN NOT NULL DEFAULT FALSE,
        CHECK ((vector IS NULL) <> (error IS NULL)),
        CHECK ((size_bytes IS NULL) = (modified_nanoseconds IS NULL))
    );
    CREATE INDEX songs_by_content ON songs (content) WHERE content IS NOT NULL;
    CREATE TABLE windows (
        path BYTEA PRIMARY KEY REFERENCES songs (path) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
        windows BYTEA NOT NULL CHECK (length(windows) % 36 = 0)
    );
    CREATE TABLE verdicts (
        path BYTEA NOT NULL,
        verdict TEXT COLLATE \"C\" NOT NULL
            CHECK (verdict IN ('liked', 'music', 'sounds', 'skipped', 'finished', 'reaction')),
        times BIGINT NOT NULL CHECK (times BETWEEN 1 AND 1000000),
        seconds BIGINT NOT NULL CHECK (seconds BETWEEN 0 AND 1099511627776),
        numbers BYTEA CHECK (length(numbers) = 28),
        CHECK ((numbers IS NOT NULL) = (verdict IN ('sounds', 'reaction'))),
        PRIMARY KEY (path, verdict)
    );
    CREATE TABLE fingerprints (
        path BYTEA PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind = 'chromaprint'),
        codes BYTEA NOT NULL CHECK (length(codes) % 4 = 0)
    );
    CREATE TABLE twins (
        path BYTEA NOT NULL,
        twin BYTEA NOT NULL,
        likeness DOUBLE PRECISION NOT NULL CHECK (likeness BETWEEN 0 AND 1),
        PRIMARY KEY (path, twin)
    );
    CREATE TABLE mounts (path BYTEA PRIMARY KEY, kind TEXT NOT NULL CHECK (kind = 'mount'));
    CREATE TABLE staged (path BYTEA PRIMARY KEY, model TEXT NOT NULL, analysis TEXT NOT NULL);
    CREATE TABLE revision (id BIGINT PRIMARY KEY CHECK (id = 1), token BIGINT NOT NULL);
    INSERT INTO revision VALUES (1, (random() * 9e18)::BIGINT);
    CREATE TABLE layout (id BIGINT PRIMARY KEY CHECK (id = 1), version BIGINT NOT NULL);
";

/// Entry `n` takes the layout from version `FIRST_VERSION + n` to the next one. Entries are never changed once released.
const MIGRATIONS: &[&str] = &[];

/// Those who lay out the same database at the same moment wait for each other by this number ("VBLX").
const LOCK: i64 = 0x5642_4C58;

/// Connects to a server, lays out the library if there is none, and brings an older layout up to date.
pub(super) fn open(address: &PostgresAddress) -> Result<Database, LibraryError> {
    let shown = || address.to_string().into();
    let error = |source| LibraryError::Database {
        path: shown(),
        source,
    };
    let database = Database::Postgres(Box::new(Postgres::open(address).map_err(error)?));
    let newest = FIRST_VERSION + MIGRATIONS.len() as i64;
    let mut version = version(&database).map_err(error)?;
    if version != Some(newest) {
        version = lay_out(&database, newest).map_err(error)?;
    }
    match version {
        Some(found) if found > newest => Err(LibraryError::NewerSchema {
            path: shown(),
            found,
            supported: newest,
        }),
        Some(_) => Ok(database),
        None => Err(LibraryError::Foreign { path: shown() }),
    }
}

/// The layout's version; `None` if there are no tables of ours.
fn version(database: &Database) -> Result<Option<i64>, DatabaseError> {
    // From the catalogue's tables: its functions may answer from before another process was here.
    let is_there = "SELECT 1 FROM pg_tables WHERE schemaname = 'vibelux' AND tablename = 'layout'";
    if database.first(is_there, &[], |_| Ok(()))?.is_none() {
        return Ok(None);
    }
    database.first("SELECT version FROM layout", &[], |row| row.get(0))
}

/// Makes what is missing, alone; returns the version that then is there: `None` if another program has the schema.
fn lay_out(database: &Database, newest: i64) -> Result<Option<i64>, DatabaseError> {
    let Database::Postgres(server) = database else {
        return version(database);
    };
    server.transaction("BEGIN", || {
        server.query("SELECT pg_advisory_xact_lock(?1)", values![LOCK])?;
        // Another process may have been faster.
        let found = version(database)?;
        let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'vibelux'";
        let tables = database.first(tables, &[], |row| row.get::<i64>(0))?;
        let pending = match found {
            Some(found) => usize::try_from(found - FIRST_VERSION).unwrap_or(usize::MAX),
            None if tables == Some(0) => {
                server.execute_batch("CREATE SCHEMA IF NOT EXISTS vibelux")?;
                server.execute_batch(FIRST)?;
                let sql = "INSERT INTO layout VALUES (1, ?1)";
                server.execute(sql, values![FIRST_VERSION])?;
                0
            }
            None => return Ok(None),
        };
        for migration in MIGRATIONS.iter().skip(pending) {
            server.execute_batch(migration)?;
        }
        let sql = "UPDATE layout SET version = ?1 WHERE version < ?1";
        server.execute(sql, values![newest])?;
        version(database)
    })
}
