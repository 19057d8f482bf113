//! Models: from a face image or a spectrogram to an [`crate::EmotionVector`].
//!
//! [`architecture`] says what a network is made of, [`weights`] holds its numbers, [`sidecar`] what
//! a model file's user must know to feed it. [`onnx`] writes the file that [`FaceModel`] and
//! [`MusicModel`] load; [`keras`] brings in what Keras has trained; [`mod@reference`] is the plain
//! forward pass that all of them are held against. Training lives in the crate `vibelux-train`.

pub mod architecture;
mod direct;
mod error;
mod face;
mod general;
pub mod keras;
mod music;
pub mod onnx;
pub mod reference;
mod runtime;
mod shipped;
pub mod sidecar;
pub mod weights;

pub use error::ModelError;
pub use face::FaceModel;
pub use music::{MusicModel, SongEmbedding};
