//! [`LibrarySong`]: a song of the library as a filter sees it.

use std::borrow::Cow;

use super::rule::{NumberField, SongFacts, TextField};
use crate::emotion::{Emotion, EmotionVector};
use crate::library::class::SongClass;
use crate::library::song::Song;

/// A song, what it sounds like to its listener, and whether they like it.
#[derive(Debug, Clone, Copy)]
pub struct LibrarySong<'a> {
    /// The song.
    pub song: &'a Song,
    /// Its vector, corrected where the listener has.
    pub vector: EmotionVector,
    /// Whether the listener likes it.
    pub is_liked: bool,
}

impl SongFacts for LibrarySong<'_> {
    fn text(&self, field: TextField) -> Option<Cow<'_, str>> {
        let tags = &self.song.tags;
        let text = match field {
            TextField::Title => return Some(self.song.title().into()),
            TextField::Path => return Some(self.song.path.to_string_lossy()),
            TextField::Artist => &tags.artist,
            TextField::Album => &tags.album,
            TextField::Genre => &tags.genre,
        };
        text.as_deref().map(Into::into)
    }

    fn number(&self, field: NumberField) -> Option<f64> {
        match field {
            NumberField::Year => self.song.tags.year.map(f64::from),
            NumberField::Duration => self.song.duration_seconds,
            NumberField::Loudness => self.song.loudness_lufs.map(f64::from),
            NumberField::Added => match self.song.added_seconds {
                0 => None,
                seconds => Some(seconds as f64),
            },
            NumberField::Share(emotion) => Some(f64::from(self.vector.get(emotion))),
        }
    }

    fn strongest(&self) -> Emotion {
        self.vector.strongest()
    }

    fn class(&self) -> SongClass {
        self.song.class()
    }

    fn is_liked(&self) -> bool {
        self.is_liked
    }
}
