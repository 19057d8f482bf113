//! The loop over the epochs, up to the last one, early stopping or an interruption.

use std::sync::atomic::AtomicBool;

use super::error::TrainError;
use super::event::{Event, Outcome};
use super::state::Trainer;
use crate::distil::{TeacherView, Teachers};

impl Trainer<'_> {
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
        if self.placed.is_some() && self.config.optimiser.sharpness_radius > 0.0 {
            return Err(TrainError::SharpnessAwareOnAccelerator);
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

    pub(super) fn write_checkpoint(
        &mut self,
        observe: &mut dyn FnMut(&Event),
    ) -> Result<(), TrainError> {
        if let Some(path) = self.checkpoint.clone() {
            let mut progress = self.progress.clone();
            progress.optimiser_steps = self.optimiser.steps;
            self.state().save(&path, &progress)?;
            observe(&Event::Checkpoint);
        }
        Ok(())
    }
}
