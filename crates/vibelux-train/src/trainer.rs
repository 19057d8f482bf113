//! The training loop: draws batches, steps, judges after each epoch, writes checkpoints.
//!
//! Everything random is drawn from (seed, epoch, example), so a run that was interrupted and resumed
//! computes the same numbers as one that was not.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use rayon::prelude::*;
use vibelux::model::weights::Weights;

use crate::accelerator::{Accelerator, AcceleratorError, Placed, Step};
use crate::batch::{Shrink, mix_up, mixing_shares};
use crate::checkpoint::{CheckpointError, Progress, State};
use crate::config::{Schedule, Selection, TrainingConfig};
use crate::dataset::{EvaluationSet, TrainingSet};
use crate::distil::{DistilError, TeacherView, Teachers};
use crate::heads::Heads;
use crate::history::EpochMetrics;
use crate::metrics::argmax;
use crate::nn::{InstructionSet, Mode, Network, NetworkError, Optimiser, Random};
use crate::predict::{Predictions, predict, predict_by};

/// Number of emotions: the length of a target.
const CLASSES: usize = 7;
/// Seconds between two checkpoints inside an epoch.
const CHECKPOINT_SECONDS: f64 = 120.0;

/// Why a run stopped short.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The network cannot be built.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A checkpoint cannot be written or read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The graphics card failed.
    #[error(transparent)]
    Accelerator(#[from] AcceleratorError),
    /// A teacher cannot be used.
    #[error(transparent)]
    Distil(#[from] DistilError),
    /// Fewer examples than a step needs.
    #[error(
        "{examples} training examples are fewer than one batch of {batch_size}; lower --batch-size"
    )]
    TooFewExamples {
        /// How many there are.
        examples: usize,
        /// How many a step takes.
        batch_size: usize,
    },
    /// The network does not give as many values as its heads need.
    #[error(
        "the network gives {got} values, expected {expected}: one per emotion and per name of a head"
    )]
    Outputs {
        /// How many it gives.
        got: usize,
        /// How many are needed.
        expected: usize,
    },
    /// A graphics card is to train a network with more heads.
    #[error(
        "networks with heads beside the seven emotions train on the CPU only; use --device cpu"
    )]
    HeadsOnAccelerator,
    /// The training set is not the one that the run began with.
    #[error(
        "the training set has changed since this run began (other files, pixels, labels or order); \
         bring it back, or start another run"
    )]
    DataChanged,
    /// The loss is not a number any more.
    #[error(
        "the loss became {loss} in epoch {epoch}; try a lower learning rate or a longer warm-up"
    )]
    Diverged {
        /// What it became.
        loss: f64,
        /// When, from 1.
        epoch: usize,
    },
}

/// What a run reports while it goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// After each step.
    Step {
        /// From 1.
        epoch: usize,
        /// Steps done in this epoch.
        step: usize,
        /// Steps per epoch.
        steps: usize,
        /// Mean loss of the epoch so far.
        loss: f64,
        /// Examples per second in this epoch.
        examples_per_second: f64,
    },
    /// After each epoch.
    Epoch(EpochMetrics),
    /// A checkpoint was written.
    Checkpoint,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All epochs, or early stopping.
    Finished,
    /// The stop flag was raised; the checkpoint holds the state.
    Interrupted,
}

