//! The seven emotions and the vector over them: the one currency of the whole flow.
//!
//! Faces and songs both end here; [`crate::recommend`] starts here. This module imports nothing of
//! ours, so every other may depend on it. [`by_emotion`] is how JSON has a vector.

pub mod by_emotion;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How many emotions there are.
pub const EMOTION_COUNT: usize = 7;

/// One of the seven basic emotions, in the fixed order that every vector, class folder, model
/// output and file format of this project uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Emotion {
    /// Index 0.
    Angry,
    /// Index 1.
    Disgusted,
    /// Index 2.
    Fearful,
    /// Index 3.
    Happy,
    /// Index 4.
    Neutral,
    /// Index 5.
    Sad,
    /// Index 6.
    Surprised,
}

impl Emotion {
    /// All emotions in index order.
    pub const ALL: [Self; EMOTION_COUNT] = [
        Self::Angry,
        Self::Disgusted,
        Self::Fearful,
        Self::Happy,
        Self::Neutral,
        Self::Sad,
        Self::Surprised,
    ];

    /// The position in every vector, 0..7.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The name of the class folder and of the JSON key, for example `"happy"`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Angry => "angry",
            Self::Disgusted => "disgusted",
            Self::Fearful => "fearful",
            Self::Happy => "happy",
            Self::Neutral => "neutral",
            Self::Sad => "sad",
            Self::Surprised => "surprised",
        }
    }
}

impl fmt::Display for Emotion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Emotion {
    type Err = EmotionError;

    /// Accepts the name in any case, and the noun or short form that other data sets use
    /// (`anger`, `disgust`, `fear`, `happiness`, `sadness`, `surprise`).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim().to_ascii_lowercase().as_str() {
            "angry" | "anger" => Ok(Self::Angry),
            "disgusted" | "disgust" => Ok(Self::Disgusted),
            "fearful" | "fear" => Ok(Self::Fearful),
            "happy" | "happiness" | "joy" => Ok(Self::Happy),
            "neutral" | "calm" => Ok(Self::Neutral),
            "sad" | "sadness" => Ok(Self::Sad),
            "surprised" | "surprise" => Ok(Self::Surprised),
            _ => Err(EmotionError::UnknownName(text.to_owned())),
        }
    }
}

/// What can be wrong with an emotion or a vector over them.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EmotionError {
    /// The name is none of the seven.
    #[error(
        "unknown emotion {0:?}; use one of angry, disgusted, fearful, happy, neutral, sad, surprised"
    )]
    UnknownName(String),
    /// A value is NaN, infinite or negative.
    #[error("the value of {emotion} is {value}; values must be finite and not negative")]
    BadValue {
        /// Which entry.
        emotion: Emotion,
        /// What it was.
        value: f32,
    },
    /// All values are zero, so there is nothing to normalise.
    #[error("all seven values are zero; give at least one emotion a positive value")]
    AllZero,
    /// Not seven numbers.
    #[error("expected 7 values, got {0}")]
    WrongLength(usize),
    /// A `name=value` part that cannot be read.
    #[error("cannot read {0:?} as a mood; write it like happy=0.7,sad=0.3")]
    BadMood(String),
}

/// A distribution over the seven emotions: finite, not negative, sums to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "[f32; 7]", into = "[f32; 7]")]
pub struct EmotionVector([f32; EMOTION_COUNT]);

impl EmotionVector {
    /// Every emotion equally.
    pub const UNIFORM: Self = Self([1.0 / EMOTION_COUNT as f32; EMOTION_COUNT]);

    /// Normalises non-negative weights to a distribution.
    ///
    /// # Errors
    /// [`EmotionError::BadValue`] for a NaN, infinite or negative weight, [`EmotionError::AllZero`]
    /// if there is no positive one.
    pub fn from_weights(weights: [f32; EMOTION_COUNT]) -> Result<Self, EmotionError> {
        for (emotion, value) in Emotion::ALL.into_iter().zip(weights) {
            if !value.is_finite() || value < 0.0 {
                return Err(EmotionError::BadValue { emotion, value });
            }
        }
        // In f64, so that neither seven times f32::MAX nor seven subnormals lose the sum.
        let sum: f64 = weights.iter().map(|&w| f64::from(w)).sum();
        if sum <= 0.0 {
            return Err(EmotionError::AllZero);
        }
        Ok(Self(weights.map(|w| (f64::from(w) / sum) as f32)))
    }

    /// The same from a slice of seven.
    ///
    /// # Errors
    /// As [`Self::from_weights`], and [`EmotionError::WrongLength`].
    pub fn from_slice(weights: &[f32]) -> Result<Self, EmotionError> {
        let array = <[f32; EMOTION_COUNT]>::try_from(weights)
            .map_err(|_| EmotionError::WrongLength(weights.len()))?;
        Self::from_weights(array)
    }

