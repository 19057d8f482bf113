//! Waveform to spectrogram: STFT, mel bands and decibels in librosa's conventions.
//!
//! ```text
//! Waveform -> stft (frames) -> |.|^2 -> mel bands -> power_to_db -> Spectrogram   (log_mel)
//! Waveform -> stft (frames) -> |.| -> amplitude_to_db -> 0..255 -> GrayImage      (image)
//! ```
//!
//! What a model was trained on and what it sees must be the same numbers, wherever they were
//! computed; golden arrays made by librosa 0.11 hold this module to it.

mod config;
pub mod decibel;
mod error;
pub mod image;
mod log_mel;
pub mod mel;
mod music_check;
mod stft;

pub use config::LogMelConfig;
pub use error::SpectrogramError;
pub use log_mel::LogMel;
pub use music_check::{NotMusic, not_music};
pub use stft::Stft;

/// Real numbers over frequency and time.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrogram {
    /// Frequency bins or mel bands.
    pub bins: usize,
    /// Steps in time.
    pub frames: usize,
    /// Row-major `[bin][frame]`: `bins * frames` numbers, bin 0 the lowest.
    pub values: Vec<f32>,
}

impl Spectrogram {
    /// One bin over time; `None` beyond the last bin.
    #[must_use]
    pub fn row(&self, bin: usize) -> Option<&[f32]> {
        let start = bin.checked_mul(self.frames)?;
        self.values
            .get(start..start.checked_add(self.frames)?)
            .filter(|_| bin < self.bins)
    }
}
