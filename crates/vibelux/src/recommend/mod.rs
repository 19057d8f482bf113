//! Ranking: which songs fit a vector best. The last step of the flow before the playlist; it knows
//! nothing but emotions. [`Way`] says where a mood should lead, [`shuffle`] draws songs by chance instead
//! of taking the best, [`blend`] makes one query of several songs, [`queue`] an order of songs of all that.
//!
//! The search is an exact flat scan: of all songs by a byte a number (`coarse.rs`), then of those few that may be among the best as
//! they are. A million of them pass through the cache in a millisecond, and no approximate index could be kept honest for less.
//!
//! # Two ways to compare
//! All entries of an [`crate::EmotionVector`] are positive, so even the average song has a cosine of about
//! 0.67 to a random one, and what all songs share outweighs what sets one apart. [`Mode::Centred`]
//! therefore compares deviations: the query minus its reference (what the face model says on average)
//! with the song minus the library's mean. [`Mode::Plain`] compares the vectors as they are.

mod coarse;
mod index;
mod queue;
mod seeds;
mod shuffle;
mod way;

pub use index::{Match, Mode, Query, SongIndex, reasons};
pub use queue::{Apart, LOOK_AHEAD, Pick, Pool, QueueRequest, queue};
pub use seeds::blend;
pub use shuffle::{Shuffled, shuffle};
pub use way::Way;
