//! [`Importer`]: songs with vectors that came from elsewhere, put into the library in batches. `json.rs` and `parquet.rs` read
//! the rows.

use std::path::{Path, PathBuf};

use super::clock::unix_seconds;
use super::error::LibraryError;
use super::song::{Outcome, Song};
use super::store::SongStore;
use crate::emotion::EmotionVector;
use crate::media;

/// Rows per transaction.
const BATCH: usize = 1000;

/// A stored vector that differs by less than this is the imported one after a trip through text.
const SAME: f32 = 1e-5;

/// So many bad rows are described; the rest is counted.
const MAX_DESCRIBED: usize = 100;

/// What an import did.
#[derive(Debug, Default)]
pub struct ImportSummary {
    /// Rows whose vector is new in the library.
    pub imported: usize,
    /// Rows whose vector the library already has.
    pub unchanged: usize,
    /// Rows that were refused.
    pub bad: usize,
    /// The first of those: the path as text, and why.
    pub described: Vec<(String, String)>,
    /// Why the rest of the file cannot be read, if it ends early or is malformed from here on; the rows before were kept.
    pub broken_off: Option<String>,
}

/// A row that is fit for the library.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ImportedSong {
    /// The song; its path may be relative.
    song: Song,
    /// Whether it is all that is known of it; else only the vector and the model are.
    is_whole: bool,
}

impl ImportedSong {
    /// A vector and no more.
    pub fn new(path: PathBuf, model: &str, vector: EmotionVector) -> Self {
        Self {
            song: Song::new(path, model, Outcome::Embedded(vector)),
            is_whole: false,
        }
    }

    /// All that is known of a song.
    #[cfg(feature = "parquet")]
    pub fn whole(song: Song) -> Self {
        let is_whole = true;
        Self { song, is_whole }
    }

    /// The song as the library will have it, after what it has now.
    fn over(self, known: Option<Song>) -> Song {
        let added_seconds = unix_seconds();
        match known {
            Some(known) if self.is_whole => Song {
                added_seconds: known.added_seconds,
                declared_music: known.declared_music,
                ..self.song
            },
            Some(known) => Song {
                stamp: None,
                model: self.song.model,
                outcome: self.song.outcome,
                sound: None,
                is_first_look: false,
                ..known
            },
            None => Song {
                added_seconds,
                ..self.song
            },
        }
    }
}

/// The import under way.
pub(super) struct Importer<'a> {
    store: &'a mut SongStore,
    base: &'a Path,
    batch: Vec<Song>,
    summary: ImportSummary,
    failure: Option<LibraryError>,
}

impl<'a> Importer<'a> {
    /// Into this library; relative paths are taken from `base`.
    pub fn new(store: &'a mut SongStore, base: &'a Path) -> Self {
        Self {
            store,
            base,
            batch: Vec::new(),
            summary: ImportSummary::default(),
            failure: None,
        }
    }

    /// Takes a row, or why it is refused; `name` says which it is.
    pub fn row(&mut self, name: &str, row: Result<ImportedSong, String>) {
        match row {
            Ok(song) => match self.changed(song) {
                Some(song) => self.batch.push(song),
                None => self.summary.unchanged += 1,
            },
            Err(reason) => {
                self.summary.bad += 1;
                if self.summary.described.len() < MAX_DESCRIBED {
                    self.summary.described.push((name.to_owned(), reason));
                }
            }
        }
        if self.batch.len() >= BATCH {
            self.flush();
        }
    }

    /// Whether the library cannot be read or written, so that there is no use in more rows.
    pub fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Writes what is left.
    pub fn finish(mut self) -> Result<ImportSummary, LibraryError> {
        self.flush();
        match self.failure {
            Some(failure) => Err(failure),
            None => Ok(self.summary),
        }
    }

    /// The song as the library will have it; `None` if it has it already.
    fn changed(&mut self, mut new: ImportedSong) -> Option<Song> {
        if !media::is_address(&new.song.path) {
            // Pushing an absolute path replaces the base.
            new.song.path = self.base.join(&new.song.path);
        }
        let known = self.store.get(&new.song.path).unwrap_or_else(|failure| {
            self.failure.get_or_insert(failure);
            None
        });
        let same = known.as_ref().is_some_and(|known| {
            let is_as_whole = known.model == new.song.model && known.stamp == new.song.stamp;
            is_same(&known.outcome, &new.song.outcome) && (!new.is_whole || is_as_whole)
        });
        (!same).then(|| new.over(known))
    }

    fn flush(&mut self) {
        if self.failure.is_none() {
            match self.store.upsert_all(&self.batch) {
                Ok(()) => self.summary.imported += self.batch.len(),
                Err(failure) => self.failure = Some(failure),
            }
        }
        self.batch.clear();
    }
}

/// Whether two analyses say the same, up to the rounding of text.
fn is_same(known: &Outcome, new: &Outcome) -> bool {
    match (known, new) {
        (Outcome::Embedded(known), Outcome::Embedded(new)) => {
            let mut pairs = known.values().iter().zip(new.values());
            pairs.all(|(a, b)| (a - b).abs() < SAME)
        }
        (Outcome::Failed(known), Outcome::Failed(new)) => known.reason == new.reason,
        _ => false,
    }
}
