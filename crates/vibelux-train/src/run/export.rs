//! The model of a finished run as others use it: `model.onnx` and its sidecar.

use std::ops::Range;
use std::path::Path;

use vibelux::audio::SoundKind;
use vibelux::model::architecture::{Architecture, LayerSpec};
use vibelux::model::onnx::{WeightPrecision, to_onnx_with};
use vibelux::model::sidecar::{self, FrontEnd, OutputKind, Sidecar};
use vibelux::model::weights::Weights;
use vibelux::{Emotion, EmotionVector};

use super::data_sets::DataSets;
use super::error::RunError;
use crate::config::{BandStatistics, ConfigError, TaskConfig, TrainingConfig};
use crate::fingerprint::fnv1a;
use crate::nn::Network;
use crate::trainer::predict::Predictions;

/// Writes `model.onnx`, which gives logits, and its sidecar.
pub(super) fn export(
    config: &TrainingConfig,
    data: &DataSets,
    out: &Path,
    network: &Network,
    predictions: &Predictions,
    temperature: f32,
) -> Result<(), RunError> {
    let mut architecture = network.architecture().clone();
    architecture
        .layers
        .retain(|layer| *layer != LayerSpec::Softmax);
    let mut weights = network.weights();
    let sound = sound_outputs(config)?;
    let mut kept: Vec<usize> = (0..Emotion::ALL.len()).collect();
    kept.extend(sound.iter().flat_map(|sound| sound.outputs.clone()));
    keep_outputs(&mut architecture, &mut weights, &kept);
    let onnx = to_onnx_with(&architecture, &weights, WeightPrecision::F16)?;
    let path = out.join("model.onnx");
    vibelux::atomic::write(&path, &onnx).map_err(|source| RunError::Io { path, source })?;
    let (task, front_end) = match &config.task {
        TaskConfig::Face {
            mean, std, mirror, ..
        } => (
            "face",
            FrontEnd::Face {
                mean: *mean,
                std: *std,
                mirror: *mirror,
            },
        ),
        TaskConfig::SpectrogramImage { mean, std } => (
            "music",
            FrontEnd::SpectrogramImage {
                mean: *mean,
                std: *std,
            },
        ),
        TaskConfig::Music {
            spectrogram,
            windows,
            ..
        } => {
            let statistics = data
                .statistics
                .clone()
                .unwrap_or_else(|| BandStatistics::neutral(spectrogram.n_mels));
            let front_end = FrontEnd::LogMel {
                spectrogram: spectrogram.clone(),
                windows: *windows,
                mean: statistics.mean,
                std: statistics.std,
            };
            ("music", front_end)
        }
    };
    let vectors: Vec<EmotionVector> = predictions
        .probabilities(temperature)
        .into_iter()
        .filter_map(|p| EmotionVector::from_weights(p).ok())
        .collect();
    let sidecar = Sidecar {
        version: sidecar::VERSION,
        // Other weights are another model: the song store must notice.
        name: format!("{task}-{}-{:08x}", config.preset, fnv1a(onnx) as u32),
        input: architecture.input,
        classes: Emotion::ALL.to_vec(),
        sound_kinds: sound.map(|sound| sound.kinds),
        output: OutputKind::Logits,
        temperature,
        prior: EmotionVector::mean(&vectors),
        front_end,
    };
    sidecar.save(&out.join("model.toml"))?;
    Ok(())
}

/// The outputs of a network that say what sort of sound a window is.
struct SoundOutputs {
    outputs: Range<usize>,
    kinds: [SoundKind; 3],
}

/// `None` if no head is for that.
fn sound_outputs(config: &TrainingConfig) -> Result<Option<SoundOutputs>, ConfigError> {
    let mut start = Emotion::ALL.len();
    for head in &config.heads {
        let end = start + head.names.len();
        if let Some(kinds) = head.sound_kinds()? {
            let outputs = start..end;
            return Ok(Some(SoundOutputs { outputs, kinds }));
        }
        start = end;
    }
    Ok(None)
}

/// Takes all outputs but these off the last layer: what else a network learnt is no part of the model.
fn keep_outputs(architecture: &mut Architecture, weights: &mut Weights, kept: &[usize]) {
    let dense_layers = architecture
        .layers
        .iter_mut()
        .filter_map(|layer| match layer {
            LayerSpec::Dense { units } => Some(units),
            _ => None,
        });
    let (last, number) = dense_layers.fold((None, 0), |(_, n), units| (Some(units), n + 1));
    let Some(units) = last.filter(|units| **units > kept.len()) else {
        return;
    };
    *units = kept.len();
    for name in ["weight", "bias"] {
        if let Some(tensor) = weights.0.get_mut(&format!("dense{number}.{name}"))
            && let Some((outputs, inputs)) = tensor.shape.split_first_mut()
        {
            *outputs = kept.len();
            let len: usize = inputs.iter().product();
            let row = |&output: &usize| tensor.data.get(output * len..(output + 1) * len);
            tensor.data = kept.iter().filter_map(row).flatten().copied().collect();
        }
    }
}
