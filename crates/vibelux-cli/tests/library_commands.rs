//! The commands that work on the library, run as a user would: import, export, recommend, and the
//! parts of embed that need no model.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use std::fs;
use std::path::PathBuf;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;
use vibelux::audio::SoundKind;
use vibelux::compose::{compose_all, write_wav};
use vibelux::library::{SongStore, Verdict};

/// A folder with three song files (their content is never read here) and a library of their vectors.
struct Fixture {
    dir: TempDir,
}

impl Fixture {
    fn empty() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn new() -> Self {
        let fixture = Self::empty();
        for name in ["joy.mp3", "grief.mp3", "calm.mp3"] {
            fs::write(fixture.path(name), "x").unwrap();
        }
        let json = r#"{
            "joy.mp3": [0, 0, 0, 8, 1, 0, 1],
            "grief.mp3": [0, 0, 1, 0, 1, 8, 0],
            "calm.mp3": [0, 0, 0, 1, 8, 1, 0],
            "gone.mp3": [0, 0, 0, 1, 0, 0, 0]
        }"#;
        fs::write(fixture.path("in.json"), json).unwrap();
        fixture.run(&["import", "json", "in.json"]).success();
        fixture
    }

    fn path(&self, name: &str) -> PathBuf {
        fs::canonicalize(self.dir.path()).unwrap().join(name)
    }

    fn run(&self, args: &[&str]) -> assert_cmd::assert::Assert {
        Command::cargo_bin("vibelux")
            .unwrap()
            .args(args)
            .current_dir(self.path(""))
            .env("VIBELUX_LIBRARY", self.path("library.db"))
            .env_remove("CLICOLOR_FORCE")
            .assert()
    }

    fn stdout(&self, args: &[&str]) -> String {
        let output = self.run(args).success().get_output().stdout.clone();
        String::from_utf8(output).unwrap()
    }

    fn stderr(&self, args: &[&str], code: i32) -> String {
        let output = self.run(args).code(code).get_output().stderr.clone();
        String::from_utf8(output).unwrap()
    }

    fn recommend(&self, args: &[&str]) -> Value {
        let mut all = vec!["recommend", "--json"];
        all.extend(args);
        serde_json::from_str(&self.stdout(&all)).unwrap()
    }
}

fn titles(answer: &Value) -> Vec<&str> {
    let found = answer["queries"][0]["recommendations"].as_array().unwrap();
    let titles = found.iter().map(|found| &found["song"]["title"]);
    titles.map(|title| title.as_str().unwrap()).collect()
}

#[test]
fn a_mood_finds_its_songs_and_leaves_out_files_that_are_gone() {
    let fixture = Fixture::new();
    for mode in ["plain", "centred"] {
        let answer = fixture.recommend(&["--mood", "happy", "--mode", mode]);
        assert_eq!(titles(&answer)[0], "joy", "{mode}");
        assert_eq!(titles(&answer).len(), 3);
        let answer = fixture.recommend(&["--mood", "sad=0.9,fear=0.1", "--mode", mode, "-n", "1"]);
        assert_eq!(titles(&answer), ["grief"], "{mode}");
    }
    let answer = fixture.recommend(&["--mood", "happy", "--include-missing", "--mode", "plain"]);
    assert_eq!(titles(&answer)[0], "gone");
    let song = &answer["queries"][0]["recommendations"][1];
    let why = song["why"].as_object().unwrap();
    let sum: f64 = why.values().map(|v| v.as_f64().unwrap()).sum();
    assert!((sum - song["cosine"].as_f64().unwrap()).abs() < 1e-5);
}

