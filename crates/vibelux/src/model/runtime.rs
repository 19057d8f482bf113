//! [`Network`]: an ONNX file that has been checked against its sidecar and can be run.
//!
//! Files of our own layers run on our own loops ([`super::direct`]), all others on rten
//! ([`super::general`]); both give the same numbers up to rounding. A call occupies one core.

use std::path::{Path, PathBuf};

use vibelux_kernels::{InstructionSet, Precision};

use super::direct::DirectNetwork;
use super::error::ModelError;
use super::general::GeneralNetwork;
use super::onnx::{is_well_formed, read};
use super::sidecar::Sidecar;

/// Far beyond any network that makes sense here, so a wrong file is refused before it is read.
const LARGEST_FILE_BYTES: u64 = 512 << 20;

/// A loaded network with one input `[batch, channels, height, width]` and one output `[batch, outputs]`.
pub(super) struct Network {
    path: PathBuf,
    /// Channels, height and width.
    shape: [usize; 3],
    /// Values per example that the sidecar names.
    outputs: usize,
    runtime: Runtime,
}

/// What computes the network.
enum Runtime {
    Direct(DirectNetwork),
    General(Box<GeneralNetwork>),
}

impl Network {
    /// Reads `F.onnx` and its sidecar `F.toml`; external weight files are not followed.
    pub fn load(path: &Path) -> Result<(Self, Sidecar), ModelError> {
        let io = |source| ModelError::Io {
            path: path.to_owned(),
            source,
        };
        // Before the sidecar: who mistypes the model's name should not read about that.
        let bytes = std::fs::metadata(path).map_err(io)?.len();
        if bytes > LARGEST_FILE_BYTES {
            return Err(ModelError::TooLarge {
                path: path.to_owned(),
                bytes,
                limit: LARGEST_FILE_BYTES,
            });
        }
        let sidecar = Sidecar::load(&Sidecar::path_beside(path))?;
        let network = Self::from_bytes(std::fs::read(path).map_err(io)?, path, &sidecar)?;
        Ok((network, sidecar))
    }

    /// The network alone, from memory; `path` is for the messages.
    pub fn from_bytes(bytes: Vec<u8>, path: &Path, sidecar: &Sidecar) -> Result<Self, ModelError> {
        if !is_well_formed(&bytes) {
            return Err(ModelError::Malformed {
                path: path.to_owned(),
            });
        }
        let runtime = match direct(&bytes, sidecar) {
            Some(network) => Runtime::Direct(network),
            None => Runtime::General(Box::new(GeneralNetwork::new(bytes, path, sidecar)?)),
        };
        let network = Self {
            path: path.to_owned(),
            shape: sidecar.input,
            outputs: sidecar.outputs(),
            runtime,
        };
        // One run on zeros: what cannot run, or gives other numbers than the sidecar names, is refused here and
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

    /// Outputs of one example: the emotions in the sidecar's order, then the kinds of sound if it has them.
    pub const fn outputs(&self) -> usize {
        self.outputs
    }

    /// Outputs for a batch, `[example][output]`: `values` holds whole examples of `[channels, height,
    /// width]`, one after the other.
    pub fn run(&self, values: &[f32]) -> Result<Vec<f32>, ModelError> {
        match &self.runtime {
            Runtime::Direct(network) => {
                let mut outputs = Vec::new();
                for example in values.chunks_exact(self.example_len()) {
                    network.run(example, &mut outputs);
                }
                Ok(outputs)
            }
            Runtime::General(network) => network.run(values),
        }
    }
}

/// The file on our own loops, if it is made of our own layers and takes the sidecar's input.
fn direct(bytes: &[u8], sidecar: &Sidecar) -> Option<DirectNetwork> {
    let (architecture, weights) = read(bytes)?;
    if architecture.input != sidecar.input {
        return None;
    }
    let isa = InstructionSet::detect(Precision::F32);
    DirectNetwork::new(isa, &architecture, &weights, sidecar.outputs()).ok()?
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network")
            .field("path", &self.path)
            .field("shape", &self.shape)
            .finish_non_exhaustive()
    }
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
            sound_kinds: None,
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

    fn general(bytes: Vec<u8>, input: [usize; 3]) -> GeneralNetwork {
        GeneralNetwork::new(bytes, Path::new("test.onnx"), &sidecar(input)).unwrap()
    }

    /// The largest deviation of both runtimes from the reference, over a batch.
    fn deviation(net: &Architecture, precision: WeightPrecision, batch: usize, seed: u64) -> f32 {
        let mut noise = Noise(seed);
        let weights = noise.weights(net);
        let file = to_onnx_with(net, &weights, precision).unwrap();
        let network = load(file.clone(), net.input).unwrap();
        assert!(matches!(network.runtime, Runtime::Direct(_)));
        let general = general(file, net.input);
        let len: usize = net.input.iter().product();
        let values: Vec<f32> = (0..batch * len).map(|_| noise.next()).collect();
        let mut largest = 0.0_f32;
        for outputs in [network.run(&values), general.run(&values)] {
            let outputs = outputs.unwrap();
            assert_eq!(outputs.len(), 7 * batch);
            for (example, output) in values.chunks(len).zip(outputs.chunks(7)) {
                for (a, b) in forward(net, &weights, example).unwrap().iter().zip(output) {
                    assert!(a.is_finite() && b.is_finite());
                    largest = largest.max((a - b).abs());
                }
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
            1 => prop_oneof![Just(0.3_f32), Just(-0.5)].prop_map(|alpha| LayerSpec::LeakyRelu { alpha }),
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
        let general = general(to_onnx(&net, &Noise(1).weights(&net)).unwrap(), net.input);
        let values: Vec<f32> = (0..30).map(|i| i as f32 / 30.0).collect();
        let expected = (network.run(&values).unwrap(), general.run(&values).unwrap());
        let outputs: Vec<_> = (0..64)
            .into_par_iter()
            .map(|_| (network.run(&values).unwrap(), general.run(&values).unwrap()))
            .collect();
        assert!(outputs.iter().all(|output| *output == expected));
    }
}
