//! The numbers of a network: named arrays, read from and written to safetensors files.
//!
//! Written by training and by the Keras import, read by the ONNX exporter. Names and shapes are those
//! of [`super::architecture::Architecture::parameters`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::atomic;

/// An array of f32 in row-major order.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Size of each axis.
    pub shape: Vec<usize>,
    /// `shape.iter().product()` values.
    pub data: Vec<f32>,
}

/// What can go wrong with a weights file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not valid safetensors.
    #[error("{path} is not a readable safetensors file: {source}")]
    Format {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: safetensors::SafeTensorError,
    },
    /// An array has a number type other than f32.
    #[error("{path}: {name} holds {dtype:?}, only F32 is supported")]
    Dtype {
        /// Which file.
        path: PathBuf,
        /// Which array.
        name: String,
        /// What it holds.
        dtype: Dtype,
    },
    /// A parameter of the architecture is not there.
    #[error("the weights hold no {name}")]
    Missing {
        /// Its name.
        name: String,
    },
    /// A parameter has another shape than the architecture says.
    #[error("{name} has shape {got:?}, expected {expected:?}")]
    Shape {
        /// Its name.
        name: String,
        /// What the architecture says.
        expected: Vec<usize>,
        /// What the file holds.
        got: Vec<usize>,
    },
}

/// Named arrays, for example `conv1.weight`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Weights(pub BTreeMap<String, Tensor>);

impl Weights {
    /// The array of this name, if it has this shape.
    ///
    /// # Errors
    /// [`WeightsError::Missing`] or [`WeightsError::Shape`].
    pub fn get(&self, name: &str, shape: &[usize]) -> Result<&Tensor, WeightsError> {
        let tensor = self.0.get(name).ok_or_else(|| WeightsError::Missing {
            name: name.to_owned(),
        })?;
        if tensor.shape != shape {
            return Err(WeightsError::Shape {
                name: name.to_owned(),
                expected: shape.to_vec(),
                got: tensor.shape.clone(),
            });
        }
        Ok(tensor)
    }

    /// Batch norm number `number` as the line per channel that it is once trained: what to multiply by,
    /// and what to add then.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn batch_norm_line(
        &self,
        number: usize,
        channels: usize,
        epsilon: f32,
    ) -> Result<(Vec<f64>, Vec<f64>), WeightsError> {
        let field = |field: &str| self.get(&format!("bn{number}.{field}"), &[channels]);
        let (weight, bias) = (field("weight")?, field("bias")?);
        let (mean, variance) = (field("running_mean")?, field("running_var")?);
        let scale: Vec<f64> = weight
            .data
            .iter()
            .zip(&variance.data)
            .map(|(&w, &v)| f64::from(w) / (f64::from(v) + f64::from(epsilon)).sqrt())
            .collect();
        let offset = scale
            .iter()
            .zip(&mean.data)
            .zip(&bias.data)
            .map(|((s, &m), &b)| f64::from(b) - s * f64::from(m))
            .collect();
        Ok((scale, offset))
    }

    /// Reads a safetensors file.
    ///
    /// # Errors
    /// If it cannot be read, is malformed, or holds other numbers than f32.
    pub fn load(path: &Path) -> Result<Self, WeightsError> {
        let bytes = std::fs::read(path).map_err(|source| WeightsError::Io {
            path: path.to_owned(),
            source,
        })?;
        let file = SafeTensors::deserialize(&bytes).map_err(|source| WeightsError::Format {
            path: path.to_owned(),
            source,
        })?;
        let mut weights = BTreeMap::new();
        for (name, view) in file.tensors() {
            if view.dtype() != Dtype::F32 {
                return Err(WeightsError::Dtype {
                    path: path.to_owned(),
                    name,
                    dtype: view.dtype(),
                });
            }
            let data = view
                .data()
                .chunks_exact(4)
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect();
            weights.insert(
                name,
                Tensor {
                    shape: view.shape().to_vec(),
                    data,
                },
            );
        }
        Ok(Self(weights))
    }

    /// Writes a safetensors file, through a temporary one beside it, so that a crash leaves either
    /// the old file or the new one.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), WeightsError> {
        let io = |source| WeightsError::Io {
            path: path.to_owned(),
            source,
        };
        let format = |source| WeightsError::Format {
            path: path.to_owned(),
            source,
        };
        let bytes: BTreeMap<&str, Vec<u8>> = self
            .0
            .iter()
            .map(|(name, t)| {
                (
                    name.as_str(),
                    t.data.iter().flat_map(|x| x.to_le_bytes()).collect(),
                )
            })
            .collect();
        let mut views = Vec::with_capacity(bytes.len());
        for (name, tensor) in &self.0 {
            let view = TensorView::new(Dtype::F32, tensor.shape.clone(), &bytes[name.as_str()])
                .map_err(format)?;
            views.push((name.as_str(), view));
        }
        let file = safetensors::serialize(views, None).map_err(format)?;
        atomic::write(path, &file).map_err(io)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_trip_keeps_every_bit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("w.safetensors");
        let tensor = Tensor {
            shape: vec![2, 1],
            data: vec![1.5, -0.0],
        };
        let weights = Weights(BTreeMap::from([("a".to_owned(), tensor)]));
        weights.save(&path).unwrap();
        let back = Weights::load(&path).unwrap();
        assert_eq!(back, weights);
        assert!(back.get("b", &[1]).is_err());
        assert!(matches!(
            back.get("a", &[2]),
            Err(WeightsError::Shape { .. })
        ));
    }

    #[test]
    fn a_broken_file_is_an_error_with_its_path() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("broken.safetensors");
        std::fs::write(&path, b"not a weights file").unwrap();
        let message = Weights::load(&path).unwrap_err().to_string();
        assert!(message.contains("broken.safetensors"), "{message}");
    }
}
