//! A song as a filter sees it, for the one who asks: guests learn nothing of what the owner likes and of where files are.

use std::borrow::Cow;
use std::collections::HashMap;

use vibelux::Emotion;
use vibelux::library::filter::{Filter, NumberField, SongFacts, TextField};
use vibelux::library::{SongClass, unix_seconds};

use crate::http::error::ApiError;
use crate::library::catalogue::{Catalogue, Entry};
use crate::library::song_library::SongLibrary;
use crate::security::Role;

/// So many values are offered while one is typed.
const MOST_VALUES: usize = 12;

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// As whom.
    pub role: Role,
    /// What they may like.
    pub library: &'a SongLibrary,
}

impl Reader<'_> {
    /// Whether a filter means a song.
    pub fn takes(&self, filter: &Filter, entry: &Entry) -> bool {
        filter.is_all()
            || filter.takes(&Seen {
                reader: self,
                entry,
            })
    }
}

/// Reads a filter; an absent one means all songs.
///
/// # Errors
/// [`ApiError::Filter`] with the place of the mistake.
pub fn parse(text: Option<&str>) -> Result<Filter, ApiError> {
    Filter::parse(text.unwrap_or_default(), unix_seconds()).map_err(ApiError::Filter)
}

/// The values of a field that begin like this, those of most songs first.
pub fn values(catalogue: &Catalogue, field: TextField, typed: &str) -> Vec<String> {
    let typed = typed.trim_matches(['"', '\'']).to_lowercase();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for entry in catalogue.entries() {
        let value = match field {
            TextField::Artist => &entry.artist,
            TextField::Album => &entry.album,
            TextField::Genre => &entry.genre,
            TextField::Title | TextField::Path => &None,
        };
        if let Some(value) = value.as_deref() {
            *counts.entry(value).or_default() += 1;
        }
    }
    counts.retain(|value, _| value.to_lowercase().starts_with(&typed));
    let mut values: Vec<(&str, usize)> = counts.into_iter().collect();
    values.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let values = values.into_iter().take(MOST_VALUES);
    values.map(|(value, _)| quoted(value)).collect()
}

/// A value as it must stand in a filter.
fn quoted(value: &str) -> String {
    let is_plain = |c: char| !c.is_whitespace() && !"()\"'".contains(c);
    let is_keyword = ["and", "or", "not"]
        .iter()
        .any(|k| value.eq_ignore_ascii_case(k));
    if value.chars().all(is_plain) && !is_keyword {
        return value.to_owned();
    }
    // There is no way to write a value with both kinds of quotes; one of them is enough to find it.
    let quote = if value.contains('"') { '\'' } else { '"' };
    let inside = value.split(quote).next().unwrap_or_default();
    format!("{quote}{inside}{quote}")
}

struct Seen<'a> {
    reader: &'a Reader<'a>,
    entry: &'a Entry,
}

impl SongFacts for Seen<'_> {
    fn text(&self, field: TextField) -> Option<Cow<'_, str>> {
        let entry = self.entry;
        match field {
            TextField::Title => Some(entry.title.as_str().into()),
            TextField::Artist => entry.artist.as_deref().map(Into::into),
            TextField::Album => entry.album.as_deref().map(Into::into),
            TextField::Genre => entry.genre.as_deref().map(Into::into),
            TextField::Path => match self.reader.role {
                Role::Owner => Some(entry.path.to_string_lossy()),
                Role::Guest => None,
            },
        }
    }

    fn number(&self, field: NumberField) -> Option<f64> {
        let entry = self.entry;
        match field {
            NumberField::Year => entry.year.map(f64::from),
            NumberField::Duration => entry.duration_seconds,
            NumberField::Loudness => entry.loudness_lufs.map(f64::from),
            NumberField::Added => (entry.added_seconds > 0).then_some(entry.added_seconds as f64),
            NumberField::Share(emotion) => Some(f64::from(entry.vector.get(emotion))),
        }
    }

    fn strongest(&self) -> Emotion {
        self.entry.vector.strongest()
    }

    fn class(&self) -> SongClass {
        self.entry.class
    }

    fn is_liked(&self) -> bool {
        self.reader.role == Role::Owner && self.reader.library.likes(self.entry.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_so_that_they_are_read_back() {
        for (value, written) in [
            ("Ada", "Ada"),
            ("Ada Björk", "\"Ada Björk\""),
            ("AC/DC", "AC/DC"),
            ("Not", "\"Not\""),
            ("The \"One\"", "'The \"One\"'"),
            ("It's", "\"It's\""),
            ("\"It's\"", "'\"It'"),
        ] {
            assert_eq!(quoted(value), written);
            parse(Some(&format!("artist:{written}"))).unwrap();
        }
    }
}
