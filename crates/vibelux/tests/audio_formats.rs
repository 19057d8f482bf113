//! Every format beside ffmpeg's decode of the same file, from the start and at seek positions;
//! broken files; and, where it is there, real music. The files are made here: WAV by hand, the
//! others by ffmpeg, and a test that cannot make its file says so loudly.

#![allow(clippy::unwrap_used, reason = "a test's own set-up may fail loudly")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use vibelux::audio::{
    AudioError, Waveform, WindowPlan, decode_start, decode_windows, is_audio_file,
};

const RATE_HZ: u32 = 44_100;

/// A slow chirp over a wandering noise: every moment sounds different, so that a decoder that is
/// off by a few samples shows.
fn stereo(seconds: f64) -> Vec<i16> {
    let (mut state, mut low) = (1_u32, 0.0_f64);
    let count = (seconds * f64::from(RATE_HZ)) as usize;
    let mut samples = Vec::with_capacity(2 * count);
    let mut phase = 0.0_f64;
    for n in 0..count {
        let t = n as f64 / f64::from(RATE_HZ);
        phase += (300.0 + 40.0 * t + 200.0 * (1.7 * t).sin()) / f64::from(RATE_HZ);
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        low += 0.05 * (f64::from(state) / 2_147_483_648.0 - 1.0 - low);
        let tone = 0.4 * (std::f64::consts::TAU * phase).sin();
        samples.push(((tone + low) * 20_000.0) as i16);
        samples.push(((tone - low) * 20_000.0) as i16);
    }
    samples
}

fn wav(path: &Path, samples: &[i16], channels: u16, rate_hz: u32) {
    let data: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + data.len() as u32).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0");
    bytes.extend(channels.to_le_bytes());
    bytes.extend(rate_hz.to_le_bytes());
    bytes.extend((rate_hz * u32::from(channels) * 2).to_le_bytes());
    bytes.extend((channels * 2).to_le_bytes());
    bytes.extend(b"\x10\0data");
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend(data);
    fs::write(path, bytes).unwrap();
}

fn has_ffmpeg() -> bool {
    let found = Command::new("ffmpeg")
        .arg("-version")
        .stdout(Stdio::null())
        .status();
    let found = found.is_ok_and(|status| status.success());
    if !found {
        println!("SKIPPED: ffmpeg is not installed, so nothing was compared");
    }
    found
}

fn ffmpeg(args: &[&str]) -> bool {
    let base = ["-v", "error", "-nostdin", "-y"];
    Command::new("ffmpeg")
        .args(base)
        .args(args)
        .status()
        .is_ok_and(|status| status.success())
}

/// Six channels of which each sounds otherwise, of two; and one of six, all alike.
const SURROUND: &str = "pan=5.1|FL=FL|FR=FR|FC=FL-0.5*FR|LFE=0.3*FR|BL=0.7*FL|BR=-0.4*FR+0.2*FL";
const MIXED_DOWN: &str = "pan=mono|c0=0.2*c0+0.2*c1+0.2*c2+0.2*c3+0.2*c4+0.2*c5";

/// ffmpeg's mono decode at the file's own rate.
fn reference(path: &Path, rate_hz: u32) -> Vec<f32> {
    let rate = rate_hz.to_string();
    // ffmpeg weighs the channels of six.
    let is_surround = path.to_string_lossy().contains("surround");
    let mono = if is_surround {
        ["-af", MIXED_DOWN]
    } else {
        ["-ac", "1"]
    };
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-i", path.to_str().unwrap()])
        .args(mono)
        .args(["-ar", &rate, "-f", "f32le", "-"])
        .output()
        .unwrap();
    output
        .stdout
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
        .collect()
}

fn correlation(a: &[f32], b: &[f32]) -> f64 {
    let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
        a.iter()
            .zip(b)
            .map(|(&x, &y)| f(f64::from(x), f64::from(y)))
            .sum()
    };
    sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt().max(1e-12)
}

