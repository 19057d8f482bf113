//! How well runs do on what they learnt beside the seven emotions: their `predictions.csv` held against
//! the columns of the table that taught them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use vibelux::emotion::EMOTION_COUNT;

use super::intervals::{Share, mean, resampled};
use super::predicted::{RunsError, same_everywhere};
use crate::config::TrainingConfig;
use crate::dataset::{TableRow, load_table};
use crate::heads::{HeadConfig, HeadKind, Heads};

/// What a head is worth on songs that its runs were not trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeadReport {
    /// Its column, with the array and the condition if it has them: `teacher/tags[dataset=panda4q]`.
    pub column: String,
    /// What it gives, which says what `figure` is: a class, the share of right ones; tags, the mean area
    /// under the ROC curve; scales and tracks, the mean correlation. All but classes are compared within a run.
    pub kind: HeadKind,
    /// Songs that the column says something of.
    pub songs: usize,
    /// The figure, with its interval by bootstrap over songs.
    pub figure: Share,
    /// What needs no model: the share of the most frequent class, an area of 0.5, a correlation of 0.
    pub trivial: f64,
    /// The figure of each name: of a class, how many of its songs are found.
    pub names: BTreeMap<String, f64>,
}

/// What a run said of a song, and what is true, by name. A run may know fewer names than another: what
/// was too rare among its own training songs.
struct Answer {
    run: usize,
    said: BTreeMap<String, f32>,
    truth: BTreeMap<String, f32>,
}

/// Judges every head that the runs have by the rows that teach it; of several runs that judged a song,
/// the last counts.
///
/// # Errors
/// If a run has no configuration or no predictions.
pub fn heads(rows: &[TableRow], runs: &[PathBuf], seed: u64) -> Result<Vec<HeadReport>, RunsError> {
    let rows: HashMap<PathBuf, &TableRow> = rows
        .iter()
        .map(|row| (same_everywhere(&row.path), row))
        .collect();
    // Per head: its kind, and an answer per song.
    let mut heads: BTreeMap<(String, HeadKind), BTreeMap<PathBuf, Answer>> = BTreeMap::new();
    for (run, folder) in runs.iter().enumerate() {
        let config = TrainingConfig::load(&folder.join("config.toml"))?;
        let predictions = load_table(&folder.join("predictions.csv"), &[])?;
        for head in &config.heads {
            let answers = heads.entry((head.label(), head.kind)).or_default();
            for said in &predictions {
                let path = same_everywhere(&said.path);
                let answer = rows.get(&path).and_then(|row| answer(head, run, said, row));
                if let Some(answer) = answer {
                    answers.insert(path, answer);
                }
            }
        }
    }
    Ok(heads
        .into_iter()
        .filter(|(_, answers)| !answers.is_empty())
        .map(|((column, kind), answers)| {
            report(
                column,
                kind,
                &answers.into_values().collect::<Vec<_>>(),
                seed,
            )
        })
        .collect())
}

/// What a run's line says of a head, and what the table does; `None` if the table says nothing.
fn answer(head: &HeadConfig, run: usize, said: &TableRow, row: &TableRow) -> Option<Answer> {
    let own = Heads::new(std::slice::from_ref(head));
    // Of a song whose file is gone or damaged, nothing is known: training has told it.
    let truth = own.targets_overall(row).ok()?.split_off(EMOTION_COUNT);
    if truth.iter().any(|t| t.is_nan()) {
        return None;
    }
    let value = |column: String| said.get(&column)?.parse::<f32>().ok();
    let said: Vec<f32> = own.names().map(value).collect::<Option<_>>()?;
    let by_name = |values: Vec<f32>| head.names.iter().cloned().zip(values).collect();
    Some(Answer {
        run,
        said: by_name(said),
        truth: by_name(truth),
    })
}

/// The name with the largest value.
fn strongest(values: &BTreeMap<String, f32>) -> Option<&str> {
    let largest = values.iter().max_by(|a, b| a.1.total_cmp(b.1));
    largest.map(|(name, _)| name.as_str())
}

