//! Whether a configuration's values are in their ranges and fit each other; asked before anything is read or
//! trained.

use vibelux::Emotion;
use vibelux::face::FACE_SIDE;
use vibelux::model::architecture::Architecture;
use vibelux::model::sidecar::{self, FrontEnd, OutputKind, Sidecar};

use super::error::ConfigError;
use super::task::{BandStatistics, TaskConfig};
use super::training::TrainingConfig;
use crate::heads::HeadKind;

/// Smallest side of images to train on, in pixels: faces are not to be told apart below it.
const SMALLEST_SIDE: usize = 12;

impl TrainingConfig {
    /// Checks that every value is in its range, and that the network takes what the task gives.
    ///
    /// # Errors
    /// [`ConfigError::Range`] for the first that is not, [`ConfigError::Input`].
    pub fn check(&self) -> Result<(), ConfigError> {
        let rate = self.optimiser.learning_rate;
        let radius = self.optimiser.sharpness_radius;
        let checks: [(&'static str, bool, String, &'static str); 9] = [
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
                "optimiser.sharpness_radius",
                radius.is_finite() && radius >= 0.0,
                radius.to_string(),
                "0 or more",
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
        self.check_heads()
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
                statistics,
                ..
            } => {
                // The sidecar's own limit on sizes: a larger one is refused, not allocated.
                let bands = spectrogram.n_mels.min(1 << 14);
                let statistics = statistics
                    .clone()
                    .unwrap_or_else(|| BandStatistics::neutral(bands));
                FrontEnd::LogMel {
                    spectrogram: spectrogram.clone(),
                    windows: *windows,
                    mean: statistics.mean,
                    std: statistics.std,
                }
            }
        };
        let sidecar = Sidecar {
            version: sidecar::VERSION,
            name: self.preset.clone(),
            input,
            classes: Emotion::ALL.to_vec(),
            sound_kinds: None,
            output: OutputKind::Logits,
            temperature: 1.0,
            prior: None,
            front_end,
        };
        Ok(sidecar.validate()?)
    }

    fn check_heads(&self) -> Result<(), ConfigError> {
        let wrong = |field, value: String, expected| ConfigError::Range {
            field,
            value,
            expected,
        };
        if !self.heads.is_empty() && !matches!(self.task, TaskConfig::Music { .. }) {
            let value = format!("a list of {}", self.heads.len());
            return Err(wrong(
                "heads",
                value,
                "left out: only songs have more columns",
            ));
        }
        if let TaskConfig::Music {
            crop_seconds,
            most_crops,
            ..
        } = self.task
        {
            if let Some(seconds) = crop_seconds
                && !(0.1..=3600.0).contains(&seconds)
            {
                let expected = "from 0.1 to 3600";
                return Err(wrong("task.crop_seconds", seconds.to_string(), expected));
            }
            if let Some(most) = most_crops
                && (most == 0 || crop_seconds.is_none())
            {
                let expected = "at least 1, and beside task.crop_seconds";
                return Err(wrong("task.most_crops", most.to_string(), expected));
            }
        }
        let mut kept = self.heads.iter().filter(|head| head.sound_kind);
        let first = kept.next();
        if kept.next().is_some() || first.is_some_and(|head| head.kind != HeadKind::Class) {
            let expected = "set for one head of kind class at most";
            return Err(wrong("heads.sound_kind", "true".to_owned(), expected));
        }
        for head in &self.heads {
            head.sound_kinds()?;
            if !(head.weight.is_finite() && head.weight > 0.0) {
                return Err(wrong("heads.weight", head.weight.to_string(), "above 0"));
            }
            if head.kind.is_track() != head.array.is_some() {
                let value = head.array.clone().unwrap_or_else(|| "left out".to_owned());
                let expected =
                    "the name of an array for kinds tag_track and value_track, else left out";
                return Err(wrong("heads.array", value, expected));
            }
            if let Some(condition) = head.condition.as_ref().filter(|c| !c.contains('=')) {
                return Err(wrong("heads.where", condition.clone(), "COLUMN=VALUE"));
            }
        }
        Ok(())
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
#[path = "check_tests.rs"]
mod tests;
