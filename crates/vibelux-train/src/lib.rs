//! Training, evaluation and plots for vibelux models.
//!
//! ```text
//! files -> dataset -> augment -> trainer (nn, accelerator; distil, heads) -> run -> metrics -> plots
//!                                                  finished models, files -> evaluate -> metrics -> plots
//! ```
//!
//! [`config`] is every choice of a run, with the ready-made ones; [`dataset`] reads class folders and tables,
//! [`augment`] changes what is drawn from them, [`nn`] is the engine, [`accelerator`] the way to a graphics card,
//! [`trainer`] the loop around them, [`distil`] what finished runs teach it, [`heads`] what it learns beside the
//! seven emotions. [`run`] is a whole run in its folder, [`evaluate`] judges finished models. [`metrics`]
//! measures, [`plots`] draws, [`fingerprint`] tells data apart.

pub mod accelerator;
pub mod augment;
pub mod config;
pub mod dataset;
pub mod distil;
pub mod evaluate;
pub mod fingerprint;
pub mod heads;
pub mod metrics;
pub mod nn;
pub mod plots;
pub mod run;
pub mod trainer;
