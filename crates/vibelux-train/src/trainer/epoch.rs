//! One epoch: the order of its examples, the batches that are drawn of them, and a step for each.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use rayon::prelude::*;

use super::batch::{Shrink, mix_up, mixing_shares};
use super::error::TrainError;
use super::event::Event;
use super::state::{CLASSES, Trainer};
use crate::accelerator::Step;
use crate::distil::TeacherView;
use crate::metrics::argmax;
use crate::nn::{Mode, Random, perturb};

/// Seconds between two checkpoints inside an epoch.
const CHECKPOINT_SECONDS: f64 = 120.0;

impl Trainer<'_> {
    /// The order in which an epoch draws its examples.
    pub(super) fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.training.len()).collect();
        Random::new(self.config.seed, 0x0bde, self.progress.epoch as u64).shuffle(&mut order);
        order
    }

    /// Runs the rest of the current epoch; false if it was interrupted.
    pub(super) fn train_epoch(
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
    pub(super) fn full_len(&self) -> usize {
        self.config.architecture.input.iter().product()
    }

    /// From full size to what the network takes now.
    pub(super) fn shrink(&self) -> Shrink {
        Shrink::new(
            self.config.architecture.input,
            self.network.architecture().input,
        )
    }

    /// Fills a batch; each example's draw depends only on (seed, epoch, example).
    pub(super) fn draw(
        &self,
        indices: &[usize],
        inputs: &mut [f32],
        labels: &mut [f32],
        targets: &mut [f32],
    ) {
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
    pub(super) fn step(
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
        let radius = self.config.optimiser.sharpness_radius;
        if radius > 0.0 {
            // With the same dropout; the loss that is told and the running statistics stay those of the
            // weights themselves.
            let before = self.network.values();
            perturb(self.network.parameters_mut(), radius);
            let logits = self.network.forward(inputs, Mode::Train { seed });
            let (_, gradient) = self.heads.loss(logits, targets);
            self.network.backward(&gradient);
            self.network.set_values(before);
        }
        self.optimiser.step(self.network.parameters_mut(), factor);
        for (average, p) in self.average.iter_mut().zip(self.network.parameters()) {
            for (a, &v) in average.iter_mut().zip(&p.value) {
                *a += (1.0 - average_decay) * (v - *a);
            }
        }
        Ok((loss, right))
    }

    /// Brings the state back from the accelerator, if it is newer there.
    pub(super) fn fetch(&mut self) -> Result<(), TrainError> {
        if let Some(placed) = &mut self.placed {
            placed.download(&mut self.network, &mut self.optimiser, &mut self.average)?;
        }
        Ok(())
    }

    /// Weight of the old moving average after a step of the optimiser; the first steps count for
    /// more, so that the fresh weights are soon forgotten.
    pub(super) fn average_decay(&self, steps: u64) -> f32 {
        let steps = steps as f32;
        self.config.ema_decay.min((1.0 + steps) / (10.0 + steps))
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
