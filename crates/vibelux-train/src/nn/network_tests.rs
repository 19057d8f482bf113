//! Tests of [`super`]: gradients against finite differences, and all instruction sets against each other.

use vibelux::model::architecture::{LayerSpec, Padding};

use super::*;
use crate::nn::conv::{Conv, ConvSpec};
use crate::nn::layer::Layer;
#[cfg(target_arch = "x86_64")]
use crate::nn::matrix::MatrixConv;
use crate::nn::tiled::TiledConv;
use crate::nn::{Optimiser, OptimiserConfig, OptimiserKind, Random, perturb, soft_cross_entropy};

fn small_net() -> Architecture {
    let conv = |filters, kernel, padding, bias| LayerSpec::Conv2d {
        filters,
        kernel,
        padding,
        bias,
    };
    Architecture {
        input: [1, 13, 15],
        layers: vec![
            LayerSpec::Rescale {
                scale: 0.9,
                offset: 0.1,
            },
            conv(5, [3, 3], Padding::Same, false),
            LayerSpec::BatchNorm { epsilon: 1e-5 },
            LayerSpec::Relu,
            conv(33, [3, 5], Padding::Valid, true),
            LayerSpec::LeakyRelu { alpha: 0.2 },
            LayerSpec::MaxPool {
                size: [2, 2],
                stride: [2, 2],
            },
            conv(18, [2, 2], Padding::Same, true),
            LayerSpec::BatchNorm { epsilon: 1e-3 },
            LayerSpec::Flatten,
            LayerSpec::Dense { units: 19 },
            LayerSpec::LeakyRelu { alpha: 0.1 },
            LayerSpec::Dense { units: 7 },
        ],
    }
}

fn batch(net: &Network, n: usize, seed: u64) -> (Vec<f32>, Vec<f32>) {
    let mut random = Random::new(seed, 1, 1);
    let x = (0..n * net.input_len()).map(|_| random.normal()).collect();
    let mut t: Vec<f32> = (0..n * net.output_len()).map(|_| random.unit()).collect();
    for row in t.chunks_exact_mut(net.output_len()) {
        let sum: f32 = row.iter().sum();
        row.iter_mut().for_each(|v| *v /= sum);
    }
    (x, t)
}

/// Compares the gradient along a random direction of each parameter with the central difference.
fn check_gradients(architecture: &Architecture, isa: InstructionSet) {
    let mut net = Network::with_instructions(architecture, Init::He, 3, isa).unwrap();
    let (x, t) = batch(&net, 5, 11);
    let mode = Mode::Train { seed: 9 };
    let classes = net.output_len();
    let logits = net.forward(&x, mode).to_vec();
    net.backward(&soft_cross_entropy(&logits, &t, classes).1);
    let parameters = net.parameters().to_vec();
    for (index, parameter) in parameters.iter().enumerate().filter(|(_, p)| p.trainable) {
        let mut random = Random::new(5, 5, index as u64);
        let mut direction: Vec<f32> = parameter.gradient.iter().map(|_| random.normal()).collect();
        let norm = direction.iter().map(|d| d * d).sum::<f32>().sqrt();
        direction.iter_mut().for_each(|d| *d /= norm);
        let expected: f64 = direction
            .iter()
            .zip(&parameter.gradient)
            .map(|(&a, &b)| f64::from(a) * f64::from(b))
            .sum();
        // f32 sums bound how small a step can be, kinks of the ReLUs how large.
        let step = 5e-4;
        let mut loss_at = |sign: f32| {
            let p = &mut net.parameters_mut()[index];
            for ((v, &o), &d) in p.value.iter_mut().zip(&parameter.value).zip(&direction) {
                *v = o + sign * step * d;
            }
            let logits = net.forward(&x, mode).to_vec();
            soft_cross_entropy(&logits, &t, classes).0
        };
        let measured = (loss_at(1.0) - loss_at(-1.0)) / (2.0 * f64::from(step));
        net.parameters_mut()[index]
            .value
            .clone_from(&parameter.value);
        let length = parameter
            .gradient
            .iter()
            .map(|&g| f64::from(g).powi(2))
            .sum::<f64>()
            .sqrt();
        let tolerance = 0.02 * length + 1e-3;
        assert!(
            (measured - expected).abs() < tolerance,
            "{isa:?} {}: measured {measured}, computed {expected}, length {length}",
            parameter.name
        );
    }
}

#[test]
fn gradients_equal_finite_differences() {
    for isa in InstructionSet::available() {
        // Rounded factors make the loss a staircase at the scale of a finite difference.
        if isa.values_per_word() == 1 {
            check_gradients(&small_net(), isa);
        }
    }
}

