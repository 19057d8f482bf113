//! Training, evaluation and plots for vibelux models.
//!
//! [`dataset`] reads class folders, [`augment`] changes what is drawn from them, [`nn`] is the engine,
//! [`trainer`] the loop around it, [`predict`] what a network says of an evaluation set, [`distil`]
//! what finished runs teach it, [`heads`] what it learns beside the seven emotions, [`accelerator`] the
//! way to a graphics card, [`config`] every choice of a run and [`preset`] the ready-made ones. [`run`] is a
//! whole run in its folder, [`checkpoint`] what it resumes from, [`evaluate`] judges finished models.
//! [`metrics`] measures, [`history`] records, [`plots`] draws, [`fingerprint`] tells data apart.

pub mod accelerator;
pub mod augment;
mod batch;
pub mod checkpoint;
pub mod config;
pub mod dataset;
pub mod distil;
pub mod evaluate;
pub mod fingerprint;
pub mod heads;
pub mod history;
pub mod metrics;
pub mod nn;
pub mod plots;
pub mod predict;
pub mod preset;
pub mod run;
pub mod trainer;
