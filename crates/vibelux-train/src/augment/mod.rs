//! Augmentation: what is done to a training example each time it is drawn.

mod face;
mod music;

pub use face::FaceAugmentation;
pub use music::MusicAugmentation;
