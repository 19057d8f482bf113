//! [`FilterError`]: what is wrong with a filter, and where.

use std::fmt;
use std::ops::Range;

use unicode_width::UnicodeWidthStr;

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
            .flat_map(|c| {
                // As long as what it stands for, so that places stay.
                let (shown, times) = if c.is_control() {
                    (' ', c.len_utf8())
                } else {
                    (c, 1)
                };
                std::iter::repeat_n(shown, times)
            })
            .collect();
        // Terminals give some characters two cells, and some none.
        let width = |range: Range<usize>| {
            let shown = line.get(range).unwrap_or_default();
            shown.width()
        };
        let before = width(0..self.at.start);
        let marked = width(self.at.clone()).max(1);
        write!(
            f,
            "the filter cannot be understood: {}\n  {line}\n  {}{}",
            self.message,
            " ".repeat(before),
            "^".repeat(marked)
        )
    }
}
