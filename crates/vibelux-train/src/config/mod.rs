//! Every choice of a run: [`TrainingConfig`], the ready-made ones in [`preset`], and what can be wrong
//! with one.

mod check;
mod error;
pub mod preset;
mod task;
mod training;

pub use error::ConfigError;
pub use task::{BandStatistics, Schedule, Selection, SizeStage, TaskConfig};
pub use training::TrainingConfig;
