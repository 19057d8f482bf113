//! The sidecar of a model: a TOML file beside `F.onnx` (named `F.toml`) that says how to feed it.
//!
//! Training and the Keras import write it; [`crate::model`] reads it before the network. With one,
//! anybody's ONNX file can be used for faces or music.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::atomic;
use crate::emotion::{EMOTION_COUNT, Emotion, EmotionVector};
use crate::spectrogram::LogMelConfig;

/// What a network's last layer gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutputKind {
    /// Unnormalised; softmax(z / temperature) is applied here.
    Logits,
    /// Already sums to 1.
    Probabilities,
}

/// How a picture or a song becomes the network's input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "front_end", rename_all = "snake_case")]
#[non_exhaustive]
pub enum FrontEnd {
    /// A grey face crop, resized to the input's height and width; `(x / 255 - mean) / std`.
    Face {
        /// On the 0..1 scale.
        mean: f32,
        /// On the 0..1 scale.
        std: f32,
        /// Average the logits with those of the mirror image.
        mirror: bool,
    },
    /// Log-mel windows, `(dB - mean[band]) / std[band]`; a song's vector is the mean over windows.
    LogMel {
        /// How the spectrogram is made.
        spectrogram: LogMelConfig,
        /// How many windows are analysed, spread evenly over the song.
        windows: usize,
        /// One per mel band, low to high, in dB.
        mean: Vec<f32>,
        /// One per mel band, low to high, in dB.
        std: Vec<f32>,
    },
    /// The original's picture of the first 90 s (see `vibelux preprocess`), resized to the input's
    /// height and width; `(x / 255 - mean) / std`.
    SpectrogramImage {
        /// On the 0..1 scale.
        mean: f32,
        /// On the 0..1 scale.
        std: f32,
    },
}

impl FrontEnd {
    /// The value of `front_end` in the file.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Face { .. } => "face",
            Self::LogMel { .. } => "log_mel",
            Self::SpectrogramImage { .. } => "spectrogram_image",
        }
    }
}

/// Everything a model's user must know that the ONNX file does not say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sidecar {
    /// Layout version of this file; 1.
    pub version: u32,
    /// A name for listings and for the song store, which re-embeds when it changes.
    pub name: String,
    /// Channels, height and width of the input.
    pub input: [usize; 3],
    /// What the network's outputs mean, in the order in which it gives them.
    pub classes: Vec<Emotion>,
    /// What the last layer gives.
    pub output: OutputKind,
    /// Divides the logits; 1 if never fitted.
    pub temperature: f32,
    /// The mean vector over the data it was judged on: the reference for centring.
    pub prior: Option<EmotionVector>,
    /// How the input is made.
    #[serde(flatten)]
    pub front_end: FrontEnd,
}

/// The only layout version there is.
pub const VERSION: u32 = 1;

/// What the messages show as the smallest file that works for a face model.
pub const MINIMAL_FACE: &str = r#"    version = 1
    name = "my face model"
    input = [1, 48, 48]          # channels, height, width
    classes = ["angry", "disgusted", "fearful", "happy", "neutral", "sad", "surprised"]
    output = "logits"            # or "probabilities"
    temperature = 1.0
    front_end = "face"           # the input is (pixel / 255 - mean) / std
    mean = 0.0
    std = 1.0
    mirror = false"#;

