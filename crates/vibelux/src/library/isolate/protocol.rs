//! Questions and answers of parent and helper, a line of JSON each.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::library::embed::Depth;
use crate::library::facts::FileFacts;
use crate::library::failure::Failure;
use crate::library::hex;
use crate::library::path_bytes::{from_bytes, to_bytes};
use crate::model::SongEmbedding;

/// What the parent asks.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Question {
    /// What a file is.
    Look(PathText),
    /// What it sounds like.
    Embed { path: PathText, depth: Depth },
}

/// What a helper answers.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    /// Said first: the helper is ready, with the model of this name.
    Ready(String),
    Facts(FileFacts),
    Embedding(SongEmbedding),
    Failure(Failure),
}

/// A path as hexadecimal digits, as paths need not be text.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct PathText(String);

impl PathText {
    pub(super) fn new(path: &Path) -> Self {
        Self(hex::encode(&to_bytes(path)))
    }

    /// The path; `None` if these are no digits.
    pub(super) fn path(&self) -> Option<PathBuf> {
        hex::decode(&self.0).map(|bytes| from_bytes(&bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_path_survives() {
        let path = PathText::new(Path::new("/a b/\"\n.mp3"));
        let question = Question::Embed {
            path,
            depth: Depth::FirstLook,
        };
        let line = serde_json::to_string(&question).unwrap();
        assert!(!line.contains('\n'));
        let back: Question = serde_json::from_str(&line).unwrap();
        assert_eq!(back, question);
        let Question::Embed { path, .. } = back else {
            panic!("{back:?}")
        };
        assert_eq!(path.path(), Some("/a b/\"\n.mp3".into()));
        assert_eq!(PathText("zz".to_owned()).path(), None);
    }
}
