//! The folders at which other file systems have begun: drives, shares. When one of them is away, its songs are not gone.

use std::collections::HashSet;
use std::path::PathBuf;

use super::SongStore;
use crate::library::error::LibraryError;
use crate::library::path_bytes::{from_bytes, to_bytes};

impl SongStore {
    /// All that were ever seen.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn mounts(&self) -> Result<HashSet<PathBuf>, LibraryError> {
        let read = || -> rusqlite::Result<_> {
            let mut statement = self.connection.prepare("SELECT path FROM mounts")?;
            let rows = statement.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
            rows.map(|path| path.map(|path| from_bytes(&path)))
                .collect()
        };
        read().map_err(|source| LibraryError::database(&self.path, source))
    }

    /// Notes these, too.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn note_mounts(&mut self, mounts: &[PathBuf]) -> Result<(), LibraryError> {
        if mounts.is_empty() {
            return Ok(());
        }
        self.write(|connection| {
            let mut statement = connection
                .prepare_cached("INSERT OR IGNORE INTO mounts (path, kind) VALUES (?1, 'mount')")?;
            mounts
                .iter()
                .try_for_each(|mount| statement.execute([to_bytes(mount)]).map(drop))
        })
    }
}
