//! One row of a table as a filter sees it, for where few songs are left to be asked about.

use std::borrow::Cow;

use super::columns::SongTable;
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
