//! [`GeneralNetwork`]: an ONNX file of any making, run by rten.
//!
//! The way of [`super::runtime`] for networks that [`super::direct`] does not know. Of the two pure-Rust
//! runtimes, rten is the faster on networks of these sizes, and a fifth of the code. A call occupies
//! one core, because songs are already analysed side by side.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rten::{Dimension, Model, ModelOptions, NodeId, RunOptions, ThreadPool, Value};
use rten_tensor::Tensor;
use rten_tensor::prelude::*;

use super::error::ModelError;
use super::sidecar::Sidecar;

/// A loaded network with one input and one output `[batch, outputs]`.
pub(super) struct GeneralNetwork {
    model: Model,
    path: PathBuf,
    input: NodeId,
    output: NodeId,
    /// Channels, height and width.
    shape: [usize; 3],
    /// Values per example that the sidecar names.
    outputs: usize,
    /// The file wants `[batch, height, width, channels]`, as TensorFlow's exporters write it.
    channels_last: bool,
    /// The file's batch axis, where it is not free.
    fixed_batch: Option<usize>,
}

impl GeneralNetwork {
    /// From the bytes of a file whose fields lie inside one another; `path` is for the messages.
    pub fn new(bytes: Vec<u8>, path: &Path, sidecar: &Sidecar) -> Result<Self, ModelError> {
        let path = path.to_owned();
        let panicked = || ModelError::Panicked { path: path.clone() };
        let model = catch_unwind(|| ModelOptions::with_all_ops().load(bytes))
            .map_err(|_| panicked())?
            .map_err(|source| ModelError::Load {
                path: path.clone(),
                source: source.into(),
            })?;
        let (&[input], &[output]) = (model.input_ids(), model.output_ids()) else {
            return Err(ModelError::Ports {
                inputs: model.input_ids().len(),
                outputs: model.output_ids().len(),
                path,
            });
        };
        let dimensions = model.input_shape(0);
        let Some((channels_last, fixed_batch)) = layout(dimensions.as_deref(), sidecar.input)
        else {
            return Err(ModelError::InputShape {
                path,
                network: describe(dimensions.as_deref()),
                sidecar: sidecar.input,
            });
        };
        Ok(Self {
            model,
            path,
            input,
            output,
            shape: sidecar.input,
            outputs: sidecar.outputs(),
            channels_last,
            fixed_batch,
        })
    }

    /// Values per example.
    const fn example_len(&self) -> usize {
        self.shape[0] * self.shape[1] * self.shape[2]
    }

    /// Outputs for a batch, `[example][output]`: `values` holds whole examples of `[channels, height,
    /// width]`, one after the other.
    pub fn run(&self, values: &[f32]) -> Result<Vec<f32>, ModelError> {
        let Some(batch) = self.fixed_batch else {
            return self.run_batch(values, values.len() / self.example_len());
        };
        let mut outputs = Vec::new();
        for chunk in values.chunks(batch * self.example_len()) {
            let examples = chunk.len() / self.example_len();
            // What is missing to a full batch is zeros, whose outputs are dropped.
            let mut padded = chunk.to_vec();
            padded.resize(batch * self.example_len(), 0.0);
            let kept = examples * self.outputs;
            outputs.extend(self.run_batch(&padded, batch)?.into_iter().take(kept));
        }
        Ok(outputs)
    }

    fn run_batch(&self, values: &[f32], batch: usize) -> Result<Vec<f32>, ModelError> {
        let failed = |source| ModelError::Run {
            path: self.path.clone(),
            source,
        };
        let [c, h, w] = self.shape;
        let input = if self.channels_last {
            let mut data = Vec::with_capacity(values.len());
            for example in values.chunks_exact(self.example_len()) {
                for pixel in 0..h * w {
                    data.extend((0..c).map(|k| example[k * h * w + pixel]));
                }
            }
            Value::from_shape([batch, h, w, c], data).map_err(|e| failed(e.into()))?
        } else {
            Value::from_shape([batch, c, h, w], values.to_vec()).map_err(|e| failed(e.into()))?
        };
        let result = on_one_core(|options| {
            self.model.run_n(
                vec![(self.input, input.into())],
                [self.output],
                Some(options),
            )
        });
        let [output] = result
            .map_err(|error| match error {
                OneCoreError::Panicked => ModelError::Panicked {
                    path: self.path.clone(),
                },
                OneCoreError::Thread(source) => failed(source.into()),
            })?
            .map_err(|source| failed(source.into()))?;
        let output: Tensor<f32> = output.try_into().map_err(|e| failed(Box::new(e)))?;
        if output.len() != batch * self.outputs || output.shape().first() != Some(&batch) {
            return Err(ModelError::OutputShape {
                path: self.path.clone(),
                got: output.shape().to_vec(),
                batch,
                outputs: self.outputs,
            });
        }
        Ok(output.to_vec())
    }
}

