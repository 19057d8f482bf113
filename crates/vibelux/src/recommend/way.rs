//! [`Way`]: what is sought for a mood: the mood itself, or where it should lead.

use crate::emotion::{Emotion, EmotionVector};

/// How far [`Way::Lift`] and [`Way::Calm`] lean to their emotion: more than half, so that it leads, and
/// not all, so that the songs still meet the listener where he is.
const LEAN: f32 = 0.6;

/// How the music answers a mood.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Way {
    /// Songs like the mood.
    Match,
    /// From the mood toward happy.
    Lift,
    /// From the mood toward neutral, which is calm in music.
    Calm,
    /// From the mood to another one over some songs: the iso principle of music therapy (Altshuler
    /// 1948), which first meets a mood and then moves it.
    Journey {
        /// Where it ends.
        to: EmotionVector,
        /// After how many songs, at least 1.
        songs: usize,
    },
}

impl Way {
    /// What is sought for the song at `position` (from 0) of the queue when the mood is `mood`.
    ///
    /// A journey's first song matches the mood, its last song the goal, and so do all after it.
    #[must_use]
    pub fn target(&self, mood: &EmotionVector, position: usize) -> EmotionVector {
        match self {
            Self::Match => *mood,
            Self::Lift => between(mood, &EmotionVector::one_hot(Emotion::Happy), LEAN),
            Self::Calm => between(mood, &EmotionVector::one_hot(Emotion::Neutral), LEAN),
            Self::Journey { to, songs } => {
                let steps = songs.saturating_sub(1);
                let share = if position >= steps {
                    1.0
                } else {
                    position as f32 / steps as f32
                };
                between(mood, to, share)
            }
        }
    }
}

/// The straight line between two vectors, which passes through none but theirs and sums to 1.
fn between(from: &EmotionVector, to: &EmotionVector, share: f32) -> EmotionVector {
    let values = from.values().iter().zip(to.values());
    let mixed: Vec<f32> = values.map(|(a, b)| a + share * (b - a)).collect();
    EmotionVector::from_slice(&mixed).unwrap_or(*from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lifting_and_calming_lead_somewhere_and_start_where_one_is() {
        let mood: EmotionVector = "sad=0.8,angry=0.2".parse().unwrap();
        assert_eq!(Way::Match.target(&mood, 3), mood);
        let lifted = Way::Lift.target(&mood, 0);
        assert_eq!(lifted.strongest(), Emotion::Happy);
        assert!(lifted.get(Emotion::Sad) > 0.25);
        assert_eq!(Way::Calm.target(&mood, 0).strongest(), Emotion::Neutral);
    }

    proptest! {
        #[test]
        fn a_journey_goes_from_the_mood_to_its_end_and_never_back(
            from in prop::array::uniform7(0.01_f32..1.0),
            to in prop::array::uniform7(0.01_f32..1.0),
            songs in 0_usize..12,
        ) {
            let from = EmotionVector::from_weights(from).unwrap();
            let to = EmotionVector::from_weights(to).unwrap();
            let way = Way::Journey { to, songs };
            let distance = |v: EmotionVector| -> f32 {
                v.values().iter().zip(to.values()).map(|(a, b)| (a - b).abs()).sum()
            };
            if songs > 1 {
                prop_assert!((distance(way.target(&from, 0)) - distance(from)).abs() < 1e-5);
            }
            prop_assert!(distance(way.target(&from, songs.saturating_sub(1))) < 1e-5);
            prop_assert!(distance(way.target(&from, songs + 5)) < 1e-5);
            for i in 1..songs {
                prop_assert!(
                    distance(way.target(&from, i)) <= distance(way.target(&from, i - 1)) + 1e-6
                );
            }
        }
    }
}
