//! What a music network learns beside the seven emotions: more outputs on the same trunk, each taught by
//! a column of the table of songs (Caruana 1997, "Multitask Learning").
//!
//! [`resolve`] finds the names that a column holds and widens the last layer; [`Heads::targets`] reads a
//! row; [`Heads::loss`] is what [`crate::trainer`] descends. The exported model has the seven emotions
//! only; the other outputs of the judged songs are in the run's `predictions.csv`.

use serde::{Deserialize, Serialize};
use vibelux::model::architecture::LayerSpec;

use crate::config::{ConfigError, TaskConfig, TrainingConfig};
use crate::dataset::TableRow;
use crate::nn::{log_softmax, softmax};

/// Outputs of the head that every network has.
const EMOTIONS: usize = 7;

/// How a column is written, and what is learnt of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeadKind {
    /// One name (`Q1`): softmax, cross-entropy.
    Class,
    /// Names that apply, with `|` between them (`calm|wistful`): a sigmoid each, binary cross-entropy.
    Tags,
    /// Names with values from 0 to 1 (`power=0.02|sadness=0.31`): as tags, with soft targets.
    Scales,
}

/// A head beside the seven emotions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadConfig {
    /// The column that teaches it. Rows where it is empty say nothing to this head.
    pub column: String,
    /// How the column is written.
    pub kind: HeadKind,
    /// Only rows with this `COLUMN=VALUE` teach it.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Weight of its loss beside that of the seven emotions, 1.
    pub weight: f32,
    /// Names that fewer training rows have are left out.
    #[serde(default = "one")]
    pub least_rows: usize,
    /// Its outputs, in order; [`resolve`] fills them in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
}

fn one() -> usize {
    1
}

impl HeadConfig {
    /// Its column, with the condition in brackets.
    #[must_use]
    pub fn label(&self) -> String {
        let condition = self.condition.as_ref();
        let condition = condition.map_or(String::new(), |c| format!("[{c}]"));
        format!("{}{condition}", self.column)
    }

    /// What a row says to this head: names and values; `None` if nothing.
    fn read<'r>(&self, row: &'r TableRow) -> Option<Vec<(&'r str, f32)>> {
        let condition = self.condition.as_ref().and_then(|c| c.split_once('='));
        if condition.is_some_and(|(column, value)| row.get(column) != Some(value)) {
            return None;
        }
        let text = row.get(&self.column).filter(|text| !text.is_empty())?;
        let parts = text.split('|').map(str::trim).filter(|p| !p.is_empty());
        Some(match self.kind {
            HeadKind::Class => vec![(text, 1.0)],
            HeadKind::Tags => parts.map(|name| (name, 1.0)).collect(),
            HeadKind::Scales => parts
                .filter_map(|part| {
                    let (name, value) = part.split_once('=')?;
                    let value: f32 = value.trim().parse().ok()?;
                    (0.0..=1.0).contains(&value).then_some((name.trim(), value))
                })
                .collect(),
        })
    }

    /// Whether a row teaches it anything.
    pub(crate) fn is_taught_by(&self, row: &TableRow) -> bool {
        self.read(row).is_some_and(|values| !values.is_empty())
    }
}

/// Checks the values of heads.
pub(crate) fn check(config: &TrainingConfig) -> Result<(), ConfigError> {
    let wrong = |field, value: String, expected| ConfigError::Range {
        field,
        value,
        expected,
    };
    if !config.heads.is_empty() && !matches!(config.task, TaskConfig::Music { .. }) {
        let value = format!("a list of {}", config.heads.len());
        return Err(wrong(
            "heads",
            value,
            "left out: only songs have more columns",
        ));
    }
    for head in &config.heads {
        if !(head.weight.is_finite() && head.weight > 0.0) {
            return Err(wrong("heads.weight", head.weight.to_string(), "above 0"));
        }
        if let Some(condition) = head.condition.as_ref().filter(|c| !c.contains('=')) {
            return Err(wrong("heads.where", condition.clone(), "COLUMN=VALUE"));
        }
    }
    Ok(())
}

