//! Checkpoints: everything a run needs to go on as if it had never stopped.
//!
//! One safetensors file holds the weights, the optimiser's moments and the moving average; its
//! metadata holds the counters, the running sums of the epoch (as bits, so that they come back
//! exactly) and the history.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use crate::nn::{Network, Optimiser};
use crate::trainer::history::EpochMetrics;

/// Why a checkpoint cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// It cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not a checkpoint.
    #[error("{path} is not a checkpoint: {reason}")]
    Format {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// Counters and sums that are not arrays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Progress {
    /// Epochs finished.
    pub epoch: usize,
    /// Steps taken in the current epoch.
    pub step: usize,
    /// Sum of the losses of this epoch's examples, as `f64::to_bits`.
    pub loss_sum_bits: u64,
    /// Sum of the epoch's examples that were right.
    pub right: u64,
    /// Examples seen in this epoch.
    pub seen: u64,
    /// Seconds spent in this epoch.
    pub seconds: f64,
    /// What each finished epoch gave.
    pub history: Vec<EpochMetrics>,
    /// The epoch whose weights are kept in `best`, from 1.
    pub best_epoch: Option<usize>,
    /// Steps taken by the optimiser.
    pub optimiser_steps: u64,
    /// The fingerprint of the training set; not known in the oldest checkpoints.
    #[serde(default)]
    pub data: Option<u64>,
}

/// Named groups of arrays: `weights`, `first`, `second`, `average`, `best`.
pub(crate) struct State<'a> {
    pub network: &'a mut Network,
    pub optimiser: &'a mut Optimiser,
    pub average: &'a mut Vec<Vec<f32>>,
    pub best: &'a mut Vec<Vec<f32>>,
}

impl State<'_> {
    fn groups(&self) -> BTreeMap<String, &[f32]> {
        let mut arrays = BTreeMap::new();
        for (i, p) in self.network.parameters().iter().enumerate() {
            let groups = [
                ("weights", Some(&p.value)),
                ("first", self.optimiser.first.get(i)),
                ("second", self.optimiser.second.get(i)),
                ("average", self.average.get(i)),
                ("best", self.best.get(i)),
            ];
            for (group, values) in groups {
                if let Some(values) = values.filter(|v| !v.is_empty()) {
                    arrays.insert(format!("{group}.{}", p.name), values.as_slice());
                }
            }
        }
        arrays
    }

    /// Writes a checkpoint through a temporary file, so that a crash leaves the one before.
    pub fn save(&self, path: &Path, progress: &Progress) -> Result<(), CheckpointError> {
        let io = |source| CheckpointError::Io {
            path: path.to_owned(),
            source,
        };
        let format = |reason: String| CheckpointError::Format {
            path: path.to_owned(),
            reason,
        };
        let bytes: BTreeMap<String, Vec<u8>> = self
            .groups()
            .into_iter()
            .map(|(name, values)| (name, values.iter().flat_map(|v| v.to_le_bytes()).collect()))
            .collect();
        let mut views = Vec::with_capacity(bytes.len());
        for (name, data) in &bytes {
            let view = TensorView::new(Dtype::F32, vec![data.len() / 4], data)
                .map_err(|e| format(e.to_string()))?;
            views.push((name, view));
        }
        let text = serde_json::to_string(progress).map_err(|e| format(e.to_string()))?;
        let metadata = HashMap::from([("progress".to_owned(), text)]);
        let file =
            safetensors::serialize(views, Some(metadata)).map_err(|e| format(e.to_string()))?;
        let temporary = path.with_extension("part");
        std::fs::write(&temporary, file).map_err(io)?;
        std::fs::rename(&temporary, path).map_err(io)
    }

    /// Reads a checkpoint back; the state must have been made from the same configuration.
    pub fn load(&mut self, path: &Path) -> Result<Progress, CheckpointError> {
        let format = |reason: String| CheckpointError::Format {
            path: path.to_owned(),
            reason,
        };
        let bytes = std::fs::read(path).map_err(|source| CheckpointError::Io {
            path: path.to_owned(),
            source,
        })?;
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|e| format(e.to_string()))?;
        let progress: Progress = header
            .metadata()
            .as_ref()
            .and_then(|m| m.get("progress"))
            .ok_or_else(|| format("it holds no progress".to_owned()))
            .and_then(|text| serde_json::from_str(text).map_err(|e| format(e.to_string())))?;
        let file = SafeTensors::deserialize(&bytes).map_err(|e| format(e.to_string()))?;
        let read = |group: &str, name: &str, len: usize| -> Result<Vec<f32>, CheckpointError> {
            let name = format!("{group}.{name}");
            let view = file.tensor(&name).map_err(|e| format(e.to_string()))?;
            if view.dtype() != Dtype::F32 || view.data().len() != 4 * len {
                return Err(format(format!("{name} does not fit the network")));
            }
            Ok(view
                .data()
                .chunks_exact(4)
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect())
        };
        let has_best = progress.best_epoch.is_some();
        self.best.clear();
        for (i, p) in self.network.parameters_mut().iter_mut().enumerate() {
            let len = p.value.len();
            p.value = read("weights", &p.name, len)?;
            for (group, moments) in [
                ("first", &mut self.optimiser.first),
                ("second", &mut self.optimiser.second),
            ] {
                if let Some(moment) = moments.get_mut(i).filter(|m| !m.is_empty()) {
                    *moment = read(group, &p.name, len)?;
                }
            }
            if let Some(average) = self.average.get_mut(i) {
                *average = read("average", &p.name, len)?;
            }
            if has_best {
                self.best.push(read("best", &p.name, len)?);
            }
        }
        self.optimiser.steps = progress.optimiser_steps;
        Ok(progress)
    }
}
