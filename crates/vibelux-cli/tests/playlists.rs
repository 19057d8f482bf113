//! `vibelux playlist`, as a user runs it: what is asked for, what is written, and what a real program makes of that.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;
use vibelux::library::{Outcome, Song, SongStore, Tags, Verdict};
use vibelux::playlist::Playlist;
use vibelux::{Emotion, EmotionVector};

/// A folder with songs of every mood by three artists, and their library. Only the first song of each artist is a sound.
struct Fixture {
    dir: TempDir,
}

impl Fixture {
    fn new() -> Self {
        let fixture = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        let mut songs = Vec::new();
        for (i, emotion) in Emotion::ALL.into_iter().enumerate() {
            for (number, artist) in ["Ada", "Bert", "Cleo"].into_iter().enumerate() {
                let name = format!("Music/{artist}/{emotion} {number}.mp3");
                let path = fixture.path(&name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, "x").unwrap();
                let mut weights = [0.02; 7];
                weights[i] = 1.0 + number as f32 * 0.1;
                weights[(i + 1) % 7] = 0.1 * (number + 1) as f32;
                let vector = EmotionVector::from_weights(weights).unwrap();
                songs.push(Song {
                    tags: Tags {
                        title: Some(format!("{emotion} {number}")),
                        artist: Some(artist.to_owned()),
                        album: Some(format!("{artist} sings")),
                        ..Tags::default()
                    },
                    duration_seconds: Some(200.0),
                    ..Song::new(path, "test", Outcome::Embedded(vector))
                });
            }
        }
        let mut store = SongStore::open(&fixture.path("library.db")).unwrap();
        store.upsert_all(&songs).unwrap();
        fixture
    }

    fn path(&self, name: &str) -> PathBuf {
        fs::canonicalize(self.dir.path()).unwrap().join(name)
    }

