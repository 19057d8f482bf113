//! Seven values as an object by emotion, `{"angry": 0.1, "disgusted": 0, ...}`: how every JSON answer
//! writes a vector, so that nobody has to know the order. For `#[serde(with = "vibelux::by_emotion")]`.
//!
//! An [`EmotionVector`] by itself is seven bare numbers: so files on disk have it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use super::{EMOTION_COUNT, Emotion, EmotionVector};

/// What has a value for each emotion.
pub trait PerEmotion {
    /// The value of one emotion.
    type Value: Serialize;

    /// The values in the order of [`Emotion::ALL`].
    fn per_emotion(&self) -> &[Self::Value; EMOTION_COUNT];
}

impl<T: Serialize> PerEmotion for [T; EMOTION_COUNT] {
    type Value = T;

    fn per_emotion(&self) -> &Self {
        self
    }
}

impl PerEmotion for EmotionVector {
    type Value = f32;

    fn per_emotion(&self) -> &[f32; EMOTION_COUNT] {
        self.values()
    }
}

/// Writes the values by emotion, in the order of [`Emotion::ALL`].
///
/// # Errors
/// Those of the serializer.
pub fn serialize<V: PerEmotion, S: Serializer>(
    values: &V,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(Emotion::ALL.iter().zip(values.per_emotion()))
}

/// Reads weights by emotion and normalises them; an emotion that is not named has none.
///
/// # Errors
/// If it is no such object, names another emotion, or [`EmotionVector::from_weights`] refuses the weights.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<EmotionVector, D::Error> {
    deserializer.deserialize_map(Weights)
}

/// The same where there may be nothing: `null`, or with `#[serde(default)]` no such field.
pub mod option {
    use super::{Deserialize, Deserializer, EmotionVector, PerEmotion, Serialize, Serializer};

    #[derive(serde::Deserialize)]
    struct Given(#[serde(deserialize_with = "super::deserialize")] EmotionVector);

    struct Shown<'a, V>(&'a V);

    impl<V: PerEmotion> Serialize for Shown<'_, V> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            super::serialize(self.0, serializer)
        }
    }

    /// Writes the values by emotion, or `null`.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<V: PerEmotion, S: Serializer>(
        values: &Option<V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        values.as_ref().map(Shown).serialize(serializer)
    }

    /// Reads weights by emotion, if there are any.
    ///
    /// # Errors
    /// As [`super::deserialize`].
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<EmotionVector>, D::Error> {
        Ok(Option::<Given>::deserialize(deserializer)?.map(|Given(vector)| vector))
    }
}

struct Weights;

impl<'de> Visitor<'de> for Weights {
    type Value = EmotionVector;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("weights by emotion such as {\"happy\": 0.7, \"sad\": 0.3}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<EmotionVector, A::Error> {
        let mut weights = [0.0; EMOTION_COUNT];
        while let Some((emotion, weight)) = map.next_entry::<Emotion, f32>()? {
            weights[emotion.index()] = weight;
        }
        EmotionVector::from_weights(weights).map_err(A::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Mood {
        #[serde(with = "super")]
        vector: EmotionVector,
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Wish {
        #[serde(default, deserialize_with = "option::deserialize")]
        vector: Option<EmotionVector>,
    }

    #[test]
    fn a_vector_is_an_object_in_the_order_of_the_emotions() {
        let mood = Mood {
            vector: "happy=0.7,sad=0.3".parse().unwrap(),
        };
        let json = serde_json::to_string(&mood).unwrap();
        assert_eq!(
            json,
            r#"{"vector":{"angry":0.0,"disgusted":0.0,"fearful":0.0,"happy":0.7,"neutral":0.0,"sad":0.3,"surprised":0.0}}"#
        );
        assert_eq!(serde_json::from_str::<Mood>(&json).unwrap(), mood);
    }

    #[test]
    fn what_is_not_named_has_no_weight() {
        let read = |json: &str| serde_json::from_str::<Mood>(json).map(|mood| mood.vector);
        let happy = read(r#"{"vector": {"happy": 3}}"#).unwrap();
        assert_eq!(happy, EmotionVector::one_hot(Emotion::Happy));
        for bad in [
            r#"{"vector": [0, 0, 0, 1, 0, 0, 0]}"#,
            r#"{"vector": {}}"#,
            r#"{"vector": {"hapy": 1}}"#,
            r#"{"vector": {"happy": -1}}"#,
            r#"{"vector": null}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        let error = read(r#"{"vector": [1]}"#).unwrap_err().to_string();
        assert!(error.contains("weights by emotion"), "{error}");
    }

    #[test]
    fn there_may_be_none() {
        let read = |json: &str| serde_json::from_str::<Wish>(json).unwrap().vector;
        assert_eq!((read("{}"), read(r#"{"vector": null}"#)), (None, None));
        let sad = EmotionVector::one_hot(Emotion::Sad);
        assert_eq!(read(r#"{"vector": {"sad": 1}}"#), Some(sad));
    }
}
