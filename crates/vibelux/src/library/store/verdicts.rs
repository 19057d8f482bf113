//! What the user says of songs, which they like and which are music whatever they sound like: a table beside the
//! songs.
//!
//! Kept by path and apart from the songs, so that it outlives a song's new embedding, a drive that
//! is not plugged in, and a library that is scanned anew.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use rusqlite::params;

use super::SongStore;
use crate::library::error::LibraryError;
use crate::library::path_bytes::{from_bytes, to_bytes};

impl SongStore {
    /// The paths of all liked songs, also of those that the library no longer holds.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn likes(&self) -> Result<HashSet<PathBuf>, LibraryError> {
        let read = || -> rusqlite::Result<_> {
            let mut statement = self
                .connection
                .prepare("SELECT path FROM verdicts WHERE verdict = 'liked'")?;
            let rows = statement.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
            rows.map(|bytes| bytes.map(|bytes| from_bytes(&bytes)))
                .collect()
        };
        read().map_err(|source| LibraryError::database(&self.path, source))
    }

    /// Notes that the song is liked, or no longer. Committed when it returns.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn set_liked(&mut self, song: &Path, liked: bool) -> Result<(), LibraryError> {
        self.set_verdict([song], "liked", liked)
    }

    /// Notes that these files are music whatever they sound like, or takes that back. One transaction,
    /// committed when it returns; outlives a new analysis.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn set_declared_music(
        &mut self,
        songs: impl IntoIterator<Item = impl AsRef<Path>>,
        is_music: bool,
    ) -> Result<(), LibraryError> {
        self.set_verdict(songs, "music", is_music)
    }

    fn set_verdict(
        &mut self,
        songs: impl IntoIterator<Item = impl AsRef<Path>>,
        verdict: &str,
        holds: bool,
    ) -> Result<(), LibraryError> {
        self.write(|connection| {
            let mut statement = connection.prepare_cached(if holds {
                "INSERT OR IGNORE INTO verdicts (path, verdict) VALUES (?1, ?2)"
            } else {
                "DELETE FROM verdicts WHERE path = ?1 AND verdict = ?2"
            })?;
            songs.into_iter().try_for_each(|song| {
                let path = to_bytes(song.as_ref());
                statement.execute(params![path, verdict]).map(drop)
            })
        })
    }

    /// A number that is another one after another connection has changed the library; tells nothing
    /// else.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn revision(&self) -> Result<i64, LibraryError> {
        self.connection
            .pragma_query_value(None, "data_version", |row| row.get(0))
            .map_err(|source| LibraryError::database(&self.path, source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likes_stay_and_can_be_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("library.db");
        let (a, b) = (Path::new("/music/a.mp3"), Path::new("/music/b.mp3"));
        let mut store = SongStore::open(&file).unwrap();
        for song in [a, a, b] {
            store.set_liked(song, true).unwrap();
        }
        store.set_liked(b, false).unwrap();
        drop(store);
        let likes = SongStore::open(&file).unwrap().likes().unwrap();
        assert_eq!(likes, HashSet::from([a.to_owned()]));
    }

    /// The likes of a library that `older` has turned into one of an older layout.
    fn likes_of(older: &str) -> HashSet<PathBuf> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("library.db");
        let store = SongStore::open(&file).unwrap();
        let newer = "DROP TABLE verdicts; ALTER TABLE songs DROP COLUMN sound;";
        store.connection.execute_batch(newer).unwrap();
        store.connection.execute_batch(older).unwrap();
        drop(store);
        SongStore::open(&file).unwrap().likes().unwrap()
    }

    #[test]
    fn likes_of_older_layouts_are_kept() {
        let second = "CREATE TABLE likes (path BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
            INSERT INTO likes VALUES (x'2f61');
            PRAGMA user_version = 2;";
        let third = "CREATE TABLE likes (path BLOB PRIMARY KEY, verdict TEXT NOT NULL CHECK (verdict = 'liked'))
                STRICT, WITHOUT ROWID;
            INSERT INTO likes VALUES (x'2f61', 'liked');
            PRAGMA user_version = 3;";
        for older in [second, third] {
            assert_eq!(likes_of(older), HashSet::from([PathBuf::from("/a")]));
        }
    }

    #[test]
    fn a_library_of_the_first_layout_gets_the_table() {
        assert!(likes_of("PRAGMA user_version = 1;").is_empty());
    }

    #[test]
    fn the_revision_tells_what_another_connection_wrote() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("library.db");
        let reader = SongStore::open(&file).unwrap();
        let mut writer = SongStore::open(&file).unwrap();
        let before = reader.revision().unwrap();
        assert_eq!(reader.revision().unwrap(), before);
        writer.set_liked(Path::new("/a"), true).unwrap();
        assert_ne!(reader.revision().unwrap(), before);
    }
}
