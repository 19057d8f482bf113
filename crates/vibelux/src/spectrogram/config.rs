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
