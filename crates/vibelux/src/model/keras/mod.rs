//! Models that Keras has trained, brought in without Python: `.h5` of Keras 2 and 3, `.keras`.
//!
//! ```text
//! file -> container (HDF5, zip) -> config (JSON) -> layers -> Architecture + Weights -> ONNX
//! ```
//!
//! Only Sequential models of the layers that this program knows; everything else is an error that
//! names the layer.

mod config;
mod container;
mod error;
mod layers;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

pub use error::KerasError;

use super::architecture::{Architecture, LayerSpec, Shape};
use super::onnx::to_onnx;
use super::sidecar::{FrontEnd, OutputKind, Sidecar, VERSION};
use super::weights::Weights;
use crate::atomic;
use crate::emotion::{EMOTION_COUNT, Emotion};
use container::Container;

/// What the model was trained to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Subject {
    /// Grey face crops.
    #[default]
    Faces,
    /// Pictures of spectrograms as `vibelux preprocess` makes them.
    SpectrogramImages,
}

/// What the file itself does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KerasOptions {
    /// What the model was trained to look at.
    pub subject: Subject,
    /// The pixels were divided by 255 before they reached the model (`ImageDataGenerator(rescale=
    /// 1/255)`), rather than inside it by a Rescaling layer.
    pub unit_pixels: bool,
}

/// A model that has been brought in.
#[derive(Debug, Clone, PartialEq)]
pub struct KerasModel {
    /// Its layers.
    pub architecture: Architecture,
    /// Its numbers.
    pub weights: Weights,
    /// How it is fed.
    pub sidecar: Sidecar,
}

/// Reads a Keras file.
///
/// Convolution kernels become `[out, in, height, width]` and dense ones `[out, in]`; where an image
/// has been flattened, the dense layer's inputs go from Keras's height-width-channel order to ours.
/// The classes are taken to be in alphabetical order, as Keras's own folder readers number them.
///
/// # Errors
/// If the file is damaged, no Sequential model, or uses what this program does not know; see
/// [`KerasError`].
pub fn import(path: &Path, options: KerasOptions) -> Result<KerasModel, KerasError> {
    // The HDF5 reader guards itself well, but the file is anybody's.
    let (architecture, weights) = catch_unwind(AssertUnwindSafe(|| {
        let container = Container::open(path)?;
        let model = config::parse(&container.config, path)?;
        layers::convert(path, &model, &container)
    }))
    .unwrap_or_else(|_| {
        Err(KerasError::Malformed {
            path: path.to_owned(),
        })
    })?;
    let sidecar = describe(path, &architecture, options)?;
    Ok(KerasModel {
        architecture,
        weights,
        sidecar,
    })
}

fn describe(
    path: &Path,
    architecture: &Architecture,
    options: KerasOptions,
) -> Result<Sidecar, KerasError> {
    let shapes = architecture
        .shapes()
        .map_err(|source| KerasError::Architecture {
            path: path.to_owned(),
            source,
        })?;
    match shapes.last() {
        Some(Shape::Flat([EMOTION_COUNT])) => {}
        other => {
            return Err(KerasError::Outputs {
                path: path.to_owned(),
                got: other.map_or(0, Shape::len),
            });
        }
    }
    // (x / 255 - mean) / std must give what Keras saw: 0..255, or 0..1.
    let (mean, std) = (
        0.0,
        if options.unit_pixels {
            1.0
        } else {
            1.0 / 255.0
        },
    );
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    Ok(Sidecar {
        version: VERSION,
        name: name.into_owned(),
        input: architecture.input,
        classes: Emotion::ALL.to_vec(),
        sound_kinds: None,
        output: match architecture.layers.last() {
            Some(LayerSpec::Softmax) => OutputKind::Probabilities,
            _ => OutputKind::Logits,
        },
        temperature: 1.0,
        prior: None,
        front_end: match options.subject {
            Subject::Faces => FrontEnd::Face {
                mean,
                std,
                mirror: false,
            },
            Subject::SpectrogramImages => FrontEnd::SpectrogramImage { mean, std },
        },
    })
}

impl KerasModel {
    /// Whether the model brings its pixels to its own scale, so that
    /// [`KerasOptions::unit_pixels`] is not in question.
    #[must_use]
    pub fn rescales(&self) -> bool {
        matches!(
            self.architecture.layers.first(),
            Some(LayerSpec::Rescale { .. } | LayerSpec::BatchNorm { .. })
        )
    }

    /// Writes `architecture.toml`, `weights.safetensors`, `model.onnx` and its sidecar `model.toml`
    /// into a folder, which is made if it is not there. Returns the ONNX file's path.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn save(&self, folder: &Path) -> Result<PathBuf, KerasError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| KerasError::Io { path, source }
        };
        std::fs::create_dir_all(folder).map_err(io(folder))?;
        let path = folder.join("architecture.toml");
        let text = toml::to_string(&self.architecture).map_err(|source| KerasError::Toml {
            path: path.clone(),
            source,
        })?;
        atomic::write(&path, text.as_bytes()).map_err(io(&path))?;
        self.weights.save(&folder.join("weights.safetensors"))?;
        let onnx = folder.join("model.onnx");
        let bytes = to_onnx(&self.architecture, &self.weights)?;
        atomic::write(&onnx, &bytes).map_err(io(&onnx))?;
        self.sidecar.save(&Sidecar::path_beside(&onnx))?;
        Ok(onnx)
    }
}
