//! [`Failure`]: why a song has no vector, what to do about it, and when it is tried again.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::audio::AudioError;
use crate::error_text::with_causes;
use crate::model::ModelError;

/// After the first failure that another day may mend, the song rests for so long; four times as long after each more.
const FIRST_REST: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
/// So often it is tried at most.
const MOST_ATTEMPTS: u32 = 6;

/// Why a song has no vector, as far as it matters for what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The file could not be read.
    Unreadable,
    /// No decoder is there for it.
    Unsupported,
    /// There is nothing in it to analyse: no audio, silence, or copy protection around it.
    NoSound,
    /// It is damaged.
    Damaged,
    /// It took more time or memory than one song is given.
    Limits,
    /// The decoder, or the process that it ran in, broke down.
    Crashed,
    /// The model could not be run.
    Model,
}

/// When a song that failed is tried again, if its file does not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Retry {
    /// With every run.
    EveryRun,
    /// With the first run after so long.
    After(Duration),
    /// Only when asked for.
    Never,
}

impl FailureKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Unreadable,
        Self::Unsupported,
        Self::NoSound,
        Self::Damaged,
        Self::Limits,
        Self::Crashed,
        Self::Model,
    ];

    /// Its name, as in the library and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Unsupported => "unsupported",
            Self::NoSound => "no_sound",
            Self::Damaged => "damaged",
            Self::Limits => "limits",
            Self::Crashed => "crashed",
            Self::Model => "model",
        }
    }

    /// The kind with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What its owner can do.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Unreadable => "see that the file is there and may be read",
            Self::Unsupported => "install ffmpeg, or convert it to FLAC or MP3",
            Self::NoSound => "remove it, or put the right file in its place",
            Self::Damaged => "copy or encode it again",
            Self::Limits => "check the disk; convert it to FLAC or MP3, or raise the limit",
            Self::Crashed => "convert it to FLAC or MP3",
            Self::Model => {
                "check the model (--music-model), or leave it out to use the built-in one"
            }
        }
    }

    /// When a song is tried again after so many attempts.
    #[must_use]
    pub fn retry(self, attempts: u32) -> Retry {
        match self {
            Self::Unreadable | Self::Unsupported | Self::Model => Retry::EveryRun,
            Self::NoSound | Self::Damaged => Retry::Never,
            Self::Limits | Self::Crashed if attempts >= MOST_ATTEMPTS => Retry::Never,
            Self::Limits | Self::Crashed => {
                Retry::After(FIRST_REST * 4_u32.pow(attempts.saturating_sub(1)))
            }
        }
    }
}

/// Why a song has no vector. Kept, so that what cannot be mended is not tried with every run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Failure {
    /// What sort of failure.
    pub kind: FailureKind,
    /// What happened, for people; mostly begins with the path.
    pub reason: String,
    /// Since when the song fails, in seconds since 1970; 0 where that is not known.
    pub since_seconds: u64,
    /// When it was last tried, in seconds since 1970; 0 where that is not known.
    pub tried_seconds: u64,
    /// How often that was.
    pub attempts: u32,
}

impl Failure {
    /// A first failure, whose time is still to be noted.
    #[must_use]
    pub fn new(kind: FailureKind, reason: impl Into<String>) -> Self {
        Self {
            kind,
            reason: reason.into(),
            since_seconds: 0,
            tried_seconds: 0,
            attempts: 1,
        }
    }

    /// The same with its time, as one more of the failures of a song that failed `before`.
    #[must_use]
    pub fn at(self, now_seconds: u64, before: Option<&Self>) -> Self {
        Self {
            since_seconds: before.map_or(now_seconds, |before| before.since_seconds),
            tried_seconds: now_seconds,
            attempts: before.map_or(1, |before| before.attempts.saturating_add(1)),
            ..self
        }
    }

