//! The sidecar of a model: a TOML file beside `F.onnx` (named `F.toml`) that says how to feed it.
//!
//! Training and the Keras import write it; [`crate::model`] reads it before the network. With one,
//! anybody's ONNX file can be used for faces or music.

mod check;
mod file;
mod format;

pub use check::InvalidSidecar;
pub use file::SidecarError;
pub use format::{FrontEnd, MINIMAL_FACE, OutputKind, Sidecar, VERSION};

#[cfg(test)]
mod tests;