/// A run: a configuration, two data sets, and the state that changes.
pub struct Trainer<'a> {
    config: TrainingConfig,
    training: &'a dyn TrainingSet,
    validation: &'a dyn EvaluationSet,
    network: Network,
    optimiser: Optimiser,
    average: Vec<Vec<f32>>,
    best: Vec<Vec<f32>>,
    progress: Progress,
    checkpoint: Option<PathBuf>,
    placed: Option<Placed>,
    heads: Heads,
    teachers: Option<Teachers>,
    /// What the teachers say of each unchanged training example, if that is how they teach.
    lessons: Vec<[f32; CLASSES]>,
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
            values(&network)
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
            self.average = values(&self.network);
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

    fn state(&mut self) -> State<'_> {
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

    fn steps_per_epoch(&self) -> usize {
        // A last, smaller batch would give batch norm poor statistics; it is left out, and another
        // order next epoch brings its examples in.
        self.training.len() / self.config.batch_size
    }

    /// Share of the peak learning rate at a step of the whole run.
    fn learning_rate_factor(&self, step: usize) -> f32 {
        let per_epoch = self.steps_per_epoch() as f32;
        let warmup = self.config.warmup_epochs * per_epoch;
        let step = step as f32;
        if step < warmup {
            return (step + 1.0) / warmup;
        }
        match self.config.schedule {
            Schedule::Constant => 1.0,
            Schedule::Cosine => {
                let total = self.config.epochs as f32 * per_epoch;
                let done = (step - warmup) / (total - warmup).max(1.0);
                0.5 * (1.0 + (std::f32::consts::PI * done.min(1.0)).cos())
            }
        }
    }

    /// Trains until the last epoch, early stopping, or `stop`; the last leaves a checkpoint.
    ///
    /// # Errors
    /// If the loss is not finite any more or a checkpoint cannot be written.
    pub fn run(
        &mut self,
        stop: &AtomicBool,
        observe: &mut dyn FnMut(&Event),
    ) -> Result<Outcome, TrainError> {
        if self.placed.is_some() && !self.config.heads.is_empty() {
            return Err(TrainError::HeadsOnAccelerator);
        }
        if !self.take_lessons(stop) {
            return Ok(Outcome::Interrupted);
        }
        while self.progress.epoch < self.config.epochs && !self.stopped_early() {
            self.take_input(self.config.input_at(self.progress.epoch))?;
            let whole = self.train_epoch(stop, observe)?;
            self.fetch()?;
            self.take_input(self.config.architecture.input)?;
            if !whole {
                self.write_checkpoint(observe)?;
                return Ok(Outcome::Interrupted);
            }
            self.finish_epoch(observe)?;
            self.write_checkpoint(observe)?;
        }
        Ok(Outcome::Finished)
    }

    /// Asks teachers that teach so about every unchanged example and its mirror image; false if
    /// stopped. Nothing of it is kept: a resumed run asks again, and gets the same answers.
    fn take_lessons(&mut self, stop: &AtomicBool) -> bool {
        let Some(teachers) = &mut self.teachers else {
            return true;
        };
        if teachers.view() != TeacherView::Unchanged || self.progress.epoch >= self.config.epochs {
            return true;
        }
        let len: usize = self.config.architecture.input.iter().product();
        let mut lessons = Vec::with_capacity(self.training.len());
        let mut inputs = vec![0.0; self.config.batch_size * len];
        let mut answers = vec![0.0; self.config.batch_size * CLASSES];
        let indices: Vec<usize> = (0..self.training.len()).collect();
        for part in indices.chunks(self.config.batch_size) {
            if stop.load(Ordering::Relaxed) {
                return false;
            }
            let mut mean = vec![[0.0; CLASSES]; part.len()];
            for mirrored in [false, true] {
                let inputs = &mut inputs[..part.len() * len];
                inputs
                    .par_chunks_exact_mut(len)
                    .zip(part)
                    .for_each(|(input, &index)| {
                        self.training.unchanged(index, mirrored, input);
                    });
                let answers = &mut answers[..part.len() * CLASSES];
                teachers.ask(inputs, answers);
                for (mean, answer) in mean.iter_mut().zip(answers.as_chunks::<CLASSES>().0) {
                    for (m, a) in mean.iter_mut().zip(answer) {
                        *m += 0.5 * a;
                    }
                }
            }
            lessons.append(&mut mean);
        }
        self.lessons = lessons;
        true
    }

    /// Makes the network take inputs of another size; the state must have been fetched.
    fn take_input(&mut self, input: [usize; 3]) -> Result<(), TrainError> {
        if self.network.architecture().input != input {
            self.network.set_input(input)?;
            if let Some(placed) = &mut self.placed {
                placed.forget();
            }
            let small = |t: &&mut Teachers| t.view() == TeacherView::ChangedSmall;
            if let Some(teachers) = self.teachers.as_mut().filter(small) {
                teachers.set_input(input)?;
            }
        }
        Ok(())
    }

    fn stopped_early(&self) -> bool {
        let Some(patience) = self.config.early_stopping_epochs else {
            return false;
        };
        let history = &self.progress.history;
        let best = history
            .iter()
            .min_by(|a, b| a.validation_loss.total_cmp(&b.validation_loss))
            .map_or(0, |m| m.epoch);
        history
            .last()
            .is_some_and(|last| last.epoch >= best + patience)
    }

    /// The order in which an epoch draws its examples.
    fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.training.len()).collect();
        Random::new(self.config.seed, 0x0bde, self.progress.epoch as u64).shuffle(&mut order);
        order
    }

    /// Runs the rest of the current epoch; false if it was interrupted.
    fn train_epoch(
        &mut self,
        stop: &AtomicBool,
        observe: &mut dyn FnMut(&Event),
    ) -> Result<bool, TrainError> {
        let order = self.order();
        let steps = self.steps_per_epoch();
        let batch = self.config.batch_size;
        let mut inputs = vec![0.0; batch * self.full_len()];
        let mut labels = vec![0.0; batch * self.heads.outputs()];
        let mut targets = labels.clone();
        let mut shrink = self.shrink();
        let mut since_checkpoint = Instant::now();
        while self.progress.step < steps {
            if stop.load(Ordering::Relaxed) {
                return Ok(false);
            }
            let start = Instant::now();
            let step = self.progress.step;
            let indices = &order[step * batch..(step + 1) * batch];
            self.draw(indices, &mut inputs, &mut labels, &mut targets);
            let small = shrink.apply(&inputs);
            if let Some(teachers) = &mut self.teachers {
                match teachers.view() {
                    TeacherView::Changed => teachers.teach(&inputs, &labels, &mut targets),
                    TeacherView::ChangedSmall => teachers.teach(small, &labels, &mut targets),
                    // Already in the targets that were drawn.
                    TeacherView::Unchanged => {}
                }
            }
            let (loss, right) = self.step(small, &targets, &labels)?;
            let progress = &mut self.progress;
            let loss_sum = f64::from_bits(progress.loss_sum_bits) + loss * batch as f64;
            if !loss_sum.is_finite() {
                return Err(TrainError::Diverged {
                    loss,
                    epoch: progress.epoch + 1,
                });
            }
            progress.loss_sum_bits = loss_sum.to_bits();
            progress.right += right;
            progress.seen += batch as u64;
            progress.step += 1;
            progress.seconds += start.elapsed().as_secs_f64();
            observe(&Event::Step {
                epoch: progress.epoch + 1,
                step: progress.step,
                steps,
                loss: loss_sum / progress.seen as f64,
                examples_per_second: progress.seen as f64 / progress.seconds,
            });
            if since_checkpoint.elapsed().as_secs_f64() > CHECKPOINT_SECONDS {
                self.fetch()?;
                self.write_checkpoint(observe)?;
                since_checkpoint = Instant::now();
            }
        }
        Ok(true)
    }

    /// Values of an example at full size, as the training set draws it.
    fn full_len(&self) -> usize {
        self.config.architecture.input.iter().product()
    }

    /// From full size to what the network takes now.
    fn shrink(&self) -> Shrink {
        Shrink::new(
            self.config.architecture.input,
            self.network.architecture().input,
        )
    }

    /// Fills a batch; each example's draw depends only on (seed, epoch, example).
    fn draw(&self, indices: &[usize], inputs: &mut [f32], labels: &mut [f32], targets: &mut [f32]) {
        let (seed, epoch) = (self.config.seed, self.progress.epoch as u64);
        let len = self.full_len();
        inputs
            .par_chunks_exact_mut(len)
            .zip(labels.par_chunks_exact_mut(self.heads.outputs()))
            .zip(indices)
            .for_each(|((input, target), &index)| {
                let mut random = Random::new(seed, 0xd4a0 + (epoch << 16), index as u64);
                self.training.draw(index, &mut random, input, target);
            });
        match &self.teachers {
            Some(teachers) if !self.lessons.is_empty() => {
                let rows = targets.as_chunks_mut::<CLASSES>().0;
                for (target, &index) in rows.iter_mut().zip(indices) {
                    *target = self.lessons[index];
                }
                teachers.mix(labels, targets);
            }
            _ => targets.copy_from_slice(labels),
        }
        if self.config.mixup > 0.0 {
            let stream = 0x312c + (epoch << 16);
            let mut random = Random::new(seed, stream, self.progress.step as u64);
            let shares = mixing_shares(indices.len(), self.config.mixup, &mut random);
            mix_up(inputs, len, &shares);
            mix_up(labels, self.heads.outputs(), &shares);
            mix_up(targets, self.heads.outputs(), &shares);
        }
    }

    /// One optimiser step towards `targets`; the batch's mean loss, and how many examples were right
    /// by their `labels`, which are the targets without the teachers' share.
    fn step(
        &mut self,
        inputs: &[f32],
        targets: &[f32],
        labels: &[f32],
    ) -> Result<(f64, u64), TrainError> {
        let run_step = self.progress.epoch * self.steps_per_epoch() + self.progress.step;
        let factor = self.learning_rate_factor(run_step);
        let seed = crate::nn::hash(self.config.seed, 0xd209, run_step as u64);
        let optimiser_step = self.optimiser.steps + 1;
        let average_decay = self.average_decay(optimiser_step);
        if let Some(placed) = &mut self.placed {
            let step = Step {
                inputs,
                targets,
                seed,
                optimiser_step,
                learning_rate_factor: factor,
                average_decay,
            };
            let logits = placed.step(&self.network, &self.optimiser, &self.average, &step)?;
            self.optimiser.steps = optimiser_step;
            let (loss, _) = self.heads.loss(&logits, targets);
            return Ok((loss, count_right(&logits, labels, CLASSES)));
        }
        let logits = self.network.forward(inputs, Mode::Train { seed });
        let (loss, gradient) = self.heads.loss(logits, targets);
        let right = count_right(logits, labels, self.heads.outputs());
        self.network.backward(&gradient);
        self.optimiser.step(self.network.parameters_mut(), factor);
        for (average, p) in self.average.iter_mut().zip(self.network.parameters()) {
            for (a, &v) in average.iter_mut().zip(&p.value) {
                *a += (1.0 - average_decay) * (v - *a);
            }
        }
        Ok((loss, right))
    }

    /// Brings the state back from the accelerator, if it is newer there.
    fn fetch(&mut self) -> Result<(), TrainError> {
        if let Some(placed) = &mut self.placed {
            placed.download(&mut self.network, &mut self.optimiser, &mut self.average)?;
        }
        Ok(())
    }

    /// Weight of the old moving average after a step of the optimiser; the first steps count for
    /// more, so that the fresh weights are soon forgotten.
    fn average_decay(&self, steps: u64) -> f32 {
        let steps = steps as f32;
        self.config.ema_decay.min((1.0 + steps) / (10.0 + steps))
    }

    /// What the selected weights so far (the average, if one is kept) say of the validation set.
    fn judge(&mut self) -> Result<Predictions, TrainError> {
        if let Some(placed) = &mut self.placed {
            placed.upload(&self.network, &self.optimiser, &self.average)?;
            let forward = |inputs: &[f32]| placed.evaluate(inputs);
            return Ok(predict_by(
                self.validation,
                self.network.input_len(),
                forward,
            )?);
        }
        let kept = self.swap_in_average();
        let predictions = predict(&mut self.network, self.validation);
        if let Some(kept) = kept {
            set_values(&mut self.network, kept);
        }
        Ok(predictions)
    }

    /// Judges the epoch's weights and starts the next epoch's counters.
    fn finish_epoch(&mut self, observe: &mut dyn FnMut(&Event)) -> Result<(), TrainError> {
        let predictions = self.judge()?;
        let (validation_loss, validation_accuracy) = predictions.loss_and_accuracy();
        let p = &mut self.progress;
        let seen = p.seen.max(1) as f64;
        let run_step = (p.epoch + 1) * (self.training.len() / self.config.batch_size) - 1;
        let metrics = EpochMetrics {
            epoch: p.epoch + 1,
            train_loss: f64::from_bits(p.loss_sum_bits) / seen,
            train_accuracy: p.right as f64 / seen,
            validation_loss,
            validation_accuracy,
            learning_rate: 0.0,
            seconds: p.seconds,
            images_per_second: seen / p.seconds.max(1e-9),
        };
        let better = match self.config.selection {
            Selection::Last => false,
            Selection::ValidationLoss => p
                .history
                .iter()
                .all(|m| m.validation_loss > validation_loss),
            Selection::ValidationAccuracy => p
                .history
                .iter()
                .all(|m| m.validation_accuracy < validation_accuracy),
        };
        if better {
            p.best_epoch = Some(p.epoch + 1);
            self.best = if self.average.is_empty() {
                values(&self.network)
            } else {
                self.average.clone()
            };
        }
        let rate = self.config.optimiser.learning_rate * self.learning_rate_factor(run_step);
        let metrics = EpochMetrics {
            learning_rate: f64::from(rate),
            ..metrics
        };
        let p = &mut self.progress;
        p.history.push(metrics);
        p.epoch += 1;
        (p.step, p.loss_sum_bits, p.right, p.seen, p.seconds) = (0, 0, 0, 0, 0.0);
        observe(&Event::Epoch(metrics));
        Ok(())
    }

    /// Puts the moving average into the network and gives back what was there.
    fn swap_in_average(&mut self) -> Option<Vec<Vec<f32>>> {
        if self.average.is_empty() {
            return None;
        }
        let kept = values(&self.network);
        set_values(&mut self.network, self.average.clone());
        Some(kept)
    }

    fn write_checkpoint(&mut self, observe: &mut dyn FnMut(&Event)) -> Result<(), TrainError> {
        if let Some(path) = self.checkpoint.clone() {
            let mut progress = self.progress.clone();
            progress.optimiser_steps = self.optimiser.steps;
            self.state().save(&path, &progress)?;
            observe(&Event::Checkpoint);
        }
        Ok(())
    }

    /// The network with the weights that the configuration selects.
    #[must_use]
    pub fn into_network(mut self) -> Network {
        if self.progress.best_epoch.is_some() {
            set_values(&mut self.network, self.best);
        } else {
            self.swap_in_average();
        }
        self.network
    }
}

fn values(network: &Network) -> Vec<Vec<f32>> {
    network
        .parameters()
        .iter()
        .map(|p| p.value.clone())
        .collect()
}

fn set_values(network: &mut Network, values: Vec<Vec<f32>>) {
    for (p, value) in network.parameters_mut().iter_mut().zip(values) {
        p.value = value;
    }
}

/// How many rows of `outputs` values name the emotion that is strongest in their label; those without
/// such a label are not right.
fn count_right(logits: &[f32], labels: &[f32], outputs: usize) -> u64 {
    let emotions = |row: &[f32]| row.first_chunk::<CLASSES>().map(|e| argmax(e));
    logits
        .chunks_exact(outputs)
        .zip(labels.chunks_exact(outputs))
        .filter(|(z, t)| !t[0].is_nan() && emotions(z) == emotions(t))
        .count() as u64
}
