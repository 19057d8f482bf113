//! Tests of reading and writing `song_embeddings.json`.

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::emotion::Emotion;
use crate::library::Outcome;
use proptest::prelude::*;

fn open() -> (tempfile::TempDir, SongStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = SongStore::open(&dir.path().join("library.db")).unwrap();
    (dir, store)
}

fn import_text(text: &str) -> (SongStore, Result<ImportSummary, LibraryError>) {
    let (dir, mut store) = open();
    let file = dir.path().join("song_embeddings.json");
    fs::write(&file, text).unwrap();
    let result = import(&mut store, &file, Path::new("/base"));
    (store, result)
}

#[test]
fn an_address_is_no_relative_path() {
    let (store, result) = import_text(r#"{"s3://music/a b.mp3": [0, 0, 0, 1, 0, 0, 0]}"#);
    assert_eq!(result.unwrap().imported, 1);
    let songs = store.songs().unwrap();
    assert_eq!(songs[0].path, Path::new("s3://music/a b.mp3"));
}

#[test]
fn good_rows_are_kept_and_bad_rows_described() {
    let (store, result) = import_text(
        r#"{
        "/m/good.mp3": [0, 0, 0, 1, 0, 0, 0],
        "songs/\u00e9 NaN.mp3": [1, 1, 1, 1.0, 1, 1, 1e0],
        "short": [1, 2, 3],
        "long": [1, 1, 1, 1, 1, 1, 1, [2]],
        "text": [1, 1, 1, 1, 1, 1, "1"],
        "negative": [1, 1, 1, 1, 1, 1, -1],
        "nan": [NaN, 1, 1, 1, 1, 1, 1],
        "infinite": [Infinity, 1, 1, 1, 1, 1, -Infinity],
        "zero": [0, 0, 0, 0, 0, 0, 0],
        "object": {"a": [1]},
        "number": 7, "null": null, "true": true, "string": "x\"\\",
        "\ud800": [1, 1, 1, 1, 1, 1, 1],
        "": [1, 1, 1, 1, 1, 1, 1]
    }"#,
    );
    let summary = result.unwrap();
    assert!(summary.broken_off.is_none(), "{:?}", summary.broken_off);
    assert_eq!((summary.imported, summary.bad), (2, 14));
    assert_eq!(summary.described[0].0, "short");
    assert_eq!(summary.described[0].1, "3 values instead of 7");
    assert_eq!(summary.described[4].1, "value 1 is not a number");
    assert!(summary.described[5].1.contains("inf"));
    let songs = store.songs().unwrap();
    assert_eq!(songs[0].path, Path::new("/base/songs/é NaN.mp3"));
    assert_eq!(songs[0].vector(), Some(EmotionVector::UNIFORM));
    assert_eq!(
        songs[1].vector(),
        Some(EmotionVector::one_hot(Emotion::Happy))
    );
    assert_eq!(songs[1].stamp, None);
}

#[test]
fn a_file_that_breaks_off_keeps_what_came_before() {
    let (store, result) = import_text(r#"{"/1": [1,0,0,0,0,0,0], "/2": [1,0,0"#);
    assert!(result.unwrap().broken_off.unwrap().contains("EOF"));
    assert_eq!(store.songs().unwrap().len(), 1);
}

#[test]
fn what_is_not_such_a_file_is_an_error_with_its_path() {
    for text in ["", "[1]", "7", "{\"a\"", "\u{0}", &"[".repeat(10_000)] {
        let (_, result) = import_text(text);
        let message = result.unwrap_err().to_string();
        assert!(message.contains("song_embeddings.json"), "{message}");
    }
}

#[test]
fn many_rows_and_repeated_keys_are_fine() {
    let rows: Vec<String> = (0..2500)
        .map(|i| format!("\"/{}\": [{i}, 1, 1, 1, 1, 1, 1]", i % 2400))
        .collect();
    let (store, result) = import_text(&format!("{{{}}}", rows.join(",")));
    assert_eq!(result.unwrap().bad, 0);
    assert_eq!(store.songs().unwrap().len(), 2400);
    // As in Python, the last of equal keys counts.
    let last = store.get(Path::new("/5")).unwrap().unwrap();
    assert!(last.vector().unwrap().get(Emotion::Angry) > 0.9);
}

#[test]
fn an_export_can_be_imported_and_changes_nothing() {
    let (dir, mut store) = open();
    let vector = EmotionVector::from_weights([0.1, 0.2, 0.3, 0.1, 0.1, 0.1, 0.1]).unwrap();
    let path = "/m/\"a\" \\ \u{1F3B5}.mp3";
    let mut song = Song::new(path, "m", Outcome::Embedded(vector));
    store.upsert(&song, &[]).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        song.path = PathBuf::from(std::ffi::OsStr::from_bytes(b"/m/\xff.mp3"));
        store.upsert(&song, &[]).unwrap();
    }
    let count = store.songs().unwrap().len();
    song.path = PathBuf::from("/missing");
    song.missing = true;
    store.upsert(&song, &[]).unwrap();

    let file = dir.path().join("out.json");
    fs::write(&file, "old").unwrap();
    assert_eq!(export(&store, &file, |_| true).unwrap(), count);
    serde_json::from_slice::<IgnoredAny>(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(
        fs::read_dir(dir.path())
            .unwrap()
            .filter(|e| {
                e.as_ref()
                    .unwrap()
                    .path()
                    .extension()
                    .is_some_and(|x| x == "part")
            })
            .count(),
        0
    );

    let summary = import(&mut store, &file, Path::new("/")).unwrap();
    assert_eq!(
        (summary.unchanged, summary.imported, summary.bad),
        (count, 0, 0)
    );
    let (_dir, mut fresh) = open();
    assert_eq!(
        import(&mut fresh, &file, Path::new("/")).unwrap().imported,
        count
    );
    let paths = |store: &SongStore| -> Vec<PathBuf> {
        store
            .songs()
            .unwrap()
            .into_iter()
            .filter(|s| !s.missing)
            .map(|s| s.path)
            .collect()
    };
    assert_eq!(paths(&fresh), paths(&store));
}

#[test]
fn an_export_to_nowhere_is_an_error() {
    let (dir, store) = open();
    let error = export(&store, &dir.path().join("absent/out.json"), |_| true).unwrap_err();
    assert!(matches!(error, LibraryError::Io { .. }), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_is_imported_or_refused_without_panic(text in "[\\[\\]{}\":,0-9a-zNI\\\\. -]{0,80}") {
        let _ = import_text(&text);
    }
}
