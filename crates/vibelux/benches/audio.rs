//! What the way of a song costs, from its file to its vector, stage by stage and on one core: the
//! music side of the flow.
//!
//! ```text
//! cargo bench -p vibelux --bench audio
//! ```
//!
//! The song is one of `vibelux demo`'s pieces, repeated to three minutes, in every format that ffmpeg is
//! there to write. `scripts/compare/librosa_speed.py` times the same beside other programs.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot be set up ends")]

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use divan::Bencher;
use divan::counter::ItemsCount;
use tempfile::TempDir;
use vibelux::audio::{Waveform, WindowPlan, decode_windows, resample};
use vibelux::compose::{StereoWaveform, compose_all, write_wav};
use vibelux::model::MusicModel;
use vibelux::spectrogram::{LogMel, LogMelConfig, Stft};

/// Where the songs are while the program runs.
static FOLDER: Mutex<Option<TempDir>> = Mutex::new(None);

fn main() {
    divan::main();
    // A static is never dropped, and the folder would stay.
    drop(FOLDER.lock().unwrap_or_else(PoisonError::into_inner).take());
}

/// Short where the benchmark is only tried (`cargo test` and nextest run it so).
fn song_seconds() -> usize {
    let asked = |flag| std::env::args().any(|argument| argument == flag);
    if asked("--bench") && !asked("--test") {
        180
    } else {
        6
    }
}

/// A file's extension with what ffmpeg is told to write it.
const FORMATS: [(&str, &[&str]); 6] = [
    ("wav", &[]),
    ("flac", &[]),
    ("mp3", &["-b:a", "192k"]),
    ("ogg", &["-c:a", "libvorbis", "-q:a", "5"]),
    ("opus", &["-c:a", "libopus", "-b:a", "128k"]),
    ("m4a", &["-c:a", "aac", "-b:a", "192k"]),
];

fn formats() -> impl Iterator<Item = &'static str> {
    FORMATS.iter().map(|&(extension, _)| extension)
}

const RATE_HZ: u32 = 44_100;

/// A piece of music of the given length.
fn music(seconds: usize) -> StereoWaveform {
    let rendered = compose_all(1)[0].render(RATE_HZ);
    let frames = rendered.frames.iter().copied().cycle();
    StereoWaveform {
        frames: frames.take(seconds * RATE_HZ as usize).collect(),
        ..rendered
    }
}

/// The song in a format; `None`, and a line that says so, if it cannot be written here.
fn song(extension: &str) -> Option<PathBuf> {
    let mut folder = FOLDER.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = match &mut *folder {
        Some(folder) => folder,
        none => none.insert(tempfile::tempdir().unwrap()),
    };
    let wav = folder.path().join("song.wav");
    if !wav.exists() {
        write_wav(&wav, &music(song_seconds()), "Song", "Nobody", "Test").unwrap();
    }
    let path = wav.with_extension(extension);
    if !path.exists() && !encode(&wav, extension, &path) {
        println!("SKIPPED: no ffmpeg that writes {extension}");
        return None;
    }
    Some(path)
}

fn encode(wav: &Path, extension: &str, to: &Path) -> bool {
    let options = FORMATS.iter().find(|(name, _)| *name == extension);
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y", "-i"])
        .arg(wav)
        .args(options.map_or(&[][..], |&(_, options)| options))
        .arg(to)
        .stderr(Stdio::null())
        .status();
    let written = status.is_ok_and(|status| status.success());
    if !written {
        // What an encoder has begun is no song. There may be nothing.
        let _ = fs::remove_file(to);
    }
    written
}

/// The windows that the shipped model hears, decoded at the file's own rate, which leaves the resampling
/// out.
#[divan::bench(args = formats(), max_time = 2)]
fn decode(bencher: Bencher<'_, '_>, extension: &str) {
    let Some(path) = song(extension) else {
        return;
    };
    let plan = WindowPlan {
        sample_rate_hz: if extension == "opus" { 48_000 } else { RATE_HZ },
        ..shipped_plan()
    };
    bencher.bench_local(|| decode_windows(&path, &plan).unwrap());
}

