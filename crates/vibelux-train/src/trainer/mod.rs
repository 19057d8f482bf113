//! The training loop: draws batches, steps, judges after each epoch, writes checkpoints.
//!
//! Everything random is drawn from (seed, epoch, example), so a run that was interrupted and resumed
//! computes the same numbers as one that was not.
//!
//! [`Trainer`] holds a run; `training.rs` goes over its epochs, `epoch.rs` over the batches of one
//! (`batch.rs` is what is done to a batch, `rate.rs` the learning rate, `lessons.rs` what teachers say
//! beforehand), `judging.rs` judges it by what the network says of the validation set ([`predict`]).
//! [`checkpoint`] is what a run resumes from, [`history`] what happened in each epoch.

mod batch;
pub mod checkpoint;
mod epoch;
mod error;
mod event;
pub mod history;
mod judging;
mod lessons;
pub mod predict;
mod rate;
mod state;
mod training;

pub use error::TrainError;
pub use event::{Event, Outcome};
pub use state::Trainer;
