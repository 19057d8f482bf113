//! [`Verdict`]: what can be said of a song or done with it. [`super::verdicts`] keeps it.

use std::path::PathBuf;

use super::rows::{decode_numbers, decode_vector};
use crate::emotion::{EMOTION_COUNT, EmotionVector};

/// A kind of thing that is said of a song or done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum VerdictKind {
    /// It is liked.
    Liked,
    /// It is music whatever it sounds like.
    Music,
    /// It sounds otherwise to the listener than to the model.
    Sounds,
    /// It was left early.
    Skipped,
    /// It was heard to its end.
    Finished,
    /// How the listener's face changed while it played.
    Reaction,
}

impl VerdictKind {
    /// All kinds.
    pub const ALL: [Self; 6] = [
        Self::Liked,
        Self::Music,
        Self::Sounds,
        Self::Skipped,
        Self::Finished,
        Self::Reaction,
    ];

    /// What is the listener's taste: all but what is music.
    pub const TASTE: [Self; 5] = [
        Self::Liked,
        Self::Sounds,
        Self::Skipped,
        Self::Finished,
        Self::Reaction,
    ];

    /// Its name, as the library has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Liked => "liked",
            Self::Music => "music",
            Self::Sounds => "sounds",
            Self::Skipped => "skipped",
            Self::Finished => "finished",
            Self::Reaction => "reaction",
        }
    }

    /// The kind of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What is said of a song or done with it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// As [`VerdictKind::Liked`].
    Liked,
    /// As [`VerdictKind::Music`].
    Music,
    /// What it sounds like to the listener.
    Sounds(EmotionVector),
    /// As [`VerdictKind::Skipped`].
    Skipped,
    /// As [`VerdictKind::Finished`].
    Finished,
    /// How the shares of the seven emotions in the listener's face changed, each -1 to 1; the mean of all times.
    Reaction([f32; EMOTION_COUNT]),
}

impl Verdict {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> VerdictKind {
        match self {
            Self::Liked => VerdictKind::Liked,
            Self::Music => VerdictKind::Music,
            Self::Sounds(_) => VerdictKind::Sounds,
            Self::Skipped => VerdictKind::Skipped,
            Self::Finished => VerdictKind::Finished,
            Self::Reaction(_) => VerdictKind::Reaction,
        }
    }

    /// What the song sounds like to the listener; `None` for other kinds.
    #[must_use]
    pub const fn vector(&self) -> Option<EmotionVector> {
        match self {
            Self::Sounds(vector) => Some(*vector),
            _ => None,
        }
    }

    /// How the listener's face changed; `None` for other kinds.
    #[must_use]
    pub const fn change(&self) -> Option<[f32; EMOTION_COUNT]> {
        match self {
            Self::Reaction(change) => Some(*change),
            _ => None,
        }
    }

    /// A verdict of this kind with the numbers that the library holds for it; `None` if they are damaged.
    pub(super) fn read(kind: VerdictKind, numbers: Option<&[u8]>) -> Option<Self> {
        Some(match kind {
            VerdictKind::Liked => Self::Liked,
            VerdictKind::Music => Self::Music,
            VerdictKind::Sounds => Self::Sounds(decode_vector(numbers?)?),
            VerdictKind::Skipped => Self::Skipped,
            VerdictKind::Finished => Self::Finished,
            VerdictKind::Reaction => {
                let numbers = decode_numbers(numbers?)?;
                let sound = numbers.iter().all(|x| x.is_finite() && x.abs() <= 1.0);
                Self::Reaction(sound.then_some(numbers)?)
            }
        })
    }
}

/// A verdict that the library holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// Of which song, which the library may no longer hold.
    pub path: PathBuf,
    /// What.
    pub verdict: Verdict,
    /// How many times.
    pub times: u32,
    /// When for the last time, in seconds since 1970; 0 where that is not known.
    pub seconds: u64,
}

impl Said {
    /// Whether it is the listener's taste.
    #[must_use]
    pub fn is_taste(&self) -> bool {
        VerdictKind::TASTE.contains(&self.verdict.kind())
    }

    /// When it was said for the last time, in seconds since 1970, where that is known.
    #[must_use]
    pub fn unix_seconds(&self) -> Option<u64> {
        (self.seconds > 0).then_some(self.seconds)
    }
}
