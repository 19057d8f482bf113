//! [`Teacher`]: one finished run, loaded and found fit to teach.

use std::path::Path;

use vibelux::model::weights::Weights;

use super::config::TeacherView;
use super::error::DistilError;
use super::weights_file::weights_file;
use crate::config::{TaskConfig, TrainingConfig};
use crate::fingerprint::fnv1a;
use crate::nn::{InstructionSet, Network, NetworkError};

/// Number of emotions: the length of a target.
pub(super) const CLASSES: usize = 7;

/// One finished run.
pub(super) struct Teacher {
    pub(super) network: Network,
    /// From the student's standardised pixels to its own: `x * scale + offset`.
    pub(super) scale: f32,
    pub(super) offset: f32,
    pub(super) fingerprint: String,
}

impl Teacher {
    pub(super) fn load(
        run: &Path,
        student: &TrainingConfig,
        view: TeacherView,
        expected: Option<&str>,
    ) -> Result<Self, DistilError> {
        let path = weights_file(run);
        let config = TrainingConfig::load(&path.with_file_name("config.toml"))?;
        let fingerprint = fingerprint(&path)?;
        if let Some(expected) = expected.filter(|&expected| expected != fingerprint) {
            return Err(DistilError::Changed {
                path,
                got: fingerprint,
                expected: expected.to_owned(),
            });
        }
        let weights = Weights::load(&path)?;
        let network = Self::network(&config, &weights, student, view);
        let network = network.map_err(|source| DistilError::Network {
            path: path.clone(),
            source,
        })?;
        let standardisations = (standardisation(student), standardisation(&config));
        let ((Some((mean, std)), Some((own_mean, own_std))), CLASSES) =
            (standardisations, network.output_len())
        else {
            return Err(DistilError::NotAFaceRun { path });
        };
        Ok(Self {
            network,
            // Exactly 1 and 0 where the two agree.
            scale: std / own_std,
            offset: (mean - own_mean) / own_std,
            fingerprint,
        })
    }

    /// The network, having tried every size that it will be shown.
    fn network(
        config: &TrainingConfig,
        weights: &Weights,
        student: &TrainingConfig,
        view: TeacherView,
    ) -> Result<Network, NetworkError> {
        let isa = InstructionSet::detect(config.precision);
        let architecture = &config.architecture;
        let mut network = Network::with_instructions(architecture, config.init, config.seed, isa)?;
        network.load(weights)?;
        let full = student.architecture.input;
        if view == TeacherView::ChangedSmall {
            for stage in &student.sizes {
                network.set_input([full[0], stage.side, stage.side])?;
            }
        }
        network.set_input(full)?;
        Ok(network)
    }
}

/// Mean and standard deviation that faces are standardised by.
fn standardisation(config: &TrainingConfig) -> Option<(f32, f32)> {
    match config.task {
        TaskConfig::Face { mean, std, .. } => Some((mean, std)),
        _ => None,
    }
}

/// The fingerprint of a file, as hexadecimal digits.
fn fingerprint(path: &Path) -> Result<String, DistilError> {
    let bytes = std::fs::read(path).map_err(|source| DistilError::Io {
        path: path.to_owned(),
        source,
    })?;
    Ok(format!("{:016x}", fnv1a(bytes)))
}
