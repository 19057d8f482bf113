//! The learning rate at each step of a run.

use super::state::Trainer;
use crate::config::Schedule;

impl Trainer<'_> {
    pub(super) fn steps_per_epoch(&self) -> usize {
        // A last, smaller batch would give batch norm poor statistics; it is left out, and another
        // order next epoch brings its examples in.
        self.training.len() / self.config.batch_size
    }

    /// Share of the peak learning rate at a step of the whole run.
    pub(super) fn learning_rate_factor(&self, step: usize) -> f32 {
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
}
