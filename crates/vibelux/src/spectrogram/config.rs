//! [`LogMelConfig`]: every choice that turns a waveform into a log-mel spectrogram.

use serde::{Deserialize, Serialize};

/// The settings of a log-mel spectrogram, as librosa names them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogMelConfig {
    /// Samples per second of the waveform.
    pub sample_rate_hz: u32,
    /// Samples per frame and length of the periodic Hann window.
    pub n_fft: usize,
    /// Samples from one frame to the next.
    pub hop_length: usize,
    /// Number of mel bands.
    pub n_mels: usize,
    /// Lower edge of the lowest band.
    pub f_min_hz: f32,
    /// Upper edge of the highest band.
    pub f_max_hz: f32,
    /// Frames per window that the network sees.
    pub window_frames: usize,
}

impl Default for LogMelConfig {
    /// What the default music model sees: 5.1 s in 64 bands at 16 kHz.
    fn default() -> Self {
        Self {
            sample_rate_hz: 16_000,
            n_fft: 512,
            hop_length: 256,
            n_mels: 64,
            f_min_hz: 0.0,
            f_max_hz: 8_000.0,
            window_frames: 320,
        }
    }
}
