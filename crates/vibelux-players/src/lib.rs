//! The players people already have, and what they are told to play.
//!
//! ```text
//! mood -> vibelux::recommend::queue -> names of songs -> mpd -> MPD
//! ```
//!
//! Knows nothing of emotions: what comes next is asked of a [`mpd::NextSongs`].

pub mod mpd;