    fn run(&self, args: &[&str]) -> assert_cmd::assert::Assert {
        Command::cargo_bin("vibelux")
            .unwrap()
            .arg("playlist")
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

    /// The titles of a playlist that is asked for in JSON.
    fn titles(&self, args: &[&str]) -> Vec<String> {
        let answer: Value =
            serde_json::from_str(&self.stdout(&[args, &["--json"]].concat())).unwrap();
        let songs = answer["playlists"][0]["songs"].as_array().unwrap();
        let titles = songs
            .iter()
            .map(|found| found["song"]["title"].as_str().unwrap().to_owned());
        titles.collect()
    }

    fn read(&self, name: &str) -> Vec<PathBuf> {
        let list = Playlist::read(&self.path(name)).unwrap();
        list.entries.into_iter().map(|entry| entry.path).collect()
    }
}

#[test]
fn a_mood_gives_the_same_songs_in_every_format() {
    let fixture = Fixture::new();
    let mood = ["--mood", "happy", "-n", "3"];
    let paths = ["Ada", "Bert", "Cleo"].map(|artist| fixture.path(&format!("Music/{artist}")));
    for name in ["a.m3u8", "a.xspf", "a.jspf"] {
        fixture.run(&[&[name], &mood[..]].concat()).success();
        let read = fixture.read(name);
        assert_eq!(read.len(), 3);
        assert!(
            paths
                .iter()
                .all(|artist| read.iter().any(|song| song.starts_with(artist))),
            "{read:?}"
        );
        assert!(
            read.iter()
                .all(|song| song.to_string_lossy().contains("happy")),
            "{read:?}"
        );
    }
    // Without a file, to standard output, by whole paths.
    let text = fixture.stdout(&mood);
    assert!(text.starts_with("#EXTM3U\n#EXTINF:200,"), "{text}");
    assert!(
        text.contains(&format!("\n{}/", paths[0].display())),
        "{text}"
    );
    let text = fixture.stdout(&[&mood[..], &["--format", "jspf"]].concat());
    let list: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(list["playlist"]["track"].as_array().unwrap().len(), 3);
}

#[test]
fn songs_are_named_as_the_player_has_them() {
    let fixture = Fixture::new();
    let base = fixture.path("Music");
    let base = base.to_str().unwrap();
    let lines = |args: &[&str]| -> Vec<String> {
        let text = fixture.stdout(&[&["--mood", "sad", "-n", "2"], args].concat());
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(str::to_owned).collect()
    };
    assert!(
        lines(&["--base", base])
            .iter()
            .all(|line| line.contains("/sad ") && !line.starts_with('/'))
    );
    let map = format!("{base}=/volume1/music");
    assert!(
        lines(&["--map", &map])
            .iter()
            .all(|line| line.starts_with("/volume1/music/"))
    );
    fixture
        .run(&["moods.nsp", "--mood", "sad", "-n", "2", "--base", base])
        .success();
    let rules: Value =
        serde_json::from_slice(&fs::read(fixture.path("moods.nsp")).unwrap()).unwrap();
    assert_eq!(rules["name"], "moods");
    let files = rules["any"].as_array().unwrap();
    let files = files
        .iter()
        .map(|rule| rule["is"]["filepath"].as_str().unwrap());
    assert!(
        files
            .clone()
            .all(|file| fixture.path("Music").join(file).is_file()),
        "{rules}"
    );
    assert_eq!(files.count(), 2);
    let told = fixture.stderr(&["moods.nsp", "--mood", "sad"], 2);
    assert!(told.contains("--base"), "{told}");
}

#[test]
fn songs_and_playlists_are_what_others_are_sought_for() {
    let fixture = Fixture::new();
    let alike = fixture.titles(&["--similar-to", "happy 0", "-n", "2"]);
    assert!(
        alike.iter().all(|title| title.starts_with("happy"))
            && !alike.contains(&"happy 0".to_owned())
    );
    fixture
        .run(&["sad.xspf", "--mood", "sad", "-n", "1"])
        .success();
    let more = fixture.titles(&["--similar-to", "sad.xspf", "-n", "2"]);
    assert!(
        more.iter().all(|title| title.starts_with("sad")),
        "{more:?}"
    );
    // Away from half of what was asked for.
    let mixed = fixture.titles(&[
        "--similar-to",
        "happy 0",
        "--similar-to",
        "sad 0",
        "-n",
        "4",
    ]);
    assert!(
        mixed.iter().any(|title| title.starts_with("sad")),
        "{mixed:?}"
    );
    let unlike = [
        "--similar-to",
        "happy 0",
        "--similar-to",
        "sad 0",
        "--unlike",
        "sad 1",
        "-n",
        "2",
    ];
    let less = fixture.titles(&unlike);
    assert!(
        less.iter().all(|title| title.starts_with("happy")),
        "{less:?}"
    );
    let not = fixture.titles(&["--unlike", "angry 0", "-n", "12"]);
    assert!(
        !not.iter().any(|title| title.starts_with("angry")),
        "{not:?}"
    );
    let told = fixture.stderr(&["--similar-to", "polka"], 2);
    assert!(told.contains("no song of the library"), "{told}");
    let told = fixture.stderr(&["-n", "3"], 2);
    assert!(told.contains("say what to look for"), "{told}");
    fs::write(fixture.path("other.m3u8"), "/elsewhere/x.mp3\n").unwrap();
    let told = fixture.stderr(&["--similar-to", "other.m3u8"], 2);
    assert!(told.contains("none of the 1 song"), "{told}");
}

#[test]
fn a_journey_leads_from_song_to_song_or_mood_to_mood() {
    let fixture = Fixture::new();
    let songs = fixture.titles(&["--similar-to", "sad 0", "--to", "happy 2", "-n", "6"]);
    assert_eq!(
        (songs[0].as_str(), songs[5].as_str(), songs.len()),
        ("sad 0", "happy 2", 6)
    );
    let moods = fixture.titles(&["--mood", "sad", "--to", "happy", "-n", "6"]);
    assert!(
        moods[0].starts_with("sad") && moods[5].starts_with("happy"),
        "{moods:?}"
    );
    let told = fixture.stderr(&["--mood", "sad", "--to", "polka"], 2);
    assert!(
        told.contains("no mood") && told.contains("no song"),
        "{told}"
    );
}

#[test]
fn what_is_liked_comes_sooner_unless_it_is_left_out() {
    let fixture = Fixture::new();
    let mood = ["--mood", "neutral", "-n", "3", "--apart", "1"];
    let before = fixture.titles(&mood);
    let mut store = SongStore::open(&fixture.path("library.db")).unwrap();
    let last = fixture.path(&format!(
        "Music/{}/{}.mp3",
        artist_of(&before[2]),
        before[2]
    ));
    store.say(&last, Verdict::Liked, 1).unwrap();
    drop(store);
    let after = fixture.titles(&mood);
    assert_eq!(after[0], before[2]);
    assert_eq!(
        fixture.titles(&[&mood[..], &["--no-taste"]].concat()),
        before
    );
}

fn artist_of(title: &str) -> &'static str {
    match title.rsplit(' ').next() {
        Some("0") => "Ada",
        Some("1") => "Bert",
        _ => "Cleo",
    }
}

