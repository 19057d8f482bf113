//! [`SongTable`]: all songs of a library that can be ranked, in columns. Between the store and whatever ranks, filters or lists:
//! a million songs take about a hundred megabytes, and are read from one file (`file.rs`) in a tenth of a second as long as the
//! library has not changed.
//!
//! A row is a song with a vector, in the order of the paths. `builder.rs` makes the columns, of the texts in `texts.rs`; `columns.rs` says
//! what is known of each row, `matching.rs` which rows a filter means, column by column, with `shares.rs` where it asks for emotions, `row.rs`
//! whether it means one of them, `order.rs` in which order people read them, `likings.rs` how much each is to the listener's liking, `keys.rs` which
//! of them belong together.

mod builder;
mod columns;
mod file;
mod keys;
mod likings;
mod matching;
mod order;
mod row;
mod shares;
mod texts;

use super::error::LibraryError;
use super::store::SongStore;
use builder::Builder;

pub use columns::SongTable;
pub use matching::Likes;

impl SongTable {
    /// The songs of a library: from the file that is kept of it if that is up to date, else from the library itself, which then leaves
    /// such a file if it can.
    ///
    /// # Errors
    /// If the library cannot be read or is damaged, or has more than 4 GiB of titles or file names.
    pub fn open(store: &SongStore) -> Result<Self, LibraryError> {
        let revision = store.state()?;
        let kept = file::place(store.address());
        if let Some(table) = kept.as_deref().and_then(|kept| file::read(kept, revision)) {
            return Ok(table);
        }
        store.check()?;
        let table = Self::read(store)?;
        if let Some(kept) = kept {
            // Where the folder cannot be written to, the next reader takes as long.
            let _ = file::write(&kept, &table);
        }
        Ok(table)
    }

    /// The same with what the songs sound like to the listener.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn heard(store: &SongStore) -> Result<Self, LibraryError> {
        let mut table = Self::open(store)?;
        table.correct(&store.said()?);
        Ok(table)
    }

    /// The songs of a library as it says itself.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn read(store: &SongStore) -> Result<Self, LibraryError> {
        let mut builder = Builder::default();
        let revision = store.for_each_song(|song| builder.push(&song))?;
        builder.finish(revision, store.path())
    }
}

#[cfg(test)]
mod tests;