/// From the file to the vector, by the shipped model: decoding, resampling, spectrogram, network.
#[divan::bench(args = formats(), max_time = 3)]
fn song_to_vector(bencher: Bencher<'_, '_>, extension: &str) {
    let Some(path) = song(extension) else {
        return;
    };
    let model = MusicModel::shipped().unwrap();
    bencher.bench_local(|| model.embed_song(&path).unwrap());
}

fn shipped_plan() -> WindowPlan {
    let plan = MusicModel::shipped().unwrap().plan();
    plan.unwrap()
}

/// Ten seconds of the song.
fn ten_seconds(rate_hz: u32) -> Waveform {
    let mono = music(10).to_mono();
    if rate_hz == RATE_HZ {
        mono
    } else {
        resample(&mono, rate_hz).unwrap()
    }
}

/// Sample rates in Hz.
#[derive(Clone, Copy)]
struct Rates {
    from: u32,
    to: u32,
}

impl fmt::Display for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from, self.to)
    }
}

const fn rates(from: u32, to: u32) -> Rates {
    Rates { from, to }
}

/// What songs have, and what models hear.
const RATES: [Rates; 3] = [
    rates(44_100, 16_000),
    rates(48_000, 16_000),
    rates(44_100, 8_000),
];

/// Ten seconds.
#[divan::bench(args = RATES, max_time = 2)]
fn resample_to_the_models_rate(bencher: Bencher<'_, '_>, Rates { from, to }: Rates) {
    let waveform = ten_seconds(from);
    bencher
        .counter(ItemsCount::new(waveform.samples.len()))
        .bench_local(|| resample(divan::black_box(&waveform), to).unwrap());
}

/// The same by the well-kept general resampler, for comparison.
#[divan::bench(args = RATES, max_time = 2)]
fn resample_by_rubato(bencher: Bencher<'_, '_>, Rates { from, to }: Rates) {
    use rubato::audioadapter_buffers::direct::InterleavedSlice;
    use rubato::{Fft, FixedSync, Resampler};

    let samples = ten_seconds(from).samples;
    let run = || -> usize {
        let mut resampler =
            Fft::<f32>::new(from as usize, to as usize, 4096, 1, FixedSync::Both).unwrap();
        let input = InterleavedSlice::new(divan::black_box(&samples), 1, samples.len()).unwrap();
        let output = resampler.process_all(&input, samples.len(), None).unwrap();
        output.take_data().len()
    };
    bencher
        .counter(ItemsCount::new(samples.len()))
        .bench_local(run);
}

/// Of ten seconds at 16 kHz, as the default music model sees them.
#[divan::bench]
fn log_mel(bencher: Bencher<'_, '_>) {
    let waveform = ten_seconds(16_000);
    let mut log_mel = LogMel::new(&LogMelConfig::default()).unwrap();
    bencher
        .counter(ItemsCount::new(waveform.samples.len()))
        .bench_local(|| log_mel.compute(divan::black_box(&waveform)).unwrap());
}

/// The magnitudes of ten seconds: of 512 samples at 16 kHz, as the default music model has them, and of
/// 2048 at 8 kHz, as the picture of the original project.
#[divan::bench(args = [512, 2048])]
fn stft(bencher: Bencher<'_, '_>, n_fft: usize) {
    let (rate_hz, hop_length) = if n_fft == 512 {
        (16_000, 256)
    } else {
        (8_000, 512)
    };
    let samples = ten_seconds(rate_hz).samples;
    let mut stft = Stft::new(n_fft, hop_length).unwrap();
    bencher
        .counter(ItemsCount::new(samples.len()))
        .bench_local(|| stft.magnitude(divan::black_box(&samples)).unwrap());
}

/// The shipped network with its spectrogram, on one window.
#[divan::bench(max_time = 2)]
fn window_to_vector(bencher: Bencher<'_, '_>) {
    let model = MusicModel::shipped().unwrap();
    let mut waveform = ten_seconds(16_000);
    let plan = shipped_plan();
    waveform
        .samples
        .truncate((plan.window_seconds * f64::from(plan.sample_rate_hz)) as usize);
    let windows = [waveform];
    bencher.bench_local(|| model.embed_windows(divan::black_box(&windows)).unwrap());
}
