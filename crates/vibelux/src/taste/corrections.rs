//! [`Corrections`]: songs that the listener has heard otherwise than the model, and what that moves.

use super::alike;
use crate::emotion::{EMOTION_COUNT, EmotionVector};

/// So much must speak for a change of a song that was not corrected itself before half of it is made.
const DOUBT: f32 = 1.0;

/// "This sounds like that to me."
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Correction {
    /// What the model made of the song.
    pub analysed: EmotionVector,
    /// What the listener hears.
    pub heard: EmotionVector,
}

/// All corrections of a listener.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Corrections(Vec<Correction>);

impl Corrections {
    /// The same songs in any order have the same effect.
    #[must_use]
    pub fn new(corrections: Vec<Correction>) -> Self {
        Self(corrections)
    }

    /// Whether nothing was corrected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a song that was not corrected itself is heard with: moved as corrected songs were that sound alike. One that sounds
    /// the same moves it by half of its way, several that agree by more, but never further than they went.
    #[must_use]
    pub fn heard(&self, analysed: &EmotionVector) -> EmotionVector {
        let mut moved = [0.0_f32; EMOTION_COUNT];
        let mut spoken = DOUBT;
        for correction in &self.0 {
            let weight = alike(analysed, &correction.analysed);
            spoken += weight;
            let (from, to) = (correction.analysed.values(), correction.heard.values());
            for ((moved, from), to) in moved.iter_mut().zip(from).zip(to) {
                *moved += weight * (to - from);
            }
        }
        // Below 0 only by rounding: what is taken away was there in songs that are alike.
        let values = std::array::from_fn(|i| (analysed.values()[i] + moved[i] / spoken).max(0.0));
        EmotionVector::from_weights(values).unwrap_or(*analysed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emotion::Emotion;
    use proptest::prelude::*;

    fn vector(text: &str) -> EmotionVector {
        text.parse().unwrap()
    }

    #[test]
    fn songs_alike_follow_by_half_and_others_stay() {
        let corrections = Corrections::new(vec![Correction {
            analysed: vector("happy=0.6,neutral=0.4"),
            heard: vector("sad=0.8,neutral=0.2"),
        }]);
        let same = corrections.heard(&vector("happy=0.6,neutral=0.4"));
        assert!((same.get(Emotion::Sad) - 0.4).abs() < 1e-3, "{same:?}");
        let near = corrections.heard(&vector("happy=0.55,neutral=0.45"));
        assert!((0.2..0.4).contains(&near.get(Emotion::Sad)), "{near:?}");
        let other = vector("angry=0.7,neutral=0.3");
        assert!((corrections.heard(&other).cosine(&other) - 1.0).abs() < 1e-6);
        assert_eq!(Corrections::default().heard(&other), other);
    }

    #[test]
    fn who_agrees_moves_further_but_never_beyond() {
        let correction = Correction {
            analysed: vector("happy"),
            heard: vector("sad"),
        };
        let moved = |count: usize| {
            let corrections = Corrections::new(vec![correction; count]);
            corrections.heard(&vector("happy")).get(Emotion::Sad)
        };
        assert!(moved(1) < moved(4) && moved(4) < moved(50) && moved(50) < 1.0);
    }

    proptest! {
        #[test]
        fn any_corrections_leave_a_distribution_that_is_no_further_than_the_furthest(
            weights in prop::collection::vec((prop::array::uniform7(0.0_f32..1.0), prop::array::uniform7(0.0_f32..1.0)), 0..20),
            song in prop::array::uniform7(0.01_f32..1.0),
        ) {
            let song = EmotionVector::from_weights(song).unwrap();
            let corrections: Vec<Correction> = weights
                .iter()
                .filter_map(|(a, b)| {
                    let (analysed, heard) = (EmotionVector::from_weights(*a).ok()?, EmotionVector::from_weights(*b).ok()?);
                    Some(Correction { analysed, heard })
                })
                .collect();
            let far = |a: &EmotionVector, b: &EmotionVector| {
                a.values().iter().zip(b.values()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
            };
            let furthest = corrections.iter().map(|c| far(&c.analysed, &c.heard)).fold(0.0, f32::max);
            let heard = Corrections::new(corrections).heard(&song);
            prop_assert!((heard.values().iter().sum::<f32>() - 1.0).abs() < 1e-4);
            prop_assert!(far(&heard, &song) <= furthest + 1e-4);
        }
    }
}
