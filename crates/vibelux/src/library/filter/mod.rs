//! [`Filter`]: which songs are meant, in a small language:
//! `not genre:christmas and duration<600 and happy>0.4`. Between the library and whatever lists or ranks it.
//!
//! `grammar.rs` finds the parts of the text, `meaning.rs` says what they mean and what is wrong with them, `rule.rs` holds what
//! comes of it against songs, `complete.rs` offers what could come next. `docs/guide/filters.md` is the language for people.
//!
//! What is not known of a song passes no test: neither `year<1990` nor `year>=1990` takes a song without a year, and
//! `not year<1990` does.

mod complete;
mod dates;
mod error;
mod grammar;
mod meaning;
mod rule;

pub use complete::{Completion, complete};
pub use error::FilterError;
pub use rule::{Filter, LONGEST_TEXT, NumberField, SongFacts, Test, TextField};

impl Filter {
    /// Reads a filter. An empty text means all songs. `now_seconds` since 1970 is what ages are counted from, as in
    /// `added:30d`.
    ///
    /// # Errors
    /// With the place of the mistake, and what would be right there.
    pub fn parse(text: &str, now_seconds: u64) -> Result<Self, FilterError> {
        if text.len() > LONGEST_TEXT {
            let message = format!("it is longer than {LONGEST_TEXT} bytes");
            return Err(FilterError::new(text, 0..0, message));
        }
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        meaning::of(text, &grammar::parse(text)?, now_seconds)
    }
}

#[cfg(test)]
mod tests;
