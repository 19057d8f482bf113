//! Texts of many songs without a string each: end to end in one piece of memory, or each different one once.

use std::collections::HashMap;

/// No text, among the numbers of a [`Dictionary`].
pub(super) const NONE: u32 = u32::MAX;

/// What a column has at these positions.
pub(super) fn picked<T: Copy>(column: &[T], positions: &[u32]) -> Vec<T> {
    positions.iter().map(|&at| column[at as usize]).collect()
}

/// Texts by position, end to end. Bytes, as names of files need not be text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Texts {
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<u32>,
}

impl Texts {
    /// Adds one; `None` if all of them together are more than 4 GiB.
    pub(super) fn push(&mut self, text: &[u8]) -> Option<()> {
        let end = u32::try_from(self.bytes.len() + text.len()).ok()?;
        self.bytes.extend(text);
        self.ends.push(end);
        Some(())
    }

    /// The text at a position; nothing where there is none.
    pub(super) fn get(&self, position: usize) -> &[u8] {
        let start = match position.checked_sub(1) {
            None => 0,
            Some(before) => self.ends.get(before).map_or(0, |&end| end as usize),
        };
        let end = self.ends.get(position).map_or(start, |&end| end as usize);
        self.bytes.get(start..end).unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The same texts in another order, that of these positions, of which each is there once.
    pub(super) fn picked(&self, positions: &[u32]) -> Self {
        let mut picked = Self {
            bytes: Vec::with_capacity(self.bytes.len()),
            ends: Vec::with_capacity(positions.len()),
        };
        for &at in positions {
            picked.bytes.extend(self.get(at as usize));
            // Not more than there were before.
            picked.ends.push(picked.bytes.len() as u32);
        }
        picked
    }

    pub(super) fn parts(&self) -> (&[u8], &[u32]) {
        (&self.bytes, &self.ends)
    }

    /// Texts of their parts; `None` if they do not fit together.
    pub(super) fn of_parts(bytes: Vec<u8>, ends: Vec<u32>) -> Option<Self> {
        let is_sorted = ends.is_sorted();
        let last = ends.last().map_or(0, |&end| end as usize);
        (is_sorted && last == bytes.len()).then_some(Self { bytes, ends })
    }
}

/// A text for each song, each different text kept once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Dictionary {
    /// The text of each song, by its number; [`NONE`]: it has none.
    numbers: Vec<u32>,
    texts: Texts,
}

impl Dictionary {
    /// The text of a song.
    pub(super) fn get(&self, position: usize) -> Option<&[u8]> {
        match self.numbers.get(position) {
            None | Some(&NONE) => None,
            Some(&number) => Some(self.texts.get(number as usize)),
        }
    }

    pub(super) fn numbers(&self) -> &[u32] {
        &self.numbers
    }

    /// Puts the songs into this order.
    pub(super) fn put_in(&mut self, order: &[u32]) {
        self.numbers = picked(&self.numbers, order);
    }

    pub(super) fn texts(&self) -> &Texts {
        &self.texts
    }

    /// A dictionary of its parts; `None` if they do not fit together.
    pub(super) fn of_parts(numbers: Vec<u32>, texts: Texts) -> Option<Self> {
        let fits = |&number: &u32| number == NONE || (number as usize) < texts.len();
        numbers.iter().all(fits).then_some(Self { numbers, texts })
    }
}

/// Makes a [`Dictionary`], song by song.
#[derive(Debug, Default)]
pub(super) struct DictionaryBuilder {
    dictionary: Dictionary,
    known: HashMap<Vec<u8>, u32>,
}

impl DictionaryBuilder {
    /// Adds the next song's text; `None` if there are more than 4 GiB of them.
    pub(super) fn push(&mut self, text: Option<&[u8]>) -> Option<()> {
        let number = match text {
            None => NONE,
            Some(text) => match self.known.get(text) {
                Some(&number) => number,
                None => {
                    let number = u32::try_from(self.dictionary.texts.len()).ok()?;
                    self.dictionary.texts.push(text)?;
                    self.known.insert(text.to_vec(), number);
                    number
                }
            },
        };
        self.dictionary.numbers.push(number);
        Some(())
    }

    pub(super) fn finish(self) -> Dictionary {
        self.dictionary
    }
}
