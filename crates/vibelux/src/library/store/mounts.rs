//! The folders at which other file systems have begun: drives, shares. When one of them is away, its songs are not gone.

use std::collections::HashSet;
use std::path::PathBuf;

use super::SongStore;
use super::database::values;
use crate::library::error::LibraryError;
use crate::library::path_bytes::{from_bytes, to_bytes};

impl SongStore {
    /// All that were ever seen.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn mounts(&self) -> Result<HashSet<PathBuf>, LibraryError> {
        let mounts = self.query("SELECT path FROM mounts", &[], |row| {
            Ok(from_bytes(&row.get::<Vec<u8>>(0)?))
        })?;
        Ok(mounts.into_iter().collect())
    }

    /// Notes these, too.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn note_mounts(&mut self, mounts: &[PathBuf]) -> Result<(), LibraryError> {
        if mounts.is_empty() {
            return Ok(());
        }
        let sql = "INSERT INTO mounts (path, kind) VALUES (?1, 'mount') ON CONFLICT DO NOTHING";
        self.write(|database| {
            mounts
                .iter()
                .try_for_each(|mount| database.execute(sql, values![&to_bytes(mount)]).map(drop))
        })
    }
}