fn report(column: String, kind: HeadKind, answers: &[Answer], seed: u64) -> HeadReport {
    let names: BTreeSet<&str> = answers
        .iter()
        .flat_map(|answer| answer.truth.keys().map(String::as_str))
        .collect();
    let all: Vec<usize> = (0..answers.len()).collect();
    let of_name = |name: &str, chosen: &[usize]| match kind {
        HeadKind::Class => recall(answers, name, chosen),
        HeadKind::Tags => within_runs(answers, name, chosen, area_under_roc),
        HeadKind::Scales | HeadKind::TagTrack | HeadKind::ValueTrack => {
            within_runs(answers, name, chosen, correlation)
        }
    };
    let figure = |chosen: &[usize]| match kind {
        HeadKind::Class => {
            let right = |&&i: &&usize| strongest(&answers[i].said) == strongest(&answers[i].truth);
            chosen.iter().filter(right).count() as f64 / chosen.len() as f64
        }
        HeadKind::Tags | HeadKind::Scales | HeadKind::TagTrack | HeadKind::ValueTrack => {
            let known: Vec<f64> = names
                .iter()
                .filter_map(|name| of_name(name, chosen))
                .collect();
            mean(&known)
        }
    };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for name in answers.iter().filter_map(|a| strongest(&a.truth)) {
        *counts.entry(name).or_default() += 1;
    }
    let most = counts.into_values().max().unwrap_or(0);
    HeadReport {
        column,
        kind,
        songs: answers.len(),
        figure: resampled(answers.len(), seed, figure),
        trivial: match kind {
            HeadKind::Class => most as f64 / answers.len() as f64,
            HeadKind::Tags => 0.5,
            HeadKind::Scales | HeadKind::TagTrack | HeadKind::ValueTrack => 0.0,
        },
        names: names
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), of_name(name, &all)?)))
            .collect(),
    }
}

/// The share of a class's songs that are taken for it.
fn recall(answers: &[Answer], name: &str, chosen: &[usize]) -> Option<f64> {
    let of = chosen.iter().map(|&i| &answers[i]);
    let of: Vec<&Answer> = of.filter(|a| strongest(&a.truth) == Some(name)).collect();
    let right = of
        .iter()
        .filter(|a| strongest(&a.said) == Some(name))
        .count();
    (!of.is_empty()).then(|| right as f64 / of.len() as f64)
}

/// The mean over runs of a figure of (said, true) pairs: each run has its own offsets and scales.
fn within_runs(
    answers: &[Answer],
    name: &str,
    chosen: &[usize],
    figure: fn(&[(f64, f64)]) -> Option<f64>,
) -> Option<f64> {
    let mut runs: BTreeMap<usize, Vec<(f64, f64)>> = BTreeMap::new();
    for answer in chosen.iter().map(|&i| &answers[i]) {
        if let (Some(said), Some(truth)) = (answer.said.get(name), answer.truth.get(name)) {
            let pair = (f64::from(*said), f64::from(*truth));
            runs.entry(answer.run).or_default().push(pair);
        }
    }
    let known: Vec<f64> = runs.values().filter_map(|pairs| figure(pairs)).collect();
    (!known.is_empty()).then(|| mean(&known))
}

/// Pearson's; none where one side never changes.
fn correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    // Asked of the values themselves: the rounding of their mean would pass for a change.
    let first = pairs.first()?;
    if pairs.iter().all(|p| p.0 == first.0) || pairs.iter().all(|p| p.1 == first.1) {
        return None;
    }
    let n = pairs.len() as f64;
    let (x, y) = pairs
        .iter()
        .fold((0.0, 0.0), |(x, y), p| (x + p.0 / n, y + p.1 / n));
    let moments = pairs.iter().fold([0.0; 3], |[xy, xx, yy], p| {
        let (a, b) = (p.0 - x, p.1 - y);
        [xy + a * b, xx + a * a, yy + b * b]
    });
    let spread = (moments[1] * moments[2]).sqrt();
    (spread > 0.0).then(|| moments[0] / spread)
}

