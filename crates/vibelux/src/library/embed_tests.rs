//! Tests of planning and embedding, with an embedder that needs no music.

use std::fs;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use super::*;
use crate::emotion::{Emotion, EmotionVector};
use crate::library::scan;

/// Derives a vector from the file's length; the content `broken` fails, `panic` panics.
struct Substitute {
    name: &'static str,
    calls: Mutex<Vec<PathBuf>>,
}

impl Substitute {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            calls: Mutex::default(),
        }
    }
}

impl SongEmbedder for Substitute {
    fn name(&self) -> &str {
        self.name
    }

    fn embed(
        &self,
        path: &Path,
    ) -> Result<SongEmbedding, Box<dyn std::error::Error + Send + Sync>> {
        self.calls.lock().unwrap().push(path.to_owned());
        let content = fs::read_to_string(path)?;
        match content.as_str() {
            "broken" => return Err("there is no sound in it".into()),
            "panic" => panic!("tripped"),
            _ => {}
        }
        let vector = EmotionVector::one_hot(Emotion::ALL[content.len() % 7]);
        Ok(SongEmbedding {
            vector,
            windows: vec![(0.0, vector), (10.0, vector)],
            sound: None,
            duration_seconds: 20.0,
            loudness_lufs: Some(-12.5),
        })
    }
}

const OPTIONS: EmbedOptions = EmbedOptions {
    jobs: NonZeroUsize::new(3).unwrap(),
    force: false,
    retry_failed: false,
};

struct Fixture {
    dir: tempfile::TempDir,
    store: SongStore,
}

impl Fixture {
    fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("songs")).unwrap();
        let store = SongStore::open(&dir.path().join("library.db")).unwrap();
        let fixture = Self { dir, store };
        for (name, content) in files {
            fs::write(fixture.file(name), content).unwrap();
        }
        fixture
    }

    fn file(&self, name: &str) -> PathBuf {
        fs::canonicalize(self.dir.path().join("songs"))
            .unwrap()
            .join(name)
    }

    fn scan(&self) -> Scan {
        scan(&[self.dir.path().join("songs")], |_| true)
    }

    fn plan(&self, model: &str, options: EmbedOptions) -> EmbedPlan {
        plan(&self.store, &self.scan(), model, &options).unwrap()
    }

    fn embed(&mut self, embedder: &Substitute, options: EmbedOptions) -> EmbedSummary {
        let plan = self.plan(embedder.name, options);
        let stop = AtomicBool::new(false);
        embed_songs(&mut self.store, &plan, embedder, &options, &stop, |_| {}).unwrap()
    }
}

#[test]
fn each_song_is_embedded_once_and_only_changes_again() {
    let mut fixture = Fixture::new(&[("1.mp3", "a"), ("2.mp3", "bb"), ("3.mp3", "ccc")]);
    let model = Substitute::new("model 1");
    assert_eq!(fixture.embed(&model, OPTIONS).embedded, 3);
    assert_eq!(model.calls.lock().unwrap().len(), 3);
    let songs = fixture.store.songs().unwrap();
    assert_eq!(
        songs[1].vector(),
        Some(EmotionVector::one_hot(Emotion::ALL[2]))
    );
    assert_eq!(songs[1].duration_seconds, Some(20.0));
    assert_eq!(fixture.store.windows(&songs[1].path).unwrap().len(), 2);

    assert_eq!(fixture.plan("model 1", OPTIONS).unchanged, 3);
    assert_eq!(fixture.embed(&model, OPTIONS), EmbedSummary::default());

    // Another length, then only another time.
    fs::write(fixture.file("1.mp3"), "aaaa").unwrap();
    let later = SystemTime::now() + Duration::from_secs(9);
    fs::File::options()
        .write(true)
        .open(fixture.file("2.mp3"))
        .and_then(|f| f.set_modified(later))
        .unwrap();
    assert_eq!(fixture.plan("model 1", OPTIONS).songs.len(), 2);
    assert_eq!(fixture.plan("model 2", OPTIONS).songs.len(), 3);
    let force = EmbedOptions {
        force: true,
        ..OPTIONS
    };
    assert_eq!(fixture.plan("model 1", force).songs.len(), 3);
}

