//! Judging finished models as they are used: files in, vectors out, figures about them.
//!
//! Unlike the validation inside a run, everything here goes the way that a user's pictures and songs
//! go: `FaceModel` and [`MusicModel`] on files. [`robustness`] corrupts the faces before, and
//! [`through_the_detector`] has them found in a frame first. [`matching`] judges faces and songs
//! together: do the songs recommended for a face carry the face's emotion?

mod corruption;
mod detector;
mod faces;
mod intervals;
mod matching;
mod pixels;
mod predicted;
mod prior;
mod robustness;
mod scene;
mod suite;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use vibelux::model::MusicModel;
use vibelux::{Emotion, EmotionVector};

use crate::dataset::TableRow;
use crate::metrics::{MetricsError, Report, argmax};
use crate::run::report_of;

pub use corruption::Corruption;
pub use detector::{DetectorReport, OnFound, through_the_detector};
pub use faces::{FaceEnsemble, FaceFile, FaceFiles, faces};
pub use intervals::Share;
pub use matching::{MatchingReport, matching};
pub use predicted::predicted_songs;
pub use prior::ClassPrior;
pub use robustness::{
    BesideBaseline, CorruptionRow, RobustnessReport, UnderCorruption, robustness,
};
pub use suite::{CorruptionKind, SUITE};

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
    /// What the model said.
    pub vector: EmotionVector,
}

impl Judged {
    /// What was said of a song of a table, or why nothing was; the class is its target's strongest
    /// emotion.
    fn song(
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
    fn collect(rows: Vec<Result<Judged, (PathBuf, String)>>) -> Self {
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

/// How well quadrants follow from the seven emotions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuadrantReport {
    /// How many examples.
    pub examples: usize,
    /// Share of right quadrants (chance 0.25).
    pub accuracy: f64,
    /// Share of examples on the right side of arousal.
    pub arousal_accuracy: f64,
    /// Share of examples on the right side of valence.
    pub valence_accuracy: f64,
    /// Accuracy of always naming the most frequent quadrant.
    pub majority_share: f64,
}

/// The quadrant of valence and arousal that a vector lies in, 0 (Q1: both high) to 3 (Q4: pleasant
/// and calm): the one whose emotions hold most weight. Happy and surprised count for Q1, angry,
/// disgusted and fearful for Q2, sad for Q3, neutral (calm, in music) for Q4.
#[must_use]
pub fn quadrant_of(vector: &EmotionVector) -> usize {
    let weights = [
        vector.get(Emotion::Happy) + vector.get(Emotion::Surprised),
        vector.get(Emotion::Angry) + vector.get(Emotion::Disgusted) + vector.get(Emotion::Fearful),
        vector.get(Emotion::Sad),
        vector.get(Emotion::Neutral),
    ];
    argmax(&weights)
}

/// Embeds songs and holds them against their targets; the class is the target's strongest emotion.
///
/// `done` counts up as files are finished.
#[must_use]
pub fn songs(model: &MusicModel, rows: &[TableRow], done: &AtomicUsize) -> Judgement {
    let rows = rows
        .par_iter()
        .map(|row| {
            let embedded = model.embed_song(&row.path).map(|song| song.vector);
            done.fetch_add(1, Ordering::Relaxed);
            Judged::song(row, embedded.map_err(|error| error.to_string()))
        })
        .collect();
    Judgement::collect(rows)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(super) fn judged(class: Emotion, vector: EmotionVector) -> Judged {
        Judged {
            path: PathBuf::new(),
            class,
            target: Some(EmotionVector::one_hot(class)),
            twin: false,
            quadrant: None,
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