    /// Softmax of seven logits divided by `temperature` (> 0; 1 leaves them as they are).
    ///
    /// # Errors
    /// [`EmotionError::BadValue`] if a logit is not finite.
    pub fn from_logits(
        logits: [f32; EMOTION_COUNT],
        temperature: f32,
    ) -> Result<Self, EmotionError> {
        for (emotion, value) in Emotion::ALL.into_iter().zip(logits) {
            if !value.is_finite() {
                return Err(EmotionError::BadValue { emotion, value });
            }
        }
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        Self::from_weights(logits.map(|z| ((z - largest) / temperature).exp()))
    }

    /// All weight on one emotion.
    #[must_use]
    pub fn one_hot(emotion: Emotion) -> Self {
        let mut values = [0.0; EMOTION_COUNT];
        values[emotion.index()] = 1.0;
        Self(values)
    }

    /// So much of this one, 0..=1, and for the rest another: a reading that counts in part only, and what is known
    /// without it.
    #[must_use]
    pub fn in_part(&self, weight: f32, rest: &Self) -> Self {
        let weight = weight.clamp(0.0, 1.0);
        Self(std::array::from_fn(|i| {
            weight * self.0[i] + (1.0 - weight) * rest.0[i]
        }))
    }

    /// The mean of several vectors; `None` if there are none.
    #[must_use]
    pub fn mean<'a>(vectors: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        let mut sum = [0.0_f64; EMOTION_COUNT];
        let mut count = 0_usize;
        for vector in vectors {
            count += 1;
            for (s, &v) in sum.iter_mut().zip(&vector.0) {
                *s += f64::from(v);
            }
        }
        (count > 0).then(|| Self(sum.map(|s| (s / count as f64) as f32)))
    }

    /// The seven values in index order.
    #[must_use]
    pub const fn values(&self) -> &[f32; EMOTION_COUNT] {
        &self.0
    }

    /// The value of one emotion, 0..=1.
    #[must_use]
    pub const fn get(&self, emotion: Emotion) -> f32 {
        self.0[emotion as usize]
    }

    /// The emotion with the largest value; the first of equals.
    #[must_use]
    pub fn strongest(&self) -> Emotion {
        let mut best = Emotion::Angry;
        for emotion in Emotion::ALL {
            if self.get(emotion) > self.get(best) {
                best = emotion;
            }
        }
        best
    }

    /// The difference to a reference (a library's mean, a model's prior): seven numbers that sum to
    /// 0 and may be negative. Comparing these instead of the vectors themselves keeps what all
    /// songs share from hiding what sets one apart.
    #[must_use]
    pub fn centred(&self, reference: &Self) -> [f32; EMOTION_COUNT] {
        std::array::from_fn(|i| self.0[i] - reference.0[i])
    }

    /// Cosine similarity of two distributions, 0..=1 (both are non-negative).
    #[must_use]
    pub fn cosine(&self, other: &Self) -> f32 {
        cosine(&self.0, &other.0)
    }
}

/// Cosine similarity of any two seven-vectors, -1..=1; 0 if either has no length.
#[must_use]
pub fn cosine(a: &[f32; EMOTION_COUNT], b: &[f32; EMOTION_COUNT]) -> f32 {
    let dot = |x: &[f32; EMOTION_COUNT], y: &[f32; EMOTION_COUNT]| -> f64 {
        x.iter()
            .zip(y)
            .map(|(&p, &q)| f64::from(p) * f64::from(q))
            .sum()
    };
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 && lengths.is_finite() {
        (dot(a, b) / lengths).clamp(-1.0, 1.0) as f32
    } else {
        0.0
    }
}

impl TryFrom<[f32; EMOTION_COUNT]> for EmotionVector {
    type Error = EmotionError;

    fn try_from(values: [f32; EMOTION_COUNT]) -> Result<Self, Self::Error> {
        Self::from_weights(values)
    }
}

impl From<EmotionVector> for [f32; EMOTION_COUNT] {
    fn from(vector: EmotionVector) -> Self {
        vector.0
    }
}

impl FromStr for EmotionVector {
    type Err = EmotionError;

    /// Reads a mood like `happy=0.7,sad=0.3` or just `happy`; the weights need not sum to 1.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut weights = [0.0; EMOTION_COUNT];
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (
                    name,
                    value
                        .trim()
                        .parse::<f32>()
                        .map_err(|_| EmotionError::BadMood(part.trim().to_owned()))?,
                ),
                None => (part, 1.0),
            };
            weights[name.parse::<Emotion>()?.index()] += value;
        }
        Self::from_weights(weights)
    }
}

