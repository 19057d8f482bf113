//! [`Network`]: an ONNX file that has been checked against its sidecar and can be run.
//!
//! The runtime is rten: of the two pure-Rust ones, the faster on networks of these sizes, and a
//! fifth of the code. A call occupies one core, because songs are already analysed side by side.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rten::{Dimension, Model, ModelOptions, NodeId, RunOptions, ThreadPool, Value};
use rten_tensor::Tensor;
use rten_tensor::prelude::*;

use super::error::ModelError;
use super::onnx::is_well_formed;
use super::sidecar::Sidecar;
use crate::emotion::EMOTION_COUNT;

/// Far beyond any network that makes sense here, so a wrong file is refused before it is read.
const LARGEST_FILE_BYTES: u64 = 512 << 20;

/// A loaded network with one input `[batch, channels, height, width]` and one output `[batch, 7]`.
pub(super) struct Network {
    model: Model,
    path: PathBuf,
    input: NodeId,
    output: NodeId,
    /// Channels, height and width.
    shape: [usize; 3],
    /// The file wants `[batch, height, width, channels]`, as TensorFlow's exporters write it.
    channels_last: bool,
    /// The file's batch axis, where it is not free.
    fixed_batch: Option<usize>,
}

impl Network {
    /// Reads `F.onnx`; external weight files are not followed.
    pub fn load(path: &Path, sidecar: &Sidecar) -> Result<Self, ModelError> {
        let io = |source| ModelError::Io {
            path: path.to_owned(),
            source,
        };
        let bytes = std::fs::metadata(path).map_err(io)?.len();
        if bytes > LARGEST_FILE_BYTES {
            return Err(ModelError::TooLarge {
                path: path.to_owned(),
                bytes,
                limit: LARGEST_FILE_BYTES,
            });
        }
        Self::from_bytes(std::fs::read(path).map_err(io)?, path, sidecar)
    }

    /// The same from memory; `path` is for the messages.
    pub fn from_bytes(bytes: Vec<u8>, path: &Path, sidecar: &Sidecar) -> Result<Self, ModelError> {
        let path = path.to_owned();
        if !is_well_formed(&bytes) {
            return Err(ModelError::Malformed { path });
        }
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
        let network = Self {
            model,
            path,
            input,
            output,
            shape: sidecar.input,
            channels_last,
            fixed_batch,
        };
        // One run on zeros: what cannot run, or does not give seven numbers, is refused here and
        // not at the first face.
        network.run(&vec![0.0; network.example_len()])?;
        Ok(network)
    }

    /// For messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Channels, height and width of one example.
    pub const fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// Values per example.
    pub const fn example_len(&self) -> usize {
        self.shape[0] * self.shape[1] * self.shape[2]
    }

    /// Outputs for a batch: `values` holds whole examples of `[channels, height, width]`, one after
    /// the other.
    pub fn run(&self, values: &[f32]) -> Result<Vec<[f32; EMOTION_COUNT]>, ModelError> {
        let Some(batch) = self.fixed_batch else {
            return self.run_batch(values, values.len() / self.example_len());
        };
        let mut outputs = Vec::new();
        for chunk in values.chunks(batch * self.example_len()) {
            let examples = chunk.len() / self.example_len();
            // What is missing to a full batch is zeros, whose outputs are dropped.
            let mut padded = chunk.to_vec();
            padded.resize(batch * self.example_len(), 0.0);
            outputs.extend(self.run_batch(&padded, batch)?.into_iter().take(examples));
        }
        Ok(outputs)
    }

    fn run_batch(
        &self,
        values: &[f32],
        batch: usize,
    ) -> Result<Vec<[f32; EMOTION_COUNT]>, ModelError> {
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
        let rows: Vec<[f32; EMOTION_COUNT]> = output
            .to_vec()
            .chunks_exact(EMOTION_COUNT)
            .filter_map(|row| row.try_into().ok())
            .collect();
        if output.len() != batch * EMOTION_COUNT || output.shape().first() != Some(&batch) {
            return Err(ModelError::OutputShape {
                path: self.path.clone(),
                got: output.shape().to_vec(),
                batch,
            });
        }
        Ok(rows)
    }
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network")
            .field("path", &self.path)
            .field("shape", &self.shape)
            .finish_non_exhaustive()
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
    use super::super::architecture::{Architecture, LayerSpec, Padding};
    use super::super::onnx::{WeightPrecision, to_onnx, to_onnx_with};
    use super::super::reference::forward;
    use super::super::sidecar::{FrontEnd, OutputKind, VERSION};
    use super::super::weights::{Tensor, Weights};
    use super::*;
    use crate::emotion::Emotion;
    use proptest::prelude::*;

