//! [`SongClass`]: whether a file of the library is music to be played, or a sound that only lies beside
//! music; [`Inclusion`] says which of them a playlist takes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::audio::SoundKind;

/// Music that is shorter is a jingle: the sign of a programme, a loop, a ringing tone.
pub const SHORTEST_SONG_SECONDS: f64 = 20.0;

/// What a file of the library is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SongClass {
    /// What playlists are made of; also what no model has judged.
    Music,
    /// Somebody speaks.
    Speech,
    /// Noises, and the sounds of a place.
    Effects,
    /// Music of less than [`SHORTEST_SONG_SECONDS`].
    Jingle,
}

/// Not the name of a class.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not among music, speech, effects and jingle")]
pub struct UnknownSongClass(String);

impl SongClass {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Music, Self::Speech, Self::Effects, Self::Jingle];

    /// The class of a file by what was heard, how long it plays, and whether the user says that it is music,
    /// which outweighs the rest.
    #[must_use]
    pub fn of(sound: Option<SoundKind>, duration_seconds: Option<f64>, is_declared: bool) -> Self {
        match sound {
            _ if is_declared => Self::Music,
            Some(SoundKind::Speech) => Self::Speech,
            Some(SoundKind::Effects) => Self::Effects,
            None | Some(SoundKind::Music) => match duration_seconds {
                Some(seconds) if seconds < SHORTEST_SONG_SECONDS => Self::Jingle,
                _ => Self::Music,
            },
        }
    }

    /// Its name in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Music => "music",
            Self::Speech => "speech",
            Self::Effects => "effects",
            Self::Jingle => "jingle",
        }
    }
}

impl fmt::Display for SongClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for SongClass {
    type Err = UnknownSongClass;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.trim().to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|class| class.name() == name)
            .ok_or_else(|| UnknownSongClass(text.to_owned()))
    }
}

/// Which classes a playlist, a list or the map takes: music always, others where asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Inclusion(u8);

impl Inclusion {
    /// Music and nothing else.
    pub const MUSIC: Self = Self(1 << SongClass::Music as u8);
    /// All there is.
    pub const ALL: Self = Self(0b1111);
    /// How many there can be; [`Self::number`] is below it.
    pub const COUNT: usize = 16;

    /// The same and this class.
    #[must_use]
    pub const fn with(self, class: SongClass) -> Self {
        Self(self.0 | 1 << class as u8)
    }

    /// Whether files of this class are taken.
    #[must_use]
    pub const fn takes(self, class: SongClass) -> bool {
        self.0 & (1 << class as u8) != 0
    }

    /// A number that no other has, below [`Self::COUNT`].
    #[must_use]
    pub const fn number(self) -> usize {
        self.0 as usize
    }
}

impl Default for Inclusion {
    fn default() -> Self {
        Self::MUSIC
    }
}

impl FromIterator<SongClass> for Inclusion {
    fn from_iter<T: IntoIterator<Item = SongClass>>(classes: T) -> Self {
        classes.into_iter().fold(Self::MUSIC, Self::with)
    }
}

impl FromStr for Inclusion {
    type Err = UnknownSongClass;

    /// Names with commas between them, such as `speech,jingle`; nothing is [`Self::MUSIC`].
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let names = text.split(',').filter(|name| !name.trim().is_empty());
        names.map(str::parse::<SongClass>).collect()
    }
}

/// How many files there are of each class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClassCounts([usize; 4]);

impl ClassCounts {
    /// Counts `files` more of this class.
    pub fn add(&mut self, class: SongClass, files: usize) {
        self.0[class as usize] += files;
    }

    /// The files of one class.
    #[must_use]
    pub const fn get(self, class: SongClass) -> usize {
        self.0[class as usize]
    }

    /// Those that are no music.
    #[must_use]
    pub const fn not_music(self) -> NotMusic {
        NotMusic {
            speech: self.get(SongClass::Speech),
            effects: self.get(SongClass::Effects),
            jingle: self.get(SongClass::Jingle),
        }
    }
}

/// How many files are no music, as JSON has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct NotMusic {
    /// Somebody speaks.
    pub speech: usize,
    /// Noises.
    pub effects: usize,
    /// Shorter than a song.
    pub jingle: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_user_says_outweighs_what_was_heard_and_that_the_length() {
        use SoundKind::{Effects, Music, Speech};
        let class = SongClass::of;
        assert_eq!(class(Some(Music), Some(180.0), false), SongClass::Music);
        assert_eq!(class(Some(Music), Some(19.9), false), SongClass::Jingle);
        assert_eq!(class(Some(Music), None, false), SongClass::Music);
        assert_eq!(class(Some(Speech), Some(3.0), false), SongClass::Speech);
        assert_eq!(class(Some(Effects), Some(300.0), false), SongClass::Effects);
        assert_eq!(class(None, Some(3.0), false), SongClass::Jingle);
        assert_eq!(class(None, None, false), SongClass::Music);
        for sound in [None, Some(Music), Some(Speech), Some(Effects)] {
            assert_eq!(class(sound, Some(3.0), true), SongClass::Music);
        }
    }

    #[test]
    fn inclusions_are_read_and_always_take_music() {
        assert_eq!("".parse(), Ok(Inclusion::MUSIC));
        let some: Inclusion = "speech, Jingle".parse().unwrap();
        let taken = SongClass::ALL.map(|class| some.takes(class));
        assert_eq!(taken, [true, true, false, true]);
        assert_eq!("music,speech,effects,jingle".parse(), Ok(Inclusion::ALL));
        let error = "speech,noise".parse::<Inclusion>().unwrap_err();
        assert!(error.to_string().contains("\"noise\""), "{error}");
        assert!(Inclusion::ALL.number() < Inclusion::COUNT);
    }

    #[test]
    fn counts_tell_what_is_no_music() {
        let mut counts = ClassCounts::default();
        counts.add(SongClass::Music, 10);
        counts.add(SongClass::Speech, 2);
        counts.add(SongClass::Jingle, 1);
        assert_eq!(counts.get(SongClass::Music), 10);
        let expected = NotMusic {
            speech: 2,
            effects: 0,
            jingle: 1,
        };
        assert_eq!(counts.not_music(), expected);
    }
}