/// What can be wrong with a sidecar.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SidecarError {
    /// There is none beside the model.
    #[error(
        "{path} is missing; write it beside the model to say how it is fed, for a face model at \
         least:\n{MINIMAL_FACE}"
    )]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not TOML, or fields are missing or of the wrong type.
    #[error(
        "{path} is not a model sidecar: {source}\nFor a face model it holds at least:\n{MINIMAL_FACE}"
    )]
    Parse {
        /// Which file.
        path: PathBuf,
        /// What the parser says.
        source: Box<toml::de::Error>,
    },
    /// The values cannot be written as TOML.
    #[error("{path}: {source}")]
    Serialize {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: toml::ser::Error,
    },
    /// A field holds a value that makes no sense.
    #[error("{path}: {source}")]
    Invalid {
        /// Which file.
        path: PathBuf,
        /// Which value.
        source: InvalidSidecar,
    },
}

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
    /// Where the sidecar of a model file lies: `F.toml` beside `F.onnx`.
    #[must_use]
    pub fn path_beside(onnx: &Path) -> PathBuf {
        onnx.with_extension("toml")
    }

    /// Reads and checks a sidecar.
    ///
    /// # Errors
    /// If it is missing, unreadable, not a sidecar or holds values that make no sense; the message
    /// shows what a minimal one looks like.
    pub fn load(path: &Path) -> Result<Self, SidecarError> {
        let text = std::fs::read_to_string(path).map_err(|source| {
            let path = path.to_owned();
            if source.kind() == std::io::ErrorKind::NotFound {
                SidecarError::Missing { path }
            } else {
                SidecarError::Io { path, source }
            }
        })?;
        Self::parse(&text, path)
    }

    /// The same from text; `path` is for the messages.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, SidecarError> {
        let sidecar: Self = toml::from_str(text).map_err(|source| SidecarError::Parse {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        sidecar.validate().map_err(|source| SidecarError::Invalid {
            path: path.to_owned(),
            source,
        })?;
        Ok(sidecar)
    }

    /// Checks and writes a sidecar; a crash leaves either the old file or the new one.
    ///
    /// # Errors
    /// If a value makes no sense or the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), SidecarError> {
        self.validate().map_err(|source| SidecarError::Invalid {
            path: path.to_owned(),
            source,
        })?;
        let text = toml::to_string(self).map_err(|source| SidecarError::Serialize {
            path: path.to_owned(),
            source,
        })?;
        atomic::write(path, text.as_bytes()).map_err(|source| SidecarError::Io {
            path: path.to_owned(),
            source,
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn log_mel() -> Sidecar {
        Sidecar {
            version: VERSION,
            name: "test".to_owned(),
            input: [1, 3, 10],
            classes: Emotion::ALL.to_vec(),
            output: OutputKind::Logits,
            temperature: 1.25,
            prior: Some(EmotionVector::one_hot(Emotion::Sad)),
            front_end: FrontEnd::LogMel {
                spectrogram: LogMelConfig {
                    sample_rate_hz: 16_000,
                    n_fft: 512,
                    hop_length: 256,
                    n_mels: 3,
                    f_min_hz: 0.0,
                    f_max_hz: 8000.0,
                    window_frames: 10,
                },
                windows: 3,
                mean: vec![-30.5, -31.0, -32.0],
                std: vec![10.0, 11.0, 12.0],
            },
        }
    }

    #[test]
    fn a_round_trip_keeps_everything() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.toml");
        for prior in [None, Some(EmotionVector::one_hot(Emotion::Sad))] {
            let sidecar = Sidecar { prior, ..log_mel() };
            sidecar.save(&path).unwrap();
            assert_eq!(Sidecar::load(&path).unwrap(), sidecar);
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_minimal_example_in_the_message_works() {
        let sidecar = Sidecar::parse(MINIMAL_FACE, Path::new("m.toml")).unwrap();
        assert_eq!(sidecar.input, [1, 48, 48]);
        let dir = tempfile::tempdir().unwrap();
        let message = Sidecar::load(&dir.path().join("none.toml"))
            .unwrap_err()
            .to_string();
        assert!(message.contains("none.toml") && message.contains(MINIMAL_FACE));
        let message = Sidecar::parse("version = 1", Path::new("m.toml"))
            .unwrap_err()
            .to_string();
        assert!(message.contains("m.toml") && message.contains(MINIMAL_FACE));
    }

    #[test]
    fn values_that_make_no_sense_are_refused() {
        type Change = fn(&mut Sidecar);
        let changes: [Change; 9] = [
            |s| s.version = 2,
            |s| s.input = [0, 3, 10],
            |s| s.input = [usize::MAX; 3],
            |s| s.input = [1, 4, 10],
            |s| s.classes[0] = Emotion::Sad,
            |s| s.classes.push(Emotion::Sad),
            |s| s.temperature = 0.0,
            |s| s.temperature = f32::NAN,
            |s| {
                s.front_end = FrontEnd::Face {
                    mean: 0.0,
                    std: -1.0,
                    mirror: false,
                }
            },
        ];
        assert_eq!(log_mel().validate(), Ok(()));
        for (i, change) in changes.into_iter().enumerate() {
            let mut sidecar = log_mel();
            change(&mut sidecar);
            assert!(sidecar.validate().is_err(), "change {i}");
        }
    }
}