fn plan(count: usize, window_seconds: f64, sample_rate_hz: u32) -> WindowPlan {
    WindowPlan {
        count,
        window_seconds,
        sample_rate_hz,
    }
}

/// Encodes 12 s with `options` and compares start, seeks and length with ffmpeg's decode.
fn compare(name: &str, options: &[&str], rate_hz: u32) {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source.wav");
    wav(&source, &stereo(12.0), 2, RATE_HZ);
    let path = folder.path().join(name);
    if !has_ffmpeg() {
        return;
    }
    let input = ["-i", source.to_str().unwrap()];
    if !ffmpeg(&[&input[..], options, &[path.to_str().unwrap()]].concat()) {
        println!("SKIPPED: this ffmpeg cannot write {name}");
        return;
    }
    let expected = reference(&path, rate_hz);
    let whole = decode_start(&path, rate_hz, None).unwrap();
    let start = correlation(&whole.samples, &expected);
    let song = decode_windows(&path, &plan(3, 1.5, rate_hz)).unwrap();
    let seeks: Vec<f64> = song
        .starts_seconds
        .iter()
        .zip(&song.windows)
        .map(|(seconds, window)| {
            assert_eq!(window.samples.len(), (1.5 * f64::from(rate_hz)) as usize);
            let from = (seconds * f64::from(rate_hz)).round() as usize;
            correlation(&window.samples, &expected[from..])
        })
        .collect();
    println!(
        "{name} ({}): start {start:.6}, seeks {seeks:.6?}, {:.3} s, {} of {} samples",
        song.codec,
        song.duration_seconds,
        whole.samples.len(),
        expected.len()
    );
    assert!(start > 0.999, "{name} from the start");
    assert!(
        seeks.len() == 3 && seeks.iter().all(|&c| c > 0.999),
        "{name} after seeking"
    );
    assert!(
        (song.duration_seconds - 12.0).abs() < 0.1,
        "{name}: {} s",
        song.duration_seconds
    );
}

#[test]
fn wav_is_as_ffmpeg_decodes_it() {
    compare("a.wav", &["-c:a", "pcm_s24le"], RATE_HZ);
}

#[test]
fn aiff_is_as_ffmpeg_decodes_it() {
    compare("a.aiff", &[], RATE_HZ);
}

#[test]
fn flac_is_as_ffmpeg_decodes_it() {
    compare("a.flac", &[], RATE_HZ);
}

#[test]
fn mp3_is_as_ffmpeg_decodes_it() {
    compare("constant.mp3", &["-b:a", "192k"], RATE_HZ);
    compare("variable.mp3", &["-q:a", "4"], RATE_HZ);
    compare(
        "untagged.mp3",
        &["-b:a", "128k", "-write_xing", "0", "-id3v2_version", "0"],
        RATE_HZ,
    );
}

#[test]
fn vorbis_is_as_ffmpeg_decodes_it() {
    compare("a.ogg", &["-c:a", "libvorbis", "-q:a", "5"], RATE_HZ);
}

#[test]
fn opus_is_as_ffmpeg_decodes_it() {
    compare("music.opus", &["-c:a", "libopus", "-b:a", "96k"], 48_000);
    compare(
        "voice.opus",
        &["-c:a", "libopus", "-b:a", "24k", "-application", "voip"],
        48_000,
    );
    compare(
        "long_frames.opus",
        &["-c:a", "libopus", "-frame_duration", "60", "-ac", "1"],
        48_000,
    );
    // Four streams in each packet.
    compare(
        "surround.opus",
        &[
            "-c:a",
            "libopus",
            "-b:a",
            "256k",
            "-af",
            SURROUND,
            "-mapping_family",
            "1",
        ],
        48_000,
    );
}

#[test]
fn aac_and_alac_are_as_ffmpeg_decodes_them() {
    compare("a.m4a", &["-c:a", "aac", "-b:a", "160k"], RATE_HZ);
    compare("lossless.m4a", &["-c:a", "alac"], RATE_HZ);
}

