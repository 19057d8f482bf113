//! [`blend`]: one query of several songs, some of them wanted and some not.

use crate::emotion::{EMOTION_COUNT, EmotionVector};

/// How far a query moves away from what is not wanted, in distances between that and what is: Rocchio (1971) takes a third of the weight of
/// what is wanted.
const AWAY: f32 = 1.0 / 3.0;

/// What is sought by somebody who names songs: their mean, moved away from the mean of those that it should not be like (relevance
/// feedback, Rocchio 1971). `average` is where one starts who only says what he does not want, such as the library's mean. `None` without any
/// song.
#[must_use]
pub fn blend(
    like: &[EmotionVector],
    unlike: &[EmotionVector],
    average: &EmotionVector,
) -> Option<EmotionVector> {
    let liked = EmotionVector::mean(like);
    let Some(unliked) = EmotionVector::mean(unlike) else {
        return liked;
    };
    let from = liked.unwrap_or(*average);
    let (a, b) = (from.values(), unliked.values());
    // No emotion has less than nothing of it.
    let moved: [f32; EMOTION_COUNT] =
        std::array::from_fn(|i| (a[i] + AWAY * (a[i] - b[i])).max(0.0));
    Some(EmotionVector::from_weights(moved).unwrap_or(from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn vectors() -> impl Strategy<Value = Vec<EmotionVector>> {
        let vector = prop::array::uniform7(0.01_f32..1.0);
        let vector = vector.prop_map(|weights| EmotionVector::from_weights(weights).unwrap());
        prop::collection::vec(vector, 0..5)
    }

    #[test]
    fn songs_are_averaged_and_what_is_not_wanted_is_left_behind() {
        let parse = |text: &str| text.parse::<EmotionVector>().unwrap();
        let (calm, sad) = (parse("neutral=0.6,sad=0.4"), parse("sad"));
        let average = EmotionVector::UNIFORM;
        assert_eq!(blend(&[], &[], &average), None);
        assert_eq!(blend(&[calm], &[], &average), Some(calm));
        let less_sad = blend(&[calm], &[sad], &average).unwrap();
        assert!(less_sad.get(crate::Emotion::Sad) < 0.25, "{less_sad}");
        let anything_else = blend(&[], &[sad], &average).unwrap();
        assert!(anything_else.get(crate::Emotion::Sad) == 0.0);
        // The same song on both sides takes nothing away.
        assert_eq!(blend(&[sad], &[sad], &average), Some(sad));
    }

    proptest! {
        #[test]
        fn a_blend_is_no_nearer_to_what_is_not_wanted(
            like in vectors(),
            unlike in vectors(),
        ) {
            let average = EmotionVector::UNIFORM;
            let Some(blended) = blend(&like, &unlike, &average) else {
                prop_assert!(like.is_empty() && unlike.is_empty());
                return Ok(());
            };
            prop_assert!((blended.values().iter().sum::<f32>() - 1.0).abs() < 1e-5);
            if let Some(unliked) = EmotionVector::mean(&unlike) {
                let from = EmotionVector::mean(&like).unwrap_or(average);
                prop_assert!(blended.cosine(&unliked) <= from.cosine(&unliked) + 1e-5);
            }
        }
    }
}
