//! The accelerator against the CPU engine, step by step, on every backend that was built in.

use vibelux::model::architecture::{Architecture, LayerSpec, Padding};

use super::{Accelerator, AcceleratorError, Step};
use crate::nn::{
    Init, Mode, Network, Optimiser, OptimiserConfig, OptimiserKind, Random, soft_cross_entropy,
};

const CLASSES: usize = 7;
const BATCH: usize = 6;
const STEPS: u64 = 5;

fn conv(filters: usize, kernel: [usize; 2], padding: Padding, bias: bool) -> LayerSpec {
    LayerSpec::Conv2d {
        filters,
        kernel,
        padding,
        bias,
    }
}

/// Every layer of a face network, with odd sizes, two input channels and dropout on an image.
///
/// No bias stands before a batch norm: its gradient would be rounding noise, which AdamW blows up to
/// full steps in directions of its own.
fn face_net() -> Architecture {
    Architecture {
        input: [2, 11, 13],
        layers: vec![
            LayerSpec::Rescale {
                scale: 0.9,
                offset: 0.1,
            },
            conv(5, [3, 3], Padding::Same, false),
            LayerSpec::BatchNorm { epsilon: 1e-3 },
            LayerSpec::Relu,
            LayerSpec::MaxPool {
                size: [2, 2],
                stride: [2, 2],
            },
            LayerSpec::Dropout { rate: 0.2 },
            // An even kernel needs more zeros on one side.
            conv(6, [2, 4], Padding::Same, true),
            LayerSpec::LeakyRelu { alpha: 0.1 },
            LayerSpec::MaxPool {
                size: [3, 2],
                stride: [1, 2],
            },
            LayerSpec::Flatten,
            LayerSpec::Dense { units: 16 },
            LayerSpec::Relu,
            LayerSpec::Dropout { rate: 0.5 },
            LayerSpec::Dense { units: CLASSES },
            LayerSpec::Softmax,
        ],
    }
}

/// The poolings over whole images, and batch norm of flat values.
fn pooled_net(pooling: LayerSpec) -> Architecture {
    Architecture {
        input: [1, 8, 10],
        layers: vec![
            conv(4, [3, 5], Padding::Valid, false),
            LayerSpec::LeakyRelu { alpha: 0.2 },
            pooling,
            LayerSpec::BatchNorm { epsilon: 1e-5 },
            LayerSpec::Dense { units: CLASSES },
        ],
    }
}

/// A batch of noise with soft targets.
fn batch(network: &Network, step: u64) -> (Vec<f32>, Vec<f32>) {
    let mut random = Random::new(11, 5, step);
    let inputs = (0..BATCH * network.input_len()).map(|_| random.normal());
    let inputs = inputs.collect();
    let mut targets: Vec<f32> = (0..BATCH * CLASSES).map(|_| random.unit()).collect();
    for row in targets.chunks_exact_mut(CLASSES) {
        let sum: f32 = row.iter().sum();
        row.iter_mut().for_each(|t| *t /= sum);
    }
    (inputs, targets)
}

/// Fails unless the arrays agree to 1e-3 of the larger one's norm.
fn assert_close(what: &str, got: &[f32], expected: &[f32]) {
    assert_eq!(got.len(), expected.len(), "{what}");
    let norm = |values: &mut dyn Iterator<Item = f32>| {
        values
            .map(|v| f64::from(v) * f64::from(v))
            .sum::<f64>()
            .sqrt()
    };
    let apart = norm(&mut got.iter().zip(expected).map(|(g, e)| g - e));
    let size = norm(&mut expected.iter().copied()).max(norm(&mut got.iter().copied()));
    assert!(
        apart <= 1e-3 * size + 1e-6,
        "{what}: {apart:.3e} apart at size {size:.3e}"
    );
}

struct Run {
    network: Network,
    optimiser: Optimiser,
    average: Vec<Vec<f32>>,
}

impl Run {
    fn new(architecture: &Architecture, kind: OptimiserKind) -> Self {
        let network = Network::new(architecture, Init::He, 3).unwrap();
        let config = OptimiserConfig {
            kind,
            learning_rate: 0.01,
            weight_decay: 0.05,
            sharpness_radius: 0.0,
        };
        let optimiser = Optimiser::new(config, network.parameters());
        let average = network.values();
        Self {
            network,
            optimiser,
            average,
        }
    }

    /// The trainer's step on the CPU.
    fn step(&mut self, step: &Step<'_>) -> Vec<f32> {
        let logits = self
            .network
            .forward(step.inputs, Mode::Train { seed: step.seed });
        let logits = logits.to_vec();
        let (_, gradient) = soft_cross_entropy(&logits, step.targets, CLASSES);
        self.network.backward(&gradient);
        let parameters = self.network.parameters_mut();
        self.optimiser.step(parameters, step.learning_rate_factor);
        for (average, p) in self.average.iter_mut().zip(self.network.parameters()) {
            for (a, &v) in average.iter_mut().zip(&p.value) {
                *a += (1.0 - step.average_decay) * (v - *a);
            }
        }
        logits
    }
}

