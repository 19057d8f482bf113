//! [`DatabaseError`]: what SQLite or PostgreSQL says when something fails, and what the store finds wrong with a row.

use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::{ErrorCode, ffi};

/// What a statement comes to.
pub(in crate::library::store) type Result<T> = std::result::Result<T, DatabaseError>;

/// A failure of the library's database.
#[derive(Debug)]
pub struct DatabaseError(Cause);

#[derive(Debug)]
enum Cause {
    Sqlite(rusqlite::Error),
    #[cfg(feature = "postgres")]
    Postgres(postgres::Error),
    #[cfg(feature = "postgres")]
    Server(String),
    BadEntry(PathBuf),
    Undone,
}

/// What the caller can do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::library) enum DatabaseErrorKind {
    /// Wait for another program.
    Busy,
    /// Put the file away.
    Corrupt,
    /// Make room.
    Full,
    /// Let it be written, or only read it.
    ReadOnly,
    /// Nothing in particular.
    Other,
}

impl DatabaseError {
    /// The tables are damaged, as `said`.
    pub(in crate::library) fn damage(said: String) -> Self {
        let code = ffi::Error::new(ffi::SQLITE_CORRUPT);
        rusqlite::Error::SqliteFailure(code, Some(said)).into()
    }

    /// The one row is missing that says which state this is.
    pub(in crate::library) fn stateless() -> Self {
        Self::damage("it does not say its state".to_owned())
    }

    /// What is kept of this song is not what was written.
    pub(in crate::library) fn bad_entry(song: &Path) -> Self {
        Self(Cause::BadEntry(song.to_owned()))
    }

    /// A server that cannot be used, as `said`.
    #[cfg(feature = "postgres")]
    pub(in crate::library) fn server(said: String) -> Self {
        Self(Cause::Server(said))
    }

    /// Nothing is wrong; what was begun is to be undone.
    pub(in crate::library) fn undone() -> Self {
        Self(Cause::Undone)
    }

    /// Whether it is [`Self::undone`].
    #[cfg(feature = "postgres")]
    pub(in crate::library) fn is_undone(&self) -> bool {
        matches!(self.0, Cause::Undone)
    }

    /// Which song's entry is damaged, if that is what failed.
    pub(in crate::library) fn damaged_song(&self) -> Option<&Path> {
        match &self.0 {
            Cause::BadEntry(song) => Some(song),
            _ => None,
        }
    }

    /// Sorts it by what the caller can do about it.
    pub(in crate::library) fn kind(&self) -> DatabaseErrorKind {
        let code = match &self.0 {
            Cause::Sqlite(error) => error.sqlite_error_code(),
            _ => None,
        };
        match code {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => DatabaseErrorKind::Busy,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                DatabaseErrorKind::Corrupt
            }
            Some(ErrorCode::DiskFull) => DatabaseErrorKind::Full,
            Some(ErrorCode::ReadOnly) => DatabaseErrorKind::ReadOnly,
            _ => DatabaseErrorKind::Other,
        }
    }

    /// Whether the connection to a server is gone, or it refused for the moment: the same may work on another try.
    #[cfg(feature = "postgres")]
    pub(super) fn may_pass(&self) -> bool {
        use postgres::error::SqlState;
        let Cause::Postgres(error) = &self.0 else {
            return false;
        };
        // The server's own words while it goes down, comes up, or breaks a tie between two transactions.
        const PASSING: [SqlState; 6] = [
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::TOO_MANY_CONNECTIONS,
            SqlState::T_R_DEADLOCK_DETECTED,
            SqlState::T_R_SERIALIZATION_FAILURE,
        ];
        match error.code() {
            Some(code) => PASSING.contains(code),
            None => error.is_closed() || is_io(error),
        }
    }
}

/// Whether the network is what failed.
#[cfg(feature = "postgres")]
fn is_io(error: &postgres::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if error.is::<std::io::Error>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// What to do about what a server said, or about the silence of one.
#[cfg(feature = "postgres")]
fn advice(error: &postgres::Error) -> &'static str {
    use postgres::error::SqlState;
    match error.code() {
        Some(code) if *code == SqlState::INVALID_CATALOG_NAME => "; make it with `createdb`",
        Some(code)
            if [
                SqlState::INVALID_PASSWORD,
                SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
            ]
            .contains(code) =>
        {
            "; check the name and the password"
        }
        Some(code) if *code == SqlState::INSUFFICIENT_PRIVILEGE => {
            "; let this user make and change tables there"
        }
        None if is_io(error) => "; check that the server runs and listens there",
        _ => "",
    }
}

impl From<rusqlite::Error> for DatabaseError {
    fn from(error: rusqlite::Error) -> Self {
        Self(Cause::Sqlite(error))
    }
}

#[cfg(feature = "postgres")]
impl From<postgres::Error> for DatabaseError {
    fn from(error: postgres::Error) -> Self {
        Self(Cause::Postgres(error))
    }
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Cause::Sqlite(error) => error.fmt(f),
            // Its own text only names the step; the server's words are in its cause.
            #[cfg(feature = "postgres")]
            Cause::Postgres(error) => match std::error::Error::source(error) {
                Some(cause) => write!(f, "{error}: {cause}{}", advice(error)),
                None => error.fmt(f),
            },
            #[cfg(feature = "postgres")]
            Cause::Server(said) => f.write_str(said),
            Cause::Undone => f.write_str("it was undone"),
            Cause::BadEntry(song) => write!(f, "a damaged entry for {}", song.display()),
        }
    }
}

impl std::error::Error for DatabaseError {}
