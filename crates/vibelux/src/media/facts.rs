//! What is known of files without reading them, wherever they are.

use std::fs;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// What is known of a file without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaFacts {
    /// Its length.
    pub size_bytes: u64,
    /// When it was last changed; 1970 where nobody keeps that.
    pub modified: SystemTime,
    /// Whether it is a file and no folder, pipe or device.
    pub is_file: bool,
}

impl From<&fs::Metadata> for MediaFacts {
    fn from(metadata: &fs::Metadata) -> Self {
        Self {
            size_bytes: metadata.len(),
            modified: metadata.modified().unwrap_or(UNIX_EPOCH),
            is_file: metadata.is_file(),
        }
    }
}

/// A file that a listing came across.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its address.
    pub address: PathBuf,
    /// What is known of it.
    pub facts: MediaFacts,
}

/// What is at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listing {
    /// A file.
    File(Found),
    /// A folder of this address, with these files below it in the order of their names.
    Folder(PathBuf, Vec<Found>),
}
