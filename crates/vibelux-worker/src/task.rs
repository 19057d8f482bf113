//! The two tasks of a queue, as they are written there: a song, and what is to be done when all songs are. `handlers.rs` does
//! them.

use serde::{Deserialize, Serialize};
use vibelux::library::{FileStamp, FoundSong, PathText, Work};

/// A song to be embedded.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SongTask {
    /// The file, as the library has it.
    path: PathText,
    size_bytes: u64,
    modified_nanoseconds: i64,
    work: Work,
    /// By which model.
    pub model: String,
}

impl SongTask {
    pub fn new(found: &FoundSong, work: Work, model: &str) -> Self {
        Self {
            path: PathText::new(&found.path),
            size_bytes: found.stamp.size_bytes,
            modified_nanoseconds: found.stamp.modified_nanoseconds,
            work,
            model: model.to_owned(),
        }
    }

    /// The song, and what is to be done with it.
    pub fn song(&self) -> (FoundSong, Work) {
        let found = FoundSong {
            path: self.path.path().to_owned(),
            stamp: FileStamp {
                size_bytes: self.size_bytes,
                modified_nanoseconds: self.modified_nanoseconds,
            },
        };
        (found, self.work)
    }
}

/// What is to be done when all songs are.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FinishTask {
    pub model: String,
}