impl fmt::Display for EmotionVector {
    /// One line, for example `angry 0.02 disgusted 0.00 ... surprised 0.10`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, emotion) in Emotion::ALL.into_iter().enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{emotion} {:.2}", self.get(emotion))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn weights() -> impl Strategy<Value = [f32; 7]> {
        prop::array::uniform7(0.0_f32..1e6)
    }

    proptest! {
        #[test]
        fn normalised_vectors_sum_to_one(w in weights()) {
            prop_assume!(w.iter().any(|&x| x > 0.0));
            let v = EmotionVector::from_weights(w).unwrap();
            prop_assert!((v.values().iter().sum::<f32>() - 1.0).abs() < 1e-5);
            prop_assert!(v.values().iter().all(|x| x.is_finite() && *x >= 0.0));
        }

        #[test]
        fn cosine_is_symmetric_bounded_and_one_with_itself(a in weights(), b in weights()) {
            prop_assume!(a.iter().any(|&x| x > 0.0) && b.iter().any(|&x| x > 0.0));
            let (a, b) = (EmotionVector::from_weights(a).unwrap(), EmotionVector::from_weights(b).unwrap());
            prop_assert_eq!(a.cosine(&b), b.cosine(&a));
            prop_assert!((0.0..=1.0).contains(&a.cosine(&b)));
            prop_assert!((a.cosine(&a) - 1.0).abs() < 1e-6);
        }

        #[test]
        fn centred_vectors_sum_to_zero(a in weights(), b in weights()) {
            prop_assume!(a.iter().any(|&x| x > 0.0) && b.iter().any(|&x| x > 0.0));
            let (a, b) = (EmotionVector::from_weights(a).unwrap(), EmotionVector::from_weights(b).unwrap());
            prop_assert!(a.centred(&b).iter().sum::<f32>().abs() < 1e-5);
            prop_assert!(a.centred(&a).iter().all(|&x| x == 0.0));
        }

        #[test]
        fn any_text_is_read_or_refused_without_panic(text in ".{0,64}") {
            if let Ok(v) = text.parse::<EmotionVector>() {
                prop_assert!((v.values().iter().sum::<f32>() - 1.0).abs() < 1e-5);
            }
        }

        #[test]
        fn softmax_survives_large_logits(z in prop::array::uniform7(-1e30_f32..1e30)) {
            let v = EmotionVector::from_logits(z, 1.0).unwrap();
            prop_assert!((v.values().iter().sum::<f32>() - 1.0).abs() < 1e-5);
        }
    }

    #[test]
    fn a_reading_in_part_lies_between() {
        let happy = EmotionVector::one_hot(Emotion::Happy);
        let mixed = happy.in_part(0.3, &EmotionVector::UNIFORM);
        assert!((mixed.get(Emotion::Happy) - 0.4).abs() < 1e-6);
        assert!((mixed.values().iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert_eq!(happy.in_part(7.0, &EmotionVector::UNIFORM), happy);
        assert_eq!(
            happy.in_part(f32::NAN.max(0.0), &EmotionVector::UNIFORM),
            EmotionVector::UNIFORM
        );
    }

    #[test]
    fn the_order_is_fixed() {
        let names: Vec<_> = Emotion::ALL.iter().map(|e| e.name()).collect();
        assert_eq!(
            names,
            [
                "angry",
                "disgusted",
                "fearful",
                "happy",
                "neutral",
                "sad",
                "surprised"
            ]
        );
        for (i, e) in Emotion::ALL.into_iter().enumerate() {
            assert_eq!(e.index(), i);
            assert_eq!(e.name().parse::<Emotion>(), Ok(e));
        }
    }

    #[test]
    fn bad_values_are_refused() {
        let with = |x: f32| EmotionVector::from_weights([x, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        for bad in [f32::NAN, f32::INFINITY, -0.1] {
            assert!(matches!(
                with(bad),
                Err(EmotionError::BadValue {
                    emotion: Emotion::Angry,
                    ..
                })
            ));
        }
        assert_eq!(
            EmotionVector::from_weights([0.0; 7]),
            Err(EmotionError::AllZero)
        );
        assert_eq!(
            EmotionVector::from_slice(&[1.0; 6]),
            Err(EmotionError::WrongLength(6))
        );
    }

    #[test]
    fn extreme_weights_still_normalise() {
        for w in [f32::MAX, f32::MIN_POSITIVE] {
            let v = EmotionVector::from_weights([w; 7]).unwrap();
            assert!((v.get(Emotion::Sad) - 1.0 / 7.0).abs() < 1e-6);
        }
    }

    #[test]
    fn moods_are_read() {
        let mood: EmotionVector = "happy=0.7, sad=0.3".parse().unwrap();
        assert!((mood.get(Emotion::Happy) - 0.7).abs() < 1e-6);
        assert_eq!("fear".parse(), Ok(EmotionVector::one_hot(Emotion::Fearful)));
        assert!(matches!(
            "happy=x".parse::<EmotionVector>(),
            Err(EmotionError::BadMood(_))
        ));
        assert!(matches!(
            "hapy=1".parse::<EmotionVector>(),
            Err(EmotionError::UnknownName(_))
        ));
        assert_eq!("".parse::<EmotionVector>(), Err(EmotionError::AllZero));
    }
}
