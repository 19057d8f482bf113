//! Ready-made configurations: `original` is the student project's, `default` a better one.

use vibelux::model::architecture::{Architecture, LayerSpec, Padding};

use crate::augment::FaceAugmentation;
use crate::config::{Schedule, Selection, TaskConfig, TrainingConfig};
use crate::nn::{Init, OptimiserConfig, OptimiserKind};

/// `[conv 3x3, ReLU, max-pool, dropout]` per entry of `filters`, then dense layers.
fn original_layers(filters: &[usize]) -> Vec<LayerSpec> {
    let mut layers = Vec::new();
    for &filters in filters {
        layers.extend([
            LayerSpec::Conv2d {
                filters,
                kernel: [3, 3],
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
    for units in [128, 64] {
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

/// Names of the face presets.
pub const FACE_PRESETS: [&str; 2] = ["default", "original"];

/// The face preset of this name, if there is one.
#[must_use]
pub fn face(name: &str) -> Option<TrainingConfig> {
    match name {
        "original" => Some(TrainingConfig {
            preset: name.to_owned(),
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
            optimiser: OptimiserConfig {
                kind: OptimiserKind::Adamw,
                learning_rate: 1e-3,
                weight_decay: 4e-3,
            },
            task: TaskConfig::Face {
                mean: 0.0,
                std: 1.0,
                mirror: false,
                augmentation: FaceAugmentation::default(),
            },
            architecture: Architecture {
                input: [1, 48, 48],
                layers: original_layers(&[32, 64, 128, 128]),
            },
        }),
        "default" => Some(TrainingConfig {
            preset: name.to_owned(),
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
            optimiser: OptimiserConfig {
                kind: OptimiserKind::Adamw,
                learning_rate: 2e-3,
                weight_decay: 5e-2,
            },
            task: TaskConfig::Face {
                mean: 0.5077,
                std: 0.2550,
                mirror: true,
                augmentation: FaceAugmentation {
                    flip: true,
                    rotation_degrees: 15.0,
                    scale: 0.2,
                    shift: 0.1,
                    brightness: 0.15,
                    contrast: 0.3,
                    gamma: 0.3,
                    blur_probability: 0.1,
                    noise: 0.03,
                    erase_probability: 0.25,
                },
            },
            architecture: Architecture {
                input: [1, 48, 48],
                layers: vgg_layers(&[32, 64, 128, 256], 0.4),
            },
        }),
        _ => None,
    }
}
