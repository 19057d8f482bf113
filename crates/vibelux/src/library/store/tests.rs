//! Tests of [`SongStore`], apart because the store fills its own file.

use std::fs;

use super::*;
use crate::emotion::Emotion;
use crate::library::failure::FailureKind;
use crate::library::song::Outcome;
use crate::library::tags::{Encoding, Tags};

pub(super) fn song(path: &str) -> Song {
    Song {
        stamp: Some(FileStamp {
            size_bytes: 7,
            modified_nanoseconds: -1,
        }),
        tags: Tags {
            title: Some("Title".to_owned()),
            artist: None,
            album: Some("Album".to_owned()),
            genre: Some("Folk".to_owned()),
            year: Some(1999),
        },
        duration_seconds: Some(12.5),
        loudness_lufs: Some(-9.5),
        content: Some(ContentHash::from_bytes([3; 16])),
        encoding: Encoding {
            lossless: false,
            bitrate_kbps: 192,
        },
        added_seconds: 1_700_000_000,
        ..Song::new(
            path,
            "model 1",
            Outcome::Embedded(EmotionVector::one_hot(Emotion::Sad)),
        )
    }
}

fn open() -> (tempfile::TempDir, SongStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = SongStore::open(&dir.path().join("sub/library.db")).unwrap();
    (dir, store)
}

#[test]
fn what_is_stored_is_read_back() {
    let (_dir, mut store) = open();
    let windows = [
        (0.5, EmotionVector::one_hot(Emotion::Happy)),
        (9.0, EmotionVector::UNIFORM),
    ];
    let one = song("/m/1.mp3");
    store.upsert(&one, &windows).unwrap();
    let mut failed = song("/m/0.mp3");
    let failure = Failure::new(FailureKind::NoSound, "no sound").at(1_700_000_000, None);
    failed.outcome = Outcome::Failed(failure);
    failed.stamp = None;
    store.upsert(&failed, &[]).unwrap();

    let path = store.path().to_owned();
    drop(store);
    let mut store = SongStore::open(&path).unwrap();
    assert_eq!(store.songs().unwrap(), [failed.clone(), one.clone()]);
    assert_eq!(store.get(&one.path).unwrap(), Some(one.clone()));
    assert_eq!(store.get(Path::new("/m")).unwrap(), None);
    let back = store.windows(&one.path).unwrap();
    assert_eq!(back[0], windows[0]);
    assert_eq!(back[1].0, 9.0);
    assert!(store.windows(&failed.path).unwrap().is_empty());
    let known = store.known().unwrap();
    assert_eq!(known[&one.path].stamp, one.stamp);
    assert!(known[&failed.path].failure.is_some() && known[&one.path].failure.is_none());
    let failure = failed.failure().unwrap().clone();
    assert_eq!(store.failures().unwrap(), [(failed.path.clone(), failure)]);

    // A second time replaces the first, windows too.
    store.upsert(&one, &[]).unwrap();
    assert!(store.windows(&one.path).unwrap().is_empty());
    assert_eq!(store.songs().unwrap().len(), 2);
}

#[test]
fn missing_songs_are_marked_then_removed() {
    let (_dir, mut store) = open();
    let (one, two) = (song("/1"), song("/2"));
    store
        .upsert(&one, &[(0.0, EmotionVector::UNIFORM)])
        .unwrap();
    store.upsert(&two, &[]).unwrap();
    store
        .set_missing(std::slice::from_ref(&one.path), true)
        .unwrap();
    assert!(store.get(&one.path).unwrap().unwrap().missing);
    assert_eq!(store.remove_missing().unwrap(), 1);
    assert_eq!(store.songs().unwrap(), [two]);
    assert!(store.windows(&one.path).unwrap().is_empty());
}

#[cfg(unix)]
#[test]
fn paths_need_not_be_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let (_dir, mut store) = open();
    let mut odd = song("");
    odd.path = PathBuf::from(std::ffi::OsStr::from_bytes(b"/\xff\xfe\x80.mp3"));
    store.upsert(&odd, &[]).unwrap();
    assert_eq!(store.songs().unwrap()[0].path, odd.path);
    assert_eq!(store.get(&odd.path).unwrap(), Some(odd));
}