#[test]
fn foreign_codecs_go_through_ffmpeg() {
    // ffmpeg itself seeks in ASF to the packet, not to the sample: only the start is compared.
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source.wav");
    wav(&source, &stereo(12.0), 2, RATE_HZ);
    let path = folder.path().join("a.wma");
    let (from, to) = (source.to_str().unwrap(), path.to_str().unwrap());
    if !has_ffmpeg() || !ffmpeg(&["-i", from, "-c:a", "wmav2", "-b:a", "192k", to]) {
        println!("SKIPPED: no ffmpeg that can write WMA");
        return;
    }
    let start = decode_start(&path, RATE_HZ, Some(3.0)).unwrap();
    let c = correlation(&start.samples, &reference(&path, RATE_HZ));
    let song = decode_windows(&path, &plan(3, 1.5, 16_000)).unwrap();
    println!(
        "a.wma ({}): start {c:.6}, {:.3} s",
        song.codec, song.duration_seconds
    );
    assert!(c > 0.999 && song.windows.len() == 3);
    // ffmpeg's seeking may cost some samples at the edges.
    let whole = |w: &Waveform| (23_000..=24_000).contains(&w.samples.len());
    assert!(song.windows.iter().all(whole));
}

#[test]
fn broken_files_give_errors_that_say_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| -> PathBuf {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let decode = |path: &Path| {
        let windows = decode_windows(path, &plan(3, 1.0, 16_000)).map(|_| ());
        let start = decode_start(path, 16_000, Some(1.0)).map(|_| ());
        assert_eq!(
            windows.is_err(),
            start.is_err(),
            "{windows:?} but {start:?}"
        );
        windows.unwrap_err()
    };
    let text = file(
        "text.mp3",
        "Not a song, but a letter.\n".repeat(500).as_bytes(),
    );
    assert!(matches!(decode(&text), AudioError::NotAudio { .. }));
    assert!(matches!(
        decode(&file("empty.flac", b"")),
        AudioError::Empty { .. }
    ));
    assert!(matches!(
        decode(&folder.path().join("none.mp3")),
        AudioError::NotFound { .. }
    ));
    assert!(matches!(decode(folder.path()), AudioError::NotAFile { .. }));
    let no_samples = folder.path().join("no_samples.wav");
    wav(&no_samples, &[], 1, RATE_HZ);
    let error = decode(&no_samples);
    assert!(matches!(error, AudioError::Empty { .. }), "{error:?}");
    assert!(error.to_string().contains("no_samples.wav"));
    let png = file(
        "picture.mp3",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0",
    );
    println!("a picture: {}", decode(&png));
    let noise: Vec<u8> = (0..100_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    println!("noise: {}", decode(&file("noise.ogg", &noise)));
}

#[test]
fn a_short_song_gives_a_short_window_and_a_lying_header_is_seen_through() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("short.wav");
    wav(&path, &stereo(0.5), 2, RATE_HZ);
    let song = decode_windows(&path, &plan(3, 2.0, 16_000)).unwrap();
    assert_eq!(
        (song.windows.len(), song.windows[0].samples.len()),
        (1, 8_000)
    );
    assert!((song.duration_seconds - 0.5).abs() < 1e-3);
    assert!(
        song.windows[0].samples[..7_900]
            .iter()
            .any(|&x| x.abs() > 0.1)
    );

    // A header that promises an hour over three seconds of samples.
    wav(&path, &stereo(3.0), 2, RATE_HZ);
    let mut bytes = fs::read(&path).unwrap();
    bytes[4..8].copy_from_slice(&(3_600 * 176_400_u32 + 36).to_le_bytes());
    bytes[40..44].copy_from_slice(&(3_600 * 176_400_u32).to_le_bytes());
    fs::write(&path, bytes).unwrap();
    let song = decode_windows(&path, &plan(3, 1.0, 16_000)).unwrap();
    println!("an hour promised: {:.2} s found", song.duration_seconds);
    assert!((song.duration_seconds - 3.0).abs() < 0.1);
    assert_eq!(song.windows.len(), 3);
}

