//! [`EmbedOptions`]: how to embed; and [`FailedSong`], a row of what could not be.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::pace::Pace;
use crate::error_text::without_path;

/// How to embed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EmbedOptions {
    /// How many songs to work on at once, and how much to rest.
    pub pace: Pace,
    /// Embed all songs, also those that have not changed.
    pub force: bool,
    /// Try the songs again that failed and have not changed since.
    pub retry_failed: bool,
    /// This run comes by itself, again and again: what any run may mend is tried once a day.
    pub patient: bool,
}

impl EmbedOptions {
    /// On so many threads without rest, and only what is new.
    #[must_use]
    pub const fn with_jobs(jobs: NonZeroUsize) -> Self {
        Self {
            pace: Pace::jobs(jobs),
            force: false,
            retry_failed: false,
            patient: false,
        }
    }
}

/// A song without a vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedSong {
    /// Which.
    pub path: PathBuf,
    /// Why, without the path.
    pub reason: String,
}

impl FailedSong {
    /// A song and what was said of it, which mostly begins with the path.
    #[must_use]
    pub fn new(path: PathBuf, message: &str) -> Self {
        let reason = without_path(&path, message).to_owned();
        Self { path, reason }
    }
}
