//! [`Placed`]: an accelerator in use by a trainer, and which copy of the run's state is the newest.

use super::{Accelerator, AcceleratorError, Step};
use crate::nn::{Network, Optimiser};

/// An accelerator whose state follows the trainer's, and the other way round when asked.
pub(crate) struct Placed {
    accelerator: Box<dyn Accelerator>,
    /// Whether the accelerator holds this run's state at all.
    holds_state: bool,
    /// Whether the trainer's own copy is older than the accelerator's.
    is_ahead: bool,
}

impl Placed {
    pub fn new(accelerator: Box<dyn Accelerator>) -> Self {
        Self {
            accelerator,
            holds_state: false,
            is_ahead: false,
        }
    }

    /// Tells that the trainer's copy was replaced.
    pub fn forget(&mut self) {
        self.holds_state = false;
        self.is_ahead = false;
    }

    /// A training step, after an upload if it is the first; the logits.
    pub fn step(
        &mut self,
        network: &Network,
        optimiser: &Optimiser,
        average: &[Vec<f32>],
        step: &Step<'_>,
    ) -> Result<Vec<f32>, AcceleratorError> {
        self.upload(network, optimiser, average)?;
        let logits = self.accelerator.step(step)?;
        self.is_ahead = true;
        Ok(logits)
    }

    /// Makes sure that the accelerator holds the run's state.
    pub fn upload(
        &mut self,
        network: &Network,
        optimiser: &Optimiser,
        average: &[Vec<f32>],
    ) -> Result<(), AcceleratorError> {
        if !self.holds_state {
            self.accelerator.upload(network, optimiser, average)?;
            self.holds_state = true;
        }
        Ok(())
    }

    /// The logits of whole examples by the average, if one is kept.
    pub fn evaluate(&mut self, inputs: &[f32]) -> Result<Vec<f32>, AcceleratorError> {
        self.accelerator.evaluate(inputs)
    }

    /// Brings the trainer's copy up to date.
    pub fn download(
        &mut self,
        network: &mut Network,
        optimiser: &mut Optimiser,
        average: &mut [Vec<f32>],
    ) -> Result<(), AcceleratorError> {
        if self.is_ahead {
            self.accelerator
                .download(network.parameters_mut(), optimiser, average)?;
            self.is_ahead = false;
        }
        Ok(())
    }
}
