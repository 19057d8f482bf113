//! Whether a library file is whole, asked once when it is opened.
//!
//! SQLite finds much damage only where it happens to read, and some never: a page that says it holds fewer
//! rows than it does gives fewer rows. `quick_check` walks all pages, accounts for every byte of them and
//! tests every row against the table's constraints, which therefore tell the rows of one table from those
//! of another: a page of one in the place of another is noticed. It does not compare the index with the
//! table, so songs are listed from the table alone; and it knows nothing of vectors, which are checked as
//! they are read.
//!
//! What stays unseen: a page without a row is like any other, so one over a small table's only page empties
//! it; and text may be damaged. A checksum for each row would tell, and would refuse a whole library for one
//! letter.

use rusqlite::Connection;

use super::database::{self, DatabaseError};

/// Looks through the whole file: about 0.7 microseconds a song.
///
/// # Errors
/// An SQLite failure with the code for damage, which says what is wrong.
pub(super) fn check(connection: &Connection) -> database::Result<()> {
    let said: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if said == "ok" {
        return Ok(());
    }
    Err(DatabaseError::damage(said))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::super::SongStore;
    use crate::emotion::EmotionVector;
    use crate::library::{LibraryError, Outcome, Song, SongTable, Verdict};

    const SONGS: usize = 100;
    const PAGE: usize = 4096;

    fn library(folder: &Path) -> PathBuf {
        let path = folder.join("library.db");
        let mut store = SongStore::open(&path).unwrap();
        let songs: Vec<Song> = (0..SONGS)
            .map(|number| {
                let outcome = Outcome::Embedded(EmotionVector::UNIFORM);
                Song::new(format!("/music/{number:03}.mp3"), "model", outcome)
            })
            .collect();
        store.upsert_all(&songs).unwrap();
        path
    }

    #[test]
    fn a_page_with_fewer_rows_than_it_holds_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = library(dir.path());
        let whole = fs::read(&path).unwrap();
        let mut tried = 0;
        for page in (PAGE..whole.len()).step_by(PAGE) {
            let mut bytes = whole.clone();
            // Bytes 3 and 4 of a page say how many cells it has.
            let cells = u16::from_be_bytes([bytes[page + 3], bytes[page + 4]]);
            if cells == 0 {
                continue;
            }
            bytes[page + 3..page + 5].copy_from_slice(&(cells - 1).to_be_bytes());
            fs::write(&path, &bytes).unwrap();
            let error = SongStore::open(&path).map(drop).unwrap_err();
            assert!(matches!(error, LibraryError::Corrupt { .. }), "{error}");
            assert!(error.to_string().contains("library.db"), "{error}");
            tried += 1;
        }
        assert!(tried > 3);
    }

    #[test]
    fn no_page_can_stand_in_for_one_of_another_table() {
        let dir = tempfile::tempdir().unwrap();
        let path = library(dir.path());
        let mut store = SongStore::open(&path).unwrap();
        let window = [(0.0, EmotionVector::UNIFORM)];
        for song in store.songs().unwrap() {
            store.upsert(&song, &window).unwrap();
            store.set_liked(&song.path, true).unwrap();
            store.set_declared_music([&song.path], true).unwrap();
            let sounds = Verdict::Sounds(EmotionVector::UNIFORM);
            store.say(&song.path, sounds, 1).unwrap();
        }
        let roots: Vec<i64> = store
            .database
            .query(
                "SELECT rootpage FROM sqlite_schema ORDER BY rootpage",
                &[],
                |row| row.get(0),
            )
            .unwrap();
        drop(store);
        let whole = fs::read(&path).unwrap();
        let page = |number: usize| (number - 1) * PAGE..number * PAGE;
        let paths: Vec<PathBuf> = (0..SONGS)
            .map(|n| format!("/music/{n:03}.mp3").into())
            .collect();
        let mut noticed = 0;
        // Leaves and inner pages, those of tables and those of indexes, each over each root.
        for from in 2..=whole.len() / PAGE {
            for &root in &roots {
                let root = root as usize;
                if whole[page(from)] == whole[page(root)] {
                    continue;
                }
                let mut bytes = whole.clone();
                bytes.copy_within(page(from), page(root).start);
                fs::write(&path, &bytes).unwrap();
                let found = SongStore::open(&path).and_then(|store| {
                    let songs: Vec<PathBuf> =
                        store.songs()?.into_iter().map(|song| song.path).collect();
                    Ok((songs, store.likes()?))
                });
                match found {
                    // An index is passed by, and what it says does no harm.
                    Ok((songs, likes)) => {
                        assert_eq!(songs, paths, "page {from} over {root}");
                        assert_eq!(likes.len(), SONGS, "page {from} over {root}");
                    }
                    Err(error) => {
                        let damage = matches!(
                            error,
                            LibraryError::Corrupt { .. } | LibraryError::BadEntry { .. }
                        );
                        assert!(damage, "page {from} over {root}: {error}");
                        noticed += 1;
                    }
                }
            }
        }
        assert!(noticed > 20, "{noticed} of {} roots", roots.len());
    }

    #[test]
    fn a_path_that_damage_made_anothers_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = library(dir.path());
        let mut bytes = fs::read(&path).unwrap();
        // In the table and in its index.
        let places: Vec<usize> = bytes
            .windows(14)
            .enumerate()
            .filter_map(|(at, text)| (text == b"/music/042.mp3").then_some(at))
            .collect();
        assert!(places.len() > 1);
        for at in places {
            bytes[at + 9] = b'3';
        }
        fs::write(&path, &bytes).unwrap();
        let store = SongStore::open(&path).unwrap();
        let songs = store.songs().map(drop);
        let table = SongTable::read(&store).map(drop);
        for error in [songs.unwrap_err(), table.unwrap_err()] {
            assert!(error.to_string().contains("library.db"), "{error}");
            assert!(matches!(error, LibraryError::BadEntry { .. }), "{error}");
        }
    }

    #[test]
    fn songs_come_from_the_table_whatever_the_index_says() {
        let dir = tempfile::tempdir().unwrap();
        let path = library(dir.path());
        let store = SongStore::open(&path).unwrap();
        // An index that is one song behind: its entry of the last song points at the first.
        let sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_songs_1'";
        let root = store.database.first(sql, &[], |row| row.get::<i64>(0));
        let root = root.unwrap().unwrap();
        drop(store);
        let root = root as usize;
        let mut bytes = fs::read(&path).unwrap();
        let page = &mut bytes[(root - 1) * PAGE..root * PAGE];
        let entry = page
            .windows(14)
            .rposition(|b| b == b"/music/099.mp3")
            .unwrap();
        // The row number follows the path.
        assert_eq!(page[entry + 14], 100);
        page[entry + 14] = 1;
        fs::write(&path, &bytes).unwrap();
        let songs = SongStore::open(&path).unwrap().songs().unwrap();
        let paths: Vec<_> = songs.iter().map(|song| song.path.clone()).collect();
        let all: Vec<PathBuf> = (0..SONGS)
            .map(|n| format!("/music/{n:03}.mp3").into())
            .collect();
        assert_eq!(paths, all);
    }
}
