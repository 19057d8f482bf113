//! What could come next in a filter that somebody is typing.

use std::ops::Range;

use super::meaning::FIELDS;
use super::rule::{LONGEST_TEXT, TextField};
use crate::emotion::Emotion;
use crate::library::class::SongClass;

/// What could stand where somebody types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The part of the text that an option takes the place of, in bytes.
    pub replaced: Range<usize>,
    /// What could stand there, best first.
    pub options: Vec<String>,
    /// A value of this field is typed: the library knows which there are. `replaced` is what is there of it.
    pub values_of: Option<TextField>,
}

/// Looks at what stands before `cursor`, a place in bytes; anything behind the text is its end.
#[must_use]
pub fn complete(text: &str, cursor: usize) -> Completion {
    let mut cursor = cursor.min(text.len()).min(LONGEST_TEXT);
    while !text.is_char_boundary(cursor) {
        cursor -= 1;
    }
    let before = &text[..cursor];
    let begins = word_start(before);
    let word = &before[begins..];
    let operator = word.find([':', '=', '<', '>']);
    let Some(at) = operator else {
        return Completion {
            replaced: begins..cursor,
            options: names(word),
            values_of: None,
        };
    };
    let field = word[..at].trim_end_matches('!').to_ascii_lowercase();
    let value = word[at..].trim_start_matches([':', '=', '<', '>']);
    let replaced = cursor - value.len()..cursor;
    let of = |values: Vec<&str>| {
        let typed = value.to_ascii_lowercase();
        let fitting = values.into_iter().filter(|name| name.starts_with(&typed));
        fitting.map(str::to_owned).collect()
    };
    let (options, values_of) = match field.as_str() {
        "artist" => (Vec::new(), Some(TextField::Artist)),
        "album" => (Vec::new(), Some(TextField::Album)),
        "genre" => (Vec::new(), Some(TextField::Genre)),
        "mood" => (of(Emotion::ALL.map(Emotion::name).to_vec()), None),
        "class" => (of(SongClass::ALL.map(SongClass::name).to_vec()), None),
        "liked" => (of(vec!["yes", "no"]), None),
        "added" => (of(vec!["7d", "30d", "6m", "1y"]), None),
        _ => (Vec::new(), None),
    };
    Completion {
        replaced,
        options,
        values_of,
    }
}

/// Where the word that is being typed begins: behind the last blank or parenthesis that is not in quotes.
fn word_start(before: &str) -> usize {
    let (mut start, mut quote) = (0, None);
    for (at, c) in before.char_indices() {
        match (c, quote) {
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            (c, None) if c.is_whitespace() || "()".contains(c) => start = at + c.len_utf8(),
            _ => {}
        }
    }
    start
}

/// The names that begin like this, with what comes behind them.
fn names(typed: &str) -> Vec<String> {
    let typed = typed.to_ascii_lowercase();
    let fields = FIELDS.into_iter().map(|name| match name {
        "year" | "duration" | "loudness" => format!("{name}<"),
        "liked" => name.to_owned(),
        _ => format!("{name}:"),
    });
    let emotions = Emotion::ALL
        .into_iter()
        .map(|emotion| format!("{}>", emotion.name()));
    let words = ["and ", "or ", "not "].map(str::to_owned);
    let all = fields.chain(emotions).chain(words);
    all.filter(|name| name.starts_with(&typed)).collect()
}
