//! Errors as sentences for people: what a failed song says of itself, and what a command ends with.

use std::error::Error;
use std::path::Path;

/// An error and its causes in one line; a cause that a message before it quotes is not repeated.
#[must_use]
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        // SQLite's messages come a second time with their number.
        let message = said
            .strip_prefix("Error code ")
            .and_then(|rest| rest.split_once(": "))
            .map_or(said.as_str(), |(_, message)| message);
        if !text.contains(message) {
            text = format!("{text}: {said}");
        }
        source = cause.source();
    }
    text
}

/// A message about a file without the path that it may begin with, for where the path stands beside it.
#[must_use]
pub fn without_path<'a>(path: &Path, message: &'a str) -> &'a str {
    let after = message.strip_prefix(path.to_string_lossy().as_ref());
    after
        .and_then(|rest| rest.strip_prefix(": "))
        .unwrap_or(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{said}")]
    struct Step {
        said: &'static str,
        source: Option<Box<Step>>,
    }

    #[test]
    fn causes_are_named_once() {
        let step = |said, source| Step { said, source };
        let quoted = step("no disk", None);
        let middle = step("cannot read (no disk)", Some(Box::new(quoted)));
        let whole = step("no songs", Some(Box::new(middle)));
        assert_eq!(with_causes(&whole), "no songs: cannot read (no disk)");
    }

    #[test]
    fn what_sqlite_says_is_said_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.db");
        std::fs::write(&path, "no database ".repeat(100)).unwrap();
        let error = crate::library::SongStore::open(&path)
            .map(drop)
            .unwrap_err();
        let text = with_causes(&error);
        assert_eq!(text.matches("not a database").count(), 1, "{text}");
    }

    #[test]
    fn only_the_path_at_the_beginning_goes() {
        let messages = [
            ("a.mp3: no sound", "no sound"),
            ("b.mp3: no sound", "b.mp3: no sound"),
            ("a.mp3 is empty", "a.mp3 is empty"),
        ];
        for (message, reason) in messages {
            assert_eq!(without_path(Path::new("a.mp3"), message), reason);
        }
    }
}
