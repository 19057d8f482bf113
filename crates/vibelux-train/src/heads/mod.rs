//! What a music network learns beside the seven emotions: more outputs on the same trunk, each taught by
//! a column of the table of songs (Caruana 1997, "Multitask Learning").
//!
//! [`resolve`] finds the names that a column holds and widens the last layer; [`Heads::targets`] reads a
//! row; [`Heads::loss`] is what [`crate::trainer`] descends. The exported model has the seven emotions
//! and, of a head that is for them, the kinds of sound; the other outputs of the judged songs are in the run's
//! `predictions.csv`.

mod config;
mod loss;
mod outputs;
mod resolve;
#[cfg(test)]
mod tests;
mod track;

pub use config::{HeadConfig, HeadKind};
pub use outputs::Heads;
pub use resolve::resolve;
pub use track::{Track, TrackError};
