//! [`Judgement`]: what a model said of files, held against what they are.

use std::path::PathBuf;

use vibelux::{Emotion, EmotionVector};

use super::quadrant::{QuadrantReport, quadrant_of};
use crate::dataset::TableRow;
use crate::metrics::{MetricsError, Report, report_of};

/// One judged file.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The file.
    pub path: PathBuf,
    /// Its class.
    pub class: Emotion,
    /// Its target distribution, where labels are softer than a class.
    pub target: Option<EmotionVector>,
    /// Whether the same picture is among those that were trained on.
    pub twin: bool,
    /// Its quadrant of valence and arousal, 0..4, if known.
    pub quadrant: Option<usize>,
    /// How bright and how sharp a face is ([`vibelux::face::FaceImage::brightness`], `sharpness`).
    pub light_and_focus: Option<[f32; 2]>,
    /// What the model said.
    pub vector: EmotionVector,
}

impl Judged {
    /// What was said of a song of a table, or why nothing was; the class is its target's strongest
    /// emotion.
    pub(super) fn song(
        row: &TableRow,
        vector: Result<EmotionVector, String>,
    ) -> Result<Self, (PathBuf, String)> {
        let failed = |reason: String| (row.path.clone(), reason);
        let vector = vector.map_err(failed)?;
        let target = row
            .target
            .ok_or_else(|| failed("no target to judge by".to_owned()))?;
        Ok(Self {
            path: row.path.clone(),
            class: target.strongest(),
            target: Some(target),
            twin: false,
            quadrant: row.quadrant,
            light_and_focus: None,
            vector,
        })
    }
}

/// What came of a set of files.
#[derive(Debug, Clone, Default)]
pub struct Judgement {
    /// Files with a vector.
    pub judged: Vec<Judged>,
    /// Files without one, with the reason.
    pub failed: Vec<(PathBuf, String)>,
}

impl Judgement {
    pub(super) fn collect(rows: Vec<Result<Judged, (PathBuf, String)>>) -> Self {
        let mut judgement = Self::default();
        for row in rows {
            match row {
                Ok(judged) => judgement.judged.push(judged),
                Err(failure) => judgement.failed.push(failure),
            }
        }
        judgement
    }

    /// The files that have no twin among those that were trained on, if some have one.
    #[must_use]
    pub fn without_twins(&self) -> Option<Self> {
        let judged: Vec<Judged> = self.judged.iter().filter(|j| !j.twin).cloned().collect();
        (judged.len() < self.judged.len()).then_some(Self {
            judged,
            failed: Vec::new(),
        })
    }

    /// Every figure about these files.
    ///
    /// # Errors
    /// If no file has a vector.
    pub fn report(&self, seed: u64) -> Result<Report, MetricsError> {
        let rows: Vec<[f32; 7]> = self.judged.iter().map(|j| *j.vector.values()).collect();
        let classes: Vec<usize> = self.judged.iter().map(|j| j.class.index()).collect();
        let targets: Vec<_> = self
            .judged
            .iter()
            .map(|j| j.target.map(|t| *t.values()))
            .collect();
        report_of(&rows, &classes, &targets, seed)
    }

    /// Accuracy on the quadrants of valence and arousal; `None` if no file has one.
    #[must_use]
    pub fn quadrants(&self) -> Option<QuadrantReport> {
        let known: Vec<(usize, usize)> = self
            .judged
            .iter()
            .filter_map(|j| j.quadrant.map(|q| (q, quadrant_of(&j.vector))))
            .collect();
        if known.is_empty() {
            return None;
        }
        let share = |right: &dyn Fn(usize, usize) -> bool| {
            known.iter().filter(|(t, p)| right(*t, *p)).count() as f64 / known.len() as f64
        };
        let mut counts = [0_usize; 4];
        known.iter().for_each(|(t, _)| counts[*t] += 1);
        Some(QuadrantReport {
            examples: known.len(),
            accuracy: share(&|t, p| t == p),
            // Arousal is high in Q1 and Q2, valence in Q1 and Q4.
            arousal_accuracy: share(&|t, p| (t < 2) == (p < 2)),
            valence_accuracy: share(&|t, p| (t % 3 == 0) == (p % 3 == 0)),
            majority_share: counts.iter().copied().max().unwrap_or(0) as f64 / known.len() as f64,
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::evaluate) fn judged(class: Emotion, vector: EmotionVector) -> Judged {
        Judged {
            path: PathBuf::new(),
            class,
            target: Some(EmotionVector::one_hot(class)),
            twin: false,
            quadrant: None,
            light_and_focus: None,
            vector,
        }
    }

    #[test]
    fn quadrants_follow_the_heaviest_emotions() {
        for (mood, quadrant) in [
            ("happy", 0),
            ("angry=0.3,fearful=0.3,happy=0.4", 1),
            ("sad", 2),
            ("neutral", 3),
        ] {
            assert_eq!(quadrant_of(&mood.parse().unwrap()), quadrant, "{mood}");
        }
        let mut song = judged(Emotion::Sad, "sad".parse().unwrap());
        song.quadrant = Some(3);
        let report = Judgement {
            judged: vec![song],
            failed: vec![],
        }
        .quadrants()
        .unwrap();
        assert_eq!((report.accuracy, report.arousal_accuracy), (0.0, 1.0));
        assert_eq!(report.valence_accuracy, 0.0);
    }
}
