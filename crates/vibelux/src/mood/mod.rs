//! From many readings of a face to a mood: what the page shows, and what picks the music.
//!
//! ```text
//! EmotionVector per frame -> RestingFace (what of it is expression) -> MoodFilter -> Reading { bars, mood }
//!                         -> MoodChange -> the first songs, other songs, or none
//! ```
//!
//! A camera gives a vector ten times a second, and each is unsure. The bars follow within a second; the
//! mood takes longer than a laugh; and the queue is only ranked anew when the mood has really become
//! another. A face rests most of the time, so that what counts is how it differs from that. Time comes from outside,
//! in seconds, so that every test can make its own. Knows nothing but emotions.

mod change;
mod filter;
mod log_ratio;
mod rest;

pub use change::{Follow, MoodChange};
pub use filter::{MoodConfig, MoodFilter, Reading};
pub use rest::RestingFace;
