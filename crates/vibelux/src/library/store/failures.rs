//! The songs without a vector, listed.

use std::path::PathBuf;

use super::SongStore;
use super::rows::{self, FAILURE_COLUMNS};
use crate::library::error::LibraryError;
use crate::library::failure::Failure;
use crate::library::path_bytes::from_bytes;

impl SongStore {
    /// All songs that failed and whose files are there, in the order of their paths.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn failures(&self) -> Result<Vec<(PathBuf, Failure)>, LibraryError> {
        let sql = format!(
            "SELECT path, error, {FAILURE_COLUMNS} FROM songs NOT INDEXED
             WHERE error IS NOT NULL AND NOT missing ORDER BY path"
        );
        self.query(&sql, &[], |row| {
            let path: Vec<u8> = row.get(0)?;
            Ok((from_bytes(&path), rows::failure(row, row.get(1)?, 2)?))
        })
    }
}