/// How often a song with the tag is rated above one without, ties counting half; none where all songs
/// are alike.
fn area_under_roc(pairs: &[(f64, f64)]) -> Option<f64> {
    let mut sorted = pairs.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let positives = sorted.iter().filter(|p| p.1 > 0.5).count() as f64;
    let negatives = sorted.len() as f64 - positives;
    if positives == 0.0 || negatives == 0.0 {
        return None;
    }
    // Mann and Whitney 1947: the sum of the positives' ranks, equal values sharing their mean rank.
    let mut ranks = 0.0;
    let mut below = 0.0;
    for equal in sorted.chunk_by(|a, b| a.0 == b.0) {
        let tagged = equal.iter().filter(|p| p.1 > 0.5).count() as f64;
        ranks += tagged * (below + (equal.len() as f64 + 1.0) / 2.0);
        below += equal.len() as f64;
    }
    Some((ranks - positives * (positives + 1.0) / 2.0) / (positives * negatives))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use vibelux::EmotionVector;

    #[test]
    fn correlation_and_area_worked_out_by_hand() {
        let close = |a: Option<f64>, b: f64| assert!((a.unwrap() - b).abs() < 1e-12, "{a:?} {b}");
        close(correlation(&[(1.0, 2.0), (2.0, 4.0), (3.0, 6.0)]), 1.0);
        close(correlation(&[(1.0, 1.0), (2.0, 3.0), (3.0, 2.0)]), 0.5);
        assert_eq!(correlation(&[(1.0, 1.0), (1.0, 2.0)]), None);
        let never_changing: Vec<(f64, f64)> = (0..7).map(|i| (f64::from(i), 0.1)).collect();
        assert_eq!(correlation(&never_changing), None);
        let tagged = |said: &[f64]| -> Vec<(f64, f64)> {
            said.iter().copied().zip([0.0, 1.0, 0.0, 1.0]).collect()
        };
        close(area_under_roc(&tagged(&[0.1, 0.9, 0.2, 0.8])), 1.0);
        close(area_under_roc(&tagged(&[0.1, 0.15, 0.2, 0.8])), 0.75);
        close(area_under_roc(&tagged(&[0.5; 4])), 0.5);
        assert_eq!(area_under_roc(&[(0.1, 1.0)]), None);
    }

    #[test]
    fn a_runs_heads_are_held_against_the_table() {
        let dir = tempfile::tempdir().unwrap();
        let mut config = crate::config::preset::music("default").unwrap();
        let head = |column: &str, kind, names: &[&str]| HeadConfig {
            column: column.to_owned(),
            kind,
            condition: None,
            array: None,
            sound_kind: false,
            weight: 1.0,
            least_rows: 1,
            names: names.iter().map(|n| (*n).to_owned()).collect(),
        };
        config.heads = vec![
            head("quadrant", HeadKind::Class, &["Q1", "Q2"]),
            head("scales", HeadKind::Scales, &["power"]),
        ];
        config.save(&dir.path().join("config.toml")).unwrap();
        let emotions = "p_angry,p_disgusted,p_fearful,p_happy,p_neutral,p_sad,p_surprised";
        let mut text = format!("path,{emotions},quadrant:Q1,quadrant:Q2,scales:power\n");
        let mut rows = Vec::new();
        // Name, quadrant, what is said of Q1, power, what is said of it.
        for (name, quadrant, said, power, powered) in [
            ("a", "Q1", 0.9, 0.2, 0.1),
            ("b", "Q2", 0.4, 0.4, 0.2),
            ("c", "Q2", 0.7, 0.6, 0.3),
            ("d", "", 0.7, 0.8, 0.4),
        ] {
            let path = dir.path().join(name);
            fs::write(&path, "").unwrap();
            let line = format!(
                "{},0,0,0,1,0,0,0,{said},{},{powered}\n",
                path.display(),
                1.0 - said
            );
            text.push_str(&line);
            let values = [
                ("quadrant", quadrant.to_owned()),
                ("scales", format!("power={power}")),
            ];
            rows.push(TableRow {
                path,
                target: Some(EmotionVector::UNIFORM),
                quadrant: None,
                fold: None,
                folder: PathBuf::new(),
                values: values.map(|(c, v)| (c.to_owned(), v)).into(),
            });
        }
        fs::write(dir.path().join("predictions.csv"), text).unwrap();
        let reports = heads(&rows, &[dir.path().to_owned()], 1).unwrap();
        let [quadrants, scales] = &reports[..] else {
            panic!("{reports:?}");
        };
        assert_eq!(
            (quadrants.column.as_str(), quadrants.songs),
            ("quadrant", 3)
        );
        assert!((quadrants.figure.mean - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(quadrants.names["Q2"], 0.5);
        assert_eq!((scales.songs, scales.trivial), (4, 0.0));
        assert!((scales.figure.mean - 1.0).abs() < 1e-6, "{scales:?}");
    }

    #[test]
    fn runs_that_know_other_names_are_judged_together() {
        let answer = |run, said: &[(&str, f32)], truth: &[(&str, f32)]| {
            let by_name = |values: &[(&str, f32)]| {
                let values = values.iter().map(|(name, v)| ((*name).to_owned(), *v));
                values.collect()
            };
            Answer {
                run,
                said: by_name(said),
                truth: by_name(truth),
            }
        };
        // The first run knows calm and warm, the second warm and wild: areas of 1, 1, 0 and 1.
        let answers = [
            answer(
                0,
                &[("calm", 0.9), ("warm", 0.1)],
                &[("calm", 1.0), ("warm", 0.0)],
            ),
            answer(
                0,
                &[("calm", 0.2), ("warm", 0.8)],
                &[("calm", 0.0), ("warm", 1.0)],
            ),
            answer(
                1,
                &[("warm", 0.9), ("wild", 0.9)],
                &[("warm", 0.0), ("wild", 1.0)],
            ),
            answer(
                1,
                &[("warm", 0.1), ("wild", 0.2)],
                &[("warm", 1.0), ("wild", 0.0)],
            ),
        ];
        let report = report("tags".to_owned(), HeadKind::Tags, &answers, 1);
        let names = [("calm", 1.0), ("warm", 0.5), ("wild", 1.0)];
        assert_eq!(report.names, names.map(|(n, v)| (n.to_owned(), v)).into());
        assert!((report.figure.mean - 2.5 / 3.0).abs() < 1e-12);
    }
}
