//! [`spectrogram_image`]: a song as the grey picture that the image classifier looks at.
//!
//! The first 90 s at 8 kHz, librosa's default STFT, decibels below the loudest point, stretched to
//! 0..=255, low frequencies at the bottom. `vibelux preprocess` writes these pictures; the music
//! model with the front end `spectrogram_image` makes the same ones.

use image::GrayImage;

use super::Stft;
use super::decibel::{AMPLITUDE_FLOOR, amplitude_to_db};
use crate::audio::Waveform;

/// The rate of the waveform that the picture is meant for.
pub const SAMPLE_RATE_HZ: u32 = 8_000;
/// How much of a song is in the picture; shorter songs are padded with silence.
pub const SECONDS: f64 = 90.0;
/// `librosa.stft`'s default.
pub const N_FFT: usize = 2048;
/// `librosa.stft`'s default: a quarter of the transform.
pub const HOP_LENGTH: usize = 512;
/// The dynamic range of `librosa.amplitude_to_db`.
const TOP_DB: f32 = 80.0;

/// Draws the first [`SECONDS`] of the waveform, cut or padded with silence: 1,025 pixels high and,
/// at [`SAMPLE_RATE_HZ`], 1,407 pixels wide. Silence is all black.
#[must_use]
pub fn spectrogram_image(waveform: &Waveform) -> GrayImage {
    let mut samples = waveform.samples.clone();
    samples.resize((SECONDS * f64::from(waveform.sample_rate_hz)) as usize, 0.0);
    // The constants are valid; what remains is a waveform at some absurd rate, too long to draw.
    let drawn = Stft::new(N_FFT, HOP_LENGTH).and_then(|mut stft| stft.magnitude(&samples));
    let Ok(mut spectrogram) = drawn else {
        return GrayImage::new(0, 0);
    };

    let loudest = spectrogram.values.iter().copied().fold(0.0, f32::max);
    amplitude_to_db(
        &mut spectrogram.values,
        loudest,
        AMPLITUDE_FLOOR,
        Some(TOP_DB),
    );
    let (low, high) = spectrogram
        .values
        .iter()
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &db| {
            (low.min(db), high.max(db))
        });
    let scale = if high > low {
        255.0 / (high - low)
    } else {
        0.0
    };

    let mut picture = GrayImage::new(spectrogram.frames as u32, spectrogram.bins as u32);
    // The picture's top row is the highest bin.
    let rows = picture.chunks_exact_mut(spectrogram.frames);
    for (pixels, row) in rows.zip(spectrogram.values.chunks_exact(spectrogram.frames).rev()) {
        for (pixel, &db) in pixels.iter_mut().zip(row) {
            // Cuts off the fraction, as numpy's astype(uint8) does.
            *pixel = ((db - low) * scale) as u8;
        }
    }
    picture
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(frequency_hz: f32, seconds: f32) -> Waveform {
        let step = std::f32::consts::TAU * frequency_hz / SAMPLE_RATE_HZ as f32;
        let count = (seconds * SAMPLE_RATE_HZ as f32) as usize;
        let samples = (0..count)
            .map(|n| (step * (n % 8000) as f32).sin())
            .collect();
        Waveform {
            samples,
            sample_rate_hz: SAMPLE_RATE_HZ,
        }
    }

    #[test]
    fn low_tones_are_at_the_bottom_and_the_rest_of_a_short_song_is_black() {
        let picture = spectrogram_image(&tone(500.0, 30.0));
        assert_eq!(picture.dimensions(), (1407, 1025));
        // 500 Hz is bin 128 of 1,024.
        assert!(picture.get_pixel(200, 1024 - 128).0[0] > 240);
        assert!(picture.get_pixel(200, 100).0[0] < 100);
        assert_eq!(picture.get_pixel(1000, 1024 - 128).0[0], 0);
    }

    #[test]
    fn long_songs_are_cut_and_silence_is_black() {
        assert_eq!(
            spectrogram_image(&tone(500.0, 100.0)).dimensions(),
            (1407, 1025)
        );
        let silence = Waveform {
            samples: vec![],
            sample_rate_hz: SAMPLE_RATE_HZ,
        };
        assert!(spectrogram_image(&silence).iter().all(|&p| p == 0));
    }
}
