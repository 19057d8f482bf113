//! [`SpectrogramError`]: settings that no spectrogram can have.

/// Why a spectrogram could not be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpectrogramError {
    /// The transform's length is out of range.
    #[error("n_fft is {0}; it must be even, at least 4 and at most 65536")]
    BadFftLength(usize),
    /// The hop is out of range.
    #[error("hop_length is {hop_length}; it must be at least 1 and at most n_fft ({n_fft})")]
    BadHopLength {
        /// What it was.
        hop_length: usize,
        /// The transform's length.
        n_fft: usize,
    },
    /// The number of bands is out of range.
    #[error("n_mels is {0}; it must be at least 1 and at most 1024")]
    BadMelCount(usize),
    /// The band edges are not in order or lie outside the spectrum.
    #[error(
        "mel bands from {f_min_hz} Hz to {f_max_hz} Hz; they must rise from at least 0 Hz to at \
         most half the sample rate ({nyquist_hz} Hz)"
    )]
    BadMelRange {
        /// Lower edge.
        f_min_hz: f32,
        /// Upper edge.
        f_max_hz: f32,
        /// Half the sample rate.
        nyquist_hz: f32,
    },
    /// The waveform has another rate than the plan.
    #[error(
        "the waveform has {got_hz} Hz, the spectrogram is planned for {expected_hz} Hz; decode at that rate"
    )]
    WrongSampleRate {
        /// What the plan is for.
        expected_hz: u32,
        /// What came.
        got_hz: u32,
    },
    /// The spectrogram would not fit into memory.
    #[error("{bins} bins times {frames} frames are too many; cut the waveform into windows")]
    TooLarge {
        /// Frequency bins.
        bins: usize,
        /// Steps in time.
        frames: usize,
    },
}
