//! One row of a table as a filter sees it, and [`Meaning`], for whoever asks of a few songs only: a search asks of those alone that fit
//! well enough.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};

use super::columns::SongTable;
use super::matching::Likes;
use crate::emotion::Emotion;
use crate::library::class::SongClass;
use crate::library::filter::{Filter, NumberField, SongFacts, TextField};

impl SongTable {
    /// Whether a filter means one song: what [`Self::matching`] says of it.
    #[must_use]
    pub fn takes(&self, filter: &Filter, position: usize, is_liked: bool) -> bool {
        filter.takes(&Row {
            table: self,
            position,
            is_liked,
        })
    }
}

/// When so many of a table's songs were asked about, it is quicker to look at whole columns.
const MANY: usize = 256;

/// Which songs of a table a filter means, found out song by song as long as few are asked about.
pub struct Meaning<'a> {
    table: &'a SongTable,
    filter: &'a Filter,
    likes: Likes<'a>,
    asked: Cell<usize>,
    rows: OnceCell<Vec<bool>>,
}

impl<'a> Meaning<'a> {
    /// Of the songs that the listener `likes` there may be few or many.
    #[must_use]
    pub fn new(table: &'a SongTable, filter: &'a Filter, likes: Likes<'a>) -> Self {
        Self {
            table,
            filter,
            likes,
            asked: Cell::new(0),
            rows: OnceCell::new(),
        }
    }

    /// Whether the filter means the song at a position.
    #[must_use]
    pub fn takes(&self, position: usize) -> bool {
        if let Some(rows) = self.rows.get() {
            return rows[position];
        }
        if self.filter.is_all() {
            return true;
        }
        self.asked.set(self.asked.get() + 1);
        if self.asked.get() > self.table.len() / MANY {
            let all = || self.table.matching(self.filter, self.likes);
            return self.rows.get_or_init(all)[position];
        }
        self.table
            .takes(self.filter, position, (self.likes)(position))
    }
}

struct Row<'a> {
    table: &'a SongTable,
    position: usize,
    is_liked: bool,
}

impl SongFacts for Row<'_> {
    fn text(&self, field: TextField) -> Option<Cow<'_, str>> {
        let Self {
            table, position, ..
        } = *self;
        match field {
            TextField::Title => Some(table.title(position)),
            TextField::Artist => table.artist(position),
            TextField::Album => table.album(position),
            TextField::Genre => table.genre(position),
            TextField::Path => {
                let path = table.path(position);
                Some(path.to_string_lossy().into_owned().into())
            }
        }
    }

    fn number(&self, field: NumberField) -> Option<f64> {
        let Self {
            table, position, ..
        } = *self;
        match field {
            NumberField::Year => table.year(position).map(f64::from),
            NumberField::Duration => {
                let seconds = table.durations[position];
                (!seconds.is_nan()).then_some(f64::from(seconds))
            }
            NumberField::Loudness => table.loudness_lufs(position).map(f64::from),
            NumberField::Added => {
                let added = table.added_seconds(position);
                (added > 0).then_some(added as f64)
            }
            NumberField::Share(emotion) => Some(f64::from(table.vectors[position].get(emotion))),
        }
    }

    fn strongest(&self) -> Emotion {
        self.table.vectors[self.position].strongest()
    }

    fn class(&self) -> SongClass {
        self.table.class(self.position)
    }

    fn is_liked(&self) -> bool {
        self.is_liked
    }
}
