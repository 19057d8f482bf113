//! How much accuracy each corruption of the faces costs, and how much of it beside other models.

use std::path::PathBuf;
use std::sync::atomic::AtomicUsize;

use serde::{Deserialize, Serialize};

use super::faces::{FaceEnsemble, FaceFile, FaceFiles, for_each};
use super::intervals::{Share, share};
use super::suite::SUITE;

/// The share of the baseline's cost that a corruption may cost at most.
const TARGET_RATIO: f64 = 0.5;

/// One model under one kind of corruption.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnderCorruption {
    /// Share of right classes, mean over the kind's variants.
    pub accuracy: Share,
    /// The accuracy on the clean faces less this one, paired by face: 0.05 is five points.
    pub cost: Share,
}

/// A baseline under one kind of corruption, and the judged model beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BesideBaseline {
    /// The baseline's own figures.
    #[serde(flatten)]
    pub figures: UnderCorruption,
    /// The judged model's cost over the baseline's; `None` where the baseline's is not positive.
    pub cost_ratio: Option<f64>,
    /// Half the baseline's cost less the judged model's, paired by face: not negative where the
    /// corruption costs the judged model at most half.
    pub margin: Share,
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CorruptionRow {
    /// For programs: `gaussian_blur_1`.
    pub corruption: String,
    /// For people.
    pub label: String,
    /// How many variants the figures are the mean of.
    pub variants: usize,
    /// The judged model.
    pub judged: UnderCorruption,
    /// The others, in the order in which they were given.
    pub baselines: Vec<BesideBaseline>,
}

/// Accuracy under every corruption of the suite.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RobustnessReport {
    /// How many faces.
    pub faces: usize,
    /// The judged model's name.
    pub model: String,
    /// The baselines' names.
    pub baselines: Vec<String>,
    /// One line per kind; the first is the clean faces.
    pub rows: Vec<CorruptionRow>,
}

impl RobustnessReport {
    /// The table as CSV: one line per kind and model, shares on the 0..1 scale.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut text = String::from(
            "corruption,role,model,variants,accuracy,accuracy_low,accuracy_high,cost,cost_low,\
             cost_high,cost_ratio,margin,margin_low,margin_high\n",
        );
        for row in &self.rows {
            let own = ("model", &self.model, &row.judged, None);
            let others = row.baselines.iter().zip(&self.baselines);
            let others = others.map(|(b, name)| ("baseline", name, &b.figures, Some(b)));
            for (role, name, figures, beside) in std::iter::once(own).chain(others) {
                let [low, high] = figures.accuracy.interval;
                let [cost_low, cost_high] = figures.cost.interval;
                let ratio = beside.and_then(|b| b.cost_ratio);
                let ratio = ratio.map_or(String::new(), |r| format!("{r:.4}"));
                let margin = beside.map_or(",,".to_owned(), |b| {
                    let [low, high] = b.margin.interval;
                    format!("{:.5},{low:.5},{high:.5}", b.margin.mean)
                });
                text += &format!(
                    "{},{role},{},{},{:.5},{low:.5},{high:.5},{:.5},{cost_low:.5},{cost_high:.5},\
                     {ratio},{margin}\n",
                    row.corruption,
                    quoted(name),
                    row.variants,
                    figures.accuracy.mean,
                    figures.cost.mean,
                );
            }
        }
        text
    }
}

/// A name as a CSV field (RFC 4180).
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Judges `model`, and the `baselines` beside it, on every corruption of every face. `done` counts up
/// as faces are finished. `None` if no face could be judged; the failures come with their reasons.
#[must_use]
pub fn robustness(
    model: &FaceEnsemble,
    baselines: &[FaceEnsemble],
    files: &FaceFiles,
    seed: u64,
    done: &AtomicUsize,
) -> (Option<RobustnessReport>, Vec<(PathBuf, String)>) {
    let models: Vec<&FaceEnsemble> = std::iter::once(model).chain(baselines).collect();
    let (mut right, mut failed) = (Vec::new(), Vec::new());
    for row in for_each(files, done, |face| right_shares(&models, face)) {
        match row {
            Ok(shares) => right.push(shares),
            Err(failure) => failed.push(failure),
        }
    }
    if right.is_empty() {
        return (None, failed);
    }
    let rows = (0..SUITE.len()).map(|kind| row(&right, kind, models.len(), seed));
    let report = RobustnessReport {
        faces: right.len(),
        model: model.name(),
        baselines: baselines.iter().map(FaceEnsemble::name).collect(),
        rows: rows.collect(),
    };
    (Some(report), failed)
}

