//! [`MoodTags`]: what is written of a mood; and [`Fields`], what a file has of that.

use std::collections::BTreeMap;

use crate::emotion::{Emotion, EmotionVector};

/// The field that players know.
pub(super) const MOOD: &str = "MOOD";

/// What was in that field before, if something was.
const MOOD_BEFORE: &str = "VIBELUX_MOOD_BEFORE";

/// What was put there, so that it is known again.
const MOOD_WRITTEN: &str = "VIBELUX_MOOD";

/// The mood of a song as its tags say it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MoodTags {
    /// What the song expresses.
    pub vector: EmotionVector,
}

impl MoodTags {
    /// What `MOOD` says: the strongest emotion.
    #[must_use]
    pub fn mood(&self) -> &'static str {
        self.vector.strongest().name()
    }
}

/// The field of an emotion: `VIBELUX_HAPPY`.
fn field_of(emotion: Emotion) -> String {
    format!("VIBELUX_{}", emotion.name().to_uppercase())
}

/// Between the values of a field that has several.
pub(super) const SEPARATOR: char = '\0';

/// The fields of a file that are ours, and the mood. Several values of a field are one text, with [`SEPARATOR`] between them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Those that a file may have.
    pub(super) fn names() -> impl Iterator<Item = String> {
        let emotions = Emotion::ALL.into_iter().map(field_of);
        let others = [MOOD, MOOD_BEFORE, MOOD_WRITTEN];
        others.into_iter().map(str::to_owned).chain(emotions)
    }

    /// What a file says, asked field by field.
    pub(super) fn of(get: impl Fn(&str) -> Option<String>) -> Self {
        Self(
            Self::names()
                .filter_map(|name| Some((name.clone(), get(&name)?)))
                .collect(),
        )
    }

    /// What it says in a field.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The same with a mood. A mood that somebody else wrote is kept beside it.
    pub(super) fn with(&self, tags: &MoodTags) -> Self {
        let mut fields = self.clone();
        let others = self
            .get(MOOD)
            .filter(|mood| Some(*mood) != self.get(MOOD_WRITTEN));
        if let Some(others) = others {
            fields.set(MOOD_BEFORE, others.to_owned());
        }
        fields.set(MOOD, tags.mood().to_owned());
        fields.set(MOOD_WRITTEN, tags.mood().to_owned());
        for emotion in Emotion::ALL {
            fields.set(
                &field_of(emotion),
                format!("{:.4}", tags.vector.get(emotion)),
            );
        }
        fields
    }

    /// The same without what is ours. A mood that somebody else wrote after us stays.
    pub(super) fn undone(&self) -> Self {
        let mut fields = Self::default();
        let is_ours = self.get(MOOD).is_none() || self.get(MOOD) == self.get(MOOD_WRITTEN);
        let mood = if is_ours {
            self.get(MOOD_BEFORE)
        } else {
            self.get(MOOD)
        };
        if let Some(mood) = mood {
            fields.set(MOOD, mood.to_owned());
        }
        fields
    }

    fn set(&mut self, name: &str, value: String) {
        self.0.insert(name.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn undoing_leaves_what_was_there_before(
            before in prop::option::of("[a-z]{1,8}(\0[a-z]{1,8})?"),
            moods in prop::collection::vec(prop::array::uniform7(0.01_f32..1.0), 1..4),
        ) {
            let mut fields = Fields::default();
            if let Some(mood) = &before {
                fields.set(MOOD, mood.clone());
            }
            let mut written = fields.clone();
            for weights in moods {
                let vector = EmotionVector::from_weights(weights).unwrap();
                let tags = MoodTags { vector };
                written = written.with(&tags);
                prop_assert_eq!(written.get(MOOD), Some(tags.mood()));
                prop_assert_eq!(&written.with(&tags), &written);
            }
            prop_assert_eq!(written.undone(), fields);
        }
    }

    #[test]
    fn a_mood_that_somebody_wrote_after_us_stays() {
        let tags = MoodTags {
            vector: EmotionVector::one_hot(Emotion::Sad),
        };
        let mut fields = Fields::default().with(&tags);
        fields.set(MOOD, "melancholic".to_owned());
        assert_eq!(fields.undone().get(MOOD), Some("melancholic"));
        assert_eq!(fields.undone().0.len(), 1);
    }
}
