//! Files that have become others while their sound stayed: retagged, moved, copied. What is known of the sound goes with it,
//! and so does what the listener has said of it.

use std::path::{Path, PathBuf};

use super::SongStore;
use super::aside::{files_with, is_aside, rename, set_aside};
use super::database::{self, Database, values};
use crate::library::clock::unix_seconds;
use crate::library::content::ContentHash;
use crate::library::error::LibraryError;
use crate::library::facts::FileFacts;
use crate::library::mounts::Presence;
use crate::library::path_bytes::to_bytes;
use crate::library::scan::FoundSong;

/// What a file is to a song of the library that holds the same sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is that song's file, with other tags or another date.
    Retagged,
    /// It is that song's file at another place.
    Moved {
        /// Where it was.
        from: PathBuf,
    },
    /// It is another file.
    Copied {
        /// That song's file.
        from: PathBuf,
    },
}

impl SongStore {
    /// Whether this model has analysed this sound, in whatever file.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn has_content(&self, content: ContentHash, model: &str) -> Result<bool, LibraryError> {
        files_with(&self.database, content, Some(model))
            .map(|files| !files.is_empty())
            .map_err(|source| LibraryError::database(&self.path, source))
    }

    /// Gives a file whose sound this model has analysed what is known of it, and says how the file came by it; `None` if no
    /// song has this sound. Committed when it returns.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn keep_analysis(
        &mut self,
        file: &FoundSong,
        facts: &FileFacts,
        model: &str,
        presence: &Presence,
    ) -> Result<Option<Change>, LibraryError> {
        let Some(content) = facts.content else {
            return Ok(None);
        };
        let path = to_bytes(&file.path);
        self.write_if(|database| {
            let Some(change) = change(database, &file.path, content, model, presence)? else {
                return Ok(None);
            };
            match &change {
                Change::Retagged => {}
                Change::Moved { from } => {
                    set_aside(database, &file.path, content)?;
                    rename(database, &to_bytes(from), &path)?;
                }
                Change::Copied { from } => {
                    set_aside(database, &file.path, content)?;
                    copy(database, &to_bytes(from), &path)?;
                }
            }
            update_file(database, file, facts)?;
            Ok(Some(change))
        })
    }

    /// Notes what was seen of a file of which the sound was analysed before anybody looked which it is.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn note_facts(&mut self, file: &FoundSong, facts: &FileFacts) -> Result<(), LibraryError> {
        if facts.content.is_none() {
            // It could not be read, which says nothing of its tags.
            return Ok(());
        }
        self.write(|database| update_file(database, file, facts))
    }
}

fn change(
    database: &Database,
    path: &Path,
    content: ContentHash,
    model: &str,
    presence: &Presence,
) -> database::Result<Option<Change>> {
    let own = database.first(
        "SELECT 1 FROM songs
         WHERE path = ?1 AND content = ?2 AND model = ?3 AND vector IS NOT NULL AND NOT first_look",
        values![&to_bytes(path), content.bytes(), model],
        |_| Ok(()),
    )?;
    if own.is_some() {
        return Ok(Some(Change::Retagged));
    }
    let mut copied = None;
    for from in files_with(database, content, Some(model))? {
        if is_aside(&from.path) || presence.is_gone_to(&from, path) {
            return Ok(Some(Change::Moved { from: from.path }));
        }
        if from.path != path {
            copied.get_or_insert(Change::Copied { from: from.path });
        }
    }
    Ok(copied)
}

/// Gives another file what is known of the sound of one.
fn copy(database: &Database, from: &[u8], to: &[u8]) -> database::Result<()> {
    database.execute("DELETE FROM songs WHERE path = ?1", values![to])?;
    database.execute(
            "INSERT INTO songs (path, model, duration_seconds, vector, sound, loudness_lufs, content, added_seconds)
             SELECT ?2, model, duration_seconds, vector, sound, loudness_lufs, content, ?3 FROM songs WHERE path = ?1",
        values![from, to, unix_seconds().cast_signed()],
    )?;
    for statement in [
        "DELETE FROM windows WHERE path = ?2 AND ?1 <> ?2",
        "INSERT INTO windows (path, windows) SELECT ?2, windows FROM windows WHERE path = ?1",
        "DELETE FROM fingerprints WHERE path = ?2 AND ?1 <> ?2",
        "INSERT INTO fingerprints (path, kind, codes)
             SELECT ?2, kind, codes FROM fingerprints WHERE path = ?1",
    ] {
        database.execute(statement, values![from, to])?;
    }
    Ok(())
}