/// Fills in the heads' names from the training rows, sorted, and gives the last layer an output for
/// each; heads that have their names keep them.
///
/// # Errors
/// [`ConfigError::Range`] if a head finds no name, or the network does not end in a dense layer.
pub fn resolve(config: &mut TrainingConfig, rows: &[TableRow]) -> Result<(), ConfigError> {
    if config.heads.is_empty() {
        return Ok(());
    }
    for head in config.heads.iter_mut().filter(|h| h.names.is_empty()) {
        let mut counts = std::collections::BTreeMap::new();
        for (name, _) in rows.iter().filter_map(|row| head.read(row)).flatten() {
            *counts.entry(name.to_owned()).or_insert(0) += 1;
        }
        let frequent = counts.into_iter().filter(|(_, n)| *n >= head.least_rows);
        head.names = frequent.map(|(name, _)| name).collect();
        if head.names.is_empty() {
            return Err(ConfigError::Range {
                field: "heads.column",
                value: head.column.clone(),
                expected: "a column with values of this kind in `least_rows` of the training rows",
            });
        }
    }
    let outputs = Heads::new(&config.heads).outputs();
    let layers = &mut config.architecture.layers;
    let dense = layers.iter_mut().rev().find_map(|layer| match layer {
        LayerSpec::Dense { units } => Some(units),
        _ => None,
    });
    match dense {
        Some(units) => *units = outputs,
        None => {
            return Err(ConfigError::Range {
                field: "heads",
                value: format!("a list of {}", config.heads.len()),
                expected: "left out, or the network must end in a dense layer",
            });
        }
    }
    // One softmax over all heads would be wrong, and training works on logits anyway.
    if layers.last() == Some(&LayerSpec::Softmax) {
        layers.pop();
    }
    Ok(())
}

/// The heads of a network, the seven emotions first.
#[derive(Debug, Clone, Default)]
pub struct Heads {
    heads: Vec<HeadConfig>,
}

impl Heads {
    /// Of resolved heads.
    #[must_use]
    pub fn new(heads: &[HeadConfig]) -> Self {
        Self {
            heads: heads.to_vec(),
        }
    }

    /// Values that the network gives for an example.
    #[must_use]
    pub fn outputs(&self) -> usize {
        EMOTIONS + self.heads.iter().map(|h| h.names.len()).sum::<usize>()
    }

