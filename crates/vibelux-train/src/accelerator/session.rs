//! [`Session`]: the state of a run on a burn device, and the steps that change it.

use burn_tensor::activation::log_softmax;
use burn_tensor::backend::{AutodiffBackend, Backend};
use burn_tensor::{Tensor, TensorData};

use super::error::AcceleratorError;
use super::graph::Graph;
use super::guard::guarded;
use super::step::{Accelerator, Step};
use super::update::Update;
use crate::nn::{Mode, Network, Optimiser, OptimiserConfig, Parameter};

/// A flat array on the device, without a record of how it came about.
type Array<B> = Tensor<<B as AutodiffBackend>::InnerBackend, 1>;

/// One learnt array and what the optimiser keeps of it.
struct Slot<B: AutodiffBackend> {
    value: Array<B>,
    /// What the optimiser keeps; `None` if it does not change this array.
    first: Option<Array<B>>,
    second: Option<Array<B>>,
    average: Option<Array<B>>,
    decays: bool,
}

/// Trains on one device of backend `B`.
pub(super) struct Session<B: AutodiffBackend> {
    name: String,
    device: B::Device,
    run: Option<Run<B>>,
}

/// What was uploaded.
struct Run<B: AutodiffBackend> {
    graph: Graph,
    optimiser: OptimiserConfig,
    slots: Vec<Slot<B>>,
}

impl<B: AutodiffBackend> Session<B> {
    /// Nothing is on the device yet.
    pub fn new(name: String, device: B::Device) -> Self {
        let run = None;
        Self { name, device, run }
    }

    /// Does something with what was uploaded.
    fn with_run<T>(
        &mut self,
        work: impl FnOnce(&mut Run<B>, &B::Device) -> Result<T, String>,
    ) -> Result<T, AcceleratorError> {
        let Some(run) = &mut self.run else {
            let device = self.name.clone();
            return Err(AcceleratorError::NothingUploaded { device });
        };
        guarded(|| work(run, &self.device)).map_err(|reason| self.failed(reason))
    }

    fn failed(&self, reason: String) -> AcceleratorError {
        AcceleratorError::Failed {
            device: self.name.clone(),
            reason,
        }
    }

    fn array(&self, values: &[f32]) -> Array<B> {
        let data = TensorData::new(values.to_vec(), [values.len()]);
        Tensor::from_data(data, &self.device)
    }

    fn slots_of(
        &self,
        parameters: &[Parameter],
        optimiser: &Optimiser,
        average: &[Vec<f32>],
    ) -> Vec<Slot<B>> {
        let kept = |group: &[Vec<f32>], i: usize| {
            let values = group.get(i).filter(|v| !v.is_empty());
            values.map(|v| self.array(v))
        };
        parameters
            .iter()
            .enumerate()
            .map(|(i, p)| Slot {
                value: self.array(&p.value),
                first: kept(&optimiser.first, i),
                second: kept(&optimiser.second, i),
                average: kept(average, i),
                decays: p.decays,
            })
            .collect()
    }
}

impl<B: AutodiffBackend> Run<B> {
    /// One training step; the logits.
    fn train(&mut self, step: &Step<'_>, device: &B::Device) -> Result<Vec<f32>, String> {
        let parameters: Vec<Tensor<B, 1>> = self
            .slots
            .iter()
            .map(|slot| {
                let tensor = Tensor::from_inner(slot.value.clone());
                if slot.first.is_some() {
                    tensor.require_grad()
                } else {
                    tensor
                }
            })
            .collect();
        let input = self.graph.input::<B>(step.inputs, device);
        let mode = Mode::Train { seed: step.seed };
        let output = self.graph.forward(&parameters, input, mode);
        let shape = output.logits.dims();
        let targets = TensorData::new(step.targets.to_vec(), shape);
        let targets = Tensor::<B, 2>::from_data(targets, device);
        let loss = (log_softmax(output.logits.clone(), 1) * targets).sum();
        let mut gradients = loss.div_scalar(-(shape[0] as f32)).backward();

        for (index, value) in output.running {
            self.slots[index].value = value.inner();
        }
        let update = Update::new(
            &self.optimiser,
            step.optimiser_step,
            step.learning_rate_factor,
        );
        for (slot, parameter) in self.slots.iter_mut().zip(&parameters) {
            if let Some(first) = &mut slot.first {
                let gradient = parameter
                    .grad_remove(&mut gradients)
                    .unwrap_or_else(|| slot.value.zeros_like());
                let value = slot.value.clone();
                slot.value = update.apply(value, gradient, first, &mut slot.second, slot.decays);
            }
            if let Some(average) = &mut slot.average {
                let change = slot.value.clone() - average.clone();
                *average = average.clone() + change.mul_scalar(1.0 - step.average_decay);
            }
        }
        // Reading the logits is what waits for the device.
        values(output.logits.inner())
    }
}

/// The numbers of a tensor, row-major.
fn values<B: Backend, const D: usize>(tensor: Tensor<B, D>) -> Result<Vec<f32>, String> {
    let data = tensor.try_into_data().map_err(|e| e.to_string())?;
    data.into_vec::<f32>().map_err(|e| format!("{e:?}"))
}

impl<B: AutodiffBackend> Accelerator for Session<B> {
    fn name(&self) -> &str {
        &self.name
    }

    fn upload(
        &mut self,
        network: &Network,
        optimiser: &Optimiser,
        average: &[Vec<f32>],
    ) -> Result<(), AcceleratorError> {
        let graph = Graph::new(network.architecture())?;
        let slots = guarded(|| Ok(self.slots_of(network.parameters(), optimiser, average)));
        self.run = Some(Run {
            graph,
            optimiser: optimiser.config().clone(),
            slots: slots.map_err(|reason| self.failed(reason))?,
        });
        Ok(())
    }

    fn step(&mut self, step: &Step<'_>) -> Result<Vec<f32>, AcceleratorError> {
        self.with_run(|run, device| run.train(step, device))
    }

    fn evaluate(&mut self, inputs: &[f32]) -> Result<Vec<f32>, AcceleratorError> {
        self.with_run(|run, device| {
            let of_slot = |slot: &Slot<B>| slot.average.as_ref().unwrap_or(&slot.value).clone();
            let parameters: Vec<Array<B>> = run.slots.iter().map(of_slot).collect();
            let input = run.graph.input(inputs, device);
            let output = run.graph.forward(&parameters, input, Mode::Evaluate);
            values(output.logits)
        })
    }

    fn download(
        &mut self,
        parameters: &mut [Parameter],
        optimiser: &mut Optimiser,
        average: &mut [Vec<f32>],
    ) -> Result<(), AcceleratorError> {
        self.with_run(|run, _| {
            for (i, slot) in run.slots.iter().enumerate() {
                let parameter = parameters.get_mut(i).map(|p| &mut p.value);
                let groups = [
                    (parameter, Some(&slot.value)),
                    (optimiser.first.get_mut(i), slot.first.as_ref()),
                    (optimiser.second.get_mut(i), slot.second.as_ref()),
                    (average.get_mut(i), slot.average.as_ref()),
                ];
                for (to, from) in groups {
                    if let (Some(to), Some(from)) = (to, from) {
                        *to = values(from.clone())?;
                    }
                }
            }
            Ok(())
        })
    }
}
