//! What the layers of the shipped networks cost on each instruction set that this machine has: beneath
//! the flow, where most of its time goes.
//!
//! ```text
//! cargo bench -p vibelux-kernels
//! ```
//!
//! One image on one core. A convolution counts its multiplications, a pass the bytes of its input.
//! The weight gradient and the pooling that remembers its winners run in training only.

use std::fmt;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use vibelux_kernels::InstructionSet;
use vibelux_kernels::convolution::{self, Sweep};
use vibelux_kernels::inference::{
    Convolution, ConvolutionShape, Scratch, activate, global_average, max_pool,
};
use vibelux_kernels::pack::{self, Frame};
use vibelux_kernels::passes::{self, Affine, Windows};

fn main() {
    divan::main();
}

/// A layer of a network on an instruction set.
struct Case {
    layer: &'static str,
    /// Channels, height and width of the input.
    input: [usize; 3],
    /// Channels of the output.
    outputs: usize,
    isa: InstructionSet,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ([inputs, height, width], outputs) = (self.input, self.outputs);
        let set = format!("{:?}", self.isa).to_lowercase();
        write!(
            f,
            "{}/{inputs}-{outputs}/{height}x{width}/{set}",
            self.layer
        )
    }
}

type Layer = (&'static str, [usize; 3], usize);

/// Convolutions of 3x3 from the first to the last pooling of the face network, and two of the music network.
const CONVOLUTIONS: [Layer; 7] = [
    ("face1", [1, 48, 48], 32),
    ("face2", [32, 48, 48], 32),
    ("face4", [64, 24, 24], 64),
    ("face6", [128, 12, 12], 128),
    ("face8", [256, 6, 6], 256),
    ("music2", [32, 32, 160], 64),
    ("music5", [128, 4, 20], 192),
];

/// What lies behind a convolution has as many channels as it has outputs.
const PASSES: [Layer; 4] = [
    ("face1", [32, 48, 48], 32),
    ("face2", [64, 24, 24], 64),
    ("face4", [256, 6, 6], 256),
    ("music1", [32, 64, 320], 32),
];

fn cases(layers: &[Layer]) -> Vec<Case> {
    let on = |&(layer, input, outputs): &Layer| {
        InstructionSet::available()
            .into_iter()
            .map(move |isa| Case {
                layer,
                input,
                outputs,
                isa,
            })
    };
    layers.iter().flat_map(on).collect()
}

/// Sets that compute in f32: of what multiplies nothing, the one with bf16 is the same code.
fn f32_cases(layers: &[Layer]) -> Vec<Case> {
    let mut cases = cases(layers);
    cases.retain(|case| case.isa.values_per_word() == 1);
    cases
}

/// Reproducible values of -0.5 to 0.5.
fn numbers(count: usize) -> Vec<f32> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    std::iter::repeat_with(next).take(count).collect()
}

impl Case {
    fn shape(&self) -> ConvolutionShape {
        let [_, height, width] = self.input;
        ConvolutionShape {
            input: self.input,
            output: [self.outputs, height, width],
            kernel: [3, 3],
            pad: [1, 1],
        }
    }

    fn multiplications(&self) -> ItemsCount {
        ItemsCount::new(9 * self.outputs * self.input.iter().product::<usize>())
    }

    fn image(&self) -> Vec<f32> {
        numbers(self.input.iter().product())
    }

    fn bytes(&self) -> BytesCount {
        BytesCount::of_many::<f32>(self.input.iter().product())
    }

    /// Pooling of 2x2.
    fn windows(&self) -> Windows {
        Windows::halving(self.input)
    }
}

#[divan::bench(args = cases(&CONVOLUTIONS), max_time = 1)]
fn convolve(bencher: Bencher<'_, '_>, case: &Case) {
    let shape = case.shape();
    let weights = numbers(9 * case.input[0] * case.outputs);
    let layer = Convolution::new(case.isa, shape, &weights, None);
    let image = case.image();
    let mut output = vec![0.0; layer.output_len()];
    let mut scratch = Scratch::default();
    bencher
        .counter(case.multiplications())
        .bench_local(|| layer.apply(divan::black_box(&image), &mut scratch, &mut output));
}

