//! [`TagError`]: why a song's tags were not written.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::audio::AudioError;

/// Why a song was left as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TagError {
    /// The file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Tags of such files are not written.
    #[error("{path}: tags are written to MP3, FLAC, Ogg Vorbis, Opus, M4A, WAV and AIFF only")]
    Unsupported {
        /// Which file.
        path: PathBuf,
    },
    /// It may not be written to.
    #[error("{path}: is read-only")]
    ReadOnly {
        /// Which file.
        path: PathBuf,
    },
    /// It has several names in the file system.
    #[error("{path}: has {names} names (hard links), which would become two files; copy it first")]
    SeveralNames {
        /// One of them.
        path: PathBuf,
        /// How many.
        names: u64,
    },
    /// Its sound cannot be read, so nothing could prove that it stays as it is.
    #[error(transparent)]
    Sound(#[from] AudioError),
    /// Its tags cannot be read.
    #[error("{path}: its tags cannot be read: {source}")]
    Tags {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: lofty::error::FileParseError,
    },
    /// Its tags cannot be written.
    #[error("{path}: its tags cannot be written: {source}")]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: lofty::error::FileEncodingError,
    },
    /// With the tags, something else would have become another.
    #[error("{path}: {part} would not stay as it is, so it was left alone")]
    NotTheSame {
        /// Which file.
        path: PathBuf,
        /// What.
        part: SongPart,
    },
    /// A tag of the oldest kind, which would become one of a newer kind.
    #[error(
        "{path}: has an ID3v2.2 tag, which is not written to; convert it to ID3v2.4 with a tag editor first"
    )]
    OldTag {
        /// Which file.
        path: PathBuf,
    },
    /// More is in a tag than was understood, so it would be lost.
    #[error(
        "{path}: has a tag of {there} frames, of which {read} are understood, so it was left alone"
    )]
    NotUnderstood {
        /// Which file.
        path: PathBuf,
        /// How many frames there are.
        there: usize,
        /// How many of them were read.
        read: usize,
    },
    /// Somebody else wrote to it in the same moment.
    #[error("{path}: was changed by somebody else meanwhile; try again")]
    ChangedMeanwhile {
        /// Which file.
        path: PathBuf,
    },
}

/// What of a song must stay as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SongPart {
    /// The mood is to be what is written.
    Mood,
    /// All other fields and pictures of its tag.
    OtherTags,
    /// Its sound, packet by packet.
    Sound,
}

impl fmt::Display for SongPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mood => "the mood that is written",
            Self::OtherTags => "another tag",
            Self::Sound => "the sound",
        })
    }
}

impl TagError {
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }

    pub(super) fn not_the_same(path: &Path, part: SongPart) -> Self {
        Self::NotTheSame {
            path: path.to_owned(),
            part,
        }
    }
}
