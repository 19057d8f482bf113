//! `vibelux mpd`, as a user runs it, beside a real MPD.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command as Process, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use assert_cmd::Command;
use tempfile::TempDir;
use vibelux::library::{Outcome, Song, SongStore, Tags};
use vibelux::{Emotion, EmotionVector};
use vibelux_test_server::{MpdServer, silent_wav};

/// So long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

const ARTISTS: [&str; 4] = ["Ada", "Bert", "Cleo", "Dan"];

/// A library of four artists with a song for each emotion, and the MPD that plays it.
struct Fixture {
    dir: TempDir,
    server: MpdServer,
}

impl Fixture {
    /// `None` where MPD is not installed.
    fn new() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        let mut songs = Vec::new();
        for emotion in Emotion::ALL {
            for (i, artist) in ARTISTS.into_iter().enumerate() {
                let path = root.join(format!("Music/{artist}/{emotion}.wav"));
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, silent_wav(60)).unwrap();
                let mut weights = [0.02; 7];
                weights[emotion.index()] = 1.0 + 0.1 * i as f32;
                let vector = EmotionVector::from_weights(weights).unwrap();
                songs.push(Song {
                    tags: Tags {
                        title: Some(format!("{emotion} song")),
                        artist: Some(artist.to_owned()),
                        ..Tags::default()
                    },
                    duration_seconds: Some(600.0),
                    ..Song::new(path, "test", Outcome::Embedded(vector))
                });
            }
        }
        let mut store = SongStore::open(&root.join("library.db")).unwrap();
        store.upsert_all(&songs).unwrap();
        let server = MpdServer::start(&root.join("Music"), None)?;
        Some(Self { dir, server })
    }

    fn root(&self) -> PathBuf {
        fs::canonicalize(self.dir.path()).unwrap()
    }

    fn words(&self, command: &str, words: &[&str]) -> Vec<String> {
        let port = self.server.port().to_string();
        let place = ["--host", "127.0.0.1", "--port", &port];
        let words = [&["mpd", command], &place[..], words].concat();
        words.into_iter().map(str::to_owned).collect()
    }

    fn run(&self, command: &str, words: &[&str]) -> assert_cmd::assert::Assert {
        Command::cargo_bin("vibelux")
            .unwrap()
            .args(self.words(command, words))
            .env("VIBELUX_LIBRARY", self.root().join("library.db"))
            .assert()
    }

    /// The queue's songs by their emotion.
    fn emotions(&self) -> Vec<String> {
        let names = self.server.queue().into_iter();
        let emotion = |name: String| name.split(['/', '.']).nth(1).unwrap().to_owned();
        names.map(emotion).collect()
    }

    /// Waits until the queue is as it should be.
    fn wait_for(&self, what: &str, is_so: impl Fn(&[String]) -> bool) -> Vec<String> {
        let start = Instant::now();
        loop {
            let queue = self.emotions();
            if is_so(&queue) {
                return queue;
            }
            assert!(start.elapsed() < PATIENCE, "{what}: {queue:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// `vibelux mpd follow`, running.
struct Following {
    child: Child,
    lines: Receiver<String>,
}

impl Following {
    fn start(fixture: &Fixture, words: &[&str]) -> Self {
        let mut child = Process::new(env!("CARGO_BIN_EXE_vibelux"))
            .args(fixture.words("follow", words))
            .env("VIBELUX_LIBRARY", fixture.root().join("library.db"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self { child, lines }
    }

    fn say(&mut self, mood: &str) {
        let input = self.child.stdin.as_mut().unwrap();
        input.write_all(format!("{mood}\n").as_bytes()).unwrap();
        input.flush().unwrap();
    }

    /// All that it tells up to a line that begins so, as often as that: it tells of a song after MPD has it.
    fn told_to(&self, beginning: &str, times: usize) -> String {
        let mut told = String::new();
        let mut left = times;
        while left > 0 {
            let line = self.lines.recv_timeout(PATIENCE);
            assert!(line.is_ok(), "{beginning:?} was not told: {told}");
            let line = line.unwrap();
            left -= usize::from(line.starts_with(beginning));
            told += &line;
            told.push('\n');
        }
        told
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn songs_are_queued_once_and_a_shuffle_takes_the_place_of_what_nobody_heard() {
    let Some(fixture) = Fixture::new() else {
        return;
    };
    // By their names below MPD's library, as one on another machine knows them; else by their whole paths.
    let base = fixture.root().join("Music").display().to_string();
    let words = ["--mood", "sad", "-n", "3", "--play", "--base", &base];
    let done = fixture.run("queue", &words).success();
    let told = String::from_utf8_lossy(&done.get_output().stdout).into_owned();
    assert_eq!(told, "3 songs put into the queue\n");
    assert_eq!(fixture.emotions(), ["sad"; 3]);
    assert_eq!(fixture.server.status("state").as_deref(), Some("play"));
    let mut artists: Vec<String> = fixture.server.queue();
    artists.dedup_by_key(|name| name.split('/').next().unwrap().to_owned());
    assert_eq!(artists.len(), 3, "no artist twice in three songs");

    let happy = ["--mood", "happy", "-n", "4", "--strength", "1"];
    let done = fixture.run("shuffle", &happy).success();
    let told = String::from_utf8_lossy(&done.get_output().stdout).into_owned();
    assert_eq!(told, "4 songs put into the queue in the place of 2 songs\n");
    assert_eq!(
        fixture.emotions(),
        ["sad", "happy", "happy", "happy", "happy"]
    );
    assert_eq!(fixture.server.status("song").as_deref(), Some("0"));
}

#[test]
fn the_queue_follows_three_moods() {
    let Some(fixture) = Fixture::new() else {
        return;
    };
    let mut following = Following::start(&fixture, &["--stdin", "--ahead", "2", "--strength", "1"]);
    following.say("sad");
    fixture.wait_for("sad", |queue| queue == ["sad"; 3]);
    let playing = fixture.server.queue()[0].clone();
    following.say("polka");
    following.say("happy=0.9,surprised=0.1");
    fixture.wait_for("happy", |queue| queue == ["sad", "happy", "happy"]);
    assert_eq!(fixture.server.queue()[0], playing, "what plays stays");
    assert_eq!(fixture.server.status("state").as_deref(), Some("play"));
    fixture.server.ask("next").unwrap();
    fixture.wait_for("one more", |queue| {
        queue == ["sad", "happy", "happy", "happy"]
    });
    following.say("neutral");
    fixture.wait_for("neutral", |queue| {
        queue == ["sad", "happy", "neutral", "neutral"]
    });
    let told = following.told_to("queued   neutral song", 2);
    assert!(told.contains("plays    sad song"), "{told}");
    assert!(told.contains("taken out 2 songs for the mood"), "{told}");
}

#[test]
fn a_journey_goes_on_from_song_to_song_and_survives_a_restart() {
    let Some(mut fixture) = Fixture::new() else {
        return;
    };
    let words = [
        "--mood",
        "sad",
        "--to",
        "happy",
        "--ahead",
        "1",
        "--strength",
        "1",
    ];
    let following = Following::start(&fixture, &words);
    fixture.wait_for("the first two", |queue| {
        queue.len() == 2 && queue[0] == "sad"
    });
    fixture.server.stop();
    std::thread::sleep(Duration::from_secs(1));
    fixture.server.run().unwrap();
    assert_eq!(fixture.emotions().len(), 2, "MPD has kept its queue");
    // Twelve songs lead to the goal, and those after it stay there.
    for song in 3..=13 {
        fixture.server.ask("next").unwrap();
        fixture.wait_for("the next", |queue| queue.len() >= song);
    }
    let queue = fixture.emotions();
    assert_eq!(queue.last().map(String::as_str), Some("happy"), "{queue:?}");
    drop(following);
}

#[test]
fn what_cannot_be_done_says_what_to_do() {
    let Some(fixture) = Fixture::new() else {
        return;
    };
    let fails = |words: &[&str]| {
        let run = Command::cargo_bin("vibelux")
            .unwrap()
            .args(words)
            .env("VIBELUX_LIBRARY", fixture.root().join("library.db"))
            .assert()
            .code(2);
        String::from_utf8(run.get_output().stderr.clone()).unwrap()
    };
    let port = fixture.server.port().to_string();
    let music = fixture.root().join("Music").display().to_string();
    let map = format!("{music}=/elsewhere");
    let place = ["mpd", "queue", "--host", "127.0.0.1", "--port"];
    let told = fails(&[&place[..], &[&port, "--mood", "sad", "--map", &map]].concat());
    assert!(
        told.contains("knows none") && told.contains("mpc update"),
        "{told}"
    );
    let told = fails(&[
        "mpd",
        "queue",
        "--host",
        "127.0.0.1",
        "--port",
        "1",
        "--mood",
        "sad",
        "--base",
        "/",
    ]);
    assert!(told.contains("see that it runs"), "{told}");
    let told = fails(&["mpd", "queue", "--host", "127.0.0.1"]);
    assert!(told.contains("--mood"), "{told}");
    assert!(fixture.server.queue().is_empty());
}
