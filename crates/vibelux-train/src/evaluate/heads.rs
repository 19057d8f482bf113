//! How well runs do on what they learnt beside the seven emotions: their `predictions.csv` held against
//! the columns of the table that taught them.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::intervals::{Share, mean, resampled};
use super::predicted::{RunsError, same_everywhere};
use crate::config::TrainingConfig;
use crate::dataset::{TableRow, load_table};
use crate::heads::{HeadConfig, HeadKind, Heads};
use crate::metrics::argmax;

/// Outputs before those of the first head.
const EMOTIONS: usize = 7;

/// What a head is worth on songs that its runs were not trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeadReport {
    /// Its column, with the condition in brackets.
    pub column: String,
    /// What it gives, which says what `figure` is: a class, the share of right ones; tags, the mean area
    /// under the ROC curve; scales, the mean correlation. Tags and scales are compared within a run.
    pub kind: HeadKind,
    /// Songs that the column says something of.
    pub songs: usize,
    /// The figure, with its interval by bootstrap over songs.
    pub figure: Share,
    /// What needs no model: the share of the most frequent class, an area of 0.5, a correlation of 0.
    pub trivial: f64,
    /// The figure of each name: of a class, how many of its songs are found.
    pub names: Vec<(String, f64)>,
}

/// What a run said of a song, and what is true.
struct Answer {
    run: usize,
    said: Vec<f32>,
    truth: Vec<f32>,
}

/// Judges every head that the runs have by the rows that teach it.
///
/// # Errors
/// If a run has no configuration or no predictions.
pub fn heads(rows: &[TableRow], runs: &[PathBuf], seed: u64) -> Result<Vec<HeadReport>, RunsError> {
    let rows: HashMap<PathBuf, &TableRow> = rows
        .iter()
        .map(|row| (same_everywhere(&row.path), row))
        .collect();
    let mut answers: BTreeMap<String, (HeadConfig, Vec<Answer>)> = BTreeMap::new();
    for (run, folder) in runs.iter().enumerate() {
        let config = TrainingConfig::load(&folder.join("config.toml"))?;
        let said = load_table(&folder.join("predictions.csv"), &[])?;
        for head in config.heads {
            let own = Heads::new(std::slice::from_ref(&head));
            let columns: Vec<String> = own.names().collect();
            let key = columns.first().and_then(|c| c.rsplit_once(':'));
            let Some((key, _)) = key.map(|(key, name)| (key.to_owned(), name)) else {
                continue;
            };
            let entry = answers.entry(key).or_insert((head, Vec::new()));
            for song in &said {
                let Some(row) = rows.get(&same_everywhere(&song.path)) else {
                    continue;
                };
                let truth = own.targets(row).split_off(EMOTIONS);
                let value = |column: &String| song.get(column)?.parse::<f32>().ok();
                let said: Option<Vec<f32>> = columns.iter().map(value).collect();
                if let (Some(said), false) = (said, truth.iter().any(|t| t.is_nan())) {
                    entry.1.push(Answer { run, said, truth });
                }
            }
        }
    }
    let known = answers.into_iter().filter(|(_, (_, a))| !a.is_empty());
    Ok(known
        .map(|(column, (head, answers))| report(column, &head, &answers, seed))
        .collect())
}

fn report(column: String, head: &HeadConfig, answers: &[Answer], seed: u64) -> HeadReport {
    let all: Vec<usize> = (0..answers.len()).collect();
    let of_name = |name: usize, chosen: &[usize]| match head.kind {
        HeadKind::Class => recall(answers, name, chosen),
        HeadKind::Tags => within_runs(answers, name, chosen, area_under_roc),
        HeadKind::Scales => within_runs(answers, name, chosen, correlation),
    };
    let figure = |chosen: &[usize]| match head.kind {
        HeadKind::Class => {
            let right = |&&i: &&usize| argmax(&answers[i].said) == argmax(&answers[i].truth);
            chosen.iter().filter(right).count() as f64 / chosen.len() as f64
        }
        HeadKind::Tags | HeadKind::Scales => {
            let names = 0..head.names.len();
            let known: Vec<f64> = names.filter_map(|name| of_name(name, chosen)).collect();
            mean(&known)
        }
    };
    let mut counts = vec![0_usize; head.names.len()];
    for answer in answers {
        counts[argmax(&answer.truth)] += 1;
    }
    let most = counts.into_iter().max().unwrap_or(0);
    let named = head.names.iter().enumerate();
    HeadReport {
        column,
        kind: head.kind,
        songs: answers.len(),
        figure: resampled(answers.len(), seed, figure),
        trivial: match head.kind {
            HeadKind::Class => most as f64 / answers.len() as f64,
            HeadKind::Tags => 0.5,
            HeadKind::Scales => 0.0,
        },
        names: named
            .filter_map(|(i, name)| Some((name.clone(), of_name(i, &all)?)))
            .collect(),
    }
}

/// The share of a class's songs that are taken for it.
fn recall(answers: &[Answer], name: usize, chosen: &[usize]) -> Option<f64> {
    let of = chosen.iter().map(|&i| &answers[i]);
    let of: Vec<&Answer> = of.filter(|a| argmax(&a.truth) == name).collect();
    let right = of.iter().filter(|a| argmax(&a.said) == name).count();
    (!of.is_empty()).then(|| right as f64 / of.len() as f64)
}

/// The mean over runs of a figure of (said, true) pairs: each run has its own offsets and scales.
fn within_runs(
    answers: &[Answer],
    name: usize,
    chosen: &[usize],
    figure: fn(&[(f64, f64)]) -> Option<f64>,
) -> Option<f64> {
    let mut runs: BTreeMap<usize, Vec<(f64, f64)>> = BTreeMap::new();
    for answer in chosen.iter().map(|&i| &answers[i]) {
        let pair = (f64::from(answer.said[name]), f64::from(answer.truth[name]));
        runs.entry(answer.run).or_default().push(pair);
    }
    let known: Vec<f64> = runs.values().filter_map(|pairs| figure(pairs)).collect();
    (!known.is_empty()).then(|| mean(&known))
}

/// Pearson's; none where one side never changes.
fn correlation(pairs: &[(f64, f64)]) -> Option<f64> {
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
        let mut config = crate::preset::music("default").unwrap();
        let head = |column: &str, kind, names: &[&str]| HeadConfig {
            column: column.to_owned(),
            kind,
            condition: None,
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
        assert_eq!(quadrants.names[1], ("Q2".to_owned(), 0.5));
        assert_eq!((scales.songs, scales.trivial), (4, 0.0));
        assert!((scales.figure.mean - 1.0).abs() < 1e-6, "{scales:?}");
    }
}
