//! What a run is made of beside its numbers: the inputs, which epoch is kept, how the learning rate and the
//! image sizes change.

use serde::{Deserialize, Serialize};
use vibelux::spectrogram::LogMelConfig;

use crate::augment::{FaceAugmentation, MusicAugmentation};

/// What the inputs are made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TaskConfig {
    /// 48x48 grey face crops; `(x / 255 - mean) / std`.
    Face {
        /// On the 0..1 scale.
        mean: f32,
        /// On the 0..1 scale.
        std: f32,
        /// Judge (and use) the model on the mean of the logits of a face and of its mirror image.
        mirror: bool,
        /// What is done to training images.
        augmentation: FaceAugmentation,
    },
    /// Log-mel windows of songs.
    Music {
        /// How the spectrogram is made, and the window's length.
        spectrogram: LogMelConfig,
        /// Windows per song when it is judged or used.
        windows: usize,
        /// What is done to training windows.
        augmentation: MusicAugmentation,
        /// Training windows drawn from each song per epoch.
        crops_per_song: usize,
        /// Instead: one training window for so many seconds of a song, so that long ones count for more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        crop_seconds: Option<f64>,
        /// With `crop_seconds`: at most so many of one song, so that a few long ones are not most of an epoch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        most_crops: Option<usize>,
        /// What windows are standardised by. Without it, the statistics of the training songs; a run that
        /// starts from another's weights takes over that run's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        statistics: Option<BandStatistics>,
    },
    /// Pictures of whole-song spectrograms, as `vibelux preprocess` makes them.
    SpectrogramImage {
        /// On the 0..1 scale.
        mean: f32,
        /// On the 0..1 scale.
        std: f32,
    },
}

/// The mean and standard deviation of each mel band, in dB.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BandStatistics {
    /// One per band, low to high.
    pub mean: Vec<f32>,
    /// One per band, low to high; above 0.
    pub std: Vec<f32>,
}

impl BandStatistics {
    /// Those that change nothing.
    #[must_use]
    pub fn neutral(bands: usize) -> Self {
        Self {
            mean: vec![0.0; bands],
            std: vec![1.0; bands],
        }
    }
}

/// Which epoch's weights a run keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// Those of the last epoch: nothing is selected on the validation set.
    Last,
    /// Those with the lowest validation loss.
    ValidationLoss,
    /// Those with the highest validation accuracy.
    ValidationAccuracy,
}

/// How the learning rate changes after the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// Stays.
    Constant,
    /// Falls to zero over the run like a half cosine (Loshchilov & Hutter 2017).
    Cosine,
}

/// A stretch of a run that trains on smaller images.
///
/// Small images are quicker, and what is learnt on them holds for larger ones when the network's
/// weights do not depend on the size: progressive resizing, as in Karras et al. 2018
/// (arXiv:1710.10196) and Tan & Le 2021 (arXiv:2104.00298).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SizeStage {
    /// Share of the run's epochs at which the stage ends, above 0 and at most 1.
    pub until: f32,
    /// Side of the images in pixels, 12..=48.
    pub side: usize,
}
