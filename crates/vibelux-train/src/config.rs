//! [`TrainingConfig`]: every choice of a training run, saved beside its weights.
//!
//! The presets in [`crate::preset`] make one; a user's TOML file or flags change it; a run folder
//! keeps it, so that `--resume` needs nothing else.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vibelux::Emotion;
use vibelux::face::FACE_SIDE;
use vibelux::model::architecture::Architecture;
use vibelux::model::sidecar::{self, FrontEnd, InvalidSidecar, OutputKind, Sidecar};
use vibelux::spectrogram::LogMelConfig;

use crate::augment::{FaceAugmentation, MusicAugmentation};
use crate::nn::{Init, OptimiserConfig, Precision};

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
    },
    /// Pictures of whole-song spectrograms, as `vibelux preprocess` makes them.
    SpectrogramImage {
        /// On the 0..1 scale.
        mean: f32,
        /// On the 0..1 scale.
        std: f32,
    },
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
    /// What factors are rounded to in training and in the run's own validation.
    #[serde(default)]
    pub precision: Precision,
    /// Update rule, learning rate, weight decay.
    pub optimiser: OptimiserConfig,
    /// What the inputs are made of.
    pub task: TaskConfig,
    /// The network.
    pub architecture: Architecture,
}

/// What can be wrong with a configuration file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// It cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not the TOML that is expected.
    #[error("{path}: {source}")]
    Parse {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// It cannot be written as TOML.
    #[error("{path}: {source}")]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: Box<toml::ser::Error>,
    },
    /// A value is out of its range.
    #[error("{field} is {value}, but must be {expected}")]
    Range {
        /// Which field.
        field: &'static str,
        /// What it is.
        value: String,
        /// What it may be.
        expected: &'static str,
    },
    /// The input that the network takes is not what the task gives, or cannot be made.
    #[error("the network's input and the task do not fit: {0}")]
    Input(#[from] InvalidSidecar),
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
        let text = toml::to_string(self).map_err(|source| ConfigError::Write {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        std::fs::write(path, text).map_err(|source| ConfigError::Io {
            path: path.to_owned(),
            source,
        })
    }

    /// Checks that every value is in its range, and that the network takes what the task gives.
    ///
    /// # Errors
    /// [`ConfigError::Range`] for the first that is not, [`ConfigError::Input`].
    pub fn check(&self) -> Result<(), ConfigError> {
        let rate = self.optimiser.learning_rate;
        let checks: [(&'static str, bool, String, &'static str); 8] = [
            (
                "epochs",
                self.epochs > 0,
                self.epochs.to_string(),
                "at least 1",
            ),
            (
                "batch_size",
                self.batch_size > 1,
                self.batch_size.to_string(),
                "at least 2",
            ),
            (
                "optimiser.learning_rate",
                rate.is_finite() && rate > 0.0,
                rate.to_string(),
                "greater than 0",
            ),
            (
                "warmup_epochs",
                self.warmup_epochs.is_finite() && self.warmup_epochs >= 0.0,
                self.warmup_epochs.to_string(),
                "0 or more",
            ),
            unit("soft_target_weight", self.soft_target_weight),
            unit("label_smoothing", self.label_smoothing),
            unit("ema_decay", self.ema_decay),
            (
                "mixup",
                (0.0..=1.0).contains(&self.mixup),
                self.mixup.to_string(),
                "between 0 and 1",
            ),
        ];
        for (field, good, value, expected) in checks {
            if !good {
                return Err(ConfigError::Range {
                    field,
                    value,
                    expected,
                });
            }
        }
        self.check_input()
    }

    /// What the sidecar of the trained model will refuse is better refused before the training.
    fn check_input(&self) -> Result<(), ConfigError> {
        let input = self.architecture.input;
        let (pixels, expected) = match self.task {
            TaskConfig::Face { .. } => ([1, FACE_SIDE, FACE_SIDE], "[1, 48, 48] for faces"),
            _ => ([1, input[1], input[2]], "one channel"),
        };
        if input != pixels {
            return Err(ConfigError::Range {
                field: "architecture.input",
                value: format!("{input:?}"),
                expected,
            });
        }
        let front_end = match &self.task {
            TaskConfig::Face {
                mean, std, mirror, ..
            } => FrontEnd::Face {
                mean: *mean,
                std: *std,
                mirror: *mirror,
            },
            TaskConfig::SpectrogramImage { mean, std } => FrontEnd::SpectrogramImage {
                mean: *mean,
                std: *std,
            },
            TaskConfig::Music {
                spectrogram,
                windows,
                ..
            } => {
                // The sidecar's own limit on sizes: a larger one is refused, not allocated.
                let bands = spectrogram.n_mels.min(1 << 14);
                FrontEnd::LogMel {
                    spectrogram: spectrogram.clone(),
                    windows: *windows,
                    mean: vec![0.0; bands],
                    std: vec![1.0; bands],
                }
            }
        };
        let sidecar = Sidecar {
            version: sidecar::VERSION,
            name: self.preset.clone(),
            input,
            classes: Emotion::ALL.to_vec(),
            output: OutputKind::Logits,
            temperature: 1.0,
            prior: None,
            front_end,
        };
        Ok(sidecar.validate()?)
    }
}

fn unit(field: &'static str, value: f32) -> (&'static str, bool, String, &'static str) {
    (
        field,
        (0.0..=1.0).contains(&value),
        value.to_string(),
        "between 0 and 1",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset;

    #[test]
    fn a_network_that_does_not_take_what_the_task_gives_is_refused() {
        let mut config = preset::face("default").unwrap();
        config.architecture.input = [1, 44, 44];
        assert!(matches!(config.check(), Err(ConfigError::Range { .. })));

        let mut config = preset::music("original").unwrap();
        config.architecture.input[0] = 3;
        assert!(matches!(config.check(), Err(ConfigError::Range { .. })));

        let mut config = preset::music("default").unwrap();
        config.architecture.input[1] += 1;
        assert!(matches!(config.check(), Err(ConfigError::Input(_))));
    }

    #[test]
    fn what_the_sidecar_would_refuse_is_refused_before_the_training() {
        let mut config = preset::face("default").unwrap();
        if let TaskConfig::Face { std, .. } = &mut config.task {
            *std = 0.0;
        }
        assert!(matches!(config.check(), Err(ConfigError::Input(_))));

        let mut config = preset::music("default").unwrap();
        if let TaskConfig::Music {
            windows,
            spectrogram,
            ..
        } = &mut config.task
        {
            *windows = 0;
            spectrogram.n_mels = usize::MAX;
        }
        assert!(matches!(config.check(), Err(ConfigError::Input(_))));
    }
}
