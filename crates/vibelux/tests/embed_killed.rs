//! An embedding run that is killed outright (SIGKILL) loses nothing that it reported and stores
//! nothing twice: the promise of `vibelux embed`, kept by the library.
//!
//! The test starts itself as a child process, which embeds with a slow substitute for the model.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use vibelux::library::{
    Depth, EmbedOptions, EmbedSummary, Failure, SongEmbedder, SongStore, embed_songs, plan, scan,
};
use vibelux::model::SongEmbedding;
use vibelux::{Emotion, EmotionVector};

const SONGS: usize = 4000;
const KILLS: usize = 200;
/// The longest that a run lives.
const LONGEST_MS: u32 = 120;
const FOLDER: &str = "VIBELUX_TEST_FOLDER";
const OPTIONS: EmbedOptions = EmbedOptions::with_jobs(NonZeroUsize::new(2).unwrap());

/// Writes each song's name to a log as it begins, then takes a while.
#[derive(Debug)]
struct Slow<'a>(&'a Path);

impl SongEmbedder for Slow<'_> {
    fn name(&self) -> &str {
        "slow"
    }

    fn embed(&self, path: &Path, _: Depth) -> Result<SongEmbedding, Failure> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.0.join("begun.txt"))
            .and_then(|mut log| log.write_all(format!("{name}\n").as_bytes()))
            .unwrap();
        std::thread::sleep(Duration::from_millis(2));
        let vector = EmotionVector::one_hot(Emotion::Sad);
        Ok(SongEmbedding {
            vector,
            windows: vec![(0.0, vector)],
            sound: None,
            duration_seconds: 1.0,
            loudness_lufs: None,
            fingerprint: None,
        })
    }
}

fn embed(folder: &Path) -> EmbedSummary {
    let mut store = SongStore::open(&folder.join("library.db")).unwrap();
    let found = scan(&[folder.join("songs")], |_| true);
    let plan = plan(&store, &found, "slow", &OPTIONS).unwrap();
    let stop = AtomicBool::new(false);
    embed_songs(&mut store, &plan, &Slow(folder), &OPTIONS, &stop, |p| {
        println!("\nstored {}", p.path.display());
    })
    .unwrap()
}

/// What the child runs; as a test of its own it does nothing.
#[test]
fn child_process() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        embed(&PathBuf::from(folder));
    }
}

fn start_child(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_process", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn runs_that_are_killed_at_any_moment_lose_nothing_and_damage_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    fs::create_dir(folder.join("songs")).unwrap();
    for i in 0..SONGS {
        fs::write(
            folder.join(format!("songs/{i:03}.mp3")),
            format!("song {i}"),
        )
        .unwrap();
    }
    let mut delays = 12_345_u32;
    let mut reported = BTreeSet::new();
    for kill in 0..KILLS {
        let mut child = start_child(folder);
        delays = delays.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        std::thread::sleep(Duration::from_millis(u64::from(
            (delays >> 16) % LONGEST_MS,
        )));
        child.kill().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        child.wait().unwrap();
        let lines = output.lines().map_while(Result::ok);
        reported.extend(lines.filter_map(|line| line.strip_prefix("stored ").map(PathBuf::from)));
        // Opening looks through the whole file.
        let store = SongStore::open(&folder.join("library.db")).unwrap();
        let songs = store.songs().unwrap();
        let kept: BTreeSet<_> = songs.iter().map(|song| &song.path).collect();
        let lost: Vec<_> = reported
            .iter()
            .filter(|path| !kept.contains(path))
            .collect();
        assert!(lost.is_empty(), "{lost:?} lost by kill {kill}");
        assert!(songs.iter().all(|song| song.vector().is_some()));
    }
    // It must have come somewhere, and not to the end before most of the kills.
    assert!(reported.len() > SONGS / 10, "{} songs", reported.len());

    let before = SongStore::open(&folder.join("library.db"))
        .unwrap()
        .songs()
        .unwrap();
    let full = before.iter().filter(|song| !song.is_first_look).count();
    assert!(full < SONGS, "the kills came too late");
    let rest = embed(folder);
    assert_eq!((rest.embedded + full, rest.remaining), (SONGS, 0));
    let begun = fs::read_to_string(folder.join("begun.txt")).unwrap();
    // Each song is listened to twice. A kill costs at most the songs that were in hand: one per worker, and those on
    // their way to the writer (the channel holds two per worker and one more, and the writer has one).
    let in_hand = OPTIONS.pace.jobs.get() * 3 + 2;
    let begun = begun.lines().count();
    assert!(begun <= 2 * SONGS + KILLS * in_hand, "{begun} begun");
    let store = SongStore::open(&folder.join("library.db")).unwrap();
    for song in store.songs().unwrap() {
        assert_eq!(store.windows(&song.path).unwrap().len(), 1);
        assert!(!song.is_first_look);
    }
    drop(store);
    assert_eq!(embed(folder), EmbedSummary::default());
}
