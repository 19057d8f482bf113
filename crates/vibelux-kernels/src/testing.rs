//! What the tests of several modules need: numbers, the definition of a convolution, refused calls.

/// Reproducible values of -1 to 1.
pub fn numbers(seed: usize, len: usize) -> Vec<f32> {
    (0..len)
        .map(|i| ((i * 7919 + seed * 104_729 + 13) % 1009) as f32 / 504.5 - 1.0)
        .collect()
}

/// Whether a call is refused, as it must be where the kernels would leave their arrays.
pub fn refused(call: impl FnOnce() + std::panic::UnwindSafe) -> bool {
    std::panic::catch_unwind(call).is_err()
}

/// The definition of a convolution, in f64: of `[input, output]` (channels, height, width), with `pad` zeros above
/// the input and left of it. Arrays are as in [`crate::inference::Convolution`].
pub fn convolved(
    [input, output]: [[usize; 3]; 2],
    kernel: [usize; 2],
    pad: [usize; 2],
    [image, weights, bias]: [&[f32]; 3],
) -> Vec<f32> {
    let ([c, h, w], [o, oh, ow], [kh, kw]) = (input, output, kernel);
    let mut convolved = Vec::new();
    for (y, x) in (0..oh).flat_map(|y| (0..ow).map(move |x| (y, x))) {
        for out in 0..o {
            let mut sum = f64::from(bias[out]);
            for (ky, kx) in (0..kh).flat_map(|a| (0..kw).map(move |b| (a, b))) {
                let row = (y + ky).checked_sub(pad[0]).filter(|&y| y < h);
                let column = (x + kx).checked_sub(pad[1]).filter(|&x| x < w);
                let (Some(row), Some(column)) = (row, column) else {
                    continue;
                };
                for i in 0..c {
                    let weight = weights[((ky * kw + kx) * c + i) * o + out];
                    sum += f64::from(weight) * f64::from(image[(row * w + column) * c + i]);
                }
            }
            convolved.push(sum as f32);
        }
    }
    convolved
}