    /// Names of the outputs beyond the seven: `column:name`, or `column[condition]:name`.
    pub fn names(&self) -> impl Iterator<Item = String> + '_ {
        self.heads.iter().flat_map(|head| {
            let label = head.label();
            let names = head.names.iter();
            names.map(move |name| format!("{label}:{name}"))
        })
    }

    /// What a row says to every head; NaN where it says nothing.
    #[must_use]
    pub fn targets(&self, row: &TableRow) -> Vec<f32> {
        let mut targets = match &row.target {
            Some(target) => target.values().to_vec(),
            None => vec![f32::NAN; EMOTIONS],
        };
        for head in &self.heads {
            let start = targets.len();
            let Some(values) = head.read(row) else {
                targets.resize(start + head.names.len(), f32::NAN);
                continue;
            };
            targets.resize(start + head.names.len(), 0.0);
            for (name, value) in values {
                if let Ok(at) = head.names.binary_search_by(|n| n.as_str().cmp(name)) {
                    targets[start + at] = value;
                } else if head.kind == HeadKind::Class {
                    // A class that training never saw: nothing to learn or to judge.
                    targets[start..].fill(f32::NAN);
                }
            }
        }
        targets
    }

    /// The mean over the batch of the heads' weighted losses, and its gradient to the logits; both are
    /// `[n][outputs]`. Targets that are NaN cost nothing.
    #[must_use]
    pub fn loss(&self, logits: &[f32], targets: &[f32]) -> (f64, Vec<f32>) {
        let outputs = self.outputs();
        let n = (logits.len() / outputs).max(1) as f32;
        let mut gradient = vec![0.0; logits.len()];
        let mut loss = 0.0;
        let rows = logits
            .chunks_exact(outputs)
            .zip(targets.chunks_exact(outputs));
        for ((z, t), g) in rows.zip(gradient.chunks_exact_mut(outputs)) {
            let emotions = (HeadKind::Class, EMOTIONS, 1.0);
            let others = self.heads.iter();
            let others = others.map(|head| (head.kind, head.names.len(), head.weight));
            let mut start = 0;
            for (kind, len, weight) in std::iter::once(emotions).chain(others) {
                let part = start..start + len;
                let (z, t) = (&z[part.clone()], &t[part.clone()]);
                loss += f64::from(weight) * head_loss(kind, z, t, weight / n, &mut g[part]);
                start += len;
            }
        }
        (loss / f64::from(n), gradient)
    }

    /// The outputs beyond the seven of one example as probabilities, from their logits.
    #[must_use]
    pub fn probabilities(&self, logits: &[f32]) -> Vec<f32> {
        let mut values = Vec::with_capacity(logits.len());
        let mut rest = logits;
        for head in &self.heads {
            let (own, after) = rest.split_at(head.names.len());
            rest = after;
            match head.kind {
                HeadKind::Class => values.extend(softmax(own, own.len())),
                HeadKind::Tags | HeadKind::Scales => values.extend(own.iter().map(|&z| sigmoid(z))),
            }
        }
        values
    }
}

/// The loss of one head on one example; adds its gradient times `scale`.
fn head_loss(kind: HeadKind, z: &[f32], t: &[f32], scale: f32, gradient: &mut [f32]) -> f64 {
    if t.iter().any(|t| t.is_nan()) {
        return 0.0;
    }
    let mut loss = 0.0;
    match kind {
        HeadKind::Class => {
            let log_p = log_softmax(z, z.len());
            for ((&l, &t), g) in log_p.iter().zip(t).zip(gradient) {
                loss -= f64::from(l) * f64::from(t);
                *g += scale * (l.exp() - t);
            }
        }
        HeadKind::Tags | HeadKind::Scales => {
            let share = 1.0 / z.len() as f32;
            for ((&z, &t), g) in z.iter().zip(t).zip(gradient) {
                // log(1 + e^z) - t z, without overflow.
                let softplus = z.max(0.0) + (-z.abs()).exp().ln_1p();
                loss += f64::from(share * (softplus - t * z));
                *g += scale * share * (sigmoid(z) - t);
            }
        }
    }
    loss
}

