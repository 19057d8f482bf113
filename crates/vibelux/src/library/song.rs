//! [`Song`]: one entry of the library.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::class::SongClass;
use super::content::ContentHash;
use super::failure::Failure;
use super::tags::{Encoding, Tags};
use crate::audio::SoundKind;
use crate::emotion::EmotionVector;
use crate::media::MediaFacts;

/// What tells whether a file has changed since it was embedded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FileStamp {
    /// The file's length.
    pub size_bytes: u64,
    /// The time of the last change, from 1970, negative before it; 0 if the file system keeps none.
    pub modified_nanoseconds: i64,
}

impl FileStamp {
    /// The stamp of a file.
    #[must_use]
    pub fn of(facts: impl Into<MediaFacts>) -> Self {
        let facts = facts.into();
        Self {
            size_bytes: facts.size_bytes,
            modified_nanoseconds: nanoseconds(facts.modified),
        }
    }
}

/// Nanoseconds from 1970; i64 lasts from 1677 to 2262, times outside are moved to its ends.
fn nanoseconds(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => {
            i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |nanoseconds| -nanoseconds)
        }
    }
}

/// What came of embedding a song.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// Its vector.
    Embedded(EmotionVector),
    /// Why there is none.
    Failed(Failure),
}

/// One entry of the library. The vectors of its windows are kept apart
/// ([`super::SongStore::windows`]), as most readers need none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Song {
    /// Where the file is, absolute; need not be UTF-8.
    pub path: PathBuf,
    /// The file as it was when it was embedded; `None` if the vector was imported.
    pub stamp: Option<FileStamp>,
    /// The name of the model that made the vector.
    pub model: String,
    /// Which sound the file holds; `None` if nobody has looked.
    pub content: Option<ContentHash>,
    /// What the file says of itself.
    pub tags: Tags,
    /// How the file is encoded.
    pub encoding: Encoding,
    /// When the library first knew the song, in seconds since 1970; 0 where that is not known. Once it is in the
    /// library, it stays as it is.
    pub added_seconds: u64,
    /// Length of the music.
    pub duration_seconds: Option<f64>,
    /// How loud it is by EBU R128, in LUFS from -70 to 10; `None` if that was not measured.
    pub loudness_lufs: Option<f32>,
    /// The vector or the failure.
    pub outcome: Outcome,
    /// Whether only one window of it was listened to, for the time being.
    pub is_first_look: bool,
    /// Another song with the same recording that stands for both. Kept apart from the rest: only
    /// [`super::SongStore::set_copies`] writes it.
    pub copy_of: Option<PathBuf>,
    /// What sort of sound the model heard; `None` if nobody listened, or the model does not say.
    pub sound: Option<SoundKind>,
    /// Whether the user says that it is music. Kept apart from the rest: only
    /// [`super::SongStore::set_declared_music`] writes it.
    pub declared_music: bool,
    /// Whether the file was gone at the last scan of its folder.
    pub missing: bool,
}

impl Song {
    /// A song of which nothing is known but this.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, model: impl Into<String>, outcome: Outcome) -> Self {
        Self {
            path: path.into(),
            stamp: None,
            model: model.into(),
            content: None,
            tags: Tags::default(),
            encoding: Encoding::default(),
            added_seconds: 0,
            duration_seconds: None,
            loudness_lufs: None,
            outcome,
            is_first_look: false,
            copy_of: None,
            sound: None,
            declared_music: false,
            missing: false,
        }
    }

    /// The vector, if there is one.
    #[must_use]
    pub fn vector(&self) -> Option<EmotionVector> {
        match self.outcome {
            Outcome::Embedded(vector) => Some(vector),
            Outcome::Failed(_) => None,
        }
    }

    /// Why it has no vector, if it has none.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match &self.outcome {
            Outcome::Embedded(_) => None,
            Outcome::Failed(failure) => Some(failure),
        }
    }

    /// Whether it is music, or what else.
    #[must_use]
    pub fn class(&self) -> SongClass {
        SongClass::of(self.sound, self.duration_seconds, self.declared_music)
    }

    /// What to call the song: its title, or the file's name without extension.
    #[must_use]
    pub fn title(&self) -> String {
        self.tags.title_or_name(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn times_before_1970_and_far_away_fit() {
        assert_eq!(nanoseconds(UNIX_EPOCH - Duration::from_nanos(5)), -5);
        assert_eq!(nanoseconds(UNIX_EPOCH + Duration::from_nanos(5)), 5);
        let far = Duration::from_secs(20_000_000_000);
        assert_eq!(nanoseconds(UNIX_EPOCH + far), i64::MAX);
        assert_eq!(nanoseconds(UNIX_EPOCH - far), i64::MIN);
    }
}
