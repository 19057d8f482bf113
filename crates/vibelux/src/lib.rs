//! The vibelux library: from pixels and samples to a recommendation.
//!
//! ```text
//! camera frame -> face::detect -> FaceImage -> model -> EmotionVector --+
//!                                                                      +-> recommend -> playlist
//! audio file -> audio -> Waveform -> spectrogram -> model -> EmotionVector (library::SongStore)
//! ```
//!
//! Data flows one way. [`audio`] and [`face`] know nothing of emotions; [`mood`] and [`recommend`] know
//! nothing but emotions.

pub mod atomic;
pub mod audio;
pub mod compose;
pub mod emotion;
pub mod face;
pub mod library;
pub mod model;
pub mod mood;
pub mod playlist;
mod random;
pub mod recommend;
pub mod spectrogram;

pub use emotion::{Emotion, EmotionVector};
