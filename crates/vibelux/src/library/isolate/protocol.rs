//! Questions and answers of parent and helper, a line of JSON each.

use serde::{Deserialize, Serialize};

use crate::library::embed::Depth;
use crate::library::facts::FileFacts;
use crate::library::failure::Failure;
use crate::library::path_text::PathText;
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

#[cfg(test)]
mod tests {
    use std::path::Path;

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
        assert_eq!(path.path(), Path::new("/a b/\"\n.mp3"));
        let damaged = line.replace("2f", "zz");
        assert!(serde_json::from_str::<Question>(&damaged).is_err());
    }
}
