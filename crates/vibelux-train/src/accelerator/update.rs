//! The optimiser's update of one flat array, as [`crate::nn::Optimiser`] computes it.

use burn_tensor::Tensor;
use burn_tensor::backend::Backend;

use crate::nn::optimiser::{BETA1, BETA2, EPSILON, MOMENTUM};
use crate::nn::{OptimiserConfig, OptimiserKind};

/// What is the same for all arrays in a step.
pub(super) struct Update {
    kind: OptimiserKind,
    rate: f32,
    decay: f32,
    /// What corrects the moments' bias towards zero (Kingma & Ba 2015).
    corrections: [f32; 2],
}

impl Update {
    /// For the optimiser's step `step`, from 1.
    pub fn new(config: &OptimiserConfig, step: u64, learning_rate_factor: f32) -> Self {
        let step = i32::try_from(step).unwrap_or(i32::MAX);
        Self {
            kind: config.kind,
            rate: config.learning_rate * learning_rate_factor,
            decay: config.weight_decay,
            corrections: [1.0 - BETA1.powi(step), 1.0 - BETA2.powi(step)],
        }
    }

    /// New weights and moments; `second` is used and kept by AdamW only.
    pub fn apply<B: Backend>(
        &self,
        weights: Tensor<B, 1>,
        gradient: Tensor<B, 1>,
        first: &mut Tensor<B, 1>,
        second: &mut Option<Tensor<B, 1>>,
        decays: bool,
    ) -> Tensor<B, 1> {
        let decay = if decays { self.decay } else { 0.0 };
        let decayed = |weights: &Tensor<B, 1>| weights.clone().mul_scalar(decay);
        let change = match (self.kind, second) {
            (OptimiserKind::Adamw, Some(second)) => {
                let square = gradient.clone() * gradient.clone();
                *first = first.clone().mul_scalar(BETA1) + gradient.mul_scalar(1.0 - BETA1);
                *second = second.clone().mul_scalar(BETA2) + square.mul_scalar(1.0 - BETA2);
                let mean = first.clone().div_scalar(self.corrections[0]);
                let size = second.clone().div_scalar(self.corrections[1]).sqrt();
                mean / size.add_scalar(EPSILON) + decayed(&weights)
            }
            _ => {
                let gradient = gradient + decayed(&weights);
                *first = first.clone().mul_scalar(MOMENTUM) + gradient.clone();
                gradient + first.clone().mul_scalar(MOMENTUM)
            }
        };
        weights - change.mul_scalar(self.rate)
    }
}
