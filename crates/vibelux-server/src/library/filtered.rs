//! Which songs a filter means, for the one who asks: guests learn nothing of what the owner likes and of where files are.

use vibelux::library::filter::{Filter, Test, TextField};
use vibelux::library::unix_seconds;

use crate::http::error::ApiError;
use crate::library::catalogue::Catalogue;
use crate::library::song_library::SongLibrary;
use crate::security::Role;

/// So many values are offered while one is typed.
const MOST_VALUES: usize = 12;

/// For each song of a catalogue whether a filter means it, for whoever asks; `None` if it means all.
pub fn meant(
    catalogue: &Catalogue,
    filter: Filter,
    role: Role,
    library: &SongLibrary,
) -> Option<Vec<bool>> {
    if filter.is_all() {
        return None;
    }
    let table = catalogue.table();
    Some(match role {
        Role::Owner => {
            let liked = library.liked(catalogue);
            table.matching(&filter, &|at| liked.contains(&at))
        }
        Role::Guest => table.matching(&for_guests(filter), &|_| false),
    })
}

/// The same filter of songs of which one does not know where they are.
fn for_guests(filter: Filter) -> Filter {
    let each = |parts: Vec<Filter>| parts.into_iter().map(for_guests).collect();
    match filter {
        Filter::All(parts) => Filter::All(each(parts)),
        Filter::Any(parts) => Filter::Any(each(parts)),
        Filter::Not(part) => Filter::Not(Box::new(for_guests(*part))),
        // No song passes.
        Filter::Test(Test::Contains(TextField::Path, _) | Test::Is(TextField::Path, _)) => {
            Filter::Any(Vec::new())
        }
        Filter::Test(test) => Filter::Test(test),
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
    let mut values = catalogue.table().values(field, |at| catalogue.is_had(at));
    values.retain(|(value, _)| value.to_lowercase().starts_with(&typed));
    values.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let values = values.into_iter().take(MOST_VALUES);
    values.map(|(value, _)| quoted(&value)).collect()
}

/// The artists of most songs, at most so many, by name.
pub fn artists(catalogue: &Catalogue, most: usize) -> Vec<String> {
    let mut artists = catalogue
        .table()
        .values(TextField::Artist, |at| catalogue.is_had(at));
    artists.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    artists.truncate(most);
    let mut names: Vec<String> = artists.into_iter().map(|(name, _)| name).collect();
    names.sort();
    names
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