fn update_file(database: &Database, file: &FoundSong, facts: &FileFacts) -> database::Result<()> {
    let tags = &facts.told.tags;
    database
        .execute(
            "UPDATE songs SET size_bytes = ?2, modified_nanoseconds = ?3, title = ?4, artist = ?5, album = ?6,
                 genre = ?7, year = ?8, lossless = ?9, bitrate_kbps = ?10, content = ?11, missing = FALSE
             WHERE path = ?1",
            values![
            &to_bytes(&file.path),
            file.stamp.size_bytes.cast_signed(),
            file.stamp.modified_nanoseconds,
            &tags.title,
            &tags.artist,
            &tags.album,
            &tags.genre,
            tags.year,
            facts.told.encoding.lossless,
            facts.told.encoding.bitrate_kbps,
            facts.content.as_ref().map(ContentHash::bytes),
        ])
        .map(drop)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::emotion::EmotionVector;
    use crate::library::store::{Analysis, tests};
    use crate::library::tags::FileTags;
    use crate::library::{FileStamp, Song, Tags, Verdict, VerdictKind};

    const SOUND: ContentHash = ContentHash::from_bytes([5; 16]);

    fn facts(title: &str) -> FileFacts {
        FileFacts {
            content: Some(SOUND),
            told: FileTags {
                tags: Tags {
                    title: Some(title.to_owned()),
                    ..Tags::default()
                },
                ..FileTags::default()
            },
        }
    }

    struct Stand {
        dir: tempfile::TempDir,
        store: SongStore,
    }

    impl Stand {
        /// A library with one analysed and liked song.
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let mut store = SongStore::open(&dir.path().join("library.db")).unwrap();
            let path = dir.path().join("1.mp3");
            fs::write(&path, "x").unwrap();
            let song = Song {
                content: Some(SOUND),
                path: path.clone(),
                ..tests::song("")
            };
            let analysis = Analysis {
                song,
                windows: vec![(0.0, EmotionVector::UNIFORM)],
                fingerprint: None,
            };
            store.put(&analysis, &Presence::default()).unwrap();
            store.say(&path, Verdict::Liked, 9).unwrap();
            Self { dir, store }
        }

        fn file(&self, name: &str) -> FoundSong {
            let path = self.dir.path().join(name);
            fs::write(&path, "other tags").unwrap();
            let stamp = FileStamp::of(&fs::metadata(&path).unwrap());
            FoundSong { path, stamp }
        }

        fn keep(&mut self, file: &FoundSong) -> Option<Change> {
            let facts = facts("New");
            self.store
                .keep_analysis(file, &facts, "model 1", &Presence::default())
                .unwrap()
        }
    }

    #[test]
    fn a_retagged_file_keeps_its_analysis() {
        let mut stand = Stand::new();
        let file = stand.file("1.mp3");
        assert_eq!(stand.keep(&file), Some(Change::Retagged));
        let song = stand.store.get(&file.path).unwrap().unwrap();
        assert_eq!(song.tags.title.as_deref(), Some("New"));
        assert_eq!(song.stamp, Some(file.stamp));
        assert_eq!(stand.store.windows(&file.path).unwrap().len(), 1);
    }

    #[test]
    fn a_moved_file_takes_all_with_it() {
        let mut stand = Stand::new();
        let from = stand.dir.path().join("1.mp3");
        fs::remove_file(&from).unwrap();
        let file = stand.file("2.mp3");
        // What was there before is another song, of which nothing is left.
        stand
            .store
            .upsert(
                &Song {
                    path: file.path.clone(),
                    ..tests::song("")
                },
                &[(1.0, EmotionVector::UNIFORM); 3],
            )
            .unwrap();
        assert_eq!(stand.keep(&file), Some(Change::Moved { from }));
        stand.store.settle_aside().unwrap();
        let songs = stand.store.songs().unwrap();
        assert_eq!(songs.len(), 1);
        assert_eq!(songs[0].path, file.path);
        assert_eq!(stand.store.windows(&file.path).unwrap().len(), 1);
        let said = stand.store.said().unwrap();
        assert_eq!(said.len(), 1);
        assert_eq!(
            (said[0].path.as_path(), said[0].verdict.kind()),
            (file.path.as_path(), VerdictKind::Liked)
        );
    }

    #[test]
    fn a_copy_is_another_song_with_the_same_analysis() {
        let mut stand = Stand::new();
        let from = stand.dir.path().join("1.mp3");
        let file = stand.file("2.mp3");
        assert_eq!(stand.keep(&file), Some(Change::Copied { from }));
        let songs = stand.store.songs().unwrap();
        assert_eq!(songs.len(), 2);
        assert_eq!(songs[0].vector(), songs[1].vector());
        assert!(songs[1].added_seconds > 1_700_000_000);
        assert_eq!(songs[1].content, Some(SOUND));
        assert_eq!(stand.store.windows(&file.path).unwrap().len(), 1);
    }

    #[test]
    fn what_another_model_or_nobody_has_heard_is_not_kept() {
        let mut stand = Stand::new();
        let file = stand.file("2.mp3");
        let keep = |store: &mut SongStore, facts: &FileFacts, model: &str| {
            store
                .keep_analysis(&file, facts, model, &Presence::default())
                .unwrap()
        };
        assert_eq!(keep(&mut stand.store, &facts("x"), "model 2"), None);
        let other = FileFacts {
            content: Some(ContentHash::from_bytes([6; 16])),
            ..facts("x")
        };
        assert_eq!(keep(&mut stand.store, &other, "model 1"), None);
        assert_eq!(
            keep(&mut stand.store, &FileFacts::default(), "model 1"),
            None
        );
        assert!(stand.store.has_content(SOUND, "model 1").unwrap());
        assert!(!stand.store.has_content(SOUND, "model 2").unwrap());
        assert_eq!(stand.store.songs().unwrap().len(), 1);
    }
}
