//! Training speed in images per second: forward, backward and optimiser step on 48x48 grey images,
//! batch 64. Run with `cargo run --release -p vibelux-train --example step_speed`.

use std::time::Instant;

use vibelux::model::architecture::{Architecture, LayerSpec, Padding};
use vibelux_train::nn::{
    Init, Mode, Network, Optimiser, OptimiserConfig, OptimiserKind, soft_cross_entropy,
};

fn original() -> Architecture {
    let mut layers = vec![];
    for filters in [32, 64, 128, 128] {
        layers.push(LayerSpec::Conv2d {
            filters,
            kernel: [3, 3],
            padding: Padding::Same,
            bias: true,
        });
        layers.push(LayerSpec::Relu);
        layers.push(LayerSpec::MaxPool {
            size: [2, 2],
            stride: [2, 2],
        });
        layers.push(LayerSpec::Dropout { rate: 0.25 });
    }
    layers.push(LayerSpec::Flatten);
    for units in [128, 64] {
        layers.push(LayerSpec::Dense { units });
        layers.push(LayerSpec::LeakyRelu { alpha: 0.1 });
        layers.push(LayerSpec::Dropout { rate: 0.25 });
    }
    layers.push(LayerSpec::Dense { units: 7 });
    Architecture {
        input: [1, 48, 48],
        layers,
    }
}

fn blocks(side: usize, channels: [usize; 4]) -> Architecture {
    let mut layers = vec![];
    for filters in channels {
        for _ in 0..2 {
            layers.push(LayerSpec::Conv2d {
                filters,
                kernel: [3, 3],
                padding: Padding::Same,
                bias: false,
            });
            layers.push(LayerSpec::BatchNorm { epsilon: 1e-5 });
            layers.push(LayerSpec::Relu);
        }
        layers.push(LayerSpec::MaxPool {
            size: [2, 2],
            stride: [2, 2],
        });
    }
    layers.push(LayerSpec::GlobalAveragePool);
    layers.push(LayerSpec::Dense { units: 7 });
    Architecture {
        input: [1, side, side],
        layers,
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for (name, architecture) in [
        ("original 48 px", original()),
        ("32-64-128-256 44 px", blocks(44, [32, 64, 128, 256])),
        ("64-128-256-512 44 px", blocks(44, [64, 128, 256, 512])),
    ] {
        let mut net = Network::new(&architecture, Init::He, 1)?;
        let config = OptimiserConfig {
            kind: OptimiserKind::Adamw,
            learning_rate: 1e-3,
            weight_decay: 1e-4,
        };
        let mut optimiser = Optimiser::new(config, net.parameters());
        let n = 64;
        let x: Vec<f32> = (0..n * net.input_len())
            .map(|i| (i % 255) as f32 / 255.0 - 0.5)
            .collect();
        let t: Vec<f32> = (0..n * 7)
            .map(|i| if i % 7 == (i / 7) % 7 { 1.0 } else { 0.0 })
            .collect();
        let mut times = [0.0; 3];
        let steps = 12;
        for step in 0..steps + 2 {
            let start = Instant::now();
            let logits = net.forward(&x, Mode::Train { seed: step }).to_vec();
            let (_, d) = soft_cross_entropy(&logits, &t, 7);
            let forward = start.elapsed().as_secs_f64();
            net.backward(&d);
            let backward = start.elapsed().as_secs_f64() - forward;
            optimiser.step(net.parameters_mut(), 1.0);
            if step >= 2 {
                times[0] += forward;
                times[1] += backward;
                times[2] += start.elapsed().as_secs_f64() - forward - backward;
            }
        }
        let [f, b, o] = times.map(|t| t / f64::from(steps as u32) * 1e3);
        println!(
            "{name}: {:.0} images/s ({:.2} M parameters; forward {f:.0} ms, backward {b:.0} ms, optimiser {o:.1} ms)",
            n as f64 / (f + b + o) * 1e3,
            architecture.parameter_count()? as f64 / 1e6
        );
    }
    Ok(())
}
