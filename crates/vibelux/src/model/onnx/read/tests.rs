//! What the writer writes is read; what is not understood is left alone.

use super::*;
use crate::model::architecture::{LayerSpec, Padding};
use crate::model::onnx::{WeightPrecision, to_onnx_with};
use crate::model::weights::Tensor;

/// A network of every layer, and weights that count up in steps that half precision can hold.
fn every_layer() -> (Architecture, Weights) {
    let conv = |padding, bias| LayerSpec::Conv2d {
        filters: 3,
        kernel: [3, 2],
        padding,
        bias,
    };
    let net = Architecture {
        input: [2, 12, 9],
        layers: vec![
            LayerSpec::Rescale {
                scale: 2.0,
                offset: -0.5,
            },
            conv(Padding::Same, true),
            LayerSpec::Relu,
            LayerSpec::BatchNorm { epsilon: 0.125 },
            LayerSpec::MaxPool {
                size: [2, 2],
                stride: [2, 1],
            },
            conv(Padding::Valid, false),
            LayerSpec::LeakyRelu { alpha: 0.25 },
            LayerSpec::TimeMeanMax,
            LayerSpec::Dense { units: 7 },
            LayerSpec::Softmax,
        ],
    };
    let tensors = net.parameters().unwrap().into_iter().map(|p| {
        let len = p.shape.iter().product::<usize>();
        let data = (0..len).map(|i| (i % 64) as f32 / 64.0).collect();
        (
            p.name,
            Tensor {
                shape: p.shape,
                data,
            },
        )
    });
    let weights = Weights(tensors.collect());
    (net, weights)
}

#[test]
fn what_is_written_is_read_again() {
    let (net, weights) = every_layer();
    for precision in [WeightPrecision::F32, WeightPrecision::F16] {
        let file = to_onnx_with(&net, &weights, precision).unwrap();
        assert_eq!(read(&file), Some((net.clone(), weights.clone())));
    }
}

/// A file with some bytes replaced, each time by as many others.
fn with(file: &[u8], from: &str, to: &str) -> Vec<u8> {
    let mut file = file.to_vec();
    let found = file.windows(from.len());
    let at = found
        .enumerate()
        .find(|(_, window)| *window == from.as_bytes());
    let (at, _) = at.unwrap();
    file[at..at + to.len()].copy_from_slice(to.as_bytes());
    file
}

#[test]
fn a_mean_over_pixels_must_be_made_flat() {
    let net = Architecture {
        input: [7, 2, 2],
        layers: vec![LayerSpec::GlobalAveragePool, LayerSpec::Softmax],
    };
    let file = to_onnx_with(&net, &Weights::default(), WeightPrecision::F32).unwrap();
    assert_eq!(read(&file), Some((net, Weights::default())));
    // Softmax over the last axis of [n, 7, 1, 1] is over one value.
    assert_eq!(read(&with(&file, "Flatten", "Unknown")), None);
    let tangled = with(&file, "globalaveragepool_0", "globalaveragepool_9");
    assert_eq!(read(&tangled), None);
}

#[test]
fn what_is_not_understood_is_left_to_others() {
    let (net, weights) = every_layer();
    let file = to_onnx_with(&net, &weights, WeightPrecision::F32).unwrap();
    let with = |from: &str, to: &str| read(&with(&file, from, to));
    assert!(with("LeakyRelu", "LeakyRelu").is_some());
    // Another operator, an unknown attribute, and a value that no node makes.
    assert_eq!(with("LeakyRelu", "LeakyElus"), None);
    assert_eq!(with("strides", "striped"), None);
    assert_eq!(with("relu_3", "relu_4"), None);
    assert_eq!(read(&file[..file.len() - 1]), None);
}
