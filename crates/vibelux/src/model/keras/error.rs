//! [`KerasError`]: why a Keras file cannot be brought in.

use std::path::PathBuf;

use super::super::architecture::ArchitectureError;
use super::super::onnx::OnnxError;
use super::super::sidecar::SidecarError;
use super::super::weights::WeightsError;

/// Why a Keras file cannot be brought in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KerasError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Neither HDF5 nor a zip archive.
    #[error("{path} is not a Keras model; give a .h5 or .keras file written by model.save()")]
    NotKeras {
        /// Which file.
        path: PathBuf,
    },
    /// The file, or what it unpacks to, is larger than any model that makes sense here.
    #[error("{path}: {what} has more than {limit} bytes")]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// The file or a part of it.
        what: String,
        /// The limit.
        limit: u64,
    },
    /// The .keras archive is damaged or lacks a part.
    #[error("{path}: {entry} cannot be read from the archive: {source}")]
    Archive {
        /// Which file.
        path: PathBuf,
        /// Which part.
        entry: &'static str,
        /// Why.
        source: zip::result::ZipError,
    },
    /// The HDF5 file is damaged or lacks something.
    #[error("{path}: {what} cannot be read: {source}")]
    Hdf5 {
        /// Which file.
        path: PathBuf,
        /// A group, array or attribute.
        what: String,
        /// Why.
        source: Box<hdf5_reader::error::Error>,
    },
    /// The HDF5 reader met a state that it did not expect.
    #[error("{path} is malformed")]
    Malformed {
        /// Which file.
        path: PathBuf,
    },
    /// The description of the layers is not there.
    #[error(
        "{path} holds no model_config, so probably weights alone; save the whole model with \
         model.save()"
    )]
    WeightsOnly {
        /// Which file.
        path: PathBuf,
    },
    /// The description of the layers is not JSON.
    #[error("{path}: the model's configuration is not readable: {source}")]
    Config {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// Something other than a sequence of layers.
    #[error("{path} holds a {got:?} model; only Sequential models can be imported")]
    NotSequential {
        /// Which file.
        path: PathBuf,
        /// What it holds.
        got: String,
    },
    /// The size of the input is not fixed, or it is no picture.
    #[error("{path}: the input must be (height, width, channels) of fixed size, it is {got}")]
    Input {
        /// Which file.
        path: PathBuf,
        /// The shape as the file has it.
        got: String,
    },
    /// A kind of layer that has no counterpart here.
    #[error("{path}: layer {layer:?} is a {class}, which cannot be imported")]
    UnsupportedLayer {
        /// Which file.
        path: PathBuf,
        /// Its name.
        layer: String,
        /// Its class in Keras.
        class: String,
    },
    /// A layer with a setting that has no counterpart here.
    #[error("{path}: layer {layer:?} has {setting} = {value}, which cannot be imported")]
    UnsupportedSetting {
        /// Which file.
        path: PathBuf,
        /// Its name.
        layer: String,
        /// The setting's name in Keras.
        setting: &'static str,
        /// Its value as JSON.
        value: String,
    },
    /// A layer whose output order in Keras has no counterpart here.
    #[error("{path}: the model flattens an image and never passes it through a Dense layer")]
    FlattenedOutput {
        /// Which file.
        path: PathBuf,
    },
    /// An array of a layer is missing.
    #[error("{path}: layer {layer:?} has no {array} in the file")]
    MissingArray {
        /// Which file.
        path: PathBuf,
        /// Its name.
        layer: String,
        /// Its array's name in Keras.
        array: &'static str,
    },
    /// An array of a layer has another shape than its configuration says.
    #[error("{path}: {array} of layer {layer:?} has shape {got:?}, expected {expected:?}")]
    ArrayShape {
        /// Which file.
        path: PathBuf,
        /// The layer's name.
        layer: String,
        /// The array's name in Keras.
        array: &'static str,
        /// What the configuration says.
        expected: Vec<usize>,
        /// What the file holds.
        got: Vec<u64>,
    },
    /// The layers do not fit each other.
    #[error("{path}: {source}")]
    Architecture {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: ArchitectureError,
    },
    /// Not a classifier of seven emotions.
    #[error("{path} gives {got} numbers, expected one for each of the 7 emotions")]
    Outputs {
        /// Which file.
        path: PathBuf,
        /// How many there are.
        got: usize,
    },
    /// A number in the weights is NaN or infinite.
    #[error("{path}: {array} of layer {layer:?} holds numbers that are not finite")]
    NotFinite {
        /// Which file.
        path: PathBuf,
        /// The layer's name.
        layer: String,
        /// The array's name in Keras.
        array: &'static str,
    },
    /// The imported network cannot be exported.
    #[error(transparent)]
    Onnx(#[from] OnnxError),
    /// The weights cannot be written.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The sidecar cannot be written.
    #[error(transparent)]
    Sidecar(#[from] SidecarError),
    /// The architecture cannot be written.
    #[error("{path}: {source}")]
    Toml {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: toml::ser::Error,
    },
}
