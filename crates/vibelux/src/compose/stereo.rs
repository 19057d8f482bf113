//! [`StereoWaveform`]: what a piece sounds like, before it is written.

use crate::audio::Waveform;

/// Left and right.
pub(super) type Frame = [f32; 2];

/// Two channels at a known rate, nominally in -1.0..=1.0.
#[derive(Debug, Clone, PartialEq)]
pub struct StereoWaveform {
    /// One left and right sample per 1/`sample_rate_hz` seconds.
    pub frames: Vec<[f32; 2]>,
    /// Frames per second.
    pub sample_rate_hz: u32,
}

impl StereoWaveform {
    /// The length in seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.frames.len() as f64 / f64::from(self.sample_rate_hz)
    }

    /// The mean of both channels.
    #[must_use]
    pub fn to_mono(&self) -> Waveform {
        Waveform {
            samples: self.frames.iter().map(|[l, r]| 0.5 * (l + r)).collect(),
            sample_rate_hz: self.sample_rate_hz,
        }
    }
}
