//! Which shape reaches each layer, and whether the layers fit each other at all.

use super::Architecture;
use super::error::ArchitectureError;
use super::layer::{LayerSpec, Padding};
use super::shape::{LARGEST_WINDOW, LARGEST_WINDOW_TAPS, Shape, product};

impl Architecture {
    /// The shape before the first layer and after each: `layers.len() + 1` entries.
    ///
    /// # Errors
    /// If a layer cannot take what the one before gives, see [`ArchitectureError`].
    pub fn shapes(&self) -> Result<Vec<Shape>, ArchitectureError> {
        let mut shapes = vec![Shape::Image(self.input)];
        let mut shape = Shape::Image(self.input);
        if product(&self.input).is_none() {
            return Err(ArchitectureError::TooLarge {
                index: 0,
                kind: "input",
            });
        }
        for (index, layer) in self.layers.iter().enumerate() {
            let kind = layer.kind();
            let too_large = ArchitectureError::TooLarge { index, kind };
            if !is_sane_for(layer, shape) {
                return Err(too_large);
            }
            let last = index + 1 == self.layers.len();
            let next = output(layer, index, last, shape)?;
            match next {
                Shape::Image(sizes) if product(&sizes).is_none() => return Err(too_large),
                next if next.is_empty() => {
                    return Err(ArchitectureError::Empty {
                        index,
                        kind,
                        got: shape,
                    });
                }
                _ => {}
            }
            shape = next;
            shapes.push(next);
        }
        Ok(shapes)
    }
}

/// The shape that a layer makes of `input`; `last` says whether it is the last one. Sizes are sane.
fn output(
    layer: &LayerSpec,
    index: usize,
    last: bool,
    input: Shape,
) -> Result<Shape, ArchitectureError> {
    let kind = layer.kind();
    let bad = ArchitectureError::BadInput {
        index,
        kind,
        got: input,
    };
    let empty = ArchitectureError::Empty {
        index,
        kind,
        got: input,
    };
    Ok(match (layer, input) {
        (
            LayerSpec::Conv2d {
                filters,
                kernel,
                padding,
                ..
            },
            Shape::Image([_, h, w]),
        ) => {
            let [kh, kw] = *kernel;
            if kh == 0 || kw == 0 {
                return Err(empty);
            }
            match padding {
                Padding::Same => Shape::Image([*filters, h, w]),
                Padding::Valid => Shape::Image([
                    *filters,
                    (h + 1).saturating_sub(kh),
                    (w + 1).saturating_sub(kw),
                ]),
            }
        }
        (LayerSpec::MaxPool { size, stride }, Shape::Image([c, h, w])) => {
            let steps = |n: usize, axis: usize| -> usize {
                if stride[axis] == 0 || size[axis] == 0 || n < size[axis] {
                    0
                } else {
                    (n - size[axis]) / stride[axis] + 1
                }
            };
            Shape::Image([c, steps(h, 0), steps(w, 1)])
        }
        (LayerSpec::GlobalAveragePool, Shape::Image([c, _, _])) => Shape::Flat([c]),
        (LayerSpec::TimeMeanMax, Shape::Image([c, _, _])) => Shape::Flat([2 * c]),
        (LayerSpec::Flatten, any) => Shape::Flat([any.len()]),
        (LayerSpec::Dense { units }, Shape::Flat(_)) => Shape::Flat([*units]),
        (LayerSpec::Softmax, Shape::Flat(_)) => {
            if !last {
                return Err(ArchitectureError::SoftmaxNotLast { index });
            }
            input
        }
        (
            LayerSpec::BatchNorm { .. }
            | LayerSpec::Relu
            | LayerSpec::LeakyRelu { .. }
            | LayerSpec::Dropout { .. }
            | LayerSpec::Rescale { .. },
            any,
        ) => any,
        _ => return Err(bad),
    })
}

/// Whether sizes and number of weights stay in bounds, so that they can be multiplied freely.
fn is_sane_for(layer: &LayerSpec, input: Shape) -> bool {
    let inputs = match input {
        Shape::Image([c, _, _]) => c,
        Shape::Flat([n]) => n,
    };
    match layer {
        LayerSpec::Conv2d {
            filters,
            kernel,
            padding,
            ..
        } => {
            // With its zeros, an image can be far larger than without.
            let framed = match (input, padding) {
                (Shape::Image([c, h, w]), Padding::Same) => {
                    let [kh, kw] = *kernel;
                    product(&[c, h.saturating_add(kh), w.saturating_add(kw)])
                }
                _ => Some(0),
            };
            framed.is_some() && product(&[*filters, inputs, kernel[0], kernel[1]]).is_some()
        }
        LayerSpec::Dense { units } => product(&[*units, inputs]).is_some(),
        LayerSpec::MaxPool { size, stride } => {
            let taps = size[0].saturating_mul(size[1]);
            size.iter().chain(stride).all(|&n| n <= LARGEST_WINDOW) && taps <= LARGEST_WINDOW_TAPS
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_sequences_name_the_layer() {
        let net = Architecture {
            input: [1, 2, 2],
            layers: vec![LayerSpec::MaxPool {
                size: [3, 3],
                stride: [2, 2],
            }],
        };
        assert!(matches!(
            net.shapes(),
            Err(ArchitectureError::Empty { index: 0, .. })
        ));
        let net = Architecture {
            input: [1, 2, 2],
            layers: vec![LayerSpec::Dense { units: 7 }],
        };
        assert!(matches!(
            net.shapes(),
            Err(ArchitectureError::BadInput { index: 0, .. })
        ));
    }

    #[test]
    fn sizes_beyond_reason_are_refused_without_overflow() {
        let dense = |units| LayerSpec::Dense { units };
        // Few weights, but the image with its zeros would take gigabytes.
        let tall = LayerSpec::Conv2d {
            filters: 1,
            kernel: [1 << 20, 1],
            padding: Padding::Same,
            bias: false,
        };
        let conv = LayerSpec::Conv2d {
            filters: usize::MAX,
            kernel: [usize::MAX; 2],
            padding: Padding::Valid,
            bias: true,
        };
        let pool = LayerSpec::MaxPool {
            size: [1, 1],
            stride: [usize::MAX, 1],
        };
        for (input, layers) in [
            ([usize::MAX; 3], vec![]),
            ([1, 1024, 16_384], vec![tall]),
            ([1, 2, 2], vec![conv]),
            ([1, 2, 2], vec![pool]),
            ([1, 2, 2], vec![LayerSpec::Flatten, dense(usize::MAX)]),
        ] {
            assert!(matches!(
                Architecture { input, layers }.shapes(),
                Err(ArchitectureError::TooLarge { .. })
            ));
        }
    }
}
