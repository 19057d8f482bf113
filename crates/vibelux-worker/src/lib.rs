//! Many machines on one library: songs wait in a queue in the library's own PostgreSQL database, and workers on any number of
//! machines take them from there.
//!
//! [`Queue`] puts songs in and says how far they are; [`run_worker`] takes them out. The queue itself is `graphile_worker`: which
//! job is whose, who is told of new ones, and what becomes of those of a worker that died. What is ours is that the vector of a
//! song is written in the same transaction that ends its job (`vibelux::library::QueuedJob`). A worker finds the files by a
//! [`vibelux::media::PathMap`].

mod error;
mod handlers;
mod queue;
mod task;
mod worker;

pub use error::WorkerError;
pub use queue::{Queue, QueueState};
pub use worker::{WorkerConfig, WorkerProgress, WorkerSummary, run_worker};