#[test]
fn a_song_finds_songs_like_it_but_not_itself() {
    let fixture = Fixture::new();
    for name in ["grief.mp3", "GRIEF", "rief"] {
        let answer = fixture.recommend(&["--similar-to", name, "--mode", "plain"]);
        assert_eq!(titles(&answer), ["calm", "joy"], "{name}");
    }
    let message = fixture.stderr(&["recommend", "--similar-to", "in.json"], 2);
    assert!(message.contains("vibelux embed"), "{message}");
    let message = fixture.stderr(&["recommend", "--similar-to", "nothing"], 2);
    assert!(message.contains("no song of the library"), "{message}");
    let message = fixture.stderr(&["recommend", "--similar-to", " "], 2);
    assert!(message.contains("name a song by its path"), "{message}");
    let answer = fixture.recommend(&["--similar-to", "j"]);
    assert!(!titles(&answer).contains(&"joy"));
    let message = fixture.stderr(&["recommend", "--similar-to", "o"], 2);
    assert!(message.contains("give the path of one"), "{message}");
}

#[test]
fn the_text_shows_bars_songs_paths_and_reasons_without_colour() {
    let fixture = Fixture::new();
    let text = fixture.stdout(&["recommend", "--mood", "happy", "--why"]);
    let path = fixture.path("joy.mp3");
    for part in [
        "happy",
        "█",
        "1.00",
        "joy",
        path.to_str().unwrap(),
        "happy +0.",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn exactly_one_source_is_asked_for() {
    let fixture = Fixture::new();
    let message = fixture.stderr(&["recommend"], 2);
    assert!(message.contains("--image"), "{message}");
    for args in [
        &["--mood", "sad", "--similar-to", "joy"][..],
        &["--mood", "sad", "--image", "x.png"],
        &["--camera", "--image", "x.png"],
        &["--mood", "hapy"],
        &["--mood", "sad", "--face", "0"],
    ] {
        let all: Vec<&str> = ["recommend"].iter().chain(args).copied().collect();
        let message = fixture.stderr(&all, 2);
        assert!(message.starts_with("error: "), "{message}");
    }
}

#[test]
fn a_library_that_is_absent_or_broken_says_what_to_do() {
    let fixture = Fixture::empty();
    for args in [
        &["recommend", "--mood", "sad"][..],
        &["export", "json", "out.json"],
    ] {
        let message = fixture.stderr(args, 2);
        assert!(message.contains("vibelux embed"), "{message}");
    }
    assert!(!fixture.path("library.db").exists());
    assert!(!fixture.path("out.json").exists());
    fs::write(fixture.path("library.db"), "no library ".repeat(100)).unwrap();
    let message = fixture.stderr(&["recommend", "--mood", "sad"], 2);
    assert!(
        message.contains("library.db is not a readable library"),
        "{message}"
    );
}

#[test]
fn an_export_is_imported_again_without_change() {
    let fixture = Fixture::new();
    fixture.stdout(&["export", "json", "out.json"]);
    let out: Value = serde_json::from_slice(&fs::read(fixture.path("out.json")).unwrap()).unwrap();
    assert_eq!(out.as_object().unwrap().len(), 4);
    let text = fixture.stdout(&["import", "json", "out.json"]);
    assert!(text.contains("imported 0 songs, 4 unchanged"), "{text}");

    fixture.stdout(&["export", "json", "sad.json", "--where", "mood:sad"]);
    let sad: Value = serde_json::from_slice(&fs::read(fixture.path("sad.json")).unwrap()).unwrap();
    let paths: Vec<&String> = sad.as_object().unwrap().keys().collect();
    assert_eq!(paths, [fixture.path("grief.mp3").to_str().unwrap()]);
}

#[test]
fn bad_rows_are_named_and_set_the_exit_code() {
    let fixture = Fixture::empty();
    let json = r#"{"a": [1, 2], "b": [1, 1, 1, 1, 1, 1, NaN], "c": [1, 0, 0, 0, 0, 0, 0]}"#;
    fs::write(fixture.path("in.json"), json).unwrap();
    let message = fixture.stderr(&["import", "json", "in.json"], 1);
    assert!(
        message.contains("refused a: 2 values instead of 7"),
        "{message}"
    );
    assert!(message.contains("refused b"), "{message}");
    let message = fixture.stderr(&["import", "json", "absent.json"], 2);
    assert!(message.contains("absent.json"), "{message}");
}

#[test]
fn what_cannot_be_embedded_at_all_is_an_error() {
    let fixture = Fixture::empty();
    fixture.stderr(&["embed"], 2);
    fixture.stderr(&["embed", "absent"], 2);
    fixture.stderr(&["embed", "--jobs", "0", "."], 2);
}

#[test]
fn what_is_no_music_is_left_out_and_how_to_take_it_is_said() {
    let fixture = Fixture::new();
    let mut store = SongStore::open(&fixture.path("library.db")).unwrap();
    let mut joy = store.get(&fixture.path("joy.mp3")).unwrap().unwrap();
    joy.sound = Some(SoundKind::Speech);
    store.upsert(&joy, &[]).unwrap();
    drop(store);
    let found = |include: &str| {
        let answer = fixture.recommend(&["--mood", "happy", "--include", include]);
        titles(&answer).contains(&"joy")
    };
    assert!(!found("") && !found("effects,jingle"));
    assert!(found("speech") && found("jingle,speech"));
    let message = fixture.stderr(&["recommend", "--mood", "happy", "--include", "noise"], 2);
    assert!(
        message.contains("music, speech, effects and jingle"),
        "{message}"
    );
}

#[test]
fn a_jingle_is_named_and_becomes_music_where_the_user_says_so() {
    let fixture = Fixture::empty();
    let mut piece = compose_all(1)[0].render(8_000);
    piece.frames.truncate(8 * 8_000);
    write_wav(&fixture.path("sign.wav"), &piece, "Sign", "Ada", "Radio").unwrap();
    let text = fixture.stdout(&["embed", "sign.wav"]);
    for part in [
        "1 jingle of less than 20 s",
        "--include jingle",
        "--as-music",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let message = fixture.stderr(&["recommend", "--mood", "happy"], 2);
    assert!(message.contains("1 file and no music"), "{message}");
    let text = fixture.stdout(&["embed", "--as-music", "sign.wav"]);
    assert!(
        text.contains("1 unchanged") && !text.contains("jingle"),
        "{text}"
    );
    // It stays so when the file is analysed again.
    let text = fixture.stdout(&["embed", "--force", "--json", "sign.wav"]);
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(answer["not_music"]["jingle"], 0);
    assert_eq!(titles(&fixture.recommend(&["--mood", "happy"])), ["Sign"]);
}

#[test]
fn what_a_listener_says_counts_is_listed_and_forgotten() {
    let fixture = Fixture::new();
    let song = fixture.path("calm.mp3");
    let angry = "angry".parse().unwrap();
    let mut store = SongStore::open(&fixture.path("library.db")).unwrap();
    store.say(&song, Verdict::Sounds(angry), 1_000).unwrap();
    store.say(&song, Verdict::Skipped, 2_000).unwrap();
    store.set_liked(&fixture.path("joy.mp3"), true).unwrap();
    drop(store);
    let best = fixture.stdout(&["recommend", "--mood", "angry", "-n", "1"]);
    assert!(best.contains("calm"), "{best}");
    let listed = fixture.stdout(&["taste"]);
    for line in [
        "calm.mp3",
        "sounds angry to you",
        "left early",
        "joy.mp3",
        "liked",
    ] {
        assert!(listed.contains(line), "{line} is not in {listed}");
    }
    fixture.run(&["taste", "--forget", "grief.mp3"]).code(2);
    let left = fixture.stdout(&["taste", "--forget", "calm.mp3"]);
    assert!(
        !left.contains("calm.mp3") && left.contains("joy.mp3"),
        "{left}"
    );
    assert_eq!(fixture.stdout(&["taste", "--forget-all"]), "");
    let store = SongStore::open(&fixture.path("library.db")).unwrap();
    assert!(store.likes().unwrap().is_empty() && store.said().unwrap().is_empty());
}

#[test]
fn a_filter_says_which_songs_are_taken() {
    let fixture = Fixture::new();
    let songs = |filter: &str| {
        let args = ["recommend", "--mood", "happy", "--json", "--where", filter];
        let answer: Value = serde_json::from_str(&fixture.stdout(&args)).unwrap();
        let found = answer["queries"][0]["recommendations"].as_array().unwrap();
        let titles = found
            .iter()
            .map(|each| each["song"]["title"].as_str().unwrap().to_owned());
        titles.collect::<Vec<_>>()
    };
    assert_eq!(songs("").len(), 3);
    assert_eq!(songs("not joy"), ["calm", "grief"]);
    assert_eq!(songs("happy>0.5 or path:grief"), ["joy", "grief"]);
    let wrong = ["recommend", "--mood", "happy", "--where", "happy>much"];
    let refused = fixture.run(&wrong).code(2);
    let error = String::from_utf8(refused.get_output().stderr.clone()).unwrap();
    assert!(
        error.contains("happy>much\n        ^^^^") && error.contains("from 0 to 1"),
        "{error}"
    );
    let none = ["recommend", "--mood", "happy", "--where", "year>1990"];
    let refused = fixture.run(&none).code(2);
    let error = String::from_utf8(refused.get_output().stderr.clone()).unwrap();
    assert!(
        error.contains("the filter leaves none of 4 songs"),
        "{error}"
    );
}

/// A composed piece under this name.
fn compose_into(fixture: &Fixture, names: &[&str]) {
    fs::create_dir_all(fixture.path("songs")).unwrap();
    for (name, piece) in names.iter().zip(compose_all(7)) {
        let song = piece.render(8_000);
        write_wav(&fixture.path(name), &song, piece.title, "Nobody", "None").unwrap();
    }
}

#[cfg(unix)]
#[test]
fn watch_follows_a_folder_and_ends_when_it_is_told() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    let fixture = Fixture::empty();
    compose_into(&fixture, &["songs/1.wav", "songs/stays.wav"]);
    /// Ends it whatever happens to the test.
    struct Watch(std::process::Child);
    impl Drop for Watch {
        fn drop(&mut self) {
            let _ = self.0.kill();
        }
    }
    let watch = std::process::Command::new(assert_cmd::cargo::cargo_bin("vibelux"))
        .args(["watch", "songs", "--quiet", "1", "--cpu", "100%"])
        .current_dir(fixture.path(""))
        .env("VIBELUX_LIBRARY", fixture.path("library.db"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut watch = Watch(watch);
    let (sender, lines) = std::sync::mpsc::channel();
    let output = BufReader::new(watch.0.stdout.take().unwrap());
    std::thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    let next = || {
        lines
            .recv_timeout(std::time::Duration::from_secs(60))
            .unwrap()
    };
    assert_eq!(next(), "2 embedded");
    // Another song, in a folder that was not there before.
    fs::create_dir(fixture.path("songs/album")).unwrap();
    fs::copy(
        fixture.path("songs/1.wav"),
        fixture.path("songs/album/copy.wav"),
    )
    .unwrap();
    assert_eq!(next(), "1 copied");
    fs::rename(
        fixture.path("songs/1.wav"),
        fixture.path("songs/album/2.wav"),
    )
    .unwrap();
    assert_eq!(next(), "1 moved");
    fs::remove_dir_all(fixture.path("songs/album")).unwrap();
    assert_eq!(next(), "2 gone");
    let pid = rustix::process::Pid::from_child(&watch.0);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert!(watch.0.wait().unwrap().success());
}

#[test]
fn what_failed_is_listed_with_what_to_do() {
    let fixture = Fixture::empty();
    compose_into(&fixture, &["songs/1.wav"]);
    fs::write(fixture.path("songs/broken.mp3"), "no song").unwrap();
    fixture.run(&["embed", "songs", "--cpu", "80%"]).code(1);
    let said = fixture.stdout(&["errors"]);
    for part in [
        "broken.mp3",
        "holds no audio",
        "tried 1 time",
        "when the file changes",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    fs::remove_file(fixture.path("songs/broken.mp3")).unwrap();
    fixture.run(&["embed", "songs"]).success();
    assert_eq!(fixture.stdout(&["errors"]), "every song has a vector\n");
    let refused = fixture.run(&["embed", "songs", "--cpu", "0%"]).code(2);
    let error = String::from_utf8(refused.get_output().stderr.clone()).unwrap();
    assert!(error.contains("1% to 100%"), "{error}");
}
