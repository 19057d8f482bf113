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
use crate::distil::DistilConfig;
use crate::heads::{self, HeadConfig};
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

/// Smallest side of images to train on, in pixels: faces are not to be told apart below it.
const SMALLEST_SIDE: usize = 12;

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
    /// card computes in f32. Where the processor cannot multiply bf16, f32 stands in, so a run ends
    /// with the same bits only on processors that both can or both cannot.
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
        self.check_input()?;
        self.check_sizes()?;
        self.check_distil()?;
        heads::check(self)
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

    fn check_distil(&self) -> Result<(), ConfigError> {
        match &self.distil {
            None => Ok(()),
            Some(distil) if matches!(self.task, TaskConfig::Face { .. }) => distil.check(),
            Some(distil) => Err(ConfigError::Range {
                field: "distil.runs",
                value: format!("a list of {}", distil.runs.len()),
                expected: "left out: only faces are distilled",
            }),
        }
    }

    fn check_sizes(&self) -> Result<(), ConfigError> {
        let wrong = |field, value: String, expected| ConfigError::Range {
            field,
            value,
            expected,
        };
        if !self.sizes.is_empty() && !matches!(self.task, TaskConfig::Face { .. }) {
            let count = format!("{} stages", self.sizes.len());
            return Err(wrong("sizes", count, "empty: only faces are resized"));
        }
        let full = self.architecture.parameters().ok();
        let mut before = 0.0;
        for stage in &self.sizes {
            let until = stage.until;
            if !(until > before && until <= 1.0) {
                let expected = "above 0, above the stage before, and at most 1";
                return Err(wrong("sizes.until", until.to_string(), expected));
            }
            before = until;
            let side = stage.side;
            if !(SMALLEST_SIDE..=FACE_SIDE).contains(&side) {
                let expected = "between 12 and 48";
                return Err(wrong("sizes.side", side.to_string(), expected));
            }
            let small = Architecture {
                input: [1, side, side],
                layers: self.architecture.layers.clone(),
            };
            if small.parameters().ok() != full {
                let expected = "a size at which the network has the same weights: not too small for \
                                its layers, and global pooling instead of flattening";
                return Err(wrong("sizes.side", side.to_string(), expected));
            }
        }
        Ok(())
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
    use proptest::prelude::*;

    fn staged(epochs: usize, stages: &[(f32, usize)]) -> TrainingConfig {
        let mut config = preset::face("default").unwrap();
        config.epochs = epochs;
        config.sizes = stages
            .iter()
            .map(|&(until, side)| SizeStage { until, side })
            .collect();
        config
    }

    #[test]
    fn image_sizes_follow_their_stages() {
        let config = staged(40, &[(0.35, 24), (0.6, 36)]);
        config.check().unwrap();
        let sides: Vec<usize> = (0..40).map(|epoch| config.input_at(epoch)[2]).collect();
        assert_eq!(sides, [vec![24; 14], vec![36; 10], vec![48; 16]].concat());
        assert_eq!(staged(3, &[]).input_at(0), [1, 48, 48]);
        assert_eq!(staged(3, &[(1.0, 44)]).input_at(2), [1, 44, 44]);
    }

    #[test]
    fn image_sizes_out_of_order_or_range_are_refused() {
        for stages in [
            &[(0.5, 24), (0.5, 36)][..],
            &[(0.5, 24), (0.4, 36)],
            &[(0.0, 24)],
            &[(1.1, 24)],
            &[(f32::NAN, 24)],
            &[(0.5, 11)],
            &[(0.5, 49)],
            // Four poolings leave nothing of it.
            &[(0.5, 15)],
        ] {
            let refused = staged(10, stages).check();
            assert!(
                matches!(refused, Err(ConfigError::Range { .. })),
                "{stages:?}"
            );
        }
        let mut flattening = preset::face("original").unwrap();
        flattening.sizes = staged(1, &[(0.5, 24)]).sizes;
        let refused = flattening.check().unwrap_err().to_string();
        assert!(refused.contains("flattening"), "{refused}");
        let mut music = preset::music("default").unwrap();
        music.sizes = flattening.sizes;
        assert!(music.check().is_err());
    }

    #[test]
    fn a_file_from_before_there_were_sizes_still_loads() {
        let text = toml::to_string(&staged(5, &[])).unwrap();
        assert!(!text.contains("sizes"));
        let config = staged(5, &[(0.25, 24), (0.5, 36)]);
        let with_stages = toml::to_string(&config).unwrap();
        assert!(with_stages.contains("[[sizes]]"));
        assert_eq!(
            toml::from_str::<TrainingConfig>(&with_stages).unwrap(),
            config
        );
        assert!(
            toml::from_str::<TrainingConfig>(&text)
                .unwrap()
                .sizes
                .is_empty()
        );
    }

    proptest! {
        #[test]
        fn every_epoch_has_the_size_of_its_stage(
            epochs in 1_usize..400,
            untils in prop::collection::btree_set(1_u32..=100, 0..5),
        ) {
            let stages: Vec<(f32, usize)> = untils
                .iter()
                .enumerate()
                .map(|(i, &percent)| (percent as f32 / 100.0, 16 + 4 * i))
                .collect();
            let config = staged(epochs, &stages);
            prop_assert!(config.check().is_ok());
            let side = |epoch| config.input_at(epoch)[1];
            // The sides rise here, so a run that goes back in size has lost its place.
            prop_assert!((1..epochs).all(|epoch| side(epoch - 1) <= side(epoch)));
            for (i, &percent) in untils.iter().enumerate() {
                let trained = (0..epochs).filter(|&epoch| side(epoch) <= 16 + 4 * i).count();
                let expected = epochs as f64 * f64::from(percent) / 100.0;
                prop_assert!((trained as f64 - expected).abs() <= 0.51, "{trained}, {expected}");
            }
        }
    }

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
