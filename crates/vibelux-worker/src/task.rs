//! The two tasks of a queue, as they are written there: a song, and what is to be done when all songs are. `handlers.rs` does
//! them.

use std::ffi::OsString;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use vibelux::library::{FileStamp, FoundSong, Work};

/// A song to be embedded.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SongTask {
    /// The file's path as the library has it: text, or on Unix bytes where it is none.
    path: PathText,
    size_bytes: u64,
    modified_nanoseconds: i64,
    work: Work,
    /// By which model.
    pub model: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum PathText {
    Text(String),
    Bytes(Vec<u8>),
}

impl SongTask {
    pub fn new(found: &FoundSong, work: Work, model: &str) -> Self {
        let path = match found.path.to_str() {
            Some(text) => PathText::Text(text.to_owned()),
            None => PathText::Bytes(found.path.as_os_str().as_encoded_bytes().to_vec()),
        };
        Self {
            path,
            size_bytes: found.stamp.size_bytes,
            modified_nanoseconds: found.stamp.modified_nanoseconds,
            work,
            model: model.to_owned(),
        }
    }

    /// The song, and what is to be done with it.
    pub fn song(&self) -> (FoundSong, Work) {
        let found = FoundSong {
            path: self.path(),
            stamp: FileStamp {
                size_bytes: self.size_bytes,
                modified_nanoseconds: self.modified_nanoseconds,
            },
        };
        (found, self.work)
    }

    fn path(&self) -> PathBuf {
        match &self.path {
            PathText::Text(text) => text.into(),
            PathText::Bytes(bytes) => os_text(bytes).into(),
        }
    }
}

#[cfg(unix)]
fn os_text(bytes: &[u8]) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes.to_vec())
}

#[cfg(not(unix))]
fn os_text(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}

/// What is to be done when all songs are.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FinishTask {
    pub model: String,
}
