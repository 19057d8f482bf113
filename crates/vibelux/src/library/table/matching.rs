//! Which rows of a table a filter means, found column by column: a text that many songs share is looked at once.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use super::columns::{SongTable, UNKNOWN_YEAR};
use super::texts::{Dictionary, NONE};
use crate::library::error::LibraryError;
use crate::library::filter::{Filter, NumberField, Test, TextField};
use crate::library::store::SongStore;

/// One song by itself costs as much as so many in a column.
const FEW: usize = 32;

/// Whether the listener likes the song at a position.
pub type Likes<'a> = &'a dyn Fn(usize) -> bool;

impl SongTable {
    /// For each song, whether the filter means it, of the likes that the library has now; `None` if it means all.
    ///
    /// # Errors
    /// If the library cannot be read.
    pub fn meant(
        &self,
        filter: &Filter,
        store: &SongStore,
    ) -> Result<Option<Vec<bool>>, LibraryError> {
        if filter.is_all() {
            return Ok(None);
        }
        let liked = self.liked(store)?;
        Ok(Some(self.matching(filter, &|at| liked.contains(&at))))
    }

    /// The songs that the listener likes.
    ///
    /// # Errors
    /// If the library cannot be read.
    pub fn liked(&self, store: &SongStore) -> Result<HashSet<usize>, LibraryError> {
        let likes = store.likes()?;
        Ok(likes
            .iter()
            .filter_map(|path| self.position(path))
            .collect())
    }

    /// For each song, whether the filter means it: the same as [`Filter::takes`] of the song says with the table's vectors.
    #[must_use]
    pub fn matching(&self, filter: &Filter, likes: Likes<'_>) -> Vec<bool> {
        match filter {
            Filter::All(parts) => self.meeting_all(parts, likes),
            Filter::Any(parts) => self.meeting_any(parts, likes),
            Filter::Not(part) => {
                let mut rows = self.matching(part, likes);
                rows.iter_mut().for_each(|row| *row = !*row);
                rows
            }
            Filter::Test(test) => self.passing(test, likes),
        }
    }

    /// The values that songs have of a text which many share, with how many of the songs that `counts` says have each.
    /// Nothing of titles and paths.
    #[must_use]
    pub fn values(&self, field: TextField, counts: impl Fn(usize) -> bool) -> Vec<(String, usize)> {
        let dictionary = match field {
            TextField::Artist => &self.artists,
            TextField::Album => &self.albums,
            TextField::Genre => &self.genres,
            TextField::Title | TextField::Path => return Vec::new(),
        };
        let texts = dictionary.texts();
        let mut found = vec![0; texts.len()];
        for (at, &number) in dictionary.numbers().iter().enumerate() {
            if let Some(count) = found.get_mut(number as usize).filter(|_| counts(at)) {
                *count += 1;
            }
        }
        let text = |number| String::from_utf8_lossy(texts.get(number)).into_owned();
        let found = found
            .into_iter()
            .enumerate()
            .filter(|&(_, count)| count > 0);
        found.map(|(number, count)| (text(number), count)).collect()
    }

    /// The quickest parts first; where they leave few songs, the others are asked of those alone.
    fn meeting_all(&self, parts: &[Filter], likes: Likes<'_>) -> Vec<bool> {
        let mut parts: Vec<&Filter> = parts.iter().collect();
        parts.sort_by_key(|part| part.looks_at_texts());
        let mut rows = vec![true; self.len()];
        for part in parts {
            let left = rows.iter().filter(|&&row| row).count();
            if left < self.len() / FEW {
                for (at, row) in rows.iter_mut().enumerate() {
                    *row = *row && self.takes(part, at, likes(at));
                }
                continue;
            }
            let others = self.matching(part, likes);
            rows.iter_mut()
                .zip(others)
                .for_each(|(row, other)| *row &= other);
        }
        rows
    }

    fn meeting_any(&self, parts: &[Filter], likes: Likes<'_>) -> Vec<bool> {
        let mut rows = vec![false; self.len()];
        for part in parts {
            let others = self.matching(part, likes);
            rows.iter_mut()
                .zip(others)
                .for_each(|(row, other)| *row |= other);
        }
        rows
    }

    fn passing(&self, test: &Test, likes: Likes<'_>) -> Vec<bool> {
        let each = |holds: &dyn Fn(usize) -> bool| (0..self.len()).map(holds).collect();
        match test {
            Test::Contains(field, value) => self.with_text(*field, |text| text.contains(value)),
            Test::Is(field, value) => self.with_text(*field, |text| text == value),
            Test::Word(value) => {
                let mut rows = self.with_text(TextField::Title, |text| text.contains(value));
                for field in [TextField::Artist, TextField::Album] {
                    let others = self.with_text(field, |text| text.contains(value));
                    rows.iter_mut()
                        .zip(others)
                        .for_each(|(row, other)| *row |= other);
                }
                rows
            }
            Test::Between(field, range) => self.between(*field, range),
            Test::Strongest(emotion) => each(&|i| self.vectors[i].strongest() == *emotion),
            Test::Class(class) => each(&|i| self.class(i) == *class),
            Test::Liked => each(likes),
        }
    }

    /// The rows of which a text in lower case passes.
    fn with_text(&self, field: TextField, passes: impl Fn(&str) -> bool) -> Vec<bool> {
        let mut buffer = String::new();
        let mut lower = |bytes: &[u8]| passes(lower_case(bytes, &mut buffer));
        let mut shared = |dictionary: &Dictionary| {
            let texts = dictionary.texts();
            let passing: Vec<bool> = (0..texts.len()).map(|i| lower(texts.get(i))).collect();
            let numbers = dictionary.numbers().iter();
            numbers
                .map(|&number| number != NONE && passing[number as usize])
                .collect()
        };
        match field {
            TextField::Artist => shared(&self.artists),
            TextField::Album => shared(&self.albums),
            TextField::Genre => shared(&self.genres),
            TextField::Title => (0..self.len()).map(|i| lower(self.titles.get(i))).collect(),
            TextField::Path => (0..self.len())
                .map(|i| passes(&self.path(i).to_string_lossy().to_lowercase()))
                .collect(),
        }
    }

    fn between(&self, field: NumberField, range: &RangeInclusive<f64>) -> Vec<bool> {
        // No NaN is in a range.
        let inside = |number: f64| range.contains(&number);
        match field {
            NumberField::Year => self
                .years
                .iter()
                .map(|&year| year != UNKNOWN_YEAR && inside(f64::from(year)))
                .collect(),
            NumberField::Duration => self
                .durations
                .iter()
                .map(|&seconds| inside(f64::from(seconds)))
                .collect(),
            NumberField::Loudness => self
                .loudness
                .iter()
                .map(|&l| inside(f64::from(l)))
                .collect(),
            NumberField::Added => self
                .added
                .iter()
                .map(|&seconds| seconds > 0 && inside(f64::from(seconds)))
                .collect(),
            NumberField::Share(emotion) => self
                .vectors
                .iter()
                .map(|vector| inside(f64::from(vector.get(emotion))))
                .collect(),
        }
    }
}

/// A text in lower case, in a buffer that others are put into after it.
fn lower_case<'a>(bytes: &[u8], buffer: &'a mut String) -> &'a str {
    buffer.clear();
    match str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => {
            buffer.push_str(text);
            buffer.make_ascii_lowercase();
        }
        _ => *buffer = String::from_utf8_lossy(bytes).to_lowercase(),
    }
    buffer
}
