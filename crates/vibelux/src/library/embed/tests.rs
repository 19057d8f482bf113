//! Tests of planning and embedding, with an embedder that needs no music.

use std::fs;
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use super::*;
use crate::emotion::{Emotion, EmotionVector};
use crate::library::failure::{Failure, FailureKind};
use crate::library::{Scan, scan};
use crate::model::SongEmbedding;

/// Derives a vector from the file's length; the content `broken` fails, `panic` panics.
#[derive(Debug)]
struct Substitute {
    name: &'static str,
    calls: Mutex<Vec<(PathBuf, Depth)>>,
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

    fn embed(&self, path: &Path, depth: Depth) -> Result<SongEmbedding, Failure> {
        self.calls.lock().unwrap().push((path.to_owned(), depth));
        let unreadable = |error| Failure::new(FailureKind::Unreadable, format!("{error}"));
        let content = fs::read_to_string(path).map_err(unreadable)?;
        match content.as_str() {
            "broken" => {
                return Err(Failure::new(
                    FailureKind::NoSound,
                    "there is no sound in it",
                ));
            }
            "slow" => return Err(Failure::new(FailureKind::Limits, "took too long")),
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
            fingerprint: None,
        })
    }
}

const OPTIONS: EmbedOptions = EmbedOptions::with_jobs(NonZeroUsize::new(3).unwrap());

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
    let files: Vec<(&str, &str)> = names.iter().map(|n| (n.as_str(), n.as_str())).collect();
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
    calls.sort_by(|a, b| a.0.cmp(&b.0));
    calls.dedup();
    assert_eq!((calls.len(), model.calls.lock().unwrap().len()), (40, 40));
}

