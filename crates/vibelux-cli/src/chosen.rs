//! [`Chosen`]: the songs of the library that a command may recommend, and the best of them.

use std::borrow::Cow;
use std::path::PathBuf;

use vibelux::EmotionVector;
use vibelux::library::{Inclusion, SongStore, SongTable};
use vibelux::recommend::{Match, Mode, Query, SongIndex};

use crate::library_location;
use crate::output;
use crate::query::Asked;
use crate::song_filter::WhereArgs;

/// The songs of a library, of which some may be recommended.
#[derive(Debug)]
pub struct Chosen {
    /// All of them, with what they sound like to the listener.
    pub table: SongTable,
    /// Whether each may be recommended.
    allowed: Vec<bool>,
    /// How many those are.
    count: usize,
    /// The library, for messages.
    library: PathBuf,
}

/// A query with what was found for it.
pub struct Found {
    /// The query.
    pub asked: Asked,
    /// Its songs, best first.
    pub matches: Vec<Match>,
}

impl Chosen {
    /// The songs that have a vector, stand for themselves, are of a class that is taken, and whose files were there at the last
    /// scan unless `include_missing`.
    ///
    /// # Errors
    /// If there are none, with the reason, or the library cannot be read.
    pub fn load(
        store: &SongStore,
        include_missing: bool,
        include: Inclusion,
    ) -> anyhow::Result<Self> {
        let table = SongTable::heard(store)?;
        if table.is_empty() && table.failed() == 0 {
            return Err(library_location::empty(store.path()));
        }
        let usable = |at: usize| (include_missing || !table.is_missing(at)) && !table.is_copy(at);
        let usable: Vec<bool> = (0..table.len()).map(usable).collect();
        let library = output::readable(store.path());
        let count = counted(&usable);
        if count == 0 {
            anyhow::bail!(
                "no song of the library {library} can be used: all have failed or are gone from disk; run \
                 `vibelux embed` on your folders to see why"
            );
        }
        let taken = usable.iter().enumerate();
        let allowed: Vec<bool> = taken
            .map(|(at, &usable)| usable && include.takes(table.class(at)))
            .collect();
        if !allowed.contains(&true) {
            anyhow::bail!(
                "the library {library} has {} and no music; --include speech,effects,jingle takes what is none",
                output::counted(count, "file")
            );
        }
        Ok(Self {
            count: counted(&allowed),
            table,
            allowed,
            library: store.path().to_owned(),
        })
    }

    /// Leaves only what a filter means.
    ///
    /// # Errors
    /// If that is nothing, or the library cannot be read.
    pub fn keep(&mut self, only: &WhereArgs, store: &SongStore) -> anyhow::Result<()> {
        let before = self.count;
        let Some(meant) = only.rows(&self.table, store)? else {
            return Ok(());
        };
        for (allowed, meant) in self.allowed.iter_mut().zip(meant) {
            *allowed &= meant;
        }
        self.count = counted(&self.allowed);
        if self.count == 0 {
            anyhow::bail!("the filter leaves none of {}", output::songs(before));
        }
        Ok(())
    }

    /// How many songs may be recommended.
    pub fn count(&self) -> usize {
        self.count
    }

    /// For each song whether it may be recommended.
    pub fn allowed(&self) -> &[bool] {
        &self.allowed
    }

    /// Whether a song may be recommended.
    pub fn allows(&self, at: usize) -> bool {
        self.allowed[at]
    }

    /// The positions of all that may be.
    pub fn positions(&self) -> impl Iterator<Item = usize> {
        (0..self.table.len()).filter(|&at| self.allowed[at])
    }

    /// Ready to be compared; the mean is that of the songs that may be recommended.
    pub fn index(&self, mode: Mode) -> SongIndex {
        let vectors = self.table.vectors();
        let mean = EmotionVector::mean(self.positions().map(|at| &vectors[at]));
        SongIndex::around(std::sync::Arc::clone(vectors), mean, mode)
    }

    /// Warns where vectors of two models are compared, however alike they look.
    pub fn tell_mixed_models(&self) {
        let models: Vec<String> = self.table.models().map(Cow::into_owned).collect();
        if models.len() < 2 {
            return;
        }
        let mut used: Vec<&str> = Vec::new();
        for at in self.positions() {
            let model = self.table.model_number(at);
            let name = models[model].as_str();
            if !used.contains(&name) {
                used.push(name);
            }
            if used.len() == models.len() {
                break;
            }
        }
        if used.len() > 1 {
            used.sort_unstable();
            crate::tell!(
                "the library {} mixes the vectors of {} models ({}), which do not compare well; run `vibelux \
                 embed` on all its folders with one of them",
                output::readable(&self.library),
                used.len(),
                used.join(", ")
            );
        }
    }

    /// The best songs for each query, of those that may be recommended and are `playable`.
    pub fn find(
        &self,
        index: &SongIndex,
        asked: Vec<Asked>,
        count: usize,
        playable: impl Fn(usize) -> bool,
    ) -> Vec<Found> {
        asked
            .into_iter()
            .map(|asked| {
                let matches = self.best(index, &asked.query, count, &playable);
                Found { asked, matches }
            })
            .collect()
    }

    /// The best `count` songs that are `playable`. Only as many files are looked for as are needed: a
    /// library may hold a million, on a slow disk.
    fn best(
        &self,
        index: &SongIndex,
        query: &Query,
        count: usize,
        playable: impl Fn(usize) -> bool,
    ) -> Vec<Match> {
        let mut asked_for = count.saturating_add(1);
        let mut looked_at = 0;
        let mut matches = Vec::new();
        loop {
            let ranked = index.top_k_among(query, asked_for, &self.allowed);
            for found in &ranked[looked_at.min(ranked.len())..] {
                if matches.len() < count && playable(found.index) {
                    matches.push(*found);
                }
            }
            if matches.len() >= count || ranked.len() < asked_for {
                return matches;
            }
            looked_at = ranked.len();
            asked_for = asked_for.saturating_mul(4);
        }
    }
}

fn counted(rows: &[bool]) -> usize {
    rows.iter().filter(|&&row| row).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use vibelux::Emotion;
    use vibelux::library::{Outcome, Song};

    #[test]
    fn songs_that_cannot_be_played_are_passed_over_however_many() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = SongStore::open(&dir.path().join("library.db")).unwrap();
        let songs: Vec<Song> = (0..100_u8)
            .map(|i| {
                let weights = [1.0, 0.0, 0.0, f32::from(i), 0.0, 0.0, 0.0];
                let vector = EmotionVector::from_weights(weights).unwrap();
                Song::new(format!("/{i:03}.mp3"), "m", Outcome::Embedded(vector))
            })
            .collect();
        store.upsert_all(&songs).unwrap();
        let all = Chosen::load(&store, false, Inclusion::MUSIC).unwrap();
        let index = all.index(Mode::Plain);
        let query = Query {
            vector: EmotionVector::one_hot(Emotion::Happy),
            reference: EmotionVector::UNIFORM,
        };
        let chosen = |count, playable: &dyn Fn(usize) -> bool| -> Vec<usize> {
            let matches = all.best(&index, &query, count, playable);
            matches.iter().map(|found| found.index).collect()
        };
        assert_eq!(chosen(3, &|_| true), [99, 98, 97]);
        assert_eq!(chosen(3, &|i| i < 10), [9, 8, 7]);
        assert_eq!(chosen(30, &|i| i < 2), [1, 0]);
        assert!(chosen(3, &|_| false).is_empty() && chosen(0, &|_| true).is_empty());
        assert_eq!(chosen(usize::MAX, &|_| true).len(), 100);
    }
}
