//! [`Filter`]: what a filter asks of a song, whatever it was written as.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use crate::emotion::Emotion;
use crate::library::class::SongClass;

/// A longer text is no filter that somebody has written.
pub const LONGEST_TEXT: usize = 2000;

/// What a song says of itself in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TextField {
    /// Its name, or its file's.
    Title,
    /// Who made it.
    Artist,
    /// The release it is from.
    Album,
    /// The kind of music.
    Genre,
    /// Its file with the folders.
    Path,
}

/// What can be measured of a song.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NumberField {
    /// When it came out.
    Year,
    /// Its length in seconds.
    Duration,
    /// How loud it is, in LUFS.
    Loudness,
    /// When the library first knew it, in seconds since 1970.
    Added,
    /// How much of an emotion it has, from 0 to 1.
    Share(Emotion),
}

/// What must be known of a song to tell whether it is meant.
pub trait SongFacts {
    /// A text; `None` if it has none.
    fn text(&self, field: TextField) -> Option<Cow<'_, str>>;
    /// A number; `None` if it is not known.
    fn number(&self, field: NumberField) -> Option<f64>;
    /// The emotion of which it has most.
    fn strongest(&self) -> Emotion;
    /// Whether it is music, or what else.
    fn class(&self) -> SongClass;
    /// Whether its listener likes it.
    fn is_liked(&self) -> bool;
}

/// Which songs are meant. The default means all.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Those of all of these.
    All(Vec<Self>),
    /// Those of any of these.
    Any(Vec<Self>),
    /// The others.
    Not(Box<Self>),
    /// Those that pass.
    Test(Test),
}

/// What a song must be.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// A text holds this, in any case; the value is in lower case.
    Contains(TextField, String),
    /// A text is this, in any case; the value is in lower case.
    Is(TextField, String),
    /// Title, artist or album hold this, in any case; the value is in lower case.
    Word(String),
    /// A number is in a range; what is just not in it was cut off by the next number.
    Between(NumberField, RangeInclusive<f64>),
    /// Its strongest emotion is this.
    Strongest(Emotion),
    /// It is of this class.
    Class(SongClass),
    /// Its listener likes it.
    Liked,
}

impl Default for Filter {
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

impl Filter {
    /// Whether a song is meant.
    #[must_use]
    pub fn takes(&self, song: &impl SongFacts) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.takes(song)),
            Self::Any(parts) => parts.iter().any(|part| part.takes(song)),
            Self::Not(part) => !part.takes(song),
            Self::Test(test) => test.passes(song),
        }
    }

    /// Whether it means all songs, whatever they are.
    #[must_use]
    pub fn is_all(&self) -> bool {
        matches!(self, Self::All(parts) if parts.is_empty())
    }
}

impl Test {
    fn passes(&self, song: &impl SongFacts) -> bool {
        let lower = |field| song.text(field).map(|text| text.to_lowercase());
        let holds = |field, value: &str| lower(field).is_some_and(|text| text.contains(value));
        match self {
            Self::Contains(field, value) => holds(*field, value),
            Self::Is(field, value) => lower(*field).is_some_and(|text| text == *value),
            Self::Word(value) => [TextField::Title, TextField::Artist, TextField::Album]
                .into_iter()
                .any(|field| holds(field, value)),
            Self::Between(field, range) => song
                .number(*field)
                .is_some_and(|number| range.contains(&number)),
            Self::Strongest(emotion) => song.strongest() == *emotion,
            Self::Class(class) => song.class() == *class,
            Self::Liked => song.is_liked(),
        }
    }
}