#[test]
fn gradients_through_dropout_and_time_pooling() {
    let mut architecture = small_net();
    architecture.layers.truncate(9);
    architecture.layers.extend([
        LayerSpec::TimeMeanMax,
        LayerSpec::Dropout { rate: 0.3 },
        LayerSpec::Dense { units: 7 },
    ]);
    check_gradients(&architecture, InstructionSet::detect(Precision::F32));
    architecture.layers[9] = LayerSpec::GlobalAveragePool;
    check_gradients(&architecture, InstructionSet::detect(Precision::F32));
}

#[test]
fn all_instruction_sets_agree() {
    let outputs: Vec<Vec<f32>> = InstructionSet::available()
        .into_iter()
        .map(|isa| {
            let mut net = Network::with_instructions(&small_net(), Init::Glorot, 1, isa).unwrap();
            let (x, _) = batch(&net, 4, 2);
            net.forward(&x, Mode::Evaluate).to_vec()
        })
        .collect();
    let sets = InstructionSet::available();
    for (isa, other) in sets.iter().zip(&outputs).skip(1) {
        let tolerance = [1e-4, 3e-2][isa.values_per_word() - 1];
        for (a, b) in outputs[0].iter().zip(other) {
            assert!((a - b).abs() < tolerance, "{isa:?}: {a} {b}");
        }
    }
}

/// Gradients of one batch, one array per parameter.
fn gradients(architecture: &Architecture, isa: InstructionSet) -> Vec<Vec<f32>> {
    let mut net = Network::with_instructions(architecture, Init::He, 3, isa).unwrap();
    let (x, t) = batch(&net, 9, 11);
    let logits = net.forward(&x, Mode::Train { seed: 9 }).to_vec();
    net.backward(&soft_cross_entropy(&logits, &t, 7).1);
    let gradients = net.parameters().iter().map(|p| p.gradient.clone());
    gradients.collect()
}

/// Kernels of 1x1 and 5x5, more than 512 channels, windows that overlap and that leave gaps, rows
/// of one pixel.
fn odd_net() -> Architecture {
    let conv = |filters, side, padding| LayerSpec::Conv2d {
        filters,
        kernel: [side, side],
        padding,
        bias: true,
    };
    let pool = |size, stride| LayerSpec::MaxPool {
        size: [size, size],
        stride: [stride, stride],
    };
    Architecture {
        input: [1, 11, 9],
        layers: vec![
            conv(3, 5, Padding::Same),
            LayerSpec::LeakyRelu { alpha: 0.3 },
            pool(3, 2),
            conv(520, 1, Padding::Valid),
            LayerSpec::LeakyRelu { alpha: 0.3 },
            conv(4, 3, Padding::Same),
            pool(1, 3),
            conv(5, 1, Padding::Same),
            LayerSpec::BatchNorm { epsilon: 1e-3 },
            LayerSpec::MaxPool {
                size: [1, 2],
                stride: [1, 2],
            },
            conv(6, 3, Padding::Same),
            LayerSpec::Flatten,
            LayerSpec::Dense { units: 7 },
        ],
    }
}

#[test]
fn odd_shapes_have_right_gradients() {
    for isa in InstructionSet::available() {
        if isa.values_per_word() == 1 {
            check_gradients(&odd_net(), isa);
        }
    }
}

/// Convolutions that go by tiles, whole ones and such that stick out, with all that may come after one.
fn tiled_net(input: [usize; 2], padding: Padding) -> Architecture {
    let conv = |filters, bias| LayerSpec::Conv2d {
        filters,
        kernel: [3, 3],
        padding,
        bias,
    };
    Architecture {
        input: [1, input[0], input[1]],
        layers: vec![
            conv(16, false),
            conv(32, true),
            LayerSpec::LeakyRelu { alpha: 0.3 },
            LayerSpec::MaxPool {
                size: [2, 2],
                stride: [2, 2],
            },
            conv(48, false),
            LayerSpec::BatchNorm { epsilon: 1e-3 },
            conv(16, true),
            LayerSpec::GlobalAveragePool,
            LayerSpec::Dense { units: 7 },
        ],
    }
}

#[test]
fn convolutions_by_tiles_have_right_gradients() {
    for isa in InstructionSet::available() {
        if isa.values_per_word() == 1 {
            check_gradients(&tiled_net([22, 31], Padding::Same), isa);
            check_gradients(&tiled_net([24, 18], Padding::Valid), isa);
        }
    }
}

