//! What a listener has said and done about songs, and what follows from it for all others.
//!
//! ```text
//! correction ("this sounds ... to me") -> Corrections -> the vector that a song is heard with
//! likes, skips, songs heard to the end -> Taste       -> a liking of -1 to 1 beside how well a song fits
//! ```
//!
//! Both are kernel regressions (Nadaraya 1964, Watson 1964) over the distance of emotion vectors, drawn towards "nothing
//! is known" where few songs speak: exact, and undone by leaving a song out. Knows nothing but emotions.

mod corrections;
mod liking;

pub use corrections::{Correction, Corrections};
pub use liking::{Liking, Opinion, Reason, Taste};

use crate::emotion::EmotionVector;

/// How far songs reach that speak for others, in Hellinger distances: a song's twenty nearest of a few thousand are nearer.
const REACH: f32 = 0.1;

/// Beyond so many times the reach nothing is alike.
const FAR: f32 = 3.0;

/// How alike two songs sound, 0 to 1 (the same vector): a Gaussian of their Hellinger distance, 0 to 1.
fn alike(a: &EmotionVector, b: &EmotionVector) -> f32 {
    let shared: f32 = a
        .values()
        .iter()
        .zip(b.values())
        .map(|(a, b)| (a * b).sqrt())
        .sum();
    let squared = (1.0 - shared).max(0.0) / (REACH * REACH);
    if squared < FAR * FAR {
        (-squared).exp()
    } else {
        0.0
    }
}
