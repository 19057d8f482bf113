//! Training speed in images per second: forward, backward and optimiser step of the presets' nets, those for
//! faces and the one for music, batch 64, on all cores, with f32 factors and, where the processor is faster
//! with them, with bf16 ones.
//!
//! Run with `cargo run --release -p vibelux-train --example step_speed [-- --json] [--steps N] [--only NAME]`.
//! `--json` prints one object per net and line, with the architecture: `scripts/compare/keras_speed.py`
//! builds the same net in Keras from it. The kernels below it have benchmarks: `cargo bench -p
//! vibelux-kernels`.

use std::error::Error;
use std::time::Instant;

use serde_json::json;
use vibelux::model::architecture::Architecture;
use vibelux_train::config::preset;
use vibelux_train::nn::{
    Init, InstructionSet, Mode, Network, Optimiser, OptimiserConfig, OptimiserKind, Precision,
    Random, soft_cross_entropy,
};

const BATCH: usize = 64;
const CLASSES: usize = 7;
/// Untimed steps: the buffers are allocated, the clock speed settles.
const WARM_UP_STEPS: u64 = 2;
const DEFAULT_STEPS: u64 = 12;
const OPTIMISER: OptimiserConfig = OptimiserConfig {
    kind: OptimiserKind::Adamw,
    learning_rate: 1e-3,
    weight_decay: 4e-3,
    sharpness_radius: 0.0,
};

/// Mean milliseconds of a step's parts.
struct StepTimes {
    forward: f64,
    backward: f64,
    optimiser: f64,
}

impl StepTimes {
    fn images_per_second(&self) -> f64 {
        BATCH as f64 * 1e3 / (self.forward + self.backward + self.optimiser)
    }
}

fn measure(
    architecture: &Architecture,
    precision: Precision,
    steps: u64,
) -> Result<StepTimes, Box<dyn Error>> {
    let isa = InstructionSet::detect(precision);
    let mut net = Network::with_instructions(architecture, Init::He, 1, isa)?;
    let mut optimiser = Optimiser::new(OPTIMISER, net.parameters());
    let mut random = Random::new(1, 0, 0);
    let x: Vec<f32> = (0..BATCH * net.input_len())
        .map(|_| random.uniform(-0.5, 0.5))
        .collect();
    let mut targets = vec![0.0; BATCH * CLASSES];
    for row in targets.chunks_exact_mut(CLASSES) {
        row[random.below(CLASSES)] = 1.0;
    }
    let mut seconds = [0.0; 3];
    for step in 0..WARM_UP_STEPS + steps {
        let start = Instant::now();
        let logits = net.forward(&x, Mode::Train { seed: step });
        let (_, gradient) = soft_cross_entropy(logits, &targets, CLASSES);
        let forward = start.elapsed().as_secs_f64();
        net.backward(&gradient);
        let backward = start.elapsed().as_secs_f64();
        optimiser.step(net.parameters_mut(), 1.0);
        let all = start.elapsed().as_secs_f64();
        if step >= WARM_UP_STEPS {
            for (sum, part) in seconds
                .iter_mut()
                .zip([forward, backward - forward, all - backward])
            {
                *sum += part;
            }
        }
    }
    let [forward, backward, optimiser] = seconds.map(|s| s / steps as f64 * 1e3);
    Ok(StepTimes {
        forward,
        backward,
        optimiser,
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (mut json, mut steps, mut only) = (false, DEFAULT_STEPS, None);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--json" => json = true,
            "--steps" => {
                let value = arguments.next().ok_or("--steps needs a number")?;
                steps = value.parse::<u64>()?.max(1);
            }
            "--only" => only = Some(arguments.next().ok_or("--only needs a name")?),
            other => return Err(format!("unknown argument {other:?}").into()),
        }
    }
    let mut precisions = vec![(Precision::F32, "")];
    if InstructionSet::detect(Precision::Bf16).values_per_word() == 2 {
        precisions.push((Precision::Bf16, " (bf16)"));
    }
    let faces = ["original", "default", "large"].map(|name| (name, preset::face(name)));
    let nets = faces
        .into_iter()
        .chain([("music", preset::music("default"))]);
    for (name, preset) in nets {
        if only.as_ref().is_some_and(|only| only != name) {
            continue;
        }
        let preset = preset.ok_or("the preset is gone")?;
        for &(precision, suffix) in &precisions {
            print_speed(
                &preset.architecture,
                precision,
                &format!("{name}{suffix}"),
                steps,
                json,
            )?;
        }
    }
    Ok(())
}

fn print_speed(
    architecture: &Architecture,
    precision: Precision,
    name: &str,
    steps: u64,
    json: bool,
) -> Result<(), Box<dyn Error>> {
    let times = measure(architecture, precision, steps)?;
    let (speed, parameters) = (times.images_per_second(), architecture.parameter_count()?);
    if json {
        let line = json!({
            "name": name,
            "architecture": architecture,
            "parameters": parameters,
            "weight_decay": OPTIMISER.weight_decay,
            "batch": BATCH,
            "steps": steps,
            "images_per_second": speed,
        });
        println!("{line}");
        return Ok(());
    }
    println!(
        "{name}: {speed:.0} images/s ({:.2} M parameters; forward {:.0} ms, backward {:.0} ms, optimiser {:.1} ms)",
        parameters as f64 / 1e6,
        times.forward,
        times.backward,
        times.optimiser,
    );
    Ok(())
}
