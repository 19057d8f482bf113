//! Models: from a face image or a spectrogram to an [`crate::EmotionVector`].
//!
//! [`architecture`] says what a network is made of, [`weights`] holds its numbers, [`sidecar`] what
//! a model file's user must know to feed it. Training lives in the crate `vibelux-train`.

pub mod architecture;
pub mod sidecar;
pub mod weights;
