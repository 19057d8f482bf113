//! Which rows of a table a filter means, found column by column: a text that many songs share is looked at once.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use memchr::memmem::Finder;

use super::columns::{COPY, MISSING, SongTable, UNKNOWN_YEAR};
use super::shares::keep;
use super::texts::Dictionary;
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

    /// Leaves only the rows of songs that stand for themselves, and whose files were there at the last scan. Rows behind the last song stay.
    pub fn keep_at_hand(&self, rows: &mut [bool]) {
        keep(
            rows,
            self.flags.iter().map(|flags| flags & (MISSING | COPY) == 0),
        );
    }

    /// For each song, whether the filter means it: the same as [`Filter::takes`] of the song says with the table's vectors.
    #[must_use]
    pub fn matching(&self, filter: &Filter, likes: Likes<'_>) -> Vec<bool> {
        let mut rows = vec![true; self.len()];
        self.narrow(&mut rows, filter, likes);
        rows
    }

    /// Leaves only the rows that the filter means.
    fn narrow(&self, rows: &mut [bool], filter: &Filter, likes: Likes<'_>) {
        match filter {
            Filter::All(parts) => self.narrow_to_all(rows, parts, likes),
            Filter::Any(parts) => {
                keep_any(rows, parts, |rows, part| self.narrow(rows, part, likes));
            }
            Filter::Not(part) => {
                let mut others = rows.to_vec();
                self.narrow(&mut others, part, likes);
                keep(rows, others.into_iter().map(|other| !other));
            }
            Filter::Test(test) => self.narrow_by(rows, test, likes),
        }
    }

    /// The quickest parts first; where they leave few songs, the others are asked of those alone.
    fn narrow_to_all(&self, rows: &mut [bool], parts: &[Filter], likes: Likes<'_>) {
        let mut parts: Vec<&Filter> = parts.iter().collect();
        parts.sort_by_key(|part| cost(part));
        for part in parts {
            let left = rows.iter().filter(|&&row| row).count();
            if left >= self.len() / FEW {
                self.narrow(rows, part, likes);
                continue;
            }
            for (at, row) in rows.iter_mut().enumerate().filter(|(_, row)| **row) {
                *row = self.takes(part, at, likes(at));
            }
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

    fn narrow_by(&self, rows: &mut [bool], test: &Test, likes: Likes<'_>) {
        let positions = 0..self.len();
        match test {
            Test::Contains(field, value) => {
                let finder = Finder::new(value);
                self.narrow_by_text(rows, *field, |text| finder.find(text.as_bytes()).is_some());
            }
            Test::Is(field, value) => self.narrow_by_text(rows, *field, |text| text == value),
            Test::Word(value) => {
                let finder = Finder::new(value);
                let fields = [TextField::Title, TextField::Artist, TextField::Album];
                keep_any(rows, &fields, |rows, field| {
                    self.narrow_by_text(rows, *field, |text| {
                        finder.find(text.as_bytes()).is_some()
                    });
                });
            }
            Test::Between(field, range) => self.narrow_by_number(rows, *field, range),
            Test::Strongest(emotion) => {
                self.shares.keep_strongest(rows, &self.vectors, *emotion);
            }
            Test::Class(class) => keep(rows, positions.map(|at| self.class(at) == *class)),
            Test::Liked => keep(rows, positions.map(likes)),
        }
    }

    /// Leaves only the rows of which a text in lower case passes.
    fn narrow_by_text(&self, rows: &mut [bool], field: TextField, passes: impl Fn(&str) -> bool) {
        let mut buffer = String::new();
        let mut lower = |bytes: &[u8]| passes(lower_case(bytes, &mut buffer));
        let mut shared = |dictionary: &Dictionary| {
            let texts = dictionary.texts();
            let passing: Vec<bool> = (0..texts.len()).map(|i| lower(texts.get(i))).collect();
            // No text has the number of none.
            let passes = |&number: &u32| passing.get(number as usize).is_some_and(|&passes| passes);
            keep(rows, dictionary.numbers().iter().map(passes));
        };
        match field {
            TextField::Artist => shared(&self.artists),
            TextField::Album => shared(&self.albums),
            TextField::Genre => shared(&self.genres),
            TextField::Title => {
                let rows = rows.iter_mut().enumerate().filter(|(_, row)| **row);
                rows.for_each(|(at, row)| *row = lower(self.title(at).as_bytes()));
            }
            TextField::Path => {
                let rows = rows.iter_mut().enumerate().filter(|(_, row)| **row);
                let path = |at| self.path(at).to_string_lossy().to_lowercase();
                rows.for_each(|(at, row)| *row = passes(&path(at)));
            }
        }
    }

    fn narrow_by_number(&self, rows: &mut [bool], field: NumberField, range: &RangeInclusive<f64>) {
        let single = single(range);
        // No NaN is in a range. Without branches, so that many are compared at a time.
        let inside = |&number: &f32| (number >= single.0) & (number <= single.1);
        match field {
            NumberField::Year => {
                let years = self.years.iter();
                let known = |&year: &u16| (year != UNKNOWN_YEAR) & inside(&f32::from(year));
                keep(rows, years.map(known));
            }
            NumberField::Duration => keep(rows, self.durations.iter().map(inside)),
            NumberField::Loudness => keep(rows, self.loudness.iter().map(inside)),
            NumberField::Added => {
                // More digits than single precision has.
                let known = |&seconds: &u32| seconds > 0 && range.contains(&f64::from(seconds));
                keep(rows, self.added.iter().map(known));
            }
            NumberField::Share(emotion) => {
                let vectors = &self.vectors;
                self.shares.keep_between(rows, vectors, emotion, single);
            }
        }
    }
}

/// Leaves only the rows that one of the parts leaves.
fn keep_any<T>(rows: &mut [bool], parts: &[T], narrow: impl Fn(&mut [bool], &T)) {
    let mut any = vec![false; rows.len()];
    for part in parts {
        let mut others = rows.to_vec();
        narrow(&mut others, part);
        any.iter_mut()
            .zip(others)
            .for_each(|(row, other)| *row |= other);
    }
    rows.copy_from_slice(&any);
}

/// The same range of numbers in single precision.
fn single(range: &RangeInclusive<f64>) -> (f32, f32) {
    let (mut low, mut high) = (*range.start() as f32, *range.end() as f32);
    if f64::from(low) < *range.start() {
        low = low.next_up();
    }
    if f64::from(high) > *range.end() {
        high = high.next_down();
    }
    (low, high)
}

/// How much must be read to tell whether songs are meant: of each a number or two, the number of a text, or a text of its own.
fn cost(filter: &Filter) -> u8 {
    match filter {
        Filter::All(parts) | Filter::Any(parts) => parts.iter().map(cost).max().unwrap_or(0),
        Filter::Not(part) => cost(part),
        Filter::Test(test) => match test {
            Test::Between(..) | Test::Strongest(_) | Test::Class(_) => 0,
            Test::Contains(TextField::Title | TextField::Path, _)
            | Test::Is(TextField::Title | TextField::Path, _)
            | Test::Word(_)
            | Test::Liked => 2,
            Test::Contains(..) | Test::Is(..) => 1,
        },
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_range_holds_the_same_numbers_of_single_precision(
            number in any::<f32>(), low in any::<f64>(), high in any::<f64>(), at in 0_u8..3,
        ) {
            let near = f64::from(number);
            let range = match at {
                0 => low..=high,
                1 => near.next_up()..=high,
                _ => low..=near.next_down(),
            };
            let (low, high) = single(&range);
            prop_assert_eq!((low..=high).contains(&number), range.contains(&near), "{} in {:?}", number, range);
        }
    }
}