/// Both engines take the same steps from the same start; everything they hold must agree.
fn agrees(accelerator: &mut dyn Accelerator, architecture: &Architecture, kind: OptimiserKind) {
    let mut cpu = Run::new(architecture, kind);
    let mut other = Run::new(architecture, kind);
    accelerator
        .upload(&other.network, &other.optimiser, &other.average)
        .unwrap();
    for number in 1..=STEPS {
        let (inputs, targets) = batch(&cpu.network, number);
        let step = Step {
            inputs: &inputs,
            targets: &targets,
            seed: 40 + number,
            optimiser_step: number,
            learning_rate_factor: 0.2 * number as f32,
            average_decay: 0.7,
        };
        let expected = cpu.step(&step);
        let got = accelerator.step(&step).unwrap();
        assert_close(
            &format!("{kind:?} logits of step {number}"),
            &got,
            &expected,
        );
        let loss = |logits: &[f32]| soft_cross_entropy(logits, &targets, CLASSES).0;
        let (got, expected) = (loss(&got), loss(&expected));
        assert!((got - expected).abs() < 1e-3 * expected, "{got} {expected}");
    }
    accelerator
        .download(
            other.network.parameters_mut(),
            &mut other.optimiser,
            &mut other.average,
        )
        .unwrap();
    let fresh = Run::new(architecture, kind);
    for (i, p) in cpu.network.parameters().iter().enumerate() {
        let what = |group: &str| format!("{kind:?} {group} of {}", p.name);
        let got = &other.network.parameters()[i].value;
        assert_close(&what("value"), got, &p.value);
        assert_ne!(*got, fresh.network.parameters()[i].value, "{}", p.name);
        assert_close(
            &what("first"),
            &other.optimiser.first[i],
            &cpu.optimiser.first[i],
        );
        assert_close(
            &what("second"),
            &other.optimiser.second[i],
            &cpu.optimiser.second[i],
        );
        assert_close(&what("average"), &other.average[i], &cpu.average[i]);
    }
    // Judging is by the average.
    for (p, average) in cpu.network.parameters_mut().iter_mut().zip(&cpu.average) {
        p.value.clone_from(average);
    }
    let (inputs, _) = batch(&cpu.network, 99);
    let expected = cpu.network.forward(&inputs, Mode::Evaluate);
    let got = accelerator.evaluate(&inputs).unwrap();
    assert_close("logits of the average", &got, expected);
}

fn agrees_on_everything(accelerator: &mut dyn Accelerator) {
    eprintln!("on {}", accelerator.name());
    for kind in [OptimiserKind::Adamw, OptimiserKind::Sgd] {
        agrees(accelerator, &face_net(), kind);
    }
    for pooling in [LayerSpec::GlobalAveragePool, LayerSpec::TimeMeanMax] {
        agrees(accelerator, &pooled_net(pooling), OptimiserKind::Sgd);
    }
}

#[cfg(feature = "burn-cpu")]
#[test]
fn the_same_code_on_the_cpu_agrees_with_the_engine() {
    let mut accelerator = super::open::cpu().unwrap();
    agrees_on_everything(&mut *accelerator);
}

#[cfg(feature = "burn-cpu")]
#[test]
fn a_step_before_the_upload_is_an_error() {
    let mut accelerator = super::open::cpu().unwrap();
    let error = accelerator.evaluate(&[0.0]).unwrap_err();
    assert!(matches!(error, AcceleratorError::NothingUploaded { .. }));
}

#[cfg(any(feature = "gpu", feature = "cuda"))]
#[test]
fn a_graphics_card_agrees_with_the_engine() {
    match super::open_gpu() {
        Ok(mut accelerator) => agrees_on_everything(&mut *accelerator),
        Err(AcceleratorError::NoDevice { reason }) => {
            eprintln!("SKIPPED: no graphics card: {reason}");
        }
        Err(error) => panic!("{error}"),
    }
}

/// Noise around one prototype per class: a data set that is learnt in a few steps.
#[cfg(feature = "burn-cpu")]
struct Toy;

#[cfg(feature = "burn-cpu")]
impl Toy {
    fn fill(index: usize, random: &mut Random, input: &mut [f32]) {
        let mut prototype = Random::new(21, 0, (index % CLASSES) as u64);
        input
            .iter_mut()
            .for_each(|v| *v = prototype.normal() + 0.3 * random.normal());
    }
}

#[cfg(feature = "burn-cpu")]
impl crate::dataset::TrainingSet for Toy {
    fn fingerprint(&self) -> u64 {
        CLASSES as u64
    }

    fn len(&self) -> usize {
        8 * CLASSES
    }