#[test]
fn a_seed_is_a_playlist() {
    let fixture = Fixture::new();
    let drawn = |seed: &str| {
        fixture.titles(&[
            "--mood",
            "happy",
            "-n",
            "10",
            "--strength",
            "0.2",
            "--seed",
            seed,
        ])
    };
    assert_eq!(drawn("5"), drawn("5"));
    assert_ne!(drawn("5"), drawn("6"));
    let filtered = fixture.titles(&["--mood", "happy", "--where", "artist:Ada", "-n", "3"]);
    assert!(
        filtered.iter().all(|title| title.ends_with('0')),
        "{filtered:?}"
    );
}

#[test]
fn each_mood_has_a_playlist_and_the_clock_writes_them_again() {
    let fixture = Fixture::new();
    let told = fixture.stderr(&["Moods", "--each-mood", "-n", "2"], 0);
    assert_eq!(
        told.matches("wrote a playlist of 2 songs").count(),
        7,
        "{told}"
    );
    for emotion in Emotion::ALL {
        let songs = fixture.read(&format!("Moods/{emotion}.m3u8"));
        let begins = |song: &Path| {
            song.file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with(emotion.name())
        };
        assert!(
            songs.iter().all(|song| begins(song)),
            "{emotion}: {songs:?}"
        );
    }
    let told = fixture.stderr(&["a.m3u8", "--mood", "sad", "--every", "tomorrow"], 2);
    assert!(told.contains("0 6 * * *"), "{told}");

    // Written at once, and then it waits until it is stopped.
    let mut child = Process::new(env!("CARGO_BIN_EXE_vibelux"))
        .args([
            "playlist",
            "daily.m3u8",
            "--mood",
            "sad",
            "-n",
            "2",
            "--every",
            "0 6 * * *",
        ])
        .current_dir(fixture.path(""))
        .env("VIBELUX_LIBRARY", fixture.path("library.db"))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while !fixture.path("daily.m3u8").exists() {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "nothing was written"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    #[cfg(unix)]
    {
        std::thread::sleep(Duration::from_millis(500));
        let id = child.id().to_string();
        assert!(
            Process::new("kill")
                .args(["-INT", &id])
                .status()
                .unwrap()
                .success()
        );
        assert!(child.wait().unwrap().success());
    }
    #[cfg(not(unix))]
    child.kill().unwrap();
    assert_eq!(fixture.read("daily.m3u8").len(), 2);
}

#[test]
fn a_file_that_is_no_playlist_is_refused_before_anything_is_written() {
    let fixture = Fixture::new();
    let told = fixture.stderr(&["list.doc", "--mood", "sad"], 2);
    assert!(told.contains("--format"), "{told}");
    assert!(!fixture.path("list.doc").exists());
    fixture
        .run(&["list.doc", "--mood", "sad", "--format", "xspf", "-n", "1"])
        .success();
    assert!(
        fs::read_to_string(fixture.path("list.doc"))
            .unwrap()
            .contains("<trackList>")
    );
    let told = fixture.stderr(&["absent/list.m3u8", "--mood", "sad"], 2);
    assert!(
        told.contains("absent/list.m3u8") && told.contains("make it first"),
        "{told}"
    );
}