#[test]
fn a_library_that_cannot_be_written_ends_the_run_with_an_error() {
    let names: Vec<String> = (0..50).map(|i| format!("{i:02}.mp3")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|n| (n.as_str(), n.as_str())).collect();
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

#[test]
fn a_moved_a_retagged_and_a_copied_file_are_not_listened_to_again() {
    let mut fixture = Fixture::new(&[("1.mp3", "a"), ("2.mp3", "bb"), ("3.mp3", "ccc")]);
    let model = Substitute::new("m");
    fixture.embed(&model, OPTIONS);
    let liked = fixture.file("1.mp3");
    fixture.store.set_liked(&liked, true).unwrap();

    fs::rename(&liked, fixture.file("9.mp3")).unwrap();
    fs::copy(fixture.file("2.mp3"), fixture.file("copy.mp3")).unwrap();
    // A tag behind the sound.
    let mut tagged = fs::read(fixture.file("3.mp3")).unwrap();
    tagged.extend(b"TAG");
    tagged.resize(3 + 128, b' ');
    fs::write(fixture.file("3.mp3"), tagged).unwrap();

    let scan = fixture.scan();
    assert_eq!(mark_missing(&mut fixture.store, &scan).unwrap(), 1);
    let expected = EmbedSummary {
        moved: 1,
        copied: 1,
        retagged: 1,
        copies: 1,
        ..EmbedSummary::default()
    };
    assert_eq!(fixture.embed(&model, OPTIONS), expected);
    assert_eq!(model.calls.lock().unwrap().len(), 3);
    let songs = fixture.store.songs().unwrap();
    assert_eq!(songs.len(), 4);
    let likes = fixture.store.likes().unwrap();
    assert!(likes.contains(&fixture.file("9.mp3")) && likes.len() == 1);
    let copy = songs.iter().find(|song| song.copy_of.is_some()).unwrap();
    assert_eq!(copy.copy_of, Some(fixture.file("2.mp3")));
    assert_eq!(copy.path, fixture.file("copy.mp3"));

    // Other sound of the same length under an old name.
    fs::write(fixture.file("9.mp3"), "z").unwrap();
    assert_eq!(fixture.embed(&model, OPTIONS).embedded, 1);
    // Nothing is left to be done.
    assert_eq!(fixture.plan("m", OPTIONS).unchanged, 4);
    let again = fixture.embed(&model, OPTIONS);
    assert_eq!((again.embedded, again.retagged, again.copies), (0, 0, 1));
}

#[test]
fn of_many_songs_each_is_first_listened_to_for_a_moment() {
    let names: Vec<String> = (0..MANY_SONGS).map(|i| format!("{i:03}.mp3")).collect();
    let mut files: Vec<(&str, &str)> = names.iter().map(|n| (n.as_str(), n.as_str())).collect();
    files[7].1 = "broken";
    let mut fixture = Fixture::new(&files);
    let model = Substitute::new("m");
    let plan = fixture.plan("m", OPTIONS);
    let stop = AtomicBool::new(false);
    let mut first_looks = 0;
    let summary = embed_songs(&mut fixture.store, &plan, &model, &OPTIONS, &stop, |p| {
        first_looks += usize::from(p.depth == Depth::FirstLook);
        if p.depth == Depth::Full && p.done == 5 {
            stop.store(true, Ordering::Relaxed);
        }
    })
    .unwrap();
    assert_eq!((first_looks, summary.failed.len()), (MANY_SONGS, 1));
    let songs = fixture.store.songs().unwrap();
    assert_eq!(
        songs.iter().filter(|song| song.vector().is_some()).count(),
        MANY_SONGS - 1
    );
    let soon = songs.iter().filter(|song| song.is_first_look).count();
    assert_eq!(soon, summary.remaining);
    assert!(soon > 0 && soon < MANY_SONGS - 5);

    // The next run goes on with what is left.
    assert_eq!(fixture.plan("m", OPTIONS).songs.len(), soon);
    assert_eq!(fixture.embed(&model, OPTIONS).embedded, soon);
    let songs = fixture.store.songs().unwrap();
    assert!(songs.iter().all(|song| !song.is_first_look));
    let calls = model.calls.lock().unwrap();
    assert_eq!(calls.len(), 2 * MANY_SONGS - 1);
}

#[test]
fn a_new_model_takes_over_when_it_has_heard_all() {
    let names: Vec<String> = (0..30).map(|i| format!("{i:03}.mp3")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|n| (n.as_str(), n.as_str())).collect();
    let mut fixture = Fixture::new(&files);
    fixture.embed(&Substitute::new("old"), OPTIONS);
    let models = |store: &SongStore| -> Vec<String> {
        let mut models: Vec<String> = store
            .songs()
            .unwrap()
            .into_iter()
            .map(|s| s.model)
            .collect();
        models.sort();
        models.dedup();
        models
    };
    let new = Substitute::new("new");
    let plan = fixture.plan("new", OPTIONS);
    assert_eq!(plan.songs.len(), 30);
    let stop = AtomicBool::new(false);
    let summary = embed_songs(&mut fixture.store, &plan, &new, &OPTIONS, &stop, |p| {
        if p.done == 10 {
            stop.store(true, Ordering::Relaxed);
        }
    })
    .unwrap();
    assert_eq!(models(&fixture.store), ["old"]);
    assert_eq!(summary.waiting, summary.embedded);
    assert_eq!(fixture.plan("new", OPTIONS).songs.len(), summary.remaining);
    let rest = fixture.embed(&new, OPTIONS);
    assert_eq!((rest.embedded, rest.waiting), (summary.remaining, 0));
    assert_eq!(models(&fixture.store), ["new"]);
    assert_eq!(new.calls.lock().unwrap().len(), 30);
}

#[test]
fn what_took_too_long_is_tried_again_after_a_while() {
    let mut fixture = Fixture::new(&[("1.mp3", "slow")]);
    let model = Substitute::new("m");
    let summary = fixture.embed(&model, OPTIONS);
    assert_eq!(summary.failed.len(), 1);
    assert_eq!(fixture.plan("m", OPTIONS).known_failures.len(), 1);
    // As if it had been long ago.
    let mut song = fixture.store.songs().unwrap().remove(0);
    let Outcome::Failed(failure) = &mut song.outcome else {
        panic!("{song:?}")
    };
    assert_eq!((failure.kind, failure.attempts), (FailureKind::Limits, 1));
    assert!(failure.since_seconds > 1_700_000_000);
    (failure.since_seconds, failure.tried_seconds) = (100, 100);
    fixture.store.upsert(&song, &[]).unwrap();
    assert_eq!(fixture.plan("m", OPTIONS).songs.len(), 1);
    fixture.embed(&model, OPTIONS);
    let song = fixture.store.songs().unwrap().remove(0);
    let failure = song.failure().unwrap();
    assert_eq!((failure.since_seconds, failure.attempts), (100, 2));
}

#[test]
fn a_drive_that_is_away_takes_no_song_with_it() {
    let mut fixture = Fixture::new(&[("1.mp3", "a"), ("2.mp3", "b")]);
    fs::create_dir(fixture.file("drive")).unwrap();
    fs::write(fixture.file("drive/3.mp3"), "c").unwrap();
    let model = Substitute::new("m");
    fixture.embed(&model, OPTIONS);
    // It was another file system; no test can mount one.
    fixture.store.note_mounts(&[fixture.file("drive")]).unwrap();
    fs::remove_file(fixture.file("drive/3.mp3")).unwrap();
    fs::remove_file(fixture.file("1.mp3")).unwrap();
    let scan = fixture.scan();
    assert_eq!(mark_missing(&mut fixture.store, &scan).unwrap(), 1);
    let missing = |store: &SongStore| store.songs().unwrap().iter().filter(|s| s.missing).count();
    assert_eq!(missing(&fixture.store), 1);

    // The place of a drive, with nothing in it.
    fs::remove_file(fixture.file("2.mp3")).unwrap();
    fs::remove_dir(fixture.file("drive")).unwrap();
    let scan = fixture.scan();
    assert_eq!(mark_missing(&mut fixture.store, &scan).unwrap(), 0);
    assert_eq!(missing(&fixture.store), 1);
}

/// Gives files the contents of others, all at once: names as before, and whose content each has now.
fn permute(fixture: &Fixture, now: &[(&str, &str)]) {
    let contents: Vec<Vec<u8>> = now
        .iter()
        .map(|(_, whose)| {
            fs::read(fixture.file(whose)).unwrap_or_else(|_| whose.as_bytes().to_vec())
        })
        .collect();
    let later = SystemTime::now() + Duration::from_secs(9);
    for ((name, _), content) in now.iter().zip(contents) {
        fs::write(fixture.file(name), content).unwrap();
        let file = fs::File::options()
            .write(true)
            .open(fixture.file(name))
            .unwrap();
        file.set_modified(later).unwrap();
    }
}

#[test]
fn what_was_said_of_a_song_follows_its_sound_when_files_are_renamed_in_a_row() {
    // Two files swapped; and a new first track, by which all others have other numbers.
    let swapped: &[(&str, &str)] = &[("1.mp3", "2.mp3"), ("2.mp3", "1.mp3")];
    let shifted: &[(&str, &str)] = &[
        ("1.mp3", "new"),
        ("2.mp3", "1.mp3"),
        ("3.mp3", "2.mp3"),
        ("4.mp3", "3.mp3"),
    ];
    let unshifted: &[(&str, &str)] = &[("1.mp3", "2.mp3"), ("2.mp3", "3.mp3"), ("3.mp3", "new")];
    for now in [swapped, shifted, unshifted] {
        for jobs in [1, 3] {
            let mut fixture = Fixture::new(&[("1.mp3", "a"), ("2.mp3", "bb"), ("3.mp3", "ccc")]);
            let options = EmbedOptions::with_jobs(NonZeroUsize::new(jobs).unwrap());
            let model = Substitute::new("m");
            fixture.embed(&model, options);
            let sound = |name: &str| fs::read(fixture.file(name)).unwrap();
            let liked = sound("2.mp3");
            let path = fixture.file("2.mp3");
            fixture.store.set_liked(&path, true).unwrap();
            permute(&fixture, now);
            let still = now.iter().any(|&(_, whose)| whose == "2.mp3");
            fixture.embed(&model, options);
            let likes: Vec<PathBuf> = fixture.store.likes().unwrap().into_iter().collect();
            assert_eq!(likes.len(), 1, "{now:?}");
            assert_eq!(
                fs::read(&likes[0]).unwrap() == liked,
                still,
                "{now:?} {likes:?}"
            );
            for song in fixture.store.songs().unwrap() {
                let length = fs::read(&song.path).unwrap().len();
                let expected = EmotionVector::one_hot(Emotion::ALL[length % 7]);
                assert_eq!(song.vector(), Some(expected), "{:?}", song.path);
            }
            assert_eq!(fixture.plan("m", options).songs.len(), 0);
        }
    }
}

#[test]
fn what_was_said_of_a_song_stays_where_its_file_is_replaced() {
    let mut fixture = Fixture::new(&[("1.mp3", "a"), ("2.mp3", "bb")]);
    let model = Substitute::new("m");
    fixture.embed(&model, OPTIONS);
    let path = fixture.file("1.mp3");
    fixture.store.set_liked(&path, true).unwrap();
    fs::write(&path, "a better encoding").unwrap();
    fixture.embed(&model, OPTIONS);
    assert!(fixture.store.likes().unwrap().contains(&path));
    assert_eq!(fixture.store.songs().unwrap().len(), 2);
}

#[test]
fn a_song_that_was_moved_before_it_was_heard_in_full_takes_what_was_said_with_it() {
    let names: Vec<String> = (0..MANY_SONGS).map(|i| format!("{i:03}.mp3")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|n| (n.as_str(), n.as_str())).collect();
    let mut fixture = Fixture::new(&files);
    let model = Substitute::new("m");
    let plan = fixture.plan("m", OPTIONS);
    let stop = AtomicBool::new(false);
    embed_songs(&mut fixture.store, &plan, &model, &OPTIONS, &stop, |p| {
        if p.depth == Depth::FirstLook && p.done == MANY_SONGS {
            stop.store(true, Ordering::Relaxed);
        }
    })
    .unwrap();
    let from = fixture.file("100.mp3");
    assert!(fixture.store.get(&from).unwrap().unwrap().is_first_look);
    fixture.store.set_liked(&from, true).unwrap();
    let to = fixture.file("moved.mp3");
    fs::rename(&from, &to).unwrap();
    fixture.embed(&model, OPTIONS);
    assert!(fixture.store.likes().unwrap().contains(&to));
    assert_eq!(fixture.store.get(&from).unwrap(), None);
}

#[test]
fn a_file_that_cannot_be_looked_into_keeps_its_tags() {
    let mut fixture = Fixture::new(&[("1.mp3", "a")]);
    let path = fixture.file("1.mp3");
    fixture.embed(&Substitute::new("m"), OPTIONS);
    let mut song = fixture.store.get(&path).unwrap().unwrap();
    song.tags.title = Some("Title".to_owned());
    song.content = None;
    fixture.store.upsert(&song, &[]).unwrap();
    let plan = fixture.plan("m", OPTIONS);
    assert_eq!(plan.songs[0].work, Work::Look);
    fs::remove_file(&path).unwrap();
    let stop = AtomicBool::new(false);
    let model = Substitute::new("m");
    embed_songs(&mut fixture.store, &plan, &model, &OPTIONS, &stop, |_| {}).unwrap();
    let song = fixture.store.get(&path).unwrap().unwrap();
    assert_eq!(song.tags.title.as_deref(), Some("Title"));
}
