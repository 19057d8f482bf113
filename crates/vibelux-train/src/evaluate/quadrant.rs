//! The quadrant of valence and arousal that a vector lies in, and how well quadrants follow from vectors.

use serde::{Deserialize, Serialize};
use vibelux::{Emotion, EmotionVector};

use crate::metrics::argmax;

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