#[test]
fn a_broken_song_is_a_row_and_is_not_tried_again_until_it_changes() {
    let mut fixture = Fixture::new(&[("1.mp3", "a"), ("2.mp3", "broken"), ("3.mp3", "panic")]);
    let model = Substitute::new("m");
    let summary = fixture.embed(&model, OPTIONS);
    assert_eq!(summary.embedded, 1);
    assert_eq!(summary.failed.len(), 2);
    assert_eq!(summary.failed[0].path, fixture.file("2.mp3"));
    assert_eq!(summary.failed[0].reason, "there is no sound in it");
    assert!(summary.failed[1].reason.contains("tripped"));

    let again = fixture.plan("m", OPTIONS);
    assert_eq!((again.songs.len(), again.unchanged), (0, 1));
    assert_eq!(again.known_failures, summary.failed);
    let retry = EmbedOptions {
        retry_failed: true,
        ..OPTIONS
    };
    assert_eq!(fixture.plan("m", retry).songs.len(), 2);

    fs::write(fixture.file("2.mp3"), "mended").unwrap();
    assert_eq!(fixture.embed(&model, OPTIONS).embedded, 1);
    assert!(
        fixture
            .store
            .get(&fixture.file("2.mp3"))
            .unwrap()
            .unwrap()
            .vector()
            .is_some()
    );
}

#[test]
fn files_that_vanish_are_marked_only_below_a_folder_that_is_there() {
    let mut fixture = Fixture::new(&[("1.mp3", "a"), ("2.mp3", "b")]);
    let model = Substitute::new("m");
    fixture.embed(&model, OPTIONS);
    fs::remove_file(fixture.file("1.mp3")).unwrap();
    let scan = fixture.scan();
    assert_eq!(mark_missing(&mut fixture.store, &scan).unwrap(), 1);
    assert_eq!(mark_missing(&mut fixture.store, &scan).unwrap(), 0);

    // The drive is gone altogether: nothing more is said to be missing.
    let songs = fixture.dir.path().join("songs");
    let away = fixture.dir.path().join("away");
    fs::rename(&songs, &away).unwrap();
    let nothing = super::super::scan(std::slice::from_ref(&songs), |_| true);
    assert_eq!(mark_missing(&mut fixture.store, &nothing).unwrap(), 0);
    fs::rename(&away, &songs).unwrap();

    // The file comes back under another time: embedded again, and no longer missing.
    fs::write(fixture.file("1.mp3"), "a").unwrap();
    fixture.embed(&model, OPTIONS);
    assert!(
        fixture
            .store
            .songs()
            .unwrap()
            .iter()
            .all(|song| !song.missing)
    );
}

#[test]
fn a_song_that_comes_back_unchanged_is_not_embedded_again() {
    let mut fixture = Fixture::new(&[("1.mp3", "a")]);
    let model = Substitute::new("m");
    fixture.embed(&model, OPTIONS);
    let elsewhere = fixture.dir.path().join("elsewhere");
    fs::rename(fixture.file("1.mp3"), &elsewhere).unwrap();
    let scan = fixture.scan();
    mark_missing(&mut fixture.store, &scan).unwrap();
    fs::rename(&elsewhere, fixture.file("1.mp3")).unwrap();
    fixture.embed(&model, OPTIONS);
    assert_eq!(model.calls.lock().unwrap().len(), 1);
    assert!(!fixture.store.songs().unwrap()[0].missing);
}

#[test]
fn a_stopped_run_keeps_what_it_did_and_the_next_does_the_rest() {
    let names: Vec<String> = (0..40).map(|i| format!("{i:02}.mp3")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|n| (n.as_str(), "x")).collect();
    let mut fixture = Fixture::new(&files);
    let model = Substitute::new("m");
    let plan = fixture.plan("m", OPTIONS);
    let stop = AtomicBool::new(false);
    let summary = embed_songs(&mut fixture.store, &plan, &model, &OPTIONS, &stop, |p| {
        assert_eq!(p.total, 40);
        if p.done == 5 {
            stop.store(true, Ordering::Relaxed);
        }
    })
    .unwrap();
    assert!(summary.embedded >= 5);
    assert_eq!(summary.embedded + summary.remaining, 40);
    assert_eq!(fixture.store.songs().unwrap().len(), summary.embedded);
    let rest = fixture.embed(&model, OPTIONS);
    assert_eq!(rest.embedded, summary.remaining);
    // Nothing was lost and nothing done twice.
    let mut calls = model.calls.lock().unwrap().clone();
    calls.sort();
    calls.dedup();
    assert_eq!((calls.len(), model.calls.lock().unwrap().len()), (40, 40));
}

#[test]
fn a_library_that_cannot_be_written_ends_the_run_with_an_error() {
    let names: Vec<String> = (0..50).map(|i| format!("{i:02}.mp3")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|n| (n.as_str(), "x")).collect();
    let mut fixture = Fixture::new(&files);
    let plan = fixture.plan("m", OPTIONS);
    // Another process drops the table under the run.
    rusqlite::Connection::open(fixture.store.path())
        .unwrap()
        .execute_batch("DROP TABLE windows; DROP TABLE songs")
        .unwrap();
    let stop = AtomicBool::new(false);
    let result = embed_songs(
        &mut fixture.store,
        &plan,
        &Substitute::new("m"),
        &OPTIONS,
        &stop,
        |_| {},
    );
    assert!(
        matches!(result, Err(LibraryError::Database { .. })),
        "{result:?}"
    );
}
