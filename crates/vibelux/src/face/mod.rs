//! From a picture or a camera frame to a [`FaceImage`], the 48x48 grey square a face model reads.
//!
//! ```text
//! picture file -> load_picture --+
//!                               +-> GreyImage -> crate::detect -> Face -> FaceImage
//! Camera (ffmpeg child process) -+                                      \-> FaceQuality
//! ```
//!
//! This module knows nothing of emotions. Every way in ends in the same [`grey_rec601`] and the same
//! [`FaceImage::crop`], so a model sees a camera frame exactly as it saw its training pictures.
//! Nothing here writes a picture or a frame anywhere.

pub mod camera;
mod crop;
mod error;
mod face_box;
mod grey;
mod landmarks;
mod limits;
mod picture;
mod quality;
mod scale;
mod square;

pub use camera::{Camera, CameraSettings, CameraSource};
pub use crop::{FACE_SIDE, FaceImage};
pub use error::FaceError;
pub use face_box::FaceBox;
pub use grey::{GreyImage, grey_rec601};
pub use landmarks::{Face, Landmarks};
pub use picture::{decode_picture, load_picture};
pub use quality::FaceQuality;
pub(crate) use scale::{cut, halved, resized};
pub use square::Square;