/// How the file's input axes can hold what the sidecar says: whether channels come last, and the
/// batch size if it is fixed. `None` if they cannot. A file that does not say is believed to fit.
fn layout(
    dimensions: Option<&[Dimension]>,
    [c, h, w]: [usize; 3],
) -> Option<(bool, Option<usize>)> {
    let Some(dimensions) = dimensions else {
        return Some((false, None));
    };
    let [batch, rest @ ..] = dimensions else {
        return None;
    };
    let fits = |sizes: [usize; 3]| {
        rest.len() == 3
            && rest
                .iter()
                .zip(sizes)
                .all(|(dimension, size)| match dimension {
                    Dimension::Fixed(n) => *n == size,
                    Dimension::Symbolic(_) => true,
                })
    };
    let fixed_batch = match batch {
        Dimension::Fixed(n) if (1..=256).contains(n) => Some(*n),
        Dimension::Fixed(_) => return None,
        Dimension::Symbolic(_) => None,
    };
    if fits([c, h, w]) {
        Some((false, fixed_batch))
    } else {
        fits([h, w, c]).then_some((true, fixed_batch))
    }
}

fn describe(dimensions: Option<&[Dimension]>) -> String {
    let names: Vec<String> = dimensions
        .unwrap_or_default()
        .iter()
        .map(|dimension| match dimension {
            Dimension::Fixed(n) => n.to_string(),
            Dimension::Symbolic(name) => name.clone(),
        })
        .collect();
    names.join(", ")
}

/// Why a run did not even fail properly.
enum OneCoreError {
    Panicked,
    Thread(std::io::Error),
}

/// Calls `run` with options that make rten use a single thread.
///
/// rten always computes inside a rayon pool. Each call borrows a pool of one thread, and there are
/// as many as there were ever calls at the same time. A caller that is itself a rayon worker must
/// not wait inside rten: rayon would use the time to start the next song on the same stack, song
/// upon song. So there the wait happens on a plain thread.
fn on_one_core<R: Send>(run: impl FnOnce(RunOptions) -> R + Send) -> Result<R, OneCoreError> {
    static IDLE: Mutex<Vec<Arc<ThreadPool>>> = Mutex::new(Vec::new());
    let idle = || IDLE.lock().unwrap_or_else(PoisonError::into_inner);

    let pool = idle().pop();
    let pool = pool.unwrap_or_else(|| Arc::new(ThreadPool::with_num_threads(1)));
    let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&pool)));
    let guarded = move || catch_unwind(AssertUnwindSafe(|| run(options)));
    let result = if rayon::current_thread_index().is_some() {
        std::thread::scope(|scope| {
            std::thread::Builder::new()
                .name("vibelux-model".to_owned())
                .spawn_scoped(scope, guarded)
                .map(|thread| thread.join().and_then(|inner| inner))
        })
        .map_err(OneCoreError::Thread)?
    } else {
        guarded()
    };
    idle().push(pool);
    result.map_err(|_| OneCoreError::Panicked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_may_be_in_tensorflows_order_and_the_batch_fixed() {
        let symbolic = || Dimension::Symbolic("n".to_owned());
        let fixed = |sizes: [usize; 3]| sizes.map(Dimension::Fixed).to_vec();
        let with = |batch: Dimension, sizes| [vec![batch], fixed(sizes)].concat();
        let at = |dimensions: Vec<Dimension>| layout(Some(&dimensions), [1, 64, 313]);
        assert_eq!(at(with(symbolic(), [1, 64, 313])), Some((false, None)));
        assert_eq!(at(with(symbolic(), [64, 313, 1])), Some((true, None)));
        assert_eq!(
            at(with(Dimension::Fixed(1), [1, 64, 313])),
            Some((false, Some(1)))
        );
        assert_eq!(at(with(symbolic(), [1, 313, 64])), None);
        assert_eq!(at(fixed([1, 64, 313])), None);
    }
}
