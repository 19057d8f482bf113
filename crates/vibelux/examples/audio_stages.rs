//! The stages of a song that `scripts/compare/librosa_speed.py` times beside librosa, in milliseconds of CPU.
//!
//! ```text
//! cargo run --release -p vibelux --example audio_stages -- song.mp3 [rounds]
//! ```
//!
//! Prints one `stage<TAB>milliseconds` line per stage: the mean of many runs, on one core. It is a program
//! and no benchmark because the other side reads the same song and counts CPU time too; `cargo bench -p
//! vibelux --bench audio` measures all stages by themselves.

use std::path::Path;
use std::sync::LazyLock;
use std::time::Instant;

use vibelux::audio::{WindowPlan, decode_start, decode_windows};
use vibelux::model::MusicModel;
use vibelux::spectrogram::{LogMel, LogMelConfig, Stft};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let path = args.next().ok_or("usage: audio_stages SONG [ROUNDS]")?;
    let rounds: usize = args.next().map_or(Ok(5), |n| n.parse())?;
    let path = Path::new(&path);

    let mut log_mel = LogMel::new(&LogMelConfig::default())?;
    let plan = WindowPlan {
        count: 3,
        window_seconds: 10.0,
        sample_rate_hz: LogMelConfig::default().sample_rate_hz,
    };
    stage("three windows of 10 s: all", rounds, || {
        let song = decode_windows(path, &plan)?;
        song.windows
            .iter()
            .try_fold(0, |n, w| Ok(n + log_mel.compute(w)?.values.len()))
    })?;

    stage("90 s at 8 kHz: load", rounds, || {
        Ok(decode_start(path, 8_000, Some(90.0))?.samples.len())
    })?;
    let start = decode_start(path, 8_000, Some(90.0))?;
    let mut stft = Stft::new(2048, 512)?;
    stage("90 s at 8 kHz: STFT", rounds, || {
        Ok(stft.magnitude(&start.samples)?.values.len())
    })?;

    let model = MusicModel::shipped()?;
    stage("song to vector: all", rounds, || {
        Ok(model.embed_song(path)?.windows.len())
    })
}

/// CPU time of the whole process where the system tells it (Linux), the clock elsewhere.
fn process_cpu_seconds() -> f64 {
    const TICKS_PER_SECOND: f64 = 100.0;
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let ticks = std::fs::read_to_string("/proc/self/stat")
        .ok()
        .and_then(|text| {
            // The fields after the program's name in brackets: state is the first, utime the 12th.
            let fields: Vec<&str> = text.rsplit(") ").next()?.split(' ').collect();
            Some(fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?)
        });
    ticks.map_or_else(
        || START.elapsed().as_secs_f64(),
        |ticks| ticks / TICKS_PER_SECOND,
    )
}

/// Runs `work` over and over and prints the mean: a process's time is counted in hundredths of a
/// second, and networks run on a thread of their own.
fn stage(
    name: &str,
    rounds: usize,
    mut work: impl FnMut() -> Result<usize, Box<dyn std::error::Error>>,
) -> Result<(), Box<dyn std::error::Error>> {
    std::hint::black_box(work()?);
    let runs = 10 * rounds.max(1);
    let start = process_cpu_seconds();
    for _ in 0..runs {
        std::hint::black_box(work()?);
    }
    println!(
        "{name}\t{:.2}",
        (process_cpu_seconds() - start) / runs as f64 * 1000.0
    );
    Ok(())
}
