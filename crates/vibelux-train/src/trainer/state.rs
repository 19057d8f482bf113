//! [`Trainer`]: a run's configuration, its data and all that changes while it trains.

use std::path::PathBuf;

use vibelux::model::weights::Weights;

use super::checkpoint::{Progress, State};
use super::error::TrainError;
use super::history::EpochMetrics;
use crate::accelerator::{Accelerator, Placed};
use crate::config::TrainingConfig;
use crate::dataset::{EvaluationSet, TrainingSet};
use crate::distil::Teachers;
use crate::heads::Heads;
use crate::nn::{InstructionSet, Network, NetworkError, Optimiser};

/// Number of emotions: the length of a target.
pub(super) const CLASSES: usize = 7;

/// A run: a configuration, two data sets, and the state that changes.
pub struct Trainer<'a> {
    pub(super) config: TrainingConfig,
    pub(super) training: &'a dyn TrainingSet,
    pub(super) validation: &'a dyn EvaluationSet,
    pub(super) network: Network,
    pub(super) optimiser: Optimiser,
    pub(super) average: Vec<Vec<f32>>,
    pub(super) best: Vec<Vec<f32>>,
    pub(super) progress: Progress,
    pub(super) checkpoint: Option<PathBuf>,
    pub(super) placed: Option<Placed>,
    pub(super) heads: Heads,
    pub(super) teachers: Option<Teachers>,
    /// What the teachers say of each unchanged training example, if that is how they teach.
    pub(super) lessons: Vec<[f32; CLASSES]>,
}

impl<'a> Trainer<'a> {
    /// A fresh run.
    ///
    /// # Errors
    /// If the network cannot be built, a teacher cannot be loaded or there are too few examples.
    pub fn new(
        config: TrainingConfig,
        training: &'a dyn TrainingSet,
        validation: &'a dyn EvaluationSet,
    ) -> Result<Self, TrainError> {
        let isa = InstructionSet::detect(config.precision);
        let (architecture, init) = (&config.architecture, config.init);
        let network = Network::with_instructions(architecture, init, config.seed, isa)?;
        let heads = Heads::new(&config.heads);
        if network.output_len() != heads.outputs() {
            return Err(TrainError::Outputs {
                got: network.output_len(),
                expected: heads.outputs(),
            });
        }
        if training.len() < config.batch_size {
            let (examples, batch_size) = (training.len(), config.batch_size);
            return Err(TrainError::TooFewExamples {
                examples,
                batch_size,
            });
        }
        let teachers = Teachers::load(&config)?;
        let optimiser = Optimiser::new(config.optimiser.clone(), network.parameters());
        let average = if config.ema_decay > 0.0 {
            network.values()
        } else {
            Vec::new()
        };
        Ok(Self {
            config,
            training,
            validation,
            network,
            optimiser,
            average,
            best: Vec::new(),
            progress: Progress {
                data: Some(training.fingerprint()),
                ..Progress::default()
            },
            checkpoint: None,
            placed: None,
            heads,
            teachers,
            lessons: Vec::new(),
        })
    }

    /// Starts from these weights, and their moving average, instead of fresh ones.
    ///
    /// # Errors
    /// If one is missing or has another shape.
    pub fn with_weights(mut self, weights: &Weights) -> Result<Self, NetworkError> {
        self.network.load(weights)?;
        Ok(self.averaging_afresh())
    }

    /// The same with a fresh last layer: the weights are of a network with other outputs.
    ///
    /// # Errors
    /// If one is missing or has another shape.
    pub fn with_backbone(mut self, weights: &Weights) -> Result<Self, NetworkError> {
        self.network.load_backbone(weights)?;
        Ok(self.averaging_afresh())
    }

    fn averaging_afresh(mut self) -> Self {
        if !self.average.is_empty() {
            self.average = self.network.values();
        }
        self
    }

    /// Runs the steps and the passes over the validation set on an accelerator.
    #[must_use]
    pub fn with_accelerator(mut self, accelerator: Box<dyn Accelerator>) -> Self {
        self.placed = Some(Placed::new(accelerator));
        self
    }

    /// Writes checkpoints to this file.
    #[must_use]
    pub fn with_checkpoint(mut self, path: PathBuf) -> Self {
        self.checkpoint = Some(path);
        self
    }

    /// Goes on where the checkpoint file was written.
    ///
    /// # Errors
    /// If there is none or it does not fit the configuration.
    pub fn resume(mut self) -> Result<Self, TrainError> {
        if let Some(path) = self.checkpoint.clone() {
            let data = self.progress.data;
            self.progress = self.state().load(&path)?;
            if self.progress.data.is_some_and(|saved| Some(saved) != data) {
                return Err(TrainError::DataChanged);
            }
            self.progress.data = data;
            if let Some(placed) = &mut self.placed {
                placed.forget();
            }
        }
        Ok(self)
    }

    pub(super) fn state(&mut self) -> State<'_> {
        State {
            network: &mut self.network,
            optimiser: &mut self.optimiser,
            average: &mut self.average,
            best: &mut self.best,
        }
    }

    /// What each finished epoch gave.
    #[must_use]
    pub fn history(&self) -> &[EpochMetrics] {
        &self.progress.history
    }

    /// The epoch whose weights [`Self::into_network`] gives, from 1.
    #[must_use]
    pub fn selected_epoch(&self) -> usize {
        self.progress.best_epoch.unwrap_or(self.progress.epoch)
    }

    /// The network with the weights that the configuration selects.
    #[must_use]
    pub fn into_network(mut self) -> Network {
        if self.progress.best_epoch.is_some() {
            self.network.set_values(self.best);
        } else {
            self.swap_in_average();
        }
        self.network
    }
}
