//! [`LibraryAddress`]: where a library is.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

#[cfg(feature = "postgres")]
use super::postgres_address::PostgresAddress;

/// A file, or a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LibraryAddress {
    /// An SQLite file.
    File(PathBuf),
    /// A database on a PostgreSQL server.
    #[cfg(feature = "postgres")]
    Postgres(PostgresAddress),
}

impl LibraryAddress {
    /// What a user writes: a file, or `postgres://USER@HOST/DATABASE`.
    ///
    /// # Errors
    /// If it is meant to be the address of a server and is none, or this build cannot speak to one.
    pub fn parse(text: &OsStr) -> Result<Self, BadLibraryAddress> {
        match text.to_str().filter(|text| is_server(text)) {
            #[cfg(feature = "postgres")]
            Some(address) => Ok(Self::Postgres(address.parse()?)),
            #[cfg(not(feature = "postgres"))]
            Some(_) => Err(BadLibraryAddress::NoServers),
            None => match text.to_str().and_then(scheme) {
                Some(scheme) => Err(BadLibraryAddress::OtherScheme {
                    scheme: scheme.to_owned(),
                }),
                None => Ok(Self::File(text.into())),
            },
        }
    }

    /// The file, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(file) => Some(file),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => None,
        }
    }

    /// What to call it in messages, which tell of libraries and files alike.
    #[must_use]
    pub fn shown(&self) -> PathBuf {
        match self {
            Self::File(file) => file.clone(),
            #[cfg(feature = "postgres")]
            Self::Postgres(address) => address.to_string().into(),
        }
    }
}

/// Whether a text is meant to be the address of a server.
fn is_server(text: &str) -> bool {
    text.starts_with("postgres://") || text.starts_with("postgresql://")
}

/// What stands before `://`, if that is what an address begins with.
fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once("://")?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    (!scheme.is_empty() && scheme.chars().all(fits)).then_some(scheme)
}

/// What is wrong with where a library is said to be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadLibraryAddress {
    /// It is no address of a server.
    #[cfg(feature = "postgres")]
    #[error(transparent)]
    Postgres(#[from] super::postgres_address::BadPostgresAddress),
    /// It is an address of another kind.
    #[error("a library is not at {scheme}://; name a file, or postgres://USER@HOST/DATABASE")]
    OtherScheme {
        /// What stands before `://`.
        scheme: String,
    },
    /// It is the address of a server.
    #[cfg(not(feature = "postgres"))]
    #[error(
        "this build of vibelux keeps libraries in files only; build it with the feature `postgres`"
    )]
    NoServers,
}

impl<P: AsRef<Path> + ?Sized> From<&P> for LibraryAddress {
    fn from(file: &P) -> Self {
        Self::File(file.as_ref().to_owned())
    }
}

impl fmt::Display for LibraryAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shown().display().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_an_address_is_no_file() {
        for text in ["postgre://me@h/db", "mysql://h/x", "https://h/library.db"] {
            let error = LibraryAddress::parse(OsStr::new(text)).unwrap_err();
            assert!(error.to_string().contains("name a file"), "{error}");
        }
        for text in ["library.db", "/a/b://c.db", "://x", "C:\\library.db"] {
            let address = LibraryAddress::parse(OsStr::new(text)).unwrap();
            assert_eq!(address.file(), Some(Path::new(text)));
        }
    }
}
