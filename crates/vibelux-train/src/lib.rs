//! Training, evaluation and plots for vibelux models.

pub mod nn;
