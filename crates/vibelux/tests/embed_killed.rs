//! An embedding run that is killed outright (SIGKILL) loses nothing that it reported and stores
//! nothing twice: the promise of `vibelux embed`, kept by the library.
//!
//! The test starts itself as a child process, which embeds with a slow substitute for the model.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use std::collections::BTreeSet;
use std::error::Error;
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use vibelux::library::{
    EmbedOptions, EmbedSummary, SongEmbedder, SongStore, embed_songs, plan, scan,
};
use vibelux::model::SongEmbedding;
use vibelux::{Emotion, EmotionVector};

const SONGS: usize = 60;
const FOLDER: &str = "VIBELUX_TEST_FOLDER";
const OPTIONS: EmbedOptions = EmbedOptions {
    jobs: NonZeroUsize::new(2).unwrap(),
    force: false,
    retry_failed: false,
};

/// Writes each song's name to a log as it begins, then takes a while.
struct Slow<'a>(&'a Path);

impl SongEmbedder for Slow<'_> {
    fn name(&self) -> &str {
        "slow"
    }

    fn embed(&self, path: &Path) -> Result<SongEmbedding, Box<dyn Error + Send + Sync>> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.0.join("begun.txt"))?
            .write_all(format!("{name}\n").as_bytes())?;
        std::thread::sleep(Duration::from_millis(3));
        let vector = EmotionVector::one_hot(Emotion::Sad);
        Ok(SongEmbedding {
            vector,
            windows: vec![(0.0, vector)],
            sound: None,
            duration_seconds: 1.0,
            loudness_lufs: None,
        })
    }
}

fn embed(folder: &Path) -> EmbedSummary {
    let mut store = SongStore::open(&folder.join("library.db")).unwrap();
    let found = scan(&[folder.join("songs")], |_| true);
    let plan = plan(&store, &found, "slow", &OPTIONS).unwrap();
    let stop = AtomicBool::new(false);
    embed_songs(&mut store, &plan, &Slow(folder), &OPTIONS, &stop, |p| {
        println!("\nstored {}", p.song.path.display());
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
fn a_killed_run_loses_nothing_and_repeats_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    fs::create_dir(folder.join("songs")).unwrap();
    for i in 0..SONGS {
        fs::write(folder.join(format!("songs/{i:02}.mp3")), "x").unwrap();
    }
    let mut reported = Vec::new();
    let mut kills = 0;
    // Killed again and again, each time after a few songs.
    while reported.len() < SONGS / 3 && kills < SONGS {
        let mut child = start_child(folder);
        let output = BufReader::new(child.stdout.take().unwrap());
        let stored = output
            .lines()
            .map_while(Result::ok)
            .filter_map(|line| line.strip_prefix("stored ").map(PathBuf::from));
        reported.extend(stored.take(5));
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }

    let store = SongStore::open(&folder.join("library.db")).unwrap();
    let kept = store.songs().unwrap().len();
    for path in &reported {
        let song = store.get(path).unwrap();
        assert!(
            song.is_some_and(|s| s.vector().is_some()),
            "{path:?} was lost"
        );
        assert_eq!(store.windows(path).unwrap().len(), 1);
    }
    let unique: BTreeSet<_> = reported.iter().collect();
    assert_eq!(unique.len(), reported.len(), "a stored song was done twice");
    drop(store);

    let rest = embed(folder);
    assert_eq!(rest.embedded + kept, SONGS);
    let begun = fs::read_to_string(folder.join("begun.txt")).unwrap();
    // A kill costs at most the songs that were in hand: one per worker, and those on their way to the
    // writer (the channel holds two per worker and one more, and the writer has one).
    let in_hand = OPTIONS.jobs.get() * 3 + 2;
    let begun = begun.lines().count();
    assert!(
        begun <= SONGS + kills * in_hand,
        "{begun} begun after {kills} kills"
    );
    assert_eq!(embed(folder), EmbedSummary::default());
}
