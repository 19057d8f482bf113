//! [`Shares`]: how much of each emotion songs have, in a byte a song, for filters that ask for it: a vector is read only where the byte
//! does not say enough. Made when somebody first asks.

use std::sync::OnceLock;

use memchr::{memchr_iter, memchr2_iter};

use crate::emotion::{EMOTION_COUNT, Emotion, EmotionVector};

/// Columns of a byte a song.
#[derive(Debug, Clone, Default)]
pub(super) struct Shares {
    /// The [`step`] of each emotion.
    steps: [OnceLock<Box<[u8]>>; EMOTION_COUNT],
    /// The index of the strongest emotion.
    strongest: OnceLock<Box<[u8]>>,
}

/// Leaves only the rows that hold.
pub(super) fn keep(rows: &mut [bool], holds: impl Iterator<Item = bool>) {
    for (row, holds) in rows.iter_mut().zip(holds) {
        *row &= holds;
    }
}

/// A share as one of 256 steps; a larger share has no smaller one.
fn step(share: f32) -> u8 {
    // `as` stays within its range.
    (share * 255.0) as u8
}

impl Shares {
    /// Leaves only the rows of which an emotion's share is in a range.
    pub(super) fn keep_between(
        &self,
        rows: &mut [bool],
        vectors: &[EmotionVector],
        emotion: Emotion,
        (low, high): (f32, f32),
    ) {
        let share = |vector: &EmotionVector| vector.get(emotion);
        let steps = self.steps[emotion.index()]
            .get_or_init(|| vectors.iter().map(|vector| step(share(vector))).collect());
        let (first, last) = (step(low), step(high));
        keep(rows, steps.iter().map(|&at| (at >= first) & (at <= last)));
        // All shares are from 0 to 1; at other ends only those of the same step may be beyond them.
        let look = |at: usize| rows[at] &= (low..=high).contains(&share(&vectors[at]));
        match (low > 0.0, high < 1.0) {
            (true, true) => memchr2_iter(first, last, steps).for_each(look),
            (true, false) => memchr_iter(first, steps).for_each(look),
            (false, true) => memchr_iter(last, steps).for_each(look),
            (false, false) => {}
        }
    }

    /// Leaves only the rows with this strongest emotion.
    pub(super) fn keep_strongest(
        &self,
        rows: &mut [bool],
        vectors: &[EmotionVector],
        emotion: Emotion,
    ) {
        let index = |vector: &EmotionVector| vector.strongest().index() as u8;
        let strongest = self
            .strongest
            .get_or_init(|| vectors.iter().map(index).collect());
        let wanted = emotion.index() as u8;
        keep(rows, strongest.iter().map(|&at| at == wanted));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bytes_say_what_vectors_say(
            weights in prop::collection::vec(prop::array::uniform7(0_u8..9), 1..200),
            low in -0.1_f32..1.1, width in -0.1_f32..1.1, at_song in any::<bool>(), open in 0_u8..3,
        ) {
            let vector = |w: [u8; 7]| EmotionVector::from_weights(w.map(f32::from)).unwrap_or(EmotionVector::UNIFORM);
            let vectors: Vec<EmotionVector> = weights.into_iter().map(vector).collect();
            // Ends that a song has exactly are as common as in people's filters.
            let low = if at_song { vectors[0].get(Emotion::Sad) } else { low };
            let range = match open {
                0 => (low, low + width),
                1 => (f32::NEG_INFINITY, low),
                _ => (low, f32::INFINITY),
            };
            let shares = Shares::default();
            let mut rows: Vec<bool> = (0..vectors.len()).map(|i| i % 5 > 0).collect();
            let mut strongest = rows.clone();
            shares.keep_between(&mut rows, &vectors, Emotion::Sad, range);
            shares.keep_strongest(&mut strongest, &vectors, Emotion::Happy);
            for (i, vector) in vectors.iter().enumerate() {
                let inside = (range.0..=range.1).contains(&vector.get(Emotion::Sad));
                prop_assert_eq!(rows[i], i % 5 > 0 && inside, "{} in {:?}", vector.get(Emotion::Sad), range);
                prop_assert_eq!(strongest[i], i % 5 > 0 && vector.strongest() == Emotion::Happy);
            }
        }
    }
}
