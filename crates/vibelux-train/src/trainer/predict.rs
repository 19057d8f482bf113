//! What a network says of an evaluation set: after each epoch ([`crate::trainer`]) and at the end of a
//! run ([`crate::run`]).

use std::convert::Infallible;

use rayon::prelude::*;
use vibelux::Emotion;

use crate::dataset::EvaluationSet;
use crate::heads::Heads;
use crate::metrics::argmax;
use crate::nn::{Mode, Network, softmax};

/// Number of emotions: the length of a row of logits.
const CLASSES: usize = 7;

/// What a network says of an evaluation set.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    /// The seven emotions: one row per view, the views of an example one after the other.
    pub logits: Vec<[f32; CLASSES]>,
    /// The outputs of other heads, as many for each view; empty if there are none.
    pub others: Vec<f32>,
    /// How many views each example has.
    pub views: Vec<usize>,
    /// Whether views are averaged before the softmax or after it.
    pub averages_logits: bool,
    /// One per example, where known.
    pub classes: Vec<Option<usize>>,
    /// One per example, where known.
    pub targets: Vec<Option<[f32; CLASSES]>>,
}

impl Predictions {
    /// The distribution of each example, with the logits divided by `temperature`.
    #[must_use]
    pub fn probabilities(&self, temperature: f32) -> Vec<[f32; CLASSES]> {
        let mut rest = self.logits.as_slice();
        self.views
            .iter()
            .map(|&views| {
                let (rows, after) = rest.split_at(views);
                rest = after;
                let mut mean = [0.0; CLASSES];
                for row in rows {
                    let mut row = row.map(|z| z / temperature);
                    if !self.averages_logits {
                        let p = softmax(&row, CLASSES);
                        row.copy_from_slice(&p);
                    }
                    for (m, v) in mean.iter_mut().zip(row) {
                        *m += v / views as f32;
                    }
                }
                if self.averages_logits {
                    let p = softmax(&mean, CLASSES);
                    mean.copy_from_slice(&p);
                }
                mean
            })
            .collect()
    }

    /// Mean negative log-likelihood of the classes at temperature 1, and the share that is right.
    #[must_use]
    pub fn loss_and_accuracy(&self) -> (f64, f64) {
        let (mut loss, mut right, mut known) = (0.0, 0, 0_usize);
        for (p, class) in self.probabilities(1.0).iter().zip(&self.classes) {
            let Some(class) = *class else { continue };
            loss -= f64::from(p[class].max(1e-12)).ln();
            right += usize::from(argmax(p) == class);
            known += 1;
        }
        let n = known.max(1) as f64;
        (loss / n, right as f64 / n)
    }

    /// Mean cross-entropy with the soft targets; examples without one are judged by their class.
    #[must_use]
    pub fn soft_loss(&self, temperature: f32) -> f64 {
        let rows = self.probabilities(temperature);
        let nats = |p: f32| -f64::from(p.max(1e-12)).ln();
        let losses: Vec<f64> = rows
            .iter()
            .zip(self.targets.iter().zip(&self.classes))
            .filter_map(|(p, (target, class))| match (target, *class) {
                (Some(t), _) => Some(t.iter().zip(p).map(|(&t, &p)| f64::from(t) * nats(p)).sum()),
                (None, Some(class)) => Some(nats(p[class])),
                (None, None) => None,
            })
            .collect();
        losses.iter().sum::<f64>() / losses.len().max(1) as f64
    }
}

impl Predictions {
    /// A table of songs ([`crate::dataset::load_table`]) with a line per example of `set`: its absolute
    /// path, the seven emotions at the temperature, and what the other heads say, as probabilities
    /// averaged over the views.
    ///
    /// # Errors
    /// If the current folder, which relative paths start from, is gone.
    pub fn csv(
        &self,
        set: &dyn EvaluationSet,
        heads: &Heads,
        temperature: f32,
    ) -> std::io::Result<Vec<u8>> {
        let others = heads.outputs() - CLASSES;
        let mut header = vec!["path".to_owned()];
        header.extend(Emotion::ALL.map(|emotion| format!("p_{emotion}")));
        header.extend(heads.names());
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(header)?;
        let mut rest = self.others.as_slice();
        for (index, row) in self.probabilities(temperature).iter().enumerate() {
            let (own, after) = rest.split_at(self.views[index] * others);
            rest = after;
            let mut mean = vec![0.0; others];
            for view in own.chunks_exact(others.max(1)) {
                for (m, p) in mean.iter_mut().zip(heads.probabilities(view)) {
                    *m += p / self.views[index] as f32;
                }
            }
            let path = set.path(index).map(std::path::absolute).transpose()?;
            let path = path.unwrap_or_default().to_string_lossy().into_owned();
            let values = row.iter().chain(&mean).map(|p| format!("{p:.5}"));
            writer.write_record(std::iter::once(path).chain(values))?;
        }
        writer.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

/// Runs a network over an evaluation set.
#[must_use]
pub fn predict(network: &mut Network, set: &dyn EvaluationSet) -> Predictions {
    let len = network.input_len();
    let forward = |inputs: &[f32]| Ok(network.forward(inputs, Mode::Evaluate).to_vec());
    match predict_by::<Infallible>(set, len, forward) {
        Ok(predictions) => predictions,
        Err(never) => match never {},
    }
}

/// Runs a forward pass over an evaluation set of examples of `len` values.
pub(crate) fn predict_by<E>(
    set: &dyn EvaluationSet,
    len: usize,
    mut forward: impl FnMut(&[f32]) -> Result<Vec<f32>, E>,
) -> Result<Predictions, E> {
    const VIEWS_PER_PASS: usize = 64;
    let views: Vec<(usize, usize)> = (0..set.len())
        .flat_map(|i| (0..set.views(i)).map(move |v| (i, v)))
        .collect();
    let mut logits = Vec::with_capacity(views.len());
    let mut others = Vec::new();
    let mut inputs = vec![0.0; VIEWS_PER_PASS * len];
    for part in views.chunks(VIEWS_PER_PASS) {
        let inputs = &mut inputs[..part.len() * len];
        inputs
            .par_chunks_exact_mut(len)
            .zip(part)
            .for_each(|(input, &(i, v))| set.view(i, v, input));
        let outputs = forward(inputs)?;
        for row in outputs.chunks_exact(outputs.len() / part.len()) {
            if let Some((emotions, rest)) = row.split_first_chunk::<CLASSES>() {
                logits.push(*emotions);
                others.extend_from_slice(rest);
            }
        }
    }
    Ok(Predictions {
        logits,
        others,
        views: (0..set.len()).map(|i| set.views(i)).collect(),
        averages_logits: set.averages_logits(),
        classes: (0..set.len()).map(|i| set.class(i)).collect(),
        targets: (0..set.len()).map(|i| set.target(i)).collect(),
    })
}
