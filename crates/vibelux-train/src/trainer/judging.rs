//! What a run says of the validation set after each epoch, and which epoch's weights it keeps.

use super::error::TrainError;
use super::event::Event;
use super::history::EpochMetrics;
use super::predict::{Predictions, predict, predict_by};
use super::state::Trainer;
use crate::config::Selection;

impl Trainer<'_> {
    /// What the selected weights so far (the average, if one is kept) say of the validation set.
    pub(super) fn judge(&mut self) -> Result<Predictions, TrainError> {
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
            self.network.set_values(kept);
        }
        Ok(predictions)
    }

    /// Judges the epoch's weights and starts the next epoch's counters.
    pub(super) fn finish_epoch(
        &mut self,
        observe: &mut dyn FnMut(&Event),
    ) -> Result<(), TrainError> {
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
                self.network.values()
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
    pub(super) fn swap_in_average(&mut self) -> Option<Vec<Vec<f32>>> {
        if self.average.is_empty() {
            return None;
        }
        let kept = self.network.values();
        self.network.set_values(self.average.clone());
        Some(kept)
    }
}
