//! AdamW and SGD with Nesterov momentum, and the perturbation before either in sharpness-aware minimisation.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::layer::Parameter;

/// Which update rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptimiserKind {
    /// Adam with decoupled weight decay (Loshchilov & Hutter 2019); betas 0.9 and 0.999.
    Adamw,
    /// Stochastic gradient descent with Nesterov momentum 0.9; decay added to the gradient.
    Sgd,
}

/// Hyperparameters of an optimiser.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptimiserConfig {
    /// Update rule.
    pub kind: OptimiserKind,
    /// Largest learning rate; the schedule scales it.
    pub learning_rate: f32,
    /// Pulls weight matrices towards 0; not biases, not norms.
    pub weight_decay: f32,
    /// Rho of sharpness-aware minimisation (Foret et al. 2021, arXiv:2010.01412), a Euclidean distance over
    /// all weights: a step descends by the gradient that the loss has so far up its own slope. Each step
    /// is two passes; 0, the default, for one plain pass. CPU only.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub sharpness_radius: f32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(value: &f32) -> bool {
    *value == 0.0
}

/// Moves the trainable parameters by `radius` along their gradients, where the loss grows fastest;
/// nowhere if the gradient is too small to have a direction. The rest stays as it is.
pub(crate) fn perturb(parameters: &mut [Parameter], radius: f32) {
    let gradients = parameters.iter().filter(|p| p.trainable);
    let squares = gradients
        .flat_map(|p| &p.gradient)
        .map(|&g| f64::from(g).powi(2));
    let factor = (f64::from(radius) / squares.sum::<f64>().sqrt()) as f32;
    if !factor.is_finite() {
        return;
    }
    for p in parameters.iter_mut().filter(|p| p.trainable) {
        for (w, g) in p.value.iter_mut().zip(&p.gradient) {
            *w += factor * g;
        }
    }
}

/// The state of an optimiser: what a checkpoint must keep.
#[derive(Debug, Clone, PartialEq)]
pub struct Optimiser {
    config: OptimiserConfig,
    /// Steps taken.
    pub steps: u64,
    /// First moment or momentum, one array per parameter (empty where not trainable).
    pub first: Vec<Vec<f32>>,
    /// Second moment; empty for SGD.
    pub second: Vec<Vec<f32>>,
}

pub(crate) const BETA1: f32 = 0.9;
pub(crate) const BETA2: f32 = 0.999;
pub(crate) const EPSILON: f32 = 1e-8;
pub(crate) const MOMENTUM: f32 = 0.9;

impl Optimiser {
    /// A fresh optimiser for these parameters.
    #[must_use]
    pub fn new(config: OptimiserConfig, parameters: &[Parameter]) -> Self {
        let zeros = |on: bool| {
            parameters
                .iter()
                .map(|p| vec![0.0; if on { p.gradient.len() } else { 0 }])
                .collect()
        };
        let adam = config.kind == OptimiserKind::Adamw;
        Self {
            config,
            steps: 0,
            first: zeros(true),
            second: zeros(adam),
        }
    }

    /// What it was made with.
    #[must_use]
    pub fn config(&self) -> &OptimiserConfig {
        &self.config
    }

    /// Applies the gradients once, with the learning rate scaled by `schedule` (0..=1).
    pub fn step(&mut self, parameters: &mut [Parameter], schedule: f32) {
        self.steps += 1;
        let rate = self.config.learning_rate * schedule;
        let steps = i32::try_from(self.steps).unwrap_or(i32::MAX);
        let correct1 = 1.0 - BETA1.powi(steps);
        let correct2 = 1.0 - BETA2.powi(steps);
        let kind = self.config.kind;
        let decay = self.config.weight_decay;
        parameters
            .par_iter_mut()
            .zip(&mut self.first)
            .zip(&mut self.second)
            .filter(|((p, _), _)| p.trainable)
            .for_each(|((p, first), second)| {
                let decay = if p.decays { decay } else { 0.0 };
                let values = p.value.iter_mut().zip(&p.gradient).zip(first);
                match kind {
                    OptimiserKind::Adamw => {
                        for (((w, &g), m), v) in values.zip(second) {
                            *m = BETA1 * *m + (1.0 - BETA1) * g;
                            *v = BETA2 * *v + (1.0 - BETA2) * g * g;
                            let update = (*m / correct1) / ((*v / correct2).sqrt() + EPSILON);
                            *w -= rate * (update + decay * *w);
                        }
                    }
                    OptimiserKind::Sgd => {
                        for ((w, &g), m) in values {
                            let g = g + decay * *w;
                            *m = MOMENTUM * *m + g;
                            *w -= rate * (g + MOMENTUM * *m);
                        }
                    }
                }
            });
    }
}
