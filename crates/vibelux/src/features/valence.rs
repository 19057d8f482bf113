//! Valence: how likely people are to call a song pleasant, from what the music model says of its emotions, and from
//! mode and tempo, which say more together with it than it says alone.

use super::coefficients::VALENCE;
use crate::emotion::{EMOTION_COUNT, EmotionVector};

/// Numbers that valence follows from.
pub(super) const INPUTS: usize = EMOTION_COUNT + 2;
/// The tempo that counts as neither fast nor slow.
const MIDDLE_BPM: f32 = 120.0;

/// 0 to 1. `major` is the probability of major; without a key or a tempo, neither speaks for either side.
pub(super) fn valence(emotions: &EmotionVector, major: Option<f32>, bpm: Option<f32>) -> f32 {
    let mut inputs = [0.0; INPUTS];
    inputs[..EMOTION_COUNT].copy_from_slice(emotions.values());
    inputs[EMOTION_COUNT] = major.unwrap_or(0.5);
    inputs[EMOTION_COUNT + 1] = bpm.map_or(0.0, |bpm| (bpm / MIDDLE_BPM).log2());
    VALENCE.probability(&inputs)
}
