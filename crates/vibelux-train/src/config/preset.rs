//! Ready-made configurations: `original` is the student project's, `default` a better one, `large`
//! its recipe on a network of twice the width, for faces.

use vibelux::model::architecture::{Architecture, LayerSpec, Padding};
use vibelux::spectrogram::LogMelConfig;

use super::task::{Schedule, Selection, TaskConfig};
use super::training::TrainingConfig;
use crate::augment::{FaceAugmentation, MusicAugmentation};
use crate::nn::{Init, OptimiserConfig, OptimiserKind, Precision};

/// `[conv, ReLU, max-pool, dropout]` per entry of `filters`, then dense layers.
fn original_layers(filters: &[usize], kernel: usize, dense: &[usize]) -> Vec<LayerSpec> {
    let mut layers = Vec::new();
    for &filters in filters {
        layers.extend([
            LayerSpec::Conv2d {
                filters,
                kernel: [kernel, kernel],
                padding: Padding::Same,
                bias: true,
            },
            LayerSpec::Relu,
            LayerSpec::MaxPool {
                size: [2, 2],
                stride: [2, 2],
            },
            LayerSpec::Dropout { rate: 0.25 },
        ]);
    }
    layers.push(LayerSpec::Flatten);
    for &units in dense {
        layers.extend([
            LayerSpec::Dense { units },
            LayerSpec::LeakyRelu { alpha: 0.2 },
            LayerSpec::Dropout { rate: 0.25 },
        ]);
    }
    layers.extend([LayerSpec::Dense { units: 7 }, LayerSpec::Softmax]);
    layers
}

/// `[conv 3x3, batch norm, ReLU] x2, max-pool` per entry of `channels` (Simonyan & Zisserman 2015,
/// in the small form of Pramerdorfer & Kampel 2016), then global average pooling.
fn vgg_layers(channels: &[usize], dropout: f32) -> Vec<LayerSpec> {
    let mut layers = Vec::new();
    for &filters in channels {
        for _ in 0..2 {
            layers.extend([
                LayerSpec::Conv2d {
                    filters,
                    kernel: [3, 3],
                    padding: Padding::Same,
                    bias: false,
                },
                LayerSpec::BatchNorm { epsilon: 1e-5 },
                LayerSpec::Relu,
            ]);
        }
        layers.push(LayerSpec::MaxPool {
            size: [2, 2],
            stride: [2, 2],
        });
    }
    layers.extend([
        LayerSpec::GlobalAveragePool,
        LayerSpec::Dropout { rate: dropout },
        LayerSpec::Dense { units: 7 },
        LayerSpec::Softmax,
    ]);
    layers
}

/// `[conv 3x3, batch norm, ReLU, max-pool]` per entry of `channels`, a last convolution, then mean and
/// maximum over time: a short-chunk network after Won et al. 2020 (arXiv:2006.00751).
fn short_chunk_layers(channels: &[usize], last: usize, dropout: f32) -> Vec<LayerSpec> {
    let mut layers = Vec::new();
    for (i, &filters) in channels.iter().chain([&last]).enumerate() {
        layers.extend([
            LayerSpec::Conv2d {
                filters,
                kernel: [3, 3],
                padding: Padding::Same,
                bias: false,
            },
            LayerSpec::BatchNorm { epsilon: 1e-5 },
            LayerSpec::Relu,
        ]);
        if i < channels.len() {
            layers.push(LayerSpec::MaxPool {
                size: [2, 2],
                stride: [2, 2],
            });
        }
    }
    layers.extend([
        LayerSpec::TimeMeanMax,
        LayerSpec::Dropout { rate: dropout },
        LayerSpec::Dense { units: 7 },
        LayerSpec::Softmax,
    ]);
    layers
}

/// What both `original` presets share: AdamW, batch 64, up to 100 epochs with early stopping.
fn original(task: TaskConfig, architecture: Architecture) -> TrainingConfig {
    TrainingConfig {
        preset: "original".to_owned(),
        seed: 1,
        epochs: 100,
        batch_size: 64,
        early_stopping_epochs: Some(10),
        selection: Selection::ValidationLoss,
        warmup_epochs: 0.0,
        schedule: Schedule::Constant,
        soft_target_weight: 0.0,
        label_smoothing: 0.0,
        mixup: 0.0,
        ema_decay: 0.0,
        init: Init::Glorot,
        precision: Precision::F32,
        sizes: Vec::new(),
        from: None,
        distil: None,
        heads: Vec::new(),
        optimiser: OptimiserConfig {
            kind: OptimiserKind::Adamw,
            learning_rate: 1e-3,
            weight_decay: 4e-3,
            sharpness_radius: 0.0,
        },
        task,
        architecture,
    }
}

