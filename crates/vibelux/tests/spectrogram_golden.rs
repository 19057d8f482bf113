//! Holds the spectrograms to librosa 0.11: the arrays in `tests/golden` come from
//! `scripts/golden/spectrogram.py`. Run with `--nocapture` to see the largest deviations.

#![allow(clippy::unwrap_used, reason = "a test's own set-up may fail loudly")]

use std::f64::consts::PI;
use std::fs;
use std::path::{Path, PathBuf};

use vibelux::audio::{Waveform, decode_start};
use vibelux::spectrogram::image::spectrogram_image;
use vibelux::spectrogram::mel::MelFilterBank;
use vibelux::spectrogram::{LogMel, LogMelConfig, Spectrogram, Stft};

/// The same samples as `signal` in the script: integer noise, everything else in f64.
fn signal(rate_hz: u32, seconds: f64) -> Vec<i16> {
    let count = (f64::from(rate_hz) * seconds) as usize;
    let top = 0.45 * f64::from(rate_hz);
    let mut state = 12_345_u32;
    (0..count)
        .map(|n| {
            let t = n as f64 / f64::from(rate_hz);
            let chirp = (2.0 * PI * (50.0 * t + (top - 50.0) * t * t / (2.0 * seconds))).sin();
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = f64::from(state) / 4_294_967_296.0 - 0.5;
            let period = rate_hz as usize / 4;
            let click = if n % period == rate_hz as usize / 8 {
                0.4
            } else {
                0.0
            };
            ((0.4 * chirp + 0.1 * noise + click) * 32_767.0 + 0.5).floor() as i16
        })
        .collect()
}

fn waveform(rate_hz: u32, seconds: f64) -> Waveform {
    let samples = signal(rate_hz, seconds)
        .iter()
        .map(|&s| f32::from(s) / 32_768.0)
        .collect();
    Waveform {
        samples,
        sample_rate_hz: rate_hz,
    }
}

/// The 44.1 kHz signal as a 16-bit WAV file.
fn wav(folder: &Path) -> PathBuf {
    let data: Vec<u8> = signal(44_100, 1.0)
        .iter()
        .flat_map(|s| s.to_le_bytes())
        .collect();
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + data.len() as u32).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend(44_100_u32.to_le_bytes());
    bytes.extend(88_200_u32.to_le_bytes());
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend(data);
    let path = folder.join("signal.wav");
    fs::write(&path, bytes).unwrap();
    path
}

fn golden(name: &str) -> Spectrogram {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    let bytes = fs::read(path).unwrap();
    let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    assert_eq!(&bytes[..4], b"VLG1");
    let values = bytes[12..].chunks_exact(4);
    Spectrogram {
        bins: number(4),
        frames: number(8),
        values: values
            .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
            .collect(),
    }
}

fn log_mel(waveform: &Waveform, n_fft: usize) -> Spectrogram {
    let config = LogMelConfig {
        sample_rate_hz: waveform.sample_rate_hz,
        n_fft,
        hop_length: 256,
        n_mels: 40,
        f_min_hz: 0.0,
        f_max_hz: waveform.sample_rate_hz as f32 / 2.0,
        window_frames: 1,
    };
    LogMel::new(&config).unwrap().compute(waveform).unwrap()
}

fn assert_same_shape(got: &Spectrogram, expected: &Spectrogram) {
    assert_eq!((got.bins, got.frames), (expected.bins, expected.frames));
    assert_eq!(got.values.len(), expected.values.len());
}

#[test]
fn stft_magnitude_is_librosas() {
    let got = Stft::new(1024, 512)
        .unwrap()
        .magnitude(&waveform(22_050, 0.5).samples)
        .unwrap();
    let expected = golden("stft_22050.bin");
    assert_same_shape(&got, &expected);
    // Both sides round in f32, whose step at the loudest bin no quieter bin can beat: the relative
    // measure starts where 1e-4 of a bin is that step (58 dB down).
    let loudest = expected.values.iter().copied().fold(0.0, f32::max);
    let floor = loudest * f32::EPSILON / 1e-4;
    let pairs = got.values.iter().zip(&expected.values);
    let largest = pairs
        .map(|(g, e)| (g - e).abs() / e.max(floor))
        .fold(0.0, f32::max);
    println!("STFT magnitude: largest relative deviation {largest:e}");
    assert!(largest < 1e-4);
}

#[test]
fn mel_decibels_are_librosas() {
    let got = log_mel(&waveform(22_050, 0.5), 1024);
    let expected = golden("mel_22050.bin");
    assert_same_shape(&got, &expected);
    let differences = got
        .values
        .iter()
        .zip(&expected.values)
        .map(|(g, e)| (g - e).abs());
    let largest = differences.fold(0.0, f32::max);
    println!("log-mel: largest deviation {largest:e} dB");
    assert!(largest < 1e-3);
}

#[test]
fn the_filter_bank_is_librosas() {
    let bank = MelFilterBank::new(16_000, 512, 64, 0.0, 8_000.0).unwrap();
    let expected = golden("filters_16000.bin");
    let mut largest = 0.0_f32;
    for row in 0..expected.bins {
        let band = &bank.bands[row * 8];
        let mut dense = vec![0.0; expected.frames];
        dense[band.first_bin..band.first_bin + band.weights.len()].copy_from_slice(&band.weights);
        let pairs = dense.iter().zip(expected.row(row).unwrap());
        largest = pairs.map(|(g, e)| (g - e).abs()).fold(largest, f32::max);
    }
    println!("mel filters: largest deviation {largest:e}");
    assert!(largest < 1e-7);
}

#[test]
fn file_to_decibels_is_close_to_librosa_load() {
    let folder = tempfile::tempdir().unwrap();
    let path = wav(folder.path());
    for rate_hz in [22_050, 16_000, 8_000] {
        let got = log_mel(&decode_start(&path, rate_hz, None).unwrap(), 512);
        let expected = golden(&format!("load_{rate_hz}.bin"));
        assert_same_shape(&got, &expected);
        let loud = got
            .values
            .iter()
            .zip(&expected.values)
            .filter(|(_, e)| **e > -60.0);
        let differences: Vec<f32> = loud.map(|(g, e)| (g - e).abs()).collect();
        let mean = differences.iter().sum::<f32>() / differences.len() as f32;
        let largest = differences.iter().copied().fold(0.0, f32::max);
        println!("44100 -> {rate_hz} Hz: mean deviation {mean:.4} dB, largest {largest:.3} dB");
        assert!(mean < 0.5);
    }
}

#[test]
fn the_picture_is_numpys() {
    let folder = tempfile::tempdir().unwrap();
    let picture = spectrogram_image(&decode_start(&wav(folder.path()), 8_000, Some(90.0)).unwrap());
    let expected = golden("image_8000.bin");
    let (mut sum, mut largest) = (0.0_f32, 0.0_f32);
    for row in 0..expected.bins {
        for (column, e) in expected.row(row).unwrap().iter().enumerate() {
            let pixel = picture.get_pixel(column as u32, row as u32 * 41).0[0];
            let difference = (f32::from(pixel) - e).abs();
            sum += difference;
            largest = largest.max(difference);
        }
    }
    let mean = sum / expected.values.len() as f32;
    println!("picture: mean deviation {mean:.4} of 255, largest {largest}");
    assert!(mean < 0.5);
}
