//! Where a face model can be believed: accuracy among the faces that it is surest of, and by light and focus.
//!
//! A model that knows what it does not know is right more often where it says so (selective classification, Geifman and
//! El-Yaniv 2017, arXiv:1705.08500). How sure it is says the largest share of its vector: beside it, entropy and the
//! measures of a picture's quality predict errors no better (measured in `models/face.md`).

use serde::{Deserialize, Serialize};

use super::intervals::{Share, share};
use super::judgement::{Judged, Judgement};

/// Shares of the faces that are kept, the surest first.
const COVERED: [f64; 3] = [1.0, 0.8, 0.5];
/// Faces are sorted into so many parts of the same size.
const PARTS: usize = 5;

/// Accuracy where the model is sure, and where light and focus are what they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CoverageReport {
    /// Of all faces, and of ever fewer that it is surest of.
    pub surest: Vec<Surest>,
    /// By the mean grey of the crop, 0..=255, from the darkest fifth to the brightest.
    pub by_brightness: Vec<Part>,
    /// By the variance of the crop's Laplacian, in squared grey steps, from the most blurred fifth to the sharpest.
    pub by_sharpness: Vec<Part>,
}

/// The faces that a model is surest of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Surest {
    /// Their share of all.
    pub coverage: f64,
    /// The smallest of their largest shares.
    pub least_confidence: f32,
    /// Accuracy on them.
    pub accuracy: Share,
}

/// Faces between two values of a measure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The smallest and the largest value.
    pub range: [f32; 2],
    /// How many.
    pub faces: usize,
    /// Accuracy on them.
    pub accuracy: Share,
}

impl Judgement {
    /// Accuracy among the surest faces, and by the measures of their pictures; nothing for files that have none.
    #[must_use]
    pub fn coverage(&self, seed: u64) -> Option<CoverageReport> {
        let faces: Vec<(&Judged, [f32; 2])> = self
            .judged
            .iter()
            .filter_map(|judged| Some((judged, judged.light_and_focus?)))
            .collect();
        if faces.is_empty() {
            return None;
        }
        let right =
            |judged: &Judged| f64::from(u8::from(judged.vector.strongest() == judged.class));
        let by_measure = |measure: usize| {
            let mut sorted: Vec<(f32, f64)> = faces
                .iter()
                .map(|(judged, measures)| (measures[measure], right(judged)))
                .collect();
            sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
            let bound = |part: usize| part * sorted.len() / PARTS;
            (0..PARTS)
                .filter_map(|part| part_of(&sorted[bound(part)..bound(part + 1)], seed))
                .collect()
        };
        let mut surest: Vec<(f32, f64)> = faces
            .iter()
            .map(|(judged, _)| (judged.vector.get(judged.vector.strongest()), right(judged)))
            .collect();
        surest.sort_by(|a, b| b.0.total_cmp(&a.0));
        Some(CoverageReport {
            surest: COVERED
                .iter()
                .filter_map(|&coverage| surest_of(&surest, coverage, seed))
                .collect(),
            by_brightness: by_measure(0),
            by_sharpness: by_measure(1),
        })
    }
}

/// The surest of faces that are sorted by it.
fn surest_of(sorted: &[(f32, f64)], coverage: f64, seed: u64) -> Option<Surest> {
    let count = (sorted.len() as f64 * coverage).round() as usize;
    let (kept, _) = sorted.split_at_checked(count)?;
    let right: Vec<f64> = kept.iter().map(|(_, right)| *right).collect();
    Some(Surest {
        coverage,
        least_confidence: kept.last()?.0,
        accuracy: share(&right, seed),
    })
}

/// Faces that are sorted by a measure.
fn part_of(sorted: &[(f32, f64)], seed: u64) -> Option<Part> {
    let right: Vec<f64> = sorted.iter().map(|(_, right)| *right).collect();
    Some(Part {
        range: [sorted.first()?.0, sorted.last()?.0],
        faces: sorted.len(),
        accuracy: share(&right, seed),
    })
}

#[cfg(test)]
mod tests {
    use super::super::judgement::tests::judged;
    use super::*;
    use vibelux::{Emotion, EmotionVector};

    #[test]
    fn the_surest_are_taken_first_and_parts_are_of_one_size() {
        // Right where it is sure, wrong where it is not; the darker, the surer.
        let judged: Vec<Judged> = (0..100_u8)
            .map(|i| {
                let share = 0.99 - f32::from(i) * 0.005;
                let happy = EmotionVector::one_hot(Emotion::Happy);
                let vector = happy.in_part(share, &EmotionVector::one_hot(Emotion::Sad));
                let class = if i < 50 {
                    Emotion::Happy
                } else {
                    Emotion::Angry
                };
                let mut judged = judged(class, vector);
                judged.light_and_focus = Some([f32::from(i), 7.0]);
                judged
            })
            .collect();
        let mut judgement = Judgement {
            judged,
            failed: Vec::new(),
        };
        let report = judgement.coverage(1).unwrap();
        let accuracies: Vec<f64> = report.surest.iter().map(|s| s.accuracy.mean).collect();
        assert_eq!(accuracies, [0.5, 0.625, 1.0]);
        assert!((report.surest[2].least_confidence - 0.745).abs() < 1e-5);
        let parts: Vec<f64> = report
            .by_brightness
            .iter()
            .map(|p| p.accuracy.mean)
            .collect();
        assert_eq!(parts, [1.0, 1.0, 0.5, 0.0, 0.0]);
        assert_eq!(report.by_brightness[1].range, [20.0, 39.0]);
        assert!(report.by_sharpness.iter().all(|part| part.faces == 20));
        // Songs have no light.
        judgement
            .judged
            .iter_mut()
            .for_each(|j| j.light_and_focus = None);
        assert_eq!(judgement.coverage(1), None);
    }
}
