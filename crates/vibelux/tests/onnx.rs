//! Exported networks are run by onnxruntime and compared with the reference forward pass.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use std::path::Path;
use std::process::Command;

use vibelux::model::architecture::{Architecture, LayerSpec, Padding};
use vibelux::model::onnx::{WeightPrecision, to_onnx, to_onnx_with};
use vibelux::model::reference::forward;
use vibelux::model::weights::{Tensor, Weights};

/// Reproducible numbers in -1..1.
fn noise(state: &mut u64) -> f32 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*state >> 40) as f32 / (1 << 23) as f32 - 1.0
}

fn random_weights(net: &Architecture, state: &mut u64) -> Weights {
    let tensors = net.parameters().unwrap().into_iter().map(|p| {
        let len: usize = p.shape.iter().product();
        let scale = (3.0 / p.shape[1..].iter().product::<usize>().max(1) as f32).sqrt();
        let data = (0..len).map(|_| match noise(state) {
            x if p.name.ends_with("running_var") => 0.5 + x.abs(),
            x => x * scale,
        });
        let tensor = Tensor {
            shape: p.shape.clone(),
            data: data.collect(),
        };
        (p.name.clone(), tensor)
    });
    Weights(tensors.collect())
}

fn conv(filters: usize, kernel: [usize; 2], padding: Padding) -> LayerSpec {
    LayerSpec::Conv2d {
        filters,
        kernel,
        padding,
        bias: filters.is_multiple_of(2),
    }
}

const NORM: LayerSpec = LayerSpec::BatchNorm { epsilon: 1e-5 };
const POOL: LayerSpec = LayerSpec::MaxPool {
    size: [2, 2],
    stride: [2, 2],
};

/// The shapes that training makes, at a width that the plain loops finish quickly.
fn networks() -> Vec<(&'static str, Architecture)> {
    use LayerSpec::*;
    use Padding::*;
    let mut face = Vec::new();
    for filters in [4, 9, 8, 8] {
        face.extend([conv(filters, [3, 3], Same), NORM, Relu]);
        face.extend([conv(filters, [3, 3], Same), NORM, Relu, POOL]);
    }
    face.extend([GlobalAveragePool, Dropout { rate: 0.4 }, Dense { units: 7 }]);
    let mut music = Vec::new();
    for filters in [3, 4, 6, 6] {
        music.extend([conv(filters, [3, 3], Same), NORM, Relu, POOL]);
    }
    music.extend([TimeMeanMax, Dense { units: 16 }, NORM, Relu]);
    music.extend([Dense { units: 7 }]);
    let odd = vec![
        Rescale {
            scale: 0.5,
            offset: -0.25,
        },
        NORM,
        conv(5, [2, 4], Same),
        LeakyRelu { alpha: 0.3 },
        NORM,
        conv(4, [5, 2], Valid),
        MaxPool {
            size: [3, 2],
            stride: [2, 1],
        },
        Flatten,
        NORM,
        Dense { units: 12 },
        LeakyRelu { alpha: 0.2 },
        Dense { units: 7 },
        Softmax,
    ];
    let net = |input, layers| Architecture { input, layers };
    vec![
        ("face", net([1, 48, 48], face)),
        ("music", net([1, 64, 157], music)),
        ("odd", net([3, 13, 17], odd)),
    ]
}

fn write(path: &Path, values: &[f32]) {
    let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn onnxruntime_gives_what_the_reference_gives() {
    let dir = tempfile::tempdir().unwrap();
    let mut state = 42;
    for (name, net) in networks() {
        let mut weights = random_weights(&net, &mut state);
        let len: usize = net.input.iter().product();
        let input: Vec<f32> = (0..3 * len).map(|_| noise(&mut state)).collect();
        let path = |name: &str, extension| dir.path().join(name).with_extension(extension);
        let save = |name: &str, file: Vec<u8>, weights: &Weights| {
            let outputs = input
                .chunks(len)
                .map(|x| forward(&net, weights, x).unwrap());
            std::fs::write(path(name, "onnx"), file).unwrap();
            write(&path(name, "input"), &input);
            write(
                &path(name, "output"),
                &outputs.flatten().collect::<Vec<_>>(),
            );
        };
        save(name, to_onnx(&net, &weights).unwrap(), &weights);
        // Multiples of 1/512 below 1 survive half precision, and a batch norm that only shifts
        // leaves them alone: then the f16 file must be as exact as the other.
        for (name, tensor) in &mut weights.0 {
            for x in &mut tensor.data {
                *x = (*x * 512.0).round() / 512.0;
                if name.starts_with("bn") && name.ends_with(".weight") {
                    *x = 1.0;
                }
            }
            if name.ends_with("running_var") {
                tensor.data.fill(1.0 - 1e-5);
            }
            if name.ends_with("running_mean") {
                tensor.data.fill(0.0);
            }
        }
        let half = to_onnx_with(&net, &weights, WeightPrecision::F16).unwrap();
        save(&format!("{name}_f16"), half, &weights);
    }
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../scripts/checks/check_onnx.py"
    );
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let output = match Command::new(&python).arg(script).arg(dir.path()).output() {
        Ok(output) => output,
        Err(error) => return eprintln!("SKIPPED: cannot run {python}: {error}"),
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(77) {
        return eprintln!("SKIPPED: {python} has no onnxruntime ({})", text.trim());
    }
    println!("{text}");
    assert!(output.status.success(), "{text}{errors}");
}
