//! Audio features of a song in the shape of those that Spotify withdrew in 2024: tempo, key, mode, energy, valence.
//!
//! ```text
//! Waveform -> input -+-> onset -> pulse -> tempo, pulse clarity
//!                    |        \-> quantities (dynamics) -> energy
//!                    +-> chroma -> key, mode
//! EmotionVector ----------------------------------------> valence
//! ```
//!
//! Only what is measured is there. None of it depends on how loud the song was made. What was fitted stands in
//! `coefficients.rs`, with what it was fitted on; how well each feature does stands in the guide.

mod audio_features;
mod chroma;
mod coefficients;
mod energy;
mod input;
mod key;
mod logistic;
mod onset;
mod pulse;
mod quantities;
mod tempo;
mod valence;

pub use audio_features::{AudioFeatures, measure};
pub use quantities::Quantities;

#[cfg(test)]
mod tests;