/// 1 / (1 + e^-z).
fn sigmoid(z: f32) -> f32 {
    1.0 / (1.0 + (-z).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset;
    use vibelux::EmotionVector;

    fn head(column: &str, kind: HeadKind, weight: f32) -> HeadConfig {
        HeadConfig {
            column: column.to_owned(),
            kind,
            condition: None,
            weight,
            least_rows: 1,
            names: Vec::new(),
        }
    }

    fn rows() -> Vec<TableRow> {
        let row = |mood: Option<&str>, values: &[(&str, &str)]| TableRow {
            path: "x.ogg".into(),
            target: mood.map(|m| m.parse::<EmotionVector>().unwrap()),
            quadrant: None,
            fold: None,
            values: values
                .iter()
                .map(|(c, v)| ((*c).to_owned(), (*v).to_owned()))
                .collect(),
        };
        vec![
            row(Some("happy"), &[("quadrant", "Q1"), ("tags", "calm|warm")]),
            row(None, &[("quadrant", "Q3"), ("set", "piano")]),
            row(
                Some("sad"),
                &[("quadrant", ""), ("scales", "power=0.25|joy=1|odd=7")],
            ),
        ]
    }

    fn resolved() -> TrainingConfig {
        let mut config = preset::music("default").unwrap();
        config.heads = vec![
            head("quadrant", HeadKind::Class, 0.5),
            head("tags", HeadKind::Tags, 2.0),
            head("scales", HeadKind::Scales, 1.0),
        ];
        resolve(&mut config, &rows()).unwrap();
        config
    }

    #[test]
    fn names_come_from_the_rows_and_widen_the_last_layer() {
        let config = resolved();
        config.check().unwrap();
        let heads = Heads::new(&config.heads);
        assert_eq!(
            heads.names().collect::<Vec<_>>(),
            [
                "quadrant:Q1",
                "quadrant:Q3",
                "tags:calm",
                "tags:warm",
                "scales:joy",
                "scales:power"
            ]
        );
        assert_eq!(
            config.architecture.shapes().unwrap().last().unwrap().len(),
            13
        );
        let second = heads.targets(&rows()[1]);
        assert!(second[..7].iter().all(|t| t.is_nan()));
        assert_eq!(second[7..9], [0.0, 1.0]);
        assert!(second[9..].iter().all(|t| t.is_nan()));
        assert_eq!(heads.targets(&rows()[2])[11..], [1.0, 0.25]);

        let mut config = preset::music("default").unwrap();
        config.heads = vec![head("nothing", HeadKind::Class, 1.0)];
        assert!(resolve(&mut config, &rows()).is_err());
        let mut config = preset::face("default").unwrap();
        config.heads = vec![head("quadrant", HeadKind::Class, 1.0)];
        assert!(config.check().is_err());
    }

    #[test]
    fn a_condition_keeps_other_rows_out() {
        let mut config = resolved();
        config.heads.truncate(1);
        config.heads[0].names.clear();
        config.heads[0].condition = Some("set=piano".to_owned());
        resolve(&mut config, &rows()).unwrap();
        assert_eq!(config.heads[0].names, ["Q3"]);
        let heads = Heads::new(&config.heads);
        assert!(heads.targets(&rows()[0])[7].is_nan());
        assert_eq!(heads.names().next().unwrap(), "quadrant[set=piano]:Q3");
    }

    #[test]
    fn gradients_equal_finite_differences_and_missing_targets_have_none() {
        let heads = Heads::new(&resolved().heads);
        let targets: Vec<f32> = rows().iter().flat_map(|row| heads.targets(row)).collect();
        let logits: Vec<f32> = (0..targets.len())
            .map(|i| (i as f32 * 0.7).sin() * 2.0)
            .collect();
        let (loss, gradient) = heads.loss(&logits, &targets);
        assert!(loss.is_finite() && loss > 0.0);
        for i in 0..logits.len() {
            let at = |step: f32| {
                let mut moved = logits.clone();
                moved[i] += step;
                heads.loss(&moved, &targets).0
            };
            let measured = (at(1e-2) - at(-1e-2)) / 2e-2;
            assert!(
                (measured - f64::from(gradient[i])).abs() < 1e-3,
                "{i}: {measured} {}",
                gradient[i]
            );
            if targets[i].is_nan() {
                assert_eq!(gradient[i], 0.0);
            }
        }
    }

    #[test]
    fn without_heads_the_loss_is_soft_cross_entropy() {
        let logits: Vec<f32> = (0..14).map(|i| (i as f32).cos()).collect();
        let targets: Vec<f32> = rows()
            .iter()
            .filter_map(|row| row.target)
            .flat_map(|t| *t.values())
            .collect();
        let (loss, gradient) = Heads::default().loss(&logits, &targets);
        let (expected, expected_gradient) = crate::nn::soft_cross_entropy(&logits, &targets, 7);
        assert!((loss - expected).abs() < 1e-6);
        for (a, b) in gradient.iter().zip(&expected_gradient) {
            assert!((a - b).abs() < 1e-6);
        }
    }
}