/// What a layer says of a batch and its way back.
fn answers(
    layer: &mut dyn Layer,
    parameters: &[Parameter],
    [x, gradient]: [&[f32]; 2],
    n: usize,
) -> Vec<Vec<f32>> {
    let mut p = parameters.to_vec();
    let mut y = vec![f32::NAN; gradient.len()];
    let mut dx = vec![f32::NAN; x.len()];
    layer.forward(&mut p, x, &mut y, n, Mode::Evaluate);
    layer.backward(&mut p, x, &y, &mut gradient.to_vec(), &mut dx, n);
    let gradients = p.into_iter().map(|p| p.gradient);
    [y, dx].into_iter().chain(gradients).collect()
}

/// Weights of 3x3, and a bias, with a batch of inputs and of gradients of the output.
fn random_layer(
    random: &mut Random,
    [input, output]: [[usize; 3]; 2],
    with_bias: bool,
    n: usize,
) -> (Vec<Parameter>, [Vec<f32>; 2]) {
    let [inputs, outputs] = [input, output].map(|[channels, ..]| channels);
    let mut draw = |len: usize| -> Vec<f32> { (0..len).map(|_| random.normal()).collect() };
    let parameter = |shape: Vec<usize>, value: Vec<f32>| Parameter {
        name: String::new(),
        shape,
        gradient: vec![f32::NAN; value.len()],
        value,
        trainable: true,
        decays: false,
    };
    let weights = parameter(vec![outputs, inputs, 3, 3], draw(9 * inputs * outputs));
    let mut parameters = vec![weights];
    if with_bias {
        parameters.push(parameter(vec![outputs], draw(outputs)));
    }
    let lens = [input, output].map(|shape| n * shape.iter().product::<usize>());
    (parameters, lens.map(&mut draw))
}

/// Holds what two layers say against each other, array by array.
fn assert_same_but_for_rounding(direct: &[Vec<f32>], other: &[Vec<f32>], isa: InstructionSet) {
    for (direct, other) in direct.iter().zip(other) {
        let scale = direct.iter().map(|v| v.abs()).fold(0.0, f32::max);
        for (a, b) in direct.iter().zip(other) {
            assert!((a - b).abs() < 2e-5 * scale, "{isa:?}: {a} {b} of {scale}");
        }
    }
}

