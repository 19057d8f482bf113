//! [`ModelError`]: what can go wrong between a model file and an emotion vector.

use std::path::PathBuf;

use super::sidecar::SidecarError;
use crate::emotion::EmotionError;
use crate::spectrogram::NotMusic;

/// The error of something else, whose type does not matter here.
pub(super) type Source = Box<dyn std::error::Error + Send + Sync>;

/// What can go wrong when a model is loaded or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The file's fields do not lie inside one another as they say.
    #[error("{path} is no ONNX file, or a damaged one; copy or export it again")]
    Malformed {
        /// Which file.
        path: PathBuf,
    },
    /// The sidecar is missing or wrong.
    #[error(transparent)]
    Sidecar(#[from] SidecarError),
    /// The model file cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The model file is larger than any sensible network of this kind.
    #[error("{path} has {bytes} bytes; models of more than {limit} bytes are not loaded")]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The largest size that is read.
        limit: u64,
    },
    /// Not an ONNX file, or one that the runtime cannot take.
    #[error("{path} cannot be loaded as an ONNX model: {source}")]
    Load {
        /// Which file.
        path: PathBuf,
        /// What the runtime says.
        source: Source,
    },
    /// The network has several inputs or outputs, or none.
    #[error("{path} has {inputs} inputs and {outputs} outputs; a model must have one of each")]
    Ports {
        /// Which file.
        path: PathBuf,
        /// Number of inputs.
        inputs: usize,
        /// Number of outputs.
        outputs: usize,
    },
    /// The network's input is not what the sidecar says.
    #[error(
        "{path}: the network's input is [{network}], but the sidecar says [batch, {}, {}, {}]; \
         correct `input` in the sidecar",
        sidecar[0], sidecar[1], sidecar[2]
    )]
    InputShape {
        /// Which file.
        path: PathBuf,
        /// The network's own, as text, since axes may have names.
        network: String,
        /// Channels, height and width.
        sidecar: [usize; 3],
    },
    /// The network gave something other than a number for each class of its sidecar per example.
    #[error("{path}: the network gives an output of shape {got:?}, expected [{batch}, {outputs}]")]
    OutputShape {
        /// Which file.
        path: PathBuf,
        /// Its shape.
        got: Vec<usize>,
        /// Number of examples that were put in.
        batch: usize,
        /// Number of outputs that the sidecar names.
        outputs: usize,
    },
    /// The network's values for the kinds of sound are not finite.
    #[error("{path}: the network gives values that are not finite for music, speech and effects")]
    SoundOutput {
        /// Which file.
        path: PathBuf,
    },
    /// The network could not be run.
    #[error("{path} failed while it ran: {source}")]
    Run {
        /// Which file.
        path: PathBuf,
        /// What the runtime says.
        source: Source,
    },
    /// The runtime met a state that it did not expect.
    #[error("{path}: the ONNX runtime gave up on this network; it probably is malformed")]
    Panicked {
        /// Which file.
        path: PathBuf,
    },
    /// A music model where a face model is needed, or the other way round.
    #[error("{path}: front_end is {got:?}, but {needed} is needed here")]
    FrontEnd {
        /// Which file.
        path: PathBuf,
        /// What the sidecar says.
        got: &'static str,
        /// What would do.
        needed: &'static str,
    },
    /// The network's outputs are not a distribution, nor can they be made one.
    #[error("{path}: the network's output is unusable: {source}")]
    Output {
        /// Which file.
        path: PathBuf,
        /// Which value.
        source: EmotionError,
    },
    /// A song cannot be decoded.
    #[error(transparent)]
    Audio(Source),
    /// A spectrogram cannot be made.
    #[error("no spectrogram can be made with the settings of {path}: {source}")]
    Spectrogram {
        /// Which model's.
        path: PathBuf,
        /// Why.
        source: Source,
    },
    /// A song file holds something that no emotion should be read from.
    #[error("{path}: is not music enough ({what})")]
    NotMusic {
        /// Which file.
        path: PathBuf,
        /// What it holds.
        what: NotMusic,
    },
    /// A song holds nothing to analyse.
    #[error("{path}: holds no sound to analyse")]
    NoSound {
        /// Which song.
        path: PathBuf,
    },
}

impl ModelError {
    /// What kind of error it is, for programs (`docs/guide/json.md`): the song's, or the model's own.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Audio(_) | Self::NotMusic { .. } | Self::NoSound { .. } => "song",
            _ => "model",
        }
    }
}
