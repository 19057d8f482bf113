//! [`AudioError`]: why a song could not be heard, in terms of what the caller can do about it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::media::is_address;

/// Why a file gave no waveform. Each variant asks for a different remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AudioError {
    /// Nothing is there.
    #[error("{path}: no such file; check the path")]
    NotFound {
        /// As it was asked for.
        path: PathBuf,
    },
    /// A folder, a pipe or a device.
    #[error("{path}: not a regular file; name an audio file")]
    NotAFile {
        /// As it was asked for.
        path: PathBuf,
    },
    /// The file could not be read.
    #[error("{path}: could not be read ({source}); {}", if is_address(path) { "check the address and its server" } else { "check its permissions and the disk" })]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Audio, but in a codec that is neither built in nor decodable by an installed ffmpeg.
    #[error("{path}: cannot decode {codec}; {hint}")]
    Unsupported {
        /// Which file.
        path: PathBuf,
        /// The codec or container as far as it is known.
        codec: String,
        /// What would help.
        hint: &'static str,
    },
    /// Not an audio file at all, whatever its name says.
    #[error("{path}: holds no audio that is known; remove it or give it its right extension")]
    NotAudio {
        /// Which file.
        path: PathBuf,
    },
    /// A file of no bytes, or a stream of no samples.
    #[error("{path}: holds no samples; copy or encode it again")]
    Empty {
        /// Which file.
        path: PathBuf,
    },
    /// Encrypted by a shop's copy protection.
    #[error("{path}: is copy-protected ({scheme}); get an unprotected copy")]
    Protected {
        /// Which file.
        path: PathBuf,
        /// The marker that was found, for example `drms`.
        scheme: &'static str,
    },
    /// The file is damaged beyond what skipping packets can bridge.
    #[error("{path}: is damaged ({detail}); copy or encode it again")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What the decoder said.
        detail: String,
    },
    /// Decoding was given up after `limit`.
    #[error("{path}: took longer than {} s; check the file and the disk", limit.as_secs())]
    TooSlow {
        /// Which file.
        path: PathBuf,
        /// The time one file is given.
        limit: Duration,
    },
    /// More samples were asked for than are kept in memory.
    #[error("{path}: is longer than {limit_seconds} s; ask for a part of it")]
    TooLong {
        /// Which file.
        path: PathBuf,
        /// How many seconds one waveform may have.
        limit_seconds: f64,
    },
    /// A bug in a decoder; other files are not affected.
    #[error("{path}: its decoder failed ({message}); convert the file to FLAC or MP3")]
    DecoderPanicked {
        /// Which file.
        path: PathBuf,
        /// The panic's message.
        message: String,
    },
    /// What was asked for makes no sense for any file.
    #[error("{what} is {value}; it must be above 0 and at most {limit}")]
    BadRequest {
        /// The name of the value.
        what: &'static str,
        /// What it was.
        value: f64,
        /// The largest that is taken.
        limit: f64,
    },
}

impl AudioError {
    /// The failure of a system call on `path`.
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        if source.kind() == io::ErrorKind::NotFound {
            Self::NotFound { path }
        } else {
            Self::Io { path, source }
        }
    }
}