#[test]
fn convolutions_by_tiles_are_direct_ones_but_for_rounding() {
    let mut random = Random::new(5, 0, 0);
    // Several pieces of a part and a shorter last one; a shorter last part; large filters.
    for (input, output, pad, n, with_bias) in [
        ([16, 12, 12], [32, 12, 12], [1, 1], 70, true),
        ([32, 9, 14], [16, 7, 12], [0, 0], 19, false),
        ([128, 4, 10], [144, 4, 10], [1, 1], 40, true),
    ] {
        let lens = [input, output].map(|shape| n * shape.iter().product::<usize>());
        let (parameters, [x, gradient]) = random_layer(&mut random, [input, output], with_bias, n);
        let (bias, alpha) = (with_bias.then_some(1), with_bias.then_some(0.2));
        for isa in InstructionSet::available() {
            if isa.values_per_word() != 1 {
                continue;
            }
            let spec = ConvSpec {
                isa,
                input,
                output,
                kernel: [3, 3],
                pad,
                weight: 0,
                bias,
                activation: alpha,
            };
            let mut direct = Conv::new(spec);
            let mut tiled = TiledConv::new(spec);
            // A smaller batch first leaves memory behind that is too small.
            let small = lens.map(|len| len / n * 3);
            let batch = [&x[..small[0]], &gradient[..small[1]]];
            let _ = answers(&mut tiled, &parameters, batch, 3);
            let direct = answers(&mut direct, &parameters, [&x, &gradient], n);
            let tiled = answers(&mut tiled, &parameters, [&x, &gradient], n);
            assert_same_but_for_rounding(&direct, &tiled, isa);
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn convolutions_on_the_matrix_unit_are_direct_ones_but_for_rounding() {
    let isa = InstructionSet::Amx;
    if !isa.is_available() {
        eprintln!("SKIPPED: this machine has no matrix unit for bf16 (AMX)");
        return;
    }
    let mut random = Random::new(6, 0, 0);
    // A part in several groups, a shorter last part, no bias; large weights.
    for (channels, size, n, with_bias) in [
        ([32, 64], [48, 40], 17, true),
        ([64, 32], [9, 14], 19, false),
        ([160, 128], [6, 6], 40, true),
    ] {
        let [input, output] = channels.map(|channels| [channels, size[0], size[1]]);
        let (parameters, [x, gradient]) = random_layer(&mut random, [input, output], with_bias, n);
        let spec = ConvSpec {
            isa,
            input,
            output,
            kernel: [3, 3],
            pad: [1, 1],
            weight: 0,
            bias: with_bias.then_some(1),
            activation: with_bias.then_some(0.2),
        };
        let mut matrix = MatrixConv::new(spec);
        let small = [&x[..x.len() / n * 3], &gradient[..gradient.len() / n * 3]];
        let _ = answers(&mut matrix, &parameters, small, 3);
        let matrix = answers(&mut matrix, &parameters, [&x, &gradient], n);
        let direct = answers(&mut Conv::new(spec), &parameters, [&x, &gradient], n);
        assert_same_but_for_rounding(&direct, &matrix, isa);
    }
}

#[test]
fn rounded_factors_give_nearly_the_same_gradients() {
    // Sizes at which every shape of tile occurs: rows of 12, 9, 6 and 3 pixels, odd rows.
    let of_side = |side| Architecture {
        input: [1, side, side],
        ..small_net()
    };
    let nets = [48, 36, 25, 13].map(of_side);
    for mut architecture in nets.into_iter().chain([odd_net()]) {
        // Rounding may move a value across the kink of a ReLU or past its neighbour in a window,
        // which changes a gradient by much more than the rounding.
        architecture.layers.retain(|layer| {
            !matches!(
                layer,
                LayerSpec::Relu | LayerSpec::LeakyRelu { .. } | LayerSpec::MaxPool { .. }
            )
        });
        let side = architecture.input[1];
        let exact = gradients(&architecture, InstructionSet::Portable);
        for isa in InstructionSet::available() {
            let tolerance = [1e-3, 0.08][isa.values_per_word() - 1];
            for (a, b) in exact.iter().zip(gradients(&architecture, isa)) {
                let norm = |v: &mut dyn Iterator<Item = f32>| {
                    v.map(|v| f64::from(v).powi(2)).sum::<f64>().sqrt()
                };
                let length = norm(&mut a.iter().copied());
                let difference = norm(&mut a.iter().zip(&b).map(|(a, b)| a - b));
                assert!(
                    difference <= tolerance * length + 1e-3,
                    "{isa:?}, {side} px: {difference} of {length}"
                );
            }
        }
    }
}

#[test]
fn weights_survive_the_layout_of_files() {
    let mut net = Network::new(&small_net(), Init::He, 1).unwrap();
    let (x, _) = batch(&net, 2, 2);
    let before = net.forward(&x, Mode::Evaluate).to_vec();
    let weights = net.weights();
    let mut other = Network::new(&small_net(), Init::He, 2).unwrap();
    other.load(&weights).unwrap();
    assert_eq!(other.forward(&x, Mode::Evaluate), before);
    assert_eq!(other.weights(), weights);
}

#[test]
fn a_network_with_other_outputs_takes_over_all_but_the_last_layer() {
    let given = Network::new(&small_net(), Init::He, 2).unwrap().weights();
    for units in [7, 11] {
        let mut architecture = small_net();
        architecture.layers[12] = LayerSpec::Dense { units };
        let mut other = Network::new(&architecture, Init::He, 3).unwrap();
        let fresh = other.weights();
        assert_eq!(other.load(&given).is_ok(), units == 7);
        other.load(&fresh).unwrap();
        other.load_backbone(&given).unwrap();
        for (name, tensor) in other.weights().0 {
            let last = name.starts_with("dense2.");
            let expected = if last { &fresh } else { &given };
            assert_eq!(&tensor, &expected.0[&name], "{name}");
        }
    }
    let mut architecture = small_net();
    architecture.layers[10] = LayerSpec::Dense { units: 20 };
    let mut other = Network::new(&architecture, Init::He, 5).unwrap();
    assert!(other.load_backbone(&given).is_err());
}

/// [`small_net`] with global pooling: it takes inputs of any size.
fn pooled_net(input: [usize; 3]) -> Architecture {
    let mut architecture = small_net();
    architecture.input = input;
    architecture.layers[9] = LayerSpec::GlobalAveragePool;
    architecture
}

#[test]
fn another_input_size_keeps_the_weights() {
    let (large, small) = ([1, 13, 15], [1, 9, 11]);
    let mut resized = Network::new(&pooled_net(large), Init::He, 4).unwrap();
    let mut expected = Network::new(&pooled_net(small), Init::He, 1).unwrap();
    let (x, _) = batch(&resized, 3, 1);
    let at_full_size = resized.forward(&x, Mode::Evaluate).to_vec();
    expected.load(&resized.weights()).unwrap();
    resized.set_input(small).unwrap();
    assert_eq!(resized.architecture(), expected.architecture());

    let (x_small, t) = batch(&expected, 5, 2);
    let mode = Mode::Train { seed: 7 };
    let mut passes = [&mut resized, &mut expected].map(|net| {
        let logits = net.forward(&x_small, mode).to_vec();
        net.backward(&soft_cross_entropy(&logits, &t, 7).1);
        let gradients = net.parameters().iter().map(|p| p.gradient.clone());
        (logits, gradients.collect::<Vec<_>>())
    });
    assert_eq!(passes[0], passes[1]);
    assert!(passes[0].1.iter_mut().any(|g| g.iter().any(|&v| v != 0.0)));

    // The training pass moved the running statistics of both alike; back to the old size.
    let mut again = Network::new(&pooled_net(large), Init::He, 2).unwrap();
    again.load(&resized.weights()).unwrap();
    resized.set_input(large).unwrap();
    let after = resized.forward(&x, Mode::Evaluate).to_vec();
    assert_eq!(after, again.forward(&x, Mode::Evaluate));
    assert_ne!(after, at_full_size);
}

#[test]
fn an_input_size_that_needs_other_weights_is_refused() {
    let mut net = Network::new(&small_net(), Init::He, 1).unwrap();
    let input = [1, 9, 11];
    assert!(matches!(
        net.set_input(input),
        Err(NetworkError::SizeDependent { input: got }) if got == input
    ));
    let mut net = Network::new(&pooled_net([1, 13, 15]), Init::He, 1).unwrap();
    assert!(matches!(
        net.set_input([1, 1, 1]),
        Err(NetworkError::Architecture(_))
    ));
    assert_eq!(net.input_len(), 13 * 15);
}

#[test]
fn both_optimisers_learn_a_batch_by_heart() {
    for (kind, learning_rate) in [(OptimiserKind::Adamw, 3e-3), (OptimiserKind::Sgd, 0.05)] {
        let mut net = Network::new(&small_net(), Init::He, 4).unwrap();
        let (x, _) = batch(&net, 14, 3);
        let t: Vec<f32> = (0..14 * 7)
            .map(|i| if i % 7 == (i / 7) % 7 { 1.0 } else { 0.0 })
            .collect();
        let config = OptimiserConfig {
            kind,
            learning_rate,
            weight_decay: 1e-4,
            sharpness_radius: 0.0,
        };
        let mut optimiser = Optimiser::new(config, net.parameters());
        let mut last = f64::INFINITY;
        for step in 0..80 {
            let logits = net.forward(&x, Mode::Train { seed: step }).to_vec();
            let (loss, d) = soft_cross_entropy(&logits, &t, 7);
            last = loss;
            net.backward(&d);
            optimiser.step(net.parameters_mut(), 1.0);
        }
        assert!(last < 0.2, "{kind:?}: {last}");
    }
}

#[test]
fn a_perturbation_goes_up_by_its_radius_and_is_taken_back_to_the_bit() {
    const RADIUS: f32 = 0.05;
    let mut net = Network::new(&small_net(), Init::He, 4).unwrap();
    let (x, t) = batch(&net, 14, 3);
    let mode = Mode::Train { seed: 0 };
    let logits = net.forward(&x, mode);
    let (before, d) = soft_cross_entropy(logits, &t, 7);
    net.backward(&d);
    let start = net.values();
    perturb(net.parameters_mut(), RADIUS);
    let way: f32 = net
        .values()
        .iter()
        .flatten()
        .zip(start.iter().flatten())
        .map(|(to, from)| (to - from).powi(2))
        .sum();
    assert!((way.sqrt() - RADIUS).abs() < 1e-4, "{}", way.sqrt());
    let (above, _) = soft_cross_entropy(net.forward(&x, mode), &t, 7);
    assert!(above > before, "{above} after {before}");
    net.set_values(start.clone());
    assert_eq!(net.values(), start);
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let run = |threads, architecture: &Architecture, n| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let mut net = Network::new(architecture, Init::He, 4).unwrap();
            let (x, t) = batch(&net, n, 3);
            let logits = net.forward(&x, Mode::Train { seed: 0 }).to_vec();
            net.backward(&soft_cross_entropy(&logits, &t, 7).1);
            net.parameters()
                .iter()
                .map(|p| p.gradient.clone())
                .collect::<Vec<_>>()
        })
    };
    // One part of two pieces at least, and several parts.
    for (architecture, n) in [(small_net(), 19), (tiled_net([13, 21], Padding::Same), 43)] {
        assert_eq!(run(1, &architecture, n), run(3, &architecture, n));
    }
}
