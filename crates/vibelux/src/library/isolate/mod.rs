//! Songs analysed in processes of their own, so that a file on which a decoder hangs, grows without end or breaks down costs
//! that file and nothing else. Between the workers of `embed/` and the model.
//!
//! `parent.rs` starts helpers and gives each one file at a time, within limits; `child.rs` is what a helper runs;
//! `protocol.rs` is what they say to each other: a line of JSON for each question and each answer.

mod child;
mod parent;
mod protocol;

pub use child::serve_songs;
pub use parent::{FileLimits, IsolatedEmbedder};