    fn draw(&self, index: usize, random: &mut Random, input: &mut [f32], target: &mut [f32]) {
        Self::fill(index, random, input);
        target.fill(0.0);
        target[index % CLASSES] = 1.0;
    }
}

#[cfg(feature = "burn-cpu")]
impl crate::dataset::EvaluationSet for Toy {
    fn len(&self) -> usize {
        2 * CLASSES
    }

    fn views(&self, _index: usize) -> usize {
        1
    }

    fn view(&self, index: usize, _view: usize, input: &mut [f32]) {
        Self::fill(index, &mut Random::new(22, 0, index as u64), input);
    }

    fn class(&self, index: usize) -> Option<usize> {
        Some(index % CLASSES)
    }

    fn target(&self, _index: usize) -> Option<[f32; 7]> {
        None
    }

    fn averages_logits(&self) -> bool {
        false
    }
}

/// A run that begins on a device and goes on without one is the run that never had one.
#[cfg(feature = "burn-cpu")]
#[test]
fn a_run_moves_between_devices_through_its_checkpoint() {
    moves_between_devices(&toy_config(face_net()));
}

/// As the run above, on another size in each epoch; it moves in the middle of a stage.
#[cfg(feature = "burn-cpu")]
#[test]
fn a_run_on_growing_images_moves_between_devices() {
    let mut architecture = pooled_net(LayerSpec::GlobalAveragePool);
    architecture.input = [1, 16, 16];
    let stage = |until, side| crate::config::SizeStage { until, side };
    moves_between_devices(&crate::config::TrainingConfig {
        sizes: vec![stage(0.34, 12), stage(0.67, 13)],
        ..toy_config(architecture)
    });
}

#[cfg(feature = "burn-cpu")]
fn toy_config(architecture: Architecture) -> crate::config::TrainingConfig {
    crate::config::TrainingConfig {
        epochs: 3,
        batch_size: 8,
        ema_decay: 0.9,
        // As the accelerator computes, also on processors that multiply bf16.
        precision: crate::nn::Precision::F32,
        architecture,
        ..crate::config::preset::face("default").unwrap()
    }
}

#[cfg(feature = "burn-cpu")]
fn moves_between_devices(config: &crate::config::TrainingConfig) {
    use std::sync::atomic::{AtomicBool, Ordering};

    use crate::trainer::{Event, Outcome, Trainer};

    let stop = AtomicBool::new(false);
    let mut whole = Trainer::new(config.clone(), &Toy, &Toy).unwrap();
    whole.run(&stop, &mut |_| {}).unwrap();

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.safetensors");
    let trainer =
        || Trainer::new(config.clone(), &Toy, &Toy).map(|t| t.with_checkpoint(path.clone()));
    let mut begun = trainer()
        .unwrap()
        .with_accelerator(super::open::cpu().unwrap());
    // Stops in the middle of the second epoch.
    let outcome = begun.run(&stop, &mut |event| {
        if matches!(
            event,
            Event::Step {
                epoch: 2,
                step: 3,
                ..
            }
        ) {
            stop.store(true, Ordering::Relaxed);
        }
    });
    assert_eq!(outcome.unwrap(), Outcome::Interrupted);
    stop.store(false, Ordering::Relaxed);
    let mut moved = trainer().unwrap().resume().unwrap();
    assert_eq!(moved.run(&stop, &mut |_| {}).unwrap(), Outcome::Finished);

    for (a, b) in whole.history().iter().zip(moved.history()) {
        assert!(
            (a.train_loss - b.train_loss).abs() < 2e-3 * a.train_loss,
            "{a:?} {b:?}"
        );
        let apart = (a.validation_loss - b.validation_loss).abs();
        assert!(apart < 2e-3 * a.validation_loss, "{a:?} {b:?}");
    }
    assert_eq!(whole.history().len(), moved.history().len());
    let (whole, moved) = (whole.into_network(), moved.into_network());
    for (a, b) in whole.parameters().iter().zip(moved.parameters()) {
        assert_close(&a.name, &b.value, &a.value);
    }
}

#[cfg(feature = "burn-cpu")]
#[test]
fn sharpness_aware_steps_are_refused_with_what_to_do() {
    use crate::trainer::{TrainError, Trainer};

    let mut config = toy_config(pooled_net(LayerSpec::GlobalAveragePool));
    config.optimiser.sharpness_radius = 0.05;
    let mut trainer = Trainer::new(config, &Toy, &Toy)
        .unwrap()
        .with_accelerator(super::open::cpu().unwrap());
    let error = trainer
        .run(&std::sync::atomic::AtomicBool::new(false), &mut |_| {})
        .unwrap_err();
    assert!(matches!(error, TrainError::SharpnessAwareOnAccelerator));
    assert!(error.to_string().contains("--device cpu"), "{error}");
}