/// With the packing of the image and of the output's gradient, as in training.
#[divan::bench(args = cases(&CONVOLUTIONS), max_time = 1)]
fn weight_gradient(bencher: Bencher<'_, '_>, case: &Case) {
    let [channels, height, width] = case.input;
    let kernel = [3, 3];
    let frame = Frame {
        image: [height, width, channels],
        before: [1, 1],
        to: [height + 2, width + 2],
    };
    let (isa, stride) = (case.isa, case.outputs.next_multiple_of(case.isa.lanes()));
    let pairs = width.div_ceil(isa.values_per_word());
    let sweep = if isa.values_per_word() == 1 {
        Sweep {
            images: 1,
            rows: height,
            steps: width,
            in_channels: channels,
            x_row: frame.to[1] * channels,
            x_image: 0,
            x_tap: [frame.to[1] * channels, channels],
            d_step: stride,
            kernel,
        }
    } else {
        Sweep {
            images: 1,
            rows: 1,
            steps: height * pairs,
            in_channels: channels,
            x_row: 0,
            x_image: 0,
            x_tap: [pairs * channels, frame.to[0] * pairs * channels],
            d_step: stride,
            kernel,
        }
    };
    let image = case.image();
    let gradient = numbers(height * width * case.outputs);
    let mut x = vec![0; pack::gradient_input_len(isa, frame, kernel)];
    let mut d = vec![0; height * pairs * stride];
    let mut sums = vec![0.0; 9 * channels * stride];
    bencher.counter(case.multiplications()).bench_local(|| {
        // SAFETY: the machine has every set of `cases`; `x` and `d` have the length that the sweep
        // reaches, `sums` a row of `stride` values per tap and input channel.
        #[allow(unsafe_code, reason = "the kernels work on raw pointers")]
        unsafe {
            pack::gradient_input(isa, &image, frame, kernel, &mut x);
            pack::gradient_output(isa, &gradient, [width, case.outputs], stride, &mut d);
            convolution::weight_gradient(isa, x.as_ptr(), sweep, d.as_ptr(), sums.as_mut_ptr());
        }
    });
}

#[divan::bench(args = f32_cases(&PASSES))]
fn pool(bencher: Bencher<'_, '_>, case: &Case) {
    let (image, windows) = (case.image(), case.windows());
    let mut output = vec![0.0; windows.output.iter().product()];
    bencher
        .counter(case.bytes())
        .bench_local(|| max_pool(case.isa, divan::black_box(&image), windows, &mut output));
}

#[divan::bench(args = f32_cases(&PASSES))]
fn pool_with_winners(bencher: Bencher<'_, '_>, case: &Case) {
    let (image, windows) = (case.image(), case.windows());
    let mut output = vec![0.0; windows.output.iter().product()];
    let mut winners = vec![0; output.len()];
    bencher.counter(case.bytes()).bench_local(|| {
        // SAFETY: the machine has every set of `cases`.
        #[allow(unsafe_code, reason = "compiled for the instruction set")]
        unsafe {
            passes::max_pool(
                case.isa,
                divan::black_box(&image),
                windows,
                &mut output,
                &mut winners,
            );
        }
    });
}

#[divan::bench(args = f32_cases(&PASSES))]
fn batch_norm_and_relu(bencher: Bencher<'_, '_>, case: &Case) {
    let image = case.image();
    let (scale, shift) = (numbers(case.outputs), numbers(case.outputs));
    let (scale, shift) = (passes::repeated(&scale), passes::repeated(&shift));
    let line = Affine {
        scale: &scale,
        shift: &shift,
        alpha: 0.0,
    };
    let mut output = vec![0.0; image.len()];
    bencher.counter(case.bytes()).bench_local(|| {
        // SAFETY: the machine has every set of `cases`.
        #[allow(unsafe_code, reason = "compiled for the instruction set")]
        unsafe {
            passes::affine(case.isa, divan::black_box(&image), line, &mut output);
        }
    });
}

/// Compiled once, for all machines.
#[divan::bench]
fn relu(bencher: Bencher<'_, '_>) {
    let mut values = numbers(32 * 24 * 24);
    bencher
        .counter(BytesCount::of_many::<f32>(values.len()))
        .bench_local(|| activate(divan::black_box(&mut values), 0.0));
}

/// Likewise.
#[divan::bench]
fn average_of_all_pixels(bencher: Bencher<'_, '_>) {
    let image = numbers(256 * 3 * 3);
    let mut means = vec![0.0; 256];
    bencher
        .counter(BytesCount::of_many::<f32>(image.len()))
        .bench_local(|| global_average(divan::black_box(&image), &mut means));
}
