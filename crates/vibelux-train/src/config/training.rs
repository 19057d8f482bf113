//! [`TrainingConfig`]: every choice of a training run, saved beside its weights.
//!
//! The presets in [`super::preset`] make one; a user's TOML file or flags change it; a run folder
//! keeps it, so that `--resume` needs nothing else.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vibelux::model::architecture::Architecture;

use super::error::ConfigError;
use super::task::{Schedule, Selection, SizeStage, TaskConfig};
use crate::distil::DistilConfig;
use crate::heads::HeadConfig;
use crate::nn::{Init, OptimiserConfig, Precision};

/// Every hyperparameter of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// Name of the preset it came from.
    pub preset: String,
    /// Decides initial weights, order, augmentation and dropout.
    pub seed: u64,
    /// Passes over the training set at most.
    pub epochs: usize,
    /// Examples per step.
    pub batch_size: usize,
    /// Stop when the validation loss has not fallen for this many epochs.
    pub early_stopping_epochs: Option<usize>,
    /// Which epoch's weights are kept.
    pub selection: Selection,
    /// Epochs over which the learning rate rises from 0.
    pub warmup_epochs: f32,
    /// What it does after that.
    pub schedule: Schedule,
    /// Weight of the votes in `labels.csv` in the target, 0..=1; the rest is the class folder's.
    pub soft_target_weight: f32,
    /// Share of the target spread evenly over all classes, 0..1 (Szegedy et al. 2016).
    pub label_smoothing: f32,
    /// Alpha of mixup's Beta distribution (Zhang et al. 2018); 0 for none.
    pub mixup: f32,
    /// Decay of the moving average of the weights per step; 0 for none.
    pub ema_decay: f32,
    /// How fresh weights are drawn.
    pub init: Init,
    /// Weights to start from instead of fresh ones: a run folder or a weights file of the same network. If
    /// that run had other heads, the last layer starts fresh. Read once, when the run begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<PathBuf>,
    /// What factors are rounded to in training and in the run's own validation on the CPU; a graphics
    /// card computes in f32. Where the processor cannot multiply bf16, or multiplies f32 faster, f32
    /// stands in, so a run ends with the same bits only on processors of the same kind.
    #[serde(default)]
    pub precision: Precision,
    /// Stretches of the run on smaller images, in order; after the last, and where the run is judged,
    /// images have the network's full size. Faces only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sizes: Vec<SizeStage>,
    /// Finished runs to learn from beside the labels. Faces only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distil: Option<DistilConfig>,
    /// What the network learns beside the seven emotions. Tables of songs only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heads: Vec<HeadConfig>,
    /// Update rule, learning rate, weight decay, radius of sharpness-aware steps.
    pub optimiser: OptimiserConfig,
    /// What the inputs are made of.
    pub task: TaskConfig,
    /// The network.
    pub architecture: Architecture,
}

impl TrainingConfig {
    /// Reads a TOML file and checks its values.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Io {
            path: path.to_owned(),
            source,
        })?;
        let config: Self = toml::from_str(&text).map_err(|source| ConfigError::Parse {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        config.check()?;
        Ok(config)
    }

    /// Writes a TOML file.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn save(&self, path: &Path) -> Result<(), ConfigError> {
        let text = self.to_toml().map_err(|source| ConfigError::Write {
            path: path.to_owned(),
            source,
        })?;
        vibelux::atomic::write(path, text.as_bytes()).map_err(|source| ConfigError::Io {
            path: path.to_owned(),
            source,
        })
    }

    /// The text of a TOML file that [`Self::load`] reads.
    ///
    /// # Errors
    /// If TOML cannot hold it, for example a path that is not Unicode.
    pub fn to_toml(&self) -> Result<String, Box<toml::ser::Error>> {
        Ok(toml::to_string(self)?)
    }

    /// Channels, height and width of what the network is trained on in an epoch, from 0.
    #[must_use]
    pub fn input_at(&self, epoch: usize) -> [usize; 3] {
        // Rounded, so that 0.6 of 40 epochs is 24 whatever the float nearest to 0.6.
        let end = |stage: &SizeStage| f64::from(stage.until) * self.epochs as f64;
        let full = self.architecture.input;
        self.sizes
            .iter()
            .find(|stage| epoch < end(stage).round() as usize)
            .map_or(full, |stage| [full[0], stage.side, stage.side])
    }
}
