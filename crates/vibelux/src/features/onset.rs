//! [`Onsets`]: how strongly something begins, a hundred times a second. Between the input and `tempo.rs`.
//!
//! Spectral flux of a log-mel spectrogram with a maximum filter over neighbouring bands, against vibrato (Böck and
//! Widmer, "Maximum filter vibrato suppression for onset detection", 2013).

use super::input::Input;
use crate::spectrogram::{LogMel, LogMelConfig, Spectrogram};

/// Frames per second, nearly: the hop is a whole number of samples.
const FRAMES_PER_SECOND: f64 = 100.0;
const BANDS: usize = 40;
const LOWEST_HZ: f32 = 30.0;
const HIGHEST_HZ: f32 = 7_600.0;
/// What lies further below the loudest moment is not heard.
const RANGE_DB: f32 = 70.0;
/// A frame is compared with the one so many before it.
const LAG: usize = 2;

/// The onset strength of a sound.
pub(super) struct Onsets {
    pub(super) frames_per_second: f64,
    /// At least 0.
    pub(super) strength: Vec<f32>,
    /// Its log-mel spectrogram, in dB.
    pub(super) bands: Spectrogram,
}

impl Onsets {
    /// `None` if there is no plan for this rate.
    pub(super) fn of(input: &Input) -> Option<Self> {
        let rate_hz = input.waveform.sample_rate_hz;
        let hop_length = (f64::from(rate_hz) / FRAMES_PER_SECOND).round() as usize;
        let config = LogMelConfig {
            sample_rate_hz: rate_hz,
            n_fft: (3 * hop_length).next_power_of_two(),
            hop_length,
            n_mels: BANDS,
            f_min_hz: LOWEST_HZ,
            f_max_hz: HIGHEST_HZ.min(0.475 * rate_hz as f32),
            window_frames: 0,
        };
        let mut bands = LogMel::new(&config).ok()?.compute(&input.waveform).ok()?;
        let floor = bands.values.iter().copied().fold(f32::MIN, f32::max) - RANGE_DB;
        for value in &mut bands.values {
            *value = value.max(floor);
        }
        Some(Self {
            frames_per_second: f64::from(rate_hz) / hop_length as f64,
            strength: flux(&bands),
            bands,
        })
    }
}

/// By how much the bands rise in each frame: the mean over the bands.
fn flux(bands: &Spectrogram) -> Vec<f32> {
    let mut strength = vec![0.0_f32; bands.frames];
    for band in 0..bands.bins {
        let Some(row) = bands.row(band) else { continue };
        let below = band
            .checked_sub(1)
            .and_then(|b| bands.row(b))
            .unwrap_or(row);
        let above = bands.row(band + 1).unwrap_or(row);
        for t in LAG..bands.frames {
            let before = row[t - LAG].max(below[t - LAG]).max(above[t - LAG]);
            strength[t] += (row[t] - before).max(0.0) / bands.bins as f32;
        }
    }
    strength
}
