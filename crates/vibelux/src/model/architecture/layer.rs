//! [`LayerSpec`]: the layers that there are, as they stand in configuration.

use serde::{Deserialize, Serialize};

/// How a convolution treats the border.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Padding {
    /// Zeros around, so that height and width stay.
    Same,
    /// No padding: height and width shrink by kernel - 1.
    Valid,
}

impl Padding {
    /// Rows of zeros above and columns of zeros left of the image. As in TensorFlow, an even kernel's
    /// odd zero goes to the end.
    #[must_use]
    pub const fn before(self, [height, width]: [usize; 2]) -> [usize; 2] {
        match self {
            Self::Same => [height.saturating_sub(1) / 2, width.saturating_sub(1) / 2],
            Self::Valid => [0, 0],
        }
    }
}

/// One layer. Sizes are `[height, width]`; for spectrograms that is `[frequency, time]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum LayerSpec {
    /// 2-D convolution (cross-correlation), stride 1.
    Conv2d {
        /// Output channels.
        filters: usize,
        /// Kernel height and width.
        kernel: [usize; 2],
        /// Border treatment.
        padding: Padding,
        /// Whether a bias is added (not needed before a batch norm).
        bias: bool,
    },
    /// Batch normalisation over everything but the channel.
    BatchNorm {
        /// Added to the variance.
        epsilon: f32,
    },
    /// max(x, 0).
    Relu,
    /// x for x > 0, else alpha x.
    LeakyRelu {
        /// The slope below zero.
        alpha: f32,
    },
    /// Largest value of each window; what does not fill a window is dropped.
    MaxPool {
        /// Window height and width.
        size: [usize; 2],
        /// Step height and width.
        stride: [usize; 2],
    },
    /// The mean of each channel: `[c, h, w]` -> `[c]`.
    GlobalAveragePool,
    /// The mean over frequency (height), then mean and maximum over time (width), one after the
    /// other: `[c, h, w]` -> `[2 c]`.
    TimeMeanMax,
    /// `[c, h, w]` -> `[c h w]`, channels first.
    Flatten,
    /// In training only: zeroes values with this probability and scales up the rest.
    Dropout {
        /// Probability, 0..1.
        rate: f32,
    },
    /// Fully connected.
    Dense {
        /// Output features.
        units: usize,
    },
    /// x scale + offset.
    Rescale {
        /// Factor.
        scale: f32,
        /// Summand.
        offset: f32,
    },
    /// exp(x) / sum exp(x). Only as the last layer; training works on what comes before it.
    Softmax,
}

impl LayerSpec {
    /// The name of this kind of layer in configuration, messages and weight names.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Conv2d { .. } => "conv",
            Self::BatchNorm { .. } => "bn",
            Self::Relu => "relu",
            Self::LeakyRelu { .. } => "leaky_relu",
            Self::MaxPool { .. } => "max_pool",
            Self::GlobalAveragePool => "global_average_pool",
            Self::TimeMeanMax => "time_mean_max",
            Self::Flatten => "flatten",
            Self::Dropout { .. } => "dropout",
            Self::Dense { .. } => "dense",
            Self::Rescale { .. } => "rescale",
            Self::Softmax => "softmax",
        }
    }
}
