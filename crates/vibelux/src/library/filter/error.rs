//! [`FilterError`]: what is wrong with a filter, and where.

use std::fmt;
use std::ops::Range;

/// A mistake in a filter. Its text shows the filter with a mark below the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    text: String,
    at: Range<usize>,
    message: String,
}

impl FilterError {
    pub(super) fn new(text: &str, at: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            text: text.to_owned(),
            at,
            message: message.into(),
        }
    }

    /// Where the mistake is, in bytes from the start of the text.
    #[must_use]
    pub fn place(&self) -> Range<usize> {
        self.at.clone()
    }

    /// What is wrong, without the text.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl std::error::Error for FilterError {}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One line, as the mark stands below it.
        let line: String = self
            .text
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let chars = |text: &str| text.chars().count();
        let before = self.text.get(..self.at.start).map_or(0, chars);
        let marked = self.text.get(self.at.clone()).map_or(0, chars).max(1);
        write!(
            f,
            "the filter cannot be understood: {}\n  {line}\n  {}{}",
            self.message,
            " ".repeat(before),
            "^".repeat(marked)
        )
    }
}