/// What both `default` presets share: soft targets, mixup, a cosine schedule, averaged weights.
fn default(task: TaskConfig, architecture: Architecture) -> TrainingConfig {
    TrainingConfig {
        preset: "default".to_owned(),
        seed: 1,
        epochs: 40,
        batch_size: 64,
        early_stopping_epochs: None,
        selection: Selection::Last,
        warmup_epochs: 1.0,
        schedule: Schedule::Cosine,
        soft_target_weight: 0.3,
        label_smoothing: 0.0,
        mixup: 0.2,
        ema_decay: 0.999,
        init: Init::He,
        precision: Precision::Bf16,
        sizes: Vec::new(),
        from: None,
        distil: None,
        heads: Vec::new(),
        optimiser: OptimiserConfig {
            kind: OptimiserKind::Adamw,
            learning_rate: 2e-3,
            weight_decay: 5e-2,
            sharpness_radius: 0.0,
        },
        task,
        architecture,
    }
}

/// The face preset of this name, if there is one.
#[must_use]
pub fn face(name: &str) -> Option<TrainingConfig> {
    match name {
        "original" => Some(original(
            TaskConfig::Face {
                mean: 0.0,
                std: 1.0,
                mirror: false,
                augmentation: FaceAugmentation::default(),
            },
            Architecture {
                input: [1, 48, 48],
                layers: original_layers(&[32, 64, 128, 128], 3, &[128, 64]),
            },
        )),
        "default" => Some(default(
            TaskConfig::Face {
                mean: 0.5077,
                std: 0.2550,
                mirror: true,
                augmentation: FaceAugmentation {
                    flip: true,
                    rotation_degrees: 15.0,
                    scale: 0.25,
                    shift: 0.12,
                    brightness: 0.15,
                    contrast: 0.3,
                    gamma: 0.3,
                    blur_probability: 0.15,
                    dark_probability: 0.2,
                    noise: 0.12,
                    noise_probability: 0.4,
                    jpeg_probability: 0.3,
                    erase_probability: 0.25,
                },
            },
            Architecture {
                input: [1, 48, 48],
                layers: vgg_layers(&[32, 64, 128, 256], 0.4),
            },
        )),
        "large" => face("default").map(|config| TrainingConfig {
            preset: "large".to_owned(),
            architecture: Architecture {
                layers: vgg_layers(&[64, 128, 256, 512], 0.4),
                ..config.architecture
            },
            ..config
        }),
        _ => None,
    }
}

/// The music preset of this name, if there is one.
#[must_use]
pub fn music(name: &str) -> Option<TrainingConfig> {
    match name {
        "original" => Some(original(
            TaskConfig::SpectrogramImage {
                mean: 0.0,
                std: 1.0,
            },
            Architecture {
                input: [1, 128, 176],
                layers: original_layers(&[32, 64, 128, 256, 256], 5, &[256, 64]),
            },
        )),
        "default" => {
            let spectrogram = LogMelConfig::default();
            let input = [1, spectrogram.n_mels, spectrogram.window_frames];
            let config = default(
                TaskConfig::Music {
                    spectrogram,
                    windows: 5,
                    augmentation: MusicAugmentation {
                        gain_db: 6.0,
                        equaliser_db: 4.0,
                        shift_bands: 2,
                        tempo: 0.12,
                        noise_db: 1.0,
                        masks: 2,
                        mask_bands: 8,
                        mask_frames: 40,
                    },
                    crops_per_song: 4,
                    crop_seconds: None,
                    most_crops: None,
                    statistics: None,
                },
                Architecture {
                    input,
                    layers: short_chunk_layers(&[32, 64, 96, 128], 192, 0.3),
                },
            );
            Some(TrainingConfig {
                batch_size: 32,
                ema_decay: 0.995,
                ..config
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_complete_and_survives_its_file() {
        let dir = tempfile::tempdir().unwrap();
        type Presets = fn(&str) -> Option<TrainingConfig>;
        for (presets, names) in [
            (face as Presets, &["default", "large", "original"][..]),
            (music, &["default", "original"]),
        ] {
            for &name in names {
                let config = presets(name).unwrap();
                config.check().unwrap();
                assert_eq!(config.preset, name);
                assert_eq!(
                    config.architecture.shapes().unwrap().last().unwrap().len(),
                    7
                );
                let path = dir.path().join("config.toml");
                config.save(&path).unwrap();
                assert_eq!(TrainingConfig::load(&path).unwrap(), config);
            }
            assert_eq!(presets("no such preset"), None);
        }
    }
}