/// For each model and kind, the share of the kind's variants of one face that are classified right.
fn right_shares(models: &[&FaceEnsemble], face: &FaceFile) -> Result<Vec<Vec<f64>>, String> {
    let clean = face.load()?;
    let mut images = Vec::new();
    for corruption in SUITE.iter().flat_map(|kind| kind.variants) {
        let image = corruption.apply(&clean, face.seed());
        images.push(image.map_err(|e| e.to_string())?);
    }
    let shares = |model: &&FaceEnsemble| {
        let vectors = model.classify(&images).map_err(|e| e.to_string())?;
        let mut right = vectors.iter().map(|v| v.strongest() == face.file.class);
        Ok(SUITE
            .iter()
            .map(|kind| {
                let count = kind.variants.len();
                let right = right.by_ref().take(count).filter(|right| *right).count();
                right as f64 / count as f64
            })
            .collect())
    };
    models.iter().map(shares).collect()
}

/// `right` holds [`right_shares`] of every face.
fn row(right: &[Vec<Vec<f64>>], kind: usize, models: usize, seed: u64) -> CorruptionRow {
    let of = |model: usize, kind: usize| right.iter().map(move |face| face[model][kind]);
    let costs = |model: usize| -> Vec<f64> {
        let pairs = of(model, 0).zip(of(model, kind));
        pairs.map(|(clean, this)| clean - this).collect()
    };
    let figures = |model: usize| UnderCorruption {
        accuracy: share(&of(model, kind).collect::<Vec<_>>(), seed),
        cost: share(&costs(model), seed),
    };
    let own_costs = costs(0);
    let own = figures(0);
    let baselines = (1..models).map(|model| {
        let figures = figures(model);
        let margins: Vec<f64> = costs(model)
            .iter()
            .zip(&own_costs)
            .map(|(theirs, ours)| TARGET_RATIO * theirs - ours)
            .collect();
        BesideBaseline {
            cost_ratio: (figures.cost.mean > 0.0).then(|| own.cost.mean / figures.cost.mean),
            margin: share(&margins, seed),
            figures,
        }
    });
    CorruptionRow {
        corruption: SUITE[kind].name.to_owned(),
        label: SUITE[kind].label.to_owned(),
        variants: SUITE[kind].variants.len(),
        baselines: baselines.collect(),
        judged: own,
    }
}

#[cfg(test)]
mod tests {
    use super::super::faces::tests::data_set;
    use super::*;
    use vibelux::model::FaceModel;

    /// Two models on four faces: the first loses one of four under blur, the second two.
    fn by_hand() -> Vec<Vec<Vec<f64>>> {
        (0..4)
            .map(|face| {
                [1, 2]
                    .map(|lost| {
                        let mut kinds = vec![1.0; SUITE.len()];
                        kinds[1] = f64::from(u8::from(face >= lost));
                        kinds
                    })
                    .to_vec()
            })
            .collect()
    }

    #[test]
    fn costs_and_ratios_are_those_by_hand() {
        let blur = row(&by_hand(), 1, 2, 1);
        assert_eq!(blur.judged.accuracy.mean, 0.75);
        assert_eq!(blur.judged.cost.mean, 0.25);
        let baseline = &blur.baselines[0];
        assert_eq!(baseline.figures.cost.mean, 0.5);
        assert_eq!(baseline.cost_ratio, Some(0.5));
        assert_eq!(baseline.margin.mean, 0.0);
        let clean = row(&by_hand(), 0, 2, 1);
        assert_eq!(clean.judged.cost.mean, 0.0);
        assert_eq!(clean.baselines[0].cost_ratio, None);
    }

    #[test]
    fn a_model_beside_itself_costs_the_same_and_clean_is_the_plain_accuracy() {
        let dir = data_set(1);
        let mut files = FaceFiles::open(dir.path(), None).unwrap();
        files.limit(3);
        let model = || FaceEnsemble::from(FaceModel::shipped().unwrap());
        let done = AtomicUsize::new(0);
        let (report, failed) = robustness(&model(), &[model()], &files, 1, &done);
        let report = report.unwrap();
        assert!(failed.is_empty());
        let plain = super::super::faces(&model(), &files, &done);
        let right = plain
            .judged
            .iter()
            .filter(|j| j.vector.strongest() == j.class);
        assert_eq!(
            report.rows[0].judged.accuracy.mean,
            right.count() as f64 / 3.0
        );
        for row in &report.rows {
            assert_eq!(row.judged, row.baselines[0].figures, "{}", row.corruption);
        }
        let csv = report.csv();
        assert_eq!(csv.lines().count(), 1 + 2 * SUITE.len());
        assert!(
            csv.lines().all(|line| line.split(',').count() == 14),
            "{csv}"
        );
    }
}
