//! [`FileFacts`]: all that is learnt of a file without listening to it.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::content::ContentHash;
use super::tags::{FileTags, read_tags};

/// What a file is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct FileFacts {
    /// Which sound it holds; `None` if it could not be read.
    pub content: Option<ContentHash>,
    /// What it says of itself.
    pub told: FileTags,
}

impl FileFacts {
    /// Looks into a file. Nothing that is wrong with it is an error here; whoever listens to it will be told.
    #[must_use]
    pub fn read(path: &Path) -> Self {
        Self {
            content: ContentHash::of_file(path).ok(),
            told: read_tags(path),
        }
    }
}
