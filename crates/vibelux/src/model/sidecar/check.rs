//! Whether the values of a sidecar make sense, before anything is computed with them.

use super::format::{FrontEnd, OutputKind, Sidecar, VERSION};
use crate::audio::SoundKind;
use crate::emotion::{EMOTION_COUNT, Emotion};
use crate::spectrogram::LogMelConfig;

/// A value in a sidecar that makes no sense.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSidecar {
    /// Written by a newer program.
    #[error("version is {0}, this program reads version {VERSION}")]
    Version(u32),
    /// A size of the input is zero or beyond reason.
    #[error("input is {0:?}; each size must be 1 to 16384, and their product at most 16777216")]
    Input([usize; 3]),
    /// Not the seven emotions once each.
    #[error(
        "classes must be the seven emotions once each, in the network's own order, but {0} is \
         missing"
    )]
    MissingClass(Emotion),
    /// Not every kind of sound once.
    #[error(
        "sound_kinds must be music, speech and effects once each, in the network's own order, but {0} is missing"
    )]
    MissingSoundKind(SoundKind),
    /// Kinds of sound of what is no sound.
    #[error(
        "sound_kinds must be left out where front_end is {0}: only log_mel hears windows of sound"
    )]
    NoSound(&'static str),
    /// Kinds of sound beside probabilities.
    #[error("sound_kinds needs output = \"logits\"")]
    SoundNeedsLogits,
    /// More entries than emotions.
    #[error("classes holds {0} entries, expected {EMOTION_COUNT}")]
    ClassCount(usize),
    /// Zero, negative or not a number.
    #[error("{field} is {value}; it must be a finite number above zero")]
    NotPositive {
        /// Which field.
        field: &'static str,
        /// What it holds.
        value: f32,
    },
    /// Infinite or not a number.
    #[error("{field} is {value}; it must be a finite number")]
    NotFinite {
        /// Which field.
        field: &'static str,
        /// What it holds.
        value: f32,
    },
    /// A number out of its range.
    #[error("{field} is {value}; it must be {least} to {most}")]
    Range {
        /// Which field.
        field: &'static str,
        /// What it holds.
        value: usize,
        /// The smallest that is allowed.
        least: usize,
        /// The largest that is allowed.
        most: usize,
    },
    /// Two fields that must agree do not.
    #[error("{field} is {value}, but {other} says {expected}")]
    Disagree {
        /// One field.
        field: &'static str,
        /// What it holds.
        value: usize,
        /// The other field.
        other: &'static str,
        /// What that one holds.
        expected: usize,
    },
}

impl Sidecar {
    /// How many numbers the network gives for an example.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.classes.len() + self.sound_kinds.map_or(0, |kinds| kinds.len())
    }

    /// Checks every value.
    ///
    /// # Errors
    /// The first that makes no sense.
    pub fn validate(&self) -> Result<(), InvalidSidecar> {
        if self.version != VERSION {
            return Err(InvalidSidecar::Version(self.version));
        }
        // Each at most 2^14, so the product cannot overflow 64 bits.
        let sane = self.input.iter().all(|n| (1..=1 << 14).contains(n));
        if !sane || self.input.iter().map(|&n| n as u64).product::<u64>() > 1 << 24 {
            return Err(InvalidSidecar::Input(self.input));
        }
        if self.classes.len() != EMOTION_COUNT {
            return Err(InvalidSidecar::ClassCount(self.classes.len()));
        }
        if let Some(missing) = Emotion::ALL.iter().find(|e| !self.classes.contains(e)) {
            return Err(InvalidSidecar::MissingClass(*missing));
        }
        if let Some(kinds) = &self.sound_kinds {
            if let Some(missing) = SoundKind::ALL.iter().find(|k| !kinds.contains(k)) {
                return Err(InvalidSidecar::MissingSoundKind(*missing));
            }
            if !matches!(self.front_end, FrontEnd::LogMel { .. }) {
                return Err(InvalidSidecar::NoSound(self.front_end.name()));
            }
            if self.output != OutputKind::Logits {
                return Err(InvalidSidecar::SoundNeedsLogits);
            }
        }
        positive("temperature", self.temperature)?;
        match &self.front_end {
            FrontEnd::Face { mean, std, .. } | FrontEnd::SpectrogramImage { mean, std } => {
                finite("mean", *mean)?;
                positive("std", *std)
            }
            FrontEnd::LogMel {
                spectrogram,
                windows,
                mean,
                std,
            } => self.validate_log_mel(spectrogram, *windows, mean, std),
        }
    }

    fn validate_log_mel(
        &self,
        config: &LogMelConfig,
        windows: usize,
        mean: &[f32],
        std: &[f32],
    ) -> Result<(), InvalidSidecar> {
        range("windows", windows, 1, 1000)?;
        let rate = usize::try_from(config.sample_rate_hz).unwrap_or(usize::MAX);
        range("spectrogram.sample_rate_hz", rate, 1000, 384_000)?;
        range("spectrogram.n_fft", config.n_fft, 16, 1 << 16)?;
        range("spectrogram.hop_length", config.hop_length, 1, 1 << 16)?;
        positive("spectrogram.f_max_hz", config.f_max_hz)?;
        finite("spectrogram.f_min_hz", config.f_min_hz)?;
        let samples = config.window_frames.saturating_mul(config.hop_length);
        range("spectrogram's window in samples", samples, 1, 1 << 26)?;
        let [channels, height, width] = self.input;
        agree("input's channels", channels, "a log-mel spectrogram", 1)?;
        agree(
            "input's height",
            height,
            "spectrogram.n_mels",
            config.n_mels,
        )?;
        agree(
            "input's width",
            width,
            "spectrogram.window_frames",
            config.window_frames,
        )?;
        agree("mean's length", mean.len(), "spectrogram.n_mels", height)?;
        agree("std's length", std.len(), "spectrogram.n_mels", height)?;
        mean.iter().try_for_each(|&m| finite("mean", m))?;
        std.iter().try_for_each(|&s| positive("std", s))
    }
}

fn positive(field: &'static str, value: f32) -> Result<(), InvalidSidecar> {
    if value.is_finite() && value > 0.0 {
        Ok(())
    } else {
        Err(InvalidSidecar::NotPositive { field, value })
    }
}

fn finite(field: &'static str, value: f32) -> Result<(), InvalidSidecar> {
    if value.is_finite() {
        Ok(())
    } else {
        Err(InvalidSidecar::NotFinite { field, value })
    }
}

fn range(
    field: &'static str,
    value: usize,
    least: usize,
    most: usize,
) -> Result<(), InvalidSidecar> {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        Err(InvalidSidecar::Range {
            field,
            value,
            least,
            most,
        })
    }
}

fn agree(
    field: &'static str,
    value: usize,
    other: &'static str,
    expected: usize,
) -> Result<(), InvalidSidecar> {
    if value == expected {
        Ok(())
    } else {
        Err(InvalidSidecar::Disagree {
            field,
            value,
            other,
            expected,
        })
    }
}
