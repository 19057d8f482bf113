//! The vibelux library: from pixels and samples to a recommendation.
//!
//! ```
//! use vibelux::recommend::{Mode, Query, SongIndex};
//! use vibelux::{Emotion, EmotionVector};
//!
//! // A mood, as `FaceModel::classify` reads it from a face, and songs, as `MusicModel::embed_song` hears them.
//! let mood: EmotionVector = "happy=0.7,surprised=0.3".parse()?;
//! let songs: [EmotionVector; 3] = ["sad".parse()?, "happy=0.6,surprised=0.4".parse()?, "neutral".parse()?];
//!
//! let index = SongIndex::new(songs.as_slice(), Mode::Plain);
//! let best = index.top_k(&Query { vector: mood, reference: EmotionVector::UNIFORM }, 1);
//! assert_eq!(best[0].index, 1);
//! assert_eq!(songs[best[0].index].strongest(), Emotion::Happy);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `examples/` has five small programs: `read_a_face`, `find_faces`, `embed_a_song`, `recommend` and `follow_a_mood`.
//!
//! ```text
//! camera frame -> detect -> FaceImage -> model -> EmotionVector --+
//!                                                                      +-> recommend -> playlist
//! audio file -> audio -> Waveform -> spectrogram -> model -> EmotionVector (library::SongStore)
//! ```
//!
//! Data flows one way. [`audio`] and [`face`] know nothing of emotions; [`mood`], [`taste`] and [`recommend`]
//! know nothing but emotions.

pub mod atomic;
pub mod audio;
pub mod compose;
pub mod detect;
pub mod emotion;
pub mod error_text;
pub mod face;
pub mod features;
pub mod library;
pub mod media;
pub mod model;
pub mod mood;
pub mod playlist;
mod random;
pub mod recommend;
pub mod spectrogram;
pub mod tagging;
pub mod taste;

pub use emotion::{Emotion, EmotionVector, by_emotion};
