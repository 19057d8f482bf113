//! Files on which an analysis hangs, grows without end or breaks down cost themselves and nothing else: the promise of
//! [`IsolatedEmbedder`].
//!
//! The test starts itself as the helper, with a substitute for the model that does what a file says.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may fail anywhere"
)]

use std::fs;
use std::io::BufReader;
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use vibelux::library::{
    Depth, EmbedOptions, Failure, FailureKind, FileLimits, IsolatedEmbedder, Outcome, SongEmbedder,
    SongStore, embed_songs, plan, scan, serve_songs,
};
use vibelux::model::SongEmbedding;
use vibelux::{Emotion, EmotionVector};

const HELPER: &str = "VIBELUX_TEST_HELPER";
const MEMORY_BYTES: u64 = 256 << 20;
const TIME: Duration = Duration::from_secs(2);

#[derive(Debug)]
struct Obedient;

impl SongEmbedder for Obedient {
    fn name(&self) -> &str {
        "obedient"
    }

    fn embed(&self, path: &Path, depth: Depth) -> Result<SongEmbedding, Failure> {
        let text = fs::read_to_string(path)
            .map_err(|error| Failure::new(FailureKind::Unreadable, error.to_string()))?;
        match text.split(' ').next().unwrap_or_default() {
            "hang" => loop {
                std::thread::sleep(TIME);
            },
            "grow" => {
                let mut all = Vec::new();
                loop {
                    all.push(vec![1_u8; 1 << 20]);
                }
            }
            "abort" => std::process::abort(),
            "exit" => std::process::exit(3),
            "panic" => panic!("tripped"),
            "broken" => return Err(Failure::new(FailureKind::Damaged, "is damaged")),
            _ => {}
        }
        let vector = EmotionVector::from_weights([0.1, 0.2, 0.3, 0.1, 0.12, 0.1, 0.08]).unwrap();
        Ok(SongEmbedding {
            vector,
            windows: vec![(0.25, vector), (10.0, EmotionVector::one_hot(Emotion::Sad))],
            sound: None,
            duration_seconds: if depth == Depth::Full { 20.5 } else { 1.0 },
            loudness_lufs: Some(-11.25),
            fingerprint: None,
        })
    }
}

/// What the helper runs; as a test of its own it does nothing.
#[test]
fn helper_process() {
    if std::env::var_os(HELPER).is_some() {
        // The test harness has begun a line.
        println!();
        let input = BufReader::new(std::io::stdin());
        serve_songs(&Obedient, MEMORY_BYTES, input, std::io::stdout()).unwrap();
    }
}

fn embedder() -> IsolatedEmbedder {
    let command = || {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "helper_process", "--nocapture"])
            .env(HELPER, "1");
        command
    };
    let limits = FileLimits {
        time: TIME,
        memory_bytes: MEMORY_BYTES,
    };
    IsolatedEmbedder::new(command, limits).unwrap()
}

#[test]
fn what_a_file_does_to_its_helper_is_an_error_of_that_file() {
    let dir = tempfile::tempdir().unwrap();
    let embedder = embedder();
    let embed = |text: &str| {
        let path = dir.path().join("song.mp3");
        fs::write(&path, text).unwrap();
        embedder.embed(&path, Depth::Full)
    };
    let whole = embed("song").unwrap();
    assert_eq!(
        whole,
        Obedient
            .embed(&dir.path().join("song.mp3"), Depth::Full)
            .unwrap()
    );
    let failed = |text: &str| {
        let failure = embed(text).unwrap_err();
        (failure.kind, failure.reason)
    };
    assert_eq!(
        failed("broken"),
        (FailureKind::Damaged, "is damaged".to_owned())
    );
    let (kind, reason) = failed("panic");
    assert!(
        kind == FailureKind::Crashed && reason.contains("tripped"),
        "{reason}"
    );
    let start = Instant::now();
    let (kind, reason) = failed("hang");
    assert!(
        kind == FailureKind::Limits && reason.contains("2 s"),
        "{reason}"
    );
    assert!(start.elapsed() < 3 * TIME);
    let (kind, reason) = failed("exit");
    assert!(
        kind == FailureKind::Crashed && reason.contains("exit code 3"),
        "{reason}"
    );
    let (kind, reason) = failed("abort");
    assert!(
        kind == FailureKind::Crashed && reason.contains("signal 6"),
        "{reason}"
    );
    #[cfg(target_os = "linux")]
    {
        let (kind, reason) = failed("grow");
        assert!(
            kind == FailureKind::Limits && reason.contains("256 MB"),
            "{reason}"
        );
    }
    // And on it goes.
    assert_eq!(embed("song").unwrap(), whole);
}

#[test]
fn a_scan_goes_on_past_files_that_break_everything() {
    let dir = tempfile::tempdir().unwrap();
    let songs = dir.path().join("songs");
    fs::create_dir(&songs).unwrap();
    for i in 0..40 {
        let what = match i % 10 {
            3 => "abort",
            5 => "panic",
            7 => "exit",
            _ => "song",
        };
        fs::write(songs.join(format!("{i:02}.mp3")), format!("{what} {i}")).unwrap();
    }
    fs::write(songs.join("hang.mp3"), "hang").unwrap();
    let mut store = SongStore::open(&dir.path().join("library.db")).unwrap();
    let options = EmbedOptions::with_jobs(NonZeroUsize::new(2).unwrap());
    let found = scan(&[songs], |_| true);
    let embedder = embedder();
    let plan = plan(&store, &found, embedder.name(), &options).unwrap();
    let stop = AtomicBool::new(false);
    let summary = embed_songs(&mut store, &plan, &embedder, &options, &stop, |_| {}).unwrap();
    assert_eq!((summary.embedded, summary.failed.len()), (28, 13));
    for song in store.songs().unwrap() {
        let is_good = fs::read_to_string(&song.path).unwrap().starts_with("song");
        assert_eq!(matches!(song.outcome, Outcome::Embedded(_)), is_good);
        assert!(song.content.is_some());
    }
}

#[test]
fn a_program_that_is_no_helper_is_named() {
    let error = IsolatedEmbedder::new(|| Command::new("/nowhere/vibelux"), FileLimits::default());
    let error = error.map(drop).unwrap_err().to_string();
    assert!(error.contains("/nowhere/vibelux"), "{error}");
}
