//! From many readings of a face to a mood: what the page shows, and what picks the music.
//!
//! ```text
//! EmotionVector per frame -> MoodFilter -> Reading { bars, mood } -> MoodChange -> re-rank, or wait
//! ```
//!
//! A camera gives a vector ten times a second, and each is unsure. The bars follow within a second; the
//! mood takes longer than a laugh; and the queue is only ranked anew when the mood has really become
//! another. Time comes from outside, in seconds, so that every test can make its own. Knows nothing but
//! emotions.

mod change;
mod filter;

pub use change::MoodChange;
pub use filter::{MoodConfig, MoodFilter, Reading};
