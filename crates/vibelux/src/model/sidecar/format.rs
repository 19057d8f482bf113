//! [`Sidecar`]: what stands in the file.

use serde::{Deserialize, Serialize};

use crate::audio::SoundKind;
use crate::emotion::{Emotion, EmotionVector};
use crate::spectrogram::LogMelConfig;

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
    /// What the outputs after them mean, if there are more: logits of what sort of sound a window is, which
    /// the temperature does not divide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sound_kinds: Option<[SoundKind; 3]>,
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
