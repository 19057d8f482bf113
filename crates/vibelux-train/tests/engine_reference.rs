//! The training engine against the plain loops of `vibelux::model::reference`: what a network gives
//! when it is judged must be what the definitions say, on every instruction set of this machine.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use proptest::prelude::*;
use vibelux::model::architecture::{Architecture, LayerSpec, Padding, Shape};
use vibelux::model::reference;
use vibelux_train::nn::{Init, InstructionSet, Mode, Network, Random};

/// Examples per pass: enough that the engine's batches have a remainder.
const EXAMPLES: usize = 3;

fn image_layer() -> impl Strategy<Value = LayerSpec> {
    let padding = prop_oneof![Just(Padding::Same), Just(Padding::Valid)];
    prop_oneof![
        4 => (1usize..20, [1usize..6, 1usize..6], padding, any::<bool>()).prop_map(
            |(filters, kernel, padding, bias)| LayerSpec::Conv2d { filters, kernel, padding, bias }
        ),
        2 => Just(LayerSpec::BatchNorm { epsilon: 1e-3 }),
        2 => Just(LayerSpec::Relu),
        1 => (0.0f32..0.5).prop_map(|alpha| LayerSpec::LeakyRelu { alpha }),
        2 => ([1usize..4, 1usize..4], [1usize..4, 1usize..4])
            .prop_map(|(size, stride)| LayerSpec::MaxPool { size, stride }),
        1 => Just(LayerSpec::Dropout { rate: 0.5 }),
        1 => (-2.0f32..2.0, -1.0f32..1.0)
            .prop_map(|(scale, offset)| LayerSpec::Rescale { scale, offset }),
    ]
}

fn flat_layer() -> impl Strategy<Value = LayerSpec> {
    prop_oneof![
        3 => (1usize..40).prop_map(|units| LayerSpec::Dense { units }),
        1 => Just(LayerSpec::BatchNorm { epsilon: 1e-3 }),
        1 => Just(LayerSpec::Relu),
        1 => (0.0f32..0.5).prop_map(|alpha| LayerSpec::LeakyRelu { alpha }),
        1 => Just(LayerSpec::Dropout { rate: 0.5 }),
    ]
}

/// Layers that fit each other; one that would leave nothing of the image is left out.
fn architecture() -> impl Strategy<Value = Architecture> {
    let to_flat = prop_oneof![
        Just(LayerSpec::Flatten),
        Just(LayerSpec::GlobalAveragePool),
        Just(LayerSpec::TimeMeanMax),
    ];
    (
        [1usize..4, 3usize..15, 3usize..15],
        prop::collection::vec(image_layer(), 0..7),
        to_flat,
        prop::collection::vec(flat_layer(), 0..4),
    )
        .prop_map(|(input, image, to_flat, flat)| {
            let mut net = Architecture {
                input,
                layers: Vec::new(),
            };
            let last = LayerSpec::Dense { units: 7 };
            for layer in image.into_iter().chain([to_flat]).chain(flat).chain([last]) {
                net.layers.push(layer);
                if net.shapes().is_err() {
                    net.layers.pop();
                }
            }
            net
        })
}

/// Numbers like those of a trained network, the statistics of batch norms included.
fn fill(network: &mut Network, random: &mut Random) {
    for p in network.parameters_mut() {
        let is_variance = p.name.ends_with(".running_var");
        if p.shape.len() == 1 {
            for v in &mut p.value {
                *v = if is_variance {
                    random.uniform(0.3, 2.0)
                } else {
                    random.uniform(-1.0, 1.0)
                };
            }
        }
    }
}

/// `[channel][row][column]` as files have it, to the engine's `[row][column][channel]`.
fn channels_last(image: &[f32], [c, h, w]: [usize; 3]) -> Vec<f32> {
    (0..h * w)
        .flat_map(|pixel| (0..c).map(move |channel| image[channel * h * w + pixel]))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_gives_what_the_definitions_say(net in architecture(), seed in any::<u64>()) {
        let len = Shape::Image(net.input).len();
        let mut random = Random::new(seed, 1, 0);
        let images: Vec<Vec<f32>> = (0..EXAMPLES)
            .map(|_| (0..len).map(|_| random.normal()).collect())
            .collect();
        let batch: Vec<f32> = images.iter().flat_map(|i| channels_last(i, net.input)).collect();
        for isa in InstructionSet::available() {
            let mut network = Network::with_instructions(&net, Init::He, seed, isa).unwrap();
            fill(&mut network, &mut Random::new(seed, 2, 0));
            let weights = network.weights();
            let outputs = network.forward(&batch, Mode::Evaluate);
            prop_assert_eq!(outputs.len(), 7 * EXAMPLES);
            for (image, got) in images.iter().zip(outputs.chunks_exact(7)) {
                let expected = reference::forward(&net, &weights, image).unwrap();
                // Factors of 8 significant bits, whose errors add up from layer to layer.
                let layers = net.layers.len().max(2) as f32;
                let tolerance = [1e-4, 1.5e-2 * layers][isa.values_per_word() - 1];
                let scale = expected.iter().fold(1.0, |m: f32, v| m.max(v.abs()));
                for (g, e) in got.iter().zip(&expected) {
                    prop_assert!(
                        (g - e).abs() <= tolerance * scale,
                        "{isa:?}: {got:?}, expected {expected:?}"
                    );
                }
            }
        }
    }
}