#[test]
fn samples_that_are_no_numbers_become_silence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("float.wav");
    wav(&path, &[0; 32_000], 1, 16_000);
    let mut bytes = fs::read(&path).unwrap();
    bytes[20] = 3; // IEEE float
    bytes[28..36].copy_from_slice(&[0, 0xFA, 0, 0, 4, 0, 32, 0]); // 64,000 bytes/s, 4 a frame
    for (i, sample) in bytes[44..].chunks_exact_mut(4).enumerate() {
        let value = [0.25, f32::NAN, f32::INFINITY, f32::MAX][i % 4];
        sample.copy_from_slice(&value.to_le_bytes());
    }
    fs::write(&path, bytes).unwrap();
    let waveform = decode_start(&path, 8_000, None).unwrap();
    assert_eq!(waveform.samples.len(), 8_000);
    assert!(waveform.samples.iter().all(|x| x.is_finite()));
}

/// Cuts and flips bytes of real encodings: an error or a song, never a panic.
#[test]
fn damaged_files_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source.wav");
    wav(&source, &stereo(3.0), 2, RATE_HZ);
    if !has_ffmpeg() {
        return;
    }
    let mut tried = 0;
    for name in [
        "d.mp3", "d.flac", "d.ogg", "d.opus", "d.m4a", "d.aiff", "d.wav",
    ] {
        let path = folder.path().join(name);
        if name != "d.wav" && !ffmpeg(&["-i", source.to_str().unwrap(), path.to_str().unwrap()]) {
            println!("SKIPPED: this ffmpeg cannot write {name}");
            continue;
        }
        let whole = fs::read(if name == "d.wav" { &source } else { &path }).unwrap();
        let mut state = 7_u32;
        for round in 0..12 {
            let mut bytes = whole.clone();
            if round % 3 == 0 {
                bytes.truncate(whole.len() * (round + 1) / 14);
            } else {
                for _ in 0..1 << round {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    // Half of the damage hits the headers.
                    let span = if state & 1 == 0 {
                        whole.len()
                    } else {
                        whole.len().min(600)
                    };
                    bytes[(state >> 8) as usize % span] ^= 1 << ((state >> 3) & 7);
                }
            }
            fs::write(&path, &bytes).unwrap();
            match decode_windows(&path, &plan(2, 1.0, 16_000)) {
                Err(AudioError::DecoderPanicked { message, .. }) => {
                    println!("{name} round {round}: decoder panicked and was caught: {message}");
                }
                Ok(song) => {
                    let all = song.windows.iter().flat_map(|w| &w.samples);
                    assert!(all.clone().all(|x| x.is_finite()) && all.count() > 0);
                }
                Err(error) => assert!(error.to_string().contains(name), "{error}"),
            }
            tried += 1;
        }
    }
    assert!(tried >= 12);
}

#[test]
fn real_music_is_as_ffmpeg_decodes_it() {
    let data = std::env::var("VIBELUX_DATA")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data").into());
    let folder = Path::new(&data).join("music/panda4q");
    let Ok(entries) = fs::read_dir(&folder) else {
        println!(
            "SKIPPED: no music in {}; set VIBELUX_DATA",
            folder.display()
        );
        return;
    };
    if !has_ffmpeg() {
        return;
    }
    let mut songs: Vec<_> = entries.flatten().map(|e| e.path()).collect();
    songs.retain(|path| is_audio_file(path));
    songs.sort();
    assert!(!songs.is_empty(), "{} holds no songs", folder.display());
    for path in songs.iter().step_by(songs.len().div_ceil(8)) {
        let song = decode_windows(path, &plan(3, 2.0, 16_000)).unwrap();
        let expected = reference(path, 16_000);
        for (seconds, window) in song.starts_seconds.iter().zip(&song.windows) {
            let from = (seconds * 16_000.0).round() as usize;
            let c = correlation(&window.samples, &expected[from..]);
            assert!(c > 0.999, "{} at {seconds} s: {c}", path.display());
        }
    }
}