#[test]
fn files_that_are_no_library_are_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.db");
    let text = "this is not a database, however long it may be. ".repeat(50);
    fs::write(&path, &text).unwrap();
    let error = SongStore::open(&path).unwrap_err();
    assert!(matches!(error, LibraryError::Corrupt { .. }), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);

    let path = dir.path().join("foreign.db");
    let foreign = rusqlite::Connection::open(&path).unwrap();
    foreign.execute_batch("CREATE TABLE songs (x)").unwrap();
    let error = SongStore::open(&path).unwrap_err();
    assert!(matches!(error, LibraryError::Foreign { .. }), "{error}");
}

#[test]
fn a_place_where_no_library_can_be_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let error = SongStore::open(dir.path()).map(drop).unwrap_err();
    assert!(matches!(error, LibraryError::IsFolder { .. }), "{error}");
    let file = dir.path().join("a.jpg");
    fs::write(&file, "a picture").unwrap();
    let below = file.join("library.db");
    let error = SongStore::open(&below).map(drop).unwrap_err();
    assert!(matches!(error, LibraryError::Folder { .. }), "{error}");
    assert!(error.to_string().contains("library.db"), "{error}");
}

#[test]
fn a_damaged_library_is_an_error_not_a_panic() {
    let (_dir, mut store) = open();
    for i in 0..500 {
        store.upsert(&song(&format!("/{i}")), &[]).unwrap();
    }
    let path = store.path().to_owned();
    drop(store);
    let mut bytes = fs::read(&path).unwrap();
    bytes[5000..].fill(0x5A);
    fs::write(&path, bytes).unwrap();
    let error = SongStore::open(&path).and_then(|store| store.songs());
    assert!(
        matches!(error, Err(LibraryError::Corrupt { .. })),
        "{error:?}"
    );
}

#[test]
fn a_newer_layout_is_refused() {
    let (_dir, store) = open();
    store
        .database
        .execute_batch("PRAGMA user_version = 99")
        .unwrap();
    let path = store.path().to_owned();
    drop(store);
    assert!(matches!(
        SongStore::open(&path),
        Err(LibraryError::NewerSchema { found: 99, .. })
    ));
}

#[test]
fn a_damaged_version_is_no_reason_to_lay_out_anew() {
    for version in [0, -134_217_724] {
        let (_dir, mut store) = open();
        store.upsert(&song("/1"), &[]).unwrap();
        store.set_liked(Path::new("/1"), true).unwrap();
        store
            .database
            .execute_batch(&format!("PRAGMA user_version = {version}"))
            .unwrap();
        let path = store.path().to_owned();
        drop(store);
        let error = SongStore::open(&path).map(drop).unwrap_err();
        assert!(matches!(error, LibraryError::Corrupt { .. }), "{error}");
        assert!(error.to_string().contains("version"), "{error}");
    }
}

#[test]
fn another_writer_is_reported_as_busy() {
    let (_dir, mut store) = open();
    let other = rusqlite::Connection::open(store.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    store
        .database
        .execute_batch("PRAGMA busy_timeout = 0")
        .unwrap();
    let error = store.upsert(&song("/1"), &[]).unwrap_err();
    assert!(matches!(error, LibraryError::Busy { .. }), "{error}");
    // Readers are not held up.
    assert!(store.songs().unwrap().is_empty());
    other.execute_batch("COMMIT").unwrap();
    store.upsert(&song("/1"), &[]).unwrap();
}

#[test]
fn opening_from_many_threads_at_once_makes_one_library() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("library.db");
    std::thread::scope(|scope| {
        for i in 0..8 {
            let path = &path;
            scope.spawn(move || {
                let mut store = SongStore::open(path).unwrap();
                store.upsert(&song(&format!("/{i}")), &[]).unwrap();
            });
        }
    });
    assert_eq!(SongStore::open(&path).unwrap().songs().unwrap().len(), 8);
}

#[test]
fn songs_of_the_layout_before_loudness_stay() {
    let (_dir, mut store) = open();
    store.upsert(&song("/m/1.mp3"), &[]).unwrap();
    store.database.execute_batch(&layout::undo_to(5)).unwrap();
    let path = store.path().to_owned();
    drop(store);
    let songs = SongStore::open(&path).unwrap().songs().unwrap();
    let mut unmeasured = Song {
        loudness_lufs: None,
        content: None,
        encoding: Encoding::default(),
        added_seconds: 0,
        ..song("/m/1.mp3")
    };
    (unmeasured.tags.genre, unmeasured.tags.year) = (None, None);
    assert_eq!(songs, [unmeasured]);
}
