//! [`Waveform`]: what leaves the audio module and enters the spectrogram.

/// Mono samples at a known rate, nominally in -1.0..=1.0.
#[derive(Debug, Clone, PartialEq)]
pub struct Waveform {
    /// One sample per 1/`sample_rate_hz` seconds.
    pub samples: Vec<f32>,
    /// Samples per second.
    pub sample_rate_hz: u32,
}

impl Waveform {
    /// The length in seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.samples.len() as f64 / f64::from(self.sample_rate_hz)
    }
}