    /// Reproducible numbers in -1..1.
    struct Noise(u64);

    impl Noise {
        fn next(&mut self) -> f32 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 40) as f32 / (1 << 23) as f32 - 1.0
        }

        fn weights(&mut self, net: &Architecture) -> Weights {
            let tensors = net.parameters().unwrap().into_iter().map(|p| {
                let len: usize = p.shape.iter().product();
                let fan_in = p.shape[1..].iter().product::<usize>().max(1) as f32;
                let value = |noise: &mut Self| {
                    if p.name.ends_with("running_var") {
                        0.5 + noise.next().abs()
                    } else {
                        noise.next() * (3.0 / fan_in).sqrt()
                    }
                };
                let data = (0..len).map(|_| value(self)).collect();
                (
                    p.name.clone(),
                    Tensor {
                        shape: p.shape.clone(),
                        data,
                    },
                )
            });
            Weights(tensors.collect())
        }
    }

    fn sidecar(input: [usize; 3]) -> Sidecar {
        Sidecar {
            version: VERSION,
            name: "test".to_owned(),
            input,
            classes: Emotion::ALL.to_vec(),
            output: OutputKind::Logits,
            temperature: 1.0,
            prior: None,
            front_end: FrontEnd::Face {
                mean: 0.0,
                std: 1.0,
                mirror: false,
            },
        }
    }

    fn load(bytes: Vec<u8>, input: [usize; 3]) -> Result<Network, ModelError> {
        Network::from_bytes(bytes, Path::new("test.onnx"), &sidecar(input))
    }

    /// The largest deviation of the runtime from the reference, over a batch.
    fn deviation(net: &Architecture, precision: WeightPrecision, batch: usize, seed: u64) -> f32 {
        let mut noise = Noise(seed);
        let weights = noise.weights(net);
        let network = load(to_onnx_with(net, &weights, precision).unwrap(), net.input).unwrap();
        let len: usize = net.input.iter().product();
        let values: Vec<f32> = (0..batch * len).map(|_| noise.next()).collect();
        let outputs = network.run(&values).unwrap();
        assert_eq!(outputs.len(), batch);
        let mut largest = 0.0_f32;
        for (example, output) in values.chunks(len).zip(outputs) {
            for (a, b) in forward(net, &weights, example).unwrap().iter().zip(output) {
                assert!(a.is_finite() && b.is_finite());
                largest = largest.max((a - b).abs());
            }
        }
        largest
    }

    fn image_layer() -> impl Strategy<Value = LayerSpec> {
        prop_oneof![
            4 => (1_usize..6, 1_usize..5, 1_usize..5, any::<bool>(), any::<bool>()).prop_map(
                |(filters, kh, kw, same, bias)| LayerSpec::Conv2d {
                    filters,
                    kernel: [kh, kw],
                    padding: if same { Padding::Same } else { Padding::Valid },
                    bias,
                }
            ),
            2 => Just(LayerSpec::BatchNorm { epsilon: 1e-3 }),
            1 => Just(LayerSpec::Relu),
            1 => Just(LayerSpec::LeakyRelu { alpha: 0.3 }),
            1 => Just(LayerSpec::Dropout { rate: 0.5 }),
            1 => Just(LayerSpec::Rescale { scale: 1.5, offset: -0.25 }),
            1 => (1_usize..4, 1_usize..4, 1_usize..4, 1_usize..4).prop_map(|(a, b, c, d)| {
                LayerSpec::MaxPool { size: [a, b], stride: [c, d] }
            }),
        ]
    }

    fn flat_layer() -> impl Strategy<Value = LayerSpec> {
        prop_oneof![
            (1_usize..9).prop_map(|units| LayerSpec::Dense { units }),
            Just(LayerSpec::BatchNorm { epsilon: 1e-3 }),
            Just(LayerSpec::Relu),
            Just(LayerSpec::Flatten),
            Just(LayerSpec::Dropout { rate: 0.5 }),
        ]
    }

    fn network() -> impl Strategy<Value = Architecture> {
        let flatten = prop_oneof![
            Just(LayerSpec::Flatten),
            Just(LayerSpec::GlobalAveragePool),
            Just(LayerSpec::TimeMeanMax)
        ];
        let images = prop::collection::vec(image_layer(), 0..6);
        let flats = prop::collection::vec(flat_layer(), 0..4);
        (
            [1_usize..4, 4_usize..14, 4_usize..14],
            images,
            flatten,
            flats,
            any::<bool>(),
        )
            .prop_map(|(input, mut layers, flatten, flats, softmax)| {
                layers.push(flatten);
                layers.extend(flats);
                layers.push(LayerSpec::Dense { units: 7 });
                if softmax {
                    layers.push(LayerSpec::Softmax);
                }
                Architecture { input, layers }
            })
            .prop_filter("possible", |net| net.shapes().is_ok())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn any_exported_network_gives_what_the_reference_gives(
            net in network(), batch in 1_usize..4, seed in any::<u64>()
        ) {
            let largest = deviation(&net, WeightPrecision::F32, batch, seed);
            prop_assert!(largest < 1e-4, "{largest}");
        }

        #[test]
        fn mangled_files_are_errors_or_run(
            position in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()
        ) {
            let net = small();
            let mut bytes = to_onnx(&net, &Noise(1).weights(&net)).unwrap();
            let at = position.index(bytes.len());
            if cut {
                bytes.truncate(at);
            } else {
                bytes[at] = byte;
            }
            let _ = load(bytes, net.input);
        }
    }

    fn small() -> Architecture {
        Architecture {
            input: [1, 6, 5],
            layers: vec![
                LayerSpec::Conv2d {
                    filters: 2,
                    kernel: [3, 3],
                    padding: Padding::Same,
                    bias: false,
                },
                LayerSpec::BatchNorm { epsilon: 1e-3 },
                LayerSpec::Relu,
                LayerSpec::GlobalAveragePool,
                LayerSpec::Dense { units: 7 },
            ],
        }
    }

    #[test]
    fn half_precision_weights_deviate_little() {
        let net = small();
        let largest = deviation(&net, WeightPrecision::F16, 3, 7);
        assert!(largest > 0.0 && largest < 5e-3, "{largest}");
    }

    #[test]
    fn a_sidecar_that_disagrees_is_an_error() {
        let net = small();
        let bytes = to_onnx(&net, &Noise(1).weights(&net)).unwrap();
        let message = load(bytes, [1, 48, 48]).unwrap_err().to_string();
        assert!(
            message.contains("[batch, 1, 6, 5]") && message.contains("[batch, 1, 48, 48]"),
            "{message}"
        );
    }

    #[test]
    fn another_number_of_classes_is_an_error() {
        let mut net = small();
        net.layers.pop();
        let bytes = to_onnx(&net, &Noise(1).weights(&net)).unwrap();
        assert!(matches!(
            load(bytes, net.input),
            Err(ModelError::OutputShape { .. })
        ));
        assert!(matches!(
            load(b"no model".to_vec(), net.input),
            Err(ModelError::Malformed { .. })
        ));
    }

    #[test]
    fn calls_from_rayon_workers_agree_with_a_plain_call() {
        use rayon::prelude::*;
        let net = small();
        let network = load(to_onnx(&net, &Noise(1).weights(&net)).unwrap(), net.input).unwrap();
        let values: Vec<f32> = (0..30).map(|i| i as f32 / 30.0).collect();
        let expected = network.run(&values).unwrap();
        let outputs: Vec<_> = (0..64)
            .into_par_iter()
            .map(|_| network.run(&values).unwrap())
            .collect();
        assert!(outputs.iter().all(|output| *output == expected));
    }

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
