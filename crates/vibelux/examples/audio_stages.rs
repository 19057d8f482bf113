//! Where the time goes between a song and its spectrogram: milliseconds of CPU per stage.
//!
//! ```text
//! cargo run --release -p vibelux --example audio_stages -- song.mp3 [rounds]
//! ```
//!
//! Prints one `stage<TAB>milliseconds` line per stage: the mean of many runs, on one core.
//! `scripts/compare/librosa_speed.py` runs it beside librosa.

use std::path::Path;
use std::sync::LazyLock;
use std::time::Instant;

use vibelux::audio::{Waveform, WindowPlan, decode_start, decode_windows, resample};
use vibelux::model::MusicModel;
use vibelux::spectrogram::{LogMel, LogMelConfig, Stft};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let path = args.next().ok_or("usage: audio_stages SONG [ROUNDS]")?;
    let rounds: usize = args.next().map_or(Ok(5), |n| n.parse())?;
    let path = Path::new(&path);

    let native = decode_windows(path, &plan(44_100))?;
    println!("# {}, {:.1} s", native.codec, native.duration_seconds);
    let mut log_mel = LogMel::new(&config())?;

    stage("three windows of 10 s: decode at 44.1 kHz", rounds, || {
        Ok(decode_windows(path, &plan(44_100))?.windows.len())
    })?;
    stage("three windows of 10 s: resample to 16 kHz", rounds, || {
        native
            .windows
            .iter()
            .try_fold(0, |n, w| Ok(n + resample(w, 16_000)?.samples.len()))
    })?;
    stage("three windows of 10 s: the same by rubato", rounds, || {
        native
            .windows
            .iter()
            .try_fold(0, |n, w| Ok(n + by_rubato(w, 16_000)?))
    })?;
    let windows = decode_windows(path, &plan(16_000))?.windows;
    stage("three windows of 10 s: log-mel", rounds, || {
        windows
            .iter()
            .try_fold(0, |n, w| Ok(n + log_mel.compute(w)?.values.len()))
    })?;
    stage("three windows of 10 s: all", rounds, || {
        let song = decode_windows(path, &plan(16_000))?;
        song.windows
            .iter()
            .try_fold(0, |n, w| Ok(n + log_mel.compute(w)?.values.len()))
    })?;

    stage("whole song: decode at 44.1 kHz", rounds, || {
        Ok(decode_start(path, 44_100, None)?.samples.len())
    })?;
    let whole = decode_start(path, 44_100, None)?;
    stage("whole song: resample to 16 kHz", rounds, || {
        Ok(resample(&whole, 16_000)?.samples.len())
    })?;
    let whole = resample(&whole, 16_000)?;
    stage("whole song: log-mel", rounds, || {
        Ok(log_mel.compute(&whole)?.values.len())
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
    let Some(plan) = model.plan() else {
        return Ok(());
    };
    println!(
        "# the model's windows: {} of {:.2} s",
        plan.count, plan.window_seconds
    );
    stage("the model's windows: decode and resample", rounds, || {
        Ok(decode_windows(path, &plan)?.windows.len())
    })?;
    let windows = decode_windows(path, &plan)?.windows;
    stage("the model's windows: log-mel and network", rounds, || {
        Ok(model.embed_windows(&windows)?.len())
    })?;
    stage("song to vector: all", rounds, || {
        Ok(model.embed_song(path)?.windows.len())
    })?;
    Ok(())
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

fn plan(sample_rate_hz: u32) -> WindowPlan {
    WindowPlan {
        count: 3,
        window_seconds: 10.0,
        sample_rate_hz,
    }
}

fn config() -> LogMelConfig {
    LogMelConfig {
        sample_rate_hz: 16_000,
        n_fft: 512,
        hop_length: 256,
        n_mels: 64,
        f_min_hz: 0.0,
        f_max_hz: 8_000.0,
        window_frames: 312,
    }
}

/// The well-kept general resampler, for comparison.
fn by_rubato(waveform: &Waveform, rate_hz: u32) -> Result<usize, Box<dyn std::error::Error>> {
    use rubato::audioadapter_buffers::direct::InterleavedSlice;
    use rubato::{Fft, FixedSync, Resampler};

    let from = waveform.sample_rate_hz as usize;
    let mut resampler = Fft::<f32>::new(from, rate_hz as usize, 4096, 1, FixedSync::Both)?;
    let length = waveform.samples.len();
    let input = InterleavedSlice::new(&waveform.samples, 1, length)?;
    Ok(resampler
        .process_all(&input, length, None)?
        .take_data()
        .len())
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
