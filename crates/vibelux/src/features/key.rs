//! [`Key`]: tonic and mode, from [`Chroma`].
//!
//! Twelve pitch classes against a profile of major and one of minor in all twelve keys, as Krumhansl did, but with
//! profiles fitted to what such chroma really looks like: the softmax over the 24 gives probabilities. Their
//! provenance stands in `coefficients.rs`.

use super::chroma::{CLASSES, Chroma};
use super::coefficients::KEY;

/// Peaks that lie no closer to the semitones than these are noise, not notes.
const LEAST_TONALITY: f32 = 0.01;

/// The key of a song.
pub(super) struct Key {
    /// 0 is C, 11 is B.
    pub(super) tonic: u8,
    pub(super) is_major: bool,
    /// The probability of this tonic, in either mode.
    pub(super) tonic_confidence: f32,
    /// The probability of this mode, with any tonic.
    pub(super) mode_confidence: f32,
    /// The probability of major, with any tonic.
    pub(super) major: f32,
}

impl Key {
    /// `None` if there are no notes to be heard.
    pub(super) fn of(chroma: &Chroma) -> Option<Self> {
        if chroma.tonality < LEAST_TONALITY {
            return None;
        }
        let logit = |mode: usize, tonic: usize| -> f64 {
            let classes = (0..CLASSES).map(|i| chroma.classes[(i + tonic) % CLASSES]);
            let weighted = classes.zip(KEY.profiles[mode]);
            let fit = weighted
                .map(|(x, w)| f64::from(12.0 * x - 1.0) * f64::from(w))
                .sum::<f64>();
            fit + if mode == 1 { f64::from(KEY.major) } else { 0.0 }
        };
        let logits: Vec<f64> = (0..2 * CLASSES)
            .map(|i| logit(i / CLASSES, i % CLASSES))
            .collect();
        let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = logits.iter().map(|z| (z - largest).exp()).collect();
        let whole: f64 = weights.iter().sum();
        let best = (0..weights.len()).fold(0, |b, i| if weights[i] > weights[b] { i } else { b });
        let (mode, tonic) = (best / CLASSES, best % CLASSES);
        let share = |takes: &dyn Fn(usize) -> bool| {
            let of = weights.iter().enumerate().filter(|(i, _)| takes(*i));
            (of.map(|(_, w)| w).sum::<f64>() / whole) as f32
        };
        Some(Self {
            tonic: tonic as u8,
            is_major: mode == 1,
            tonic_confidence: share(&|i| i % CLASSES == tonic),
            mode_confidence: share(&|i| i / CLASSES == mode),
            major: share(&|i| i / CLASSES == 1),
        })
    }
}