    /// Whether the song is to be tried now, though its file has not changed; `patient` in runs that come by themselves, where
    /// what any run may mend is tried once a day. What failed in an older version is tried once more.
    #[must_use]
    pub fn is_due(&self, now_seconds: u64, patient: bool) -> bool {
        match self.kind.retry(self.attempts) {
            _ if self.attempts == 0 => true,
            Retry::EveryRun => {
                !patient || now_seconds >= self.tried_seconds.saturating_add(DAY.as_secs())
            }
            Retry::After(rest) => now_seconds >= self.tried_seconds.saturating_add(rest.as_secs()),
            Retry::Never => false,
        }
    }
}

impl From<ModelError> for Failure {
    fn from(error: ModelError) -> Self {
        let kind = match &error {
            ModelError::Audio(source) => source
                .downcast_ref::<AudioError>()
                .map_or(FailureKind::Damaged, kind_of),
            ModelError::NotMusic { .. } | ModelError::NoSound { .. } => FailureKind::NoSound,
            _ => FailureKind::Model,
        };
        Self::new(kind, with_causes(&error))
    }
}

fn kind_of(error: &AudioError) -> FailureKind {
    match error {
        AudioError::NotFound { .. } | AudioError::NotAFile { .. } | AudioError::Io { .. } => {
            FailureKind::Unreadable
        }
        AudioError::Unsupported { .. } => FailureKind::Unsupported,
        AudioError::NotAudio { .. } | AudioError::Empty { .. } | AudioError::Protected { .. } => {
            FailureKind::NoSound
        }
        AudioError::Malformed { .. } => FailureKind::Damaged,
        AudioError::TooSlow { .. } | AudioError::TooLong { .. } => FailureKind::Limits,
        AudioError::DecoderPanicked { .. } => FailureKind::Crashed,
        AudioError::BadRequest { .. } => FailureKind::Model,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for kind in FailureKind::ALL {
            assert_eq!(FailureKind::named(kind.name()), Some(kind));
            assert_eq!(
                serde_json::to_value(kind).unwrap(),
                serde_json::json!(kind.name())
            );
        }
        assert_eq!(FailureKind::named("other"), None);
    }

    #[test]
    fn what_time_may_mend_is_tried_ever_more_seldom() {
        let mut failure = Failure::new(FailureKind::Limits, "slow").at(1000, None);
        let mut now = 1000;
        let mut rests = Vec::new();
        for _ in 0..10 {
            let Retry::After(rest) = failure.kind.retry(failure.attempts) else {
                break;
            };
            assert!(
                !failure.is_due(now, false) && !failure.is_due(now + rest.as_secs() - 1, false)
            );
            now += rest.as_secs();
            assert!(failure.is_due(now, true));
            rests.push(rest.as_secs() / 3600);
            failure = Failure::new(FailureKind::Limits, "slow").at(now, Some(&failure));
        }
        assert_eq!(rests, [1, 4, 16, 64, 256]);
        assert_eq!((failure.since_seconds, failure.attempts), (1000, 6));
        assert!(!failure.is_due(u64::MAX, false));
        let unreadable = Failure::new(FailureKind::Unreadable, "").at(9, None);
        assert!(unreadable.is_due(9, false) && !unreadable.is_due(9, true));
        assert!(unreadable.is_due(9 + 86_400, true));
        let damaged = Failure::new(FailureKind::Damaged, "").at(9, None);
        assert!(!damaged.is_due(u64::MAX, false));
        let old = Failure {
            attempts: 0,
            ..damaged
        };
        assert!(old.is_due(9, true));
    }

    #[test]
    fn the_kind_tells_what_to_do() {
        let path = std::path::PathBuf::from("a.mp3");
        let audio = |error: AudioError| Failure::from(ModelError::Audio(error.into()));
        let slow = audio(AudioError::TooSlow {
            path: path.clone(),
            limit: Duration::from_secs(120),
        });
        assert_eq!(slow.kind, FailureKind::Limits);
        assert!(slow.reason.contains("120 s"));
        let absent = audio(AudioError::NotFound { path: path.clone() });
        assert_eq!(absent.kind, FailureKind::Unreadable);
        let silent = Failure::from(ModelError::NoSound { path });
        assert_eq!(silent.kind, FailureKind::NoSound);
    }
}
