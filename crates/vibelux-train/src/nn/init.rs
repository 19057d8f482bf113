//! [`Init`]: how the weights of a fresh network are drawn.

use serde::{Deserialize, Serialize};

/// How fresh weights are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Init {
    /// Normal with variance 2 / fan-in (He et al. 2015).
    He,
    /// Uniform with variance 2 / (fan-in + fan-out) (Glorot & Bengio 2010), as Keras does.
    Glorot,
}
