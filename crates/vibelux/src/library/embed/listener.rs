//! [`Listener`]: looks into one song's file and listens to it if it must. What the workers of a run and of a queue do.

use std::path::Path;

use super::embedder::{Depth, SongEmbedder, embed_guarded, look_guarded};
use super::plan::{PlannedSong, Work};
use crate::audio::SoundShares;
use crate::library::clock::unix_seconds;
use crate::library::error::LibraryError;
use crate::library::facts::FileFacts;
use crate::library::failure::Failure;
use crate::library::song::{Outcome, Song};
use crate::library::store::{Analysis, SongStore};
use crate::model::SongEmbedding;

/// What came of a song.
pub(super) enum Done {
    /// It was listened to, with or without success.
    Analysed(Box<Analysis>),
    /// Its sound is that of a song that was analysed.
    SameSound(FileFacts),
    /// It was looked into, as was asked for.
    Looked(FileFacts),
}

impl Done {
    pub(super) fn song(&self) -> Option<&Song> {
        match self {
            Self::Analysed(analysis) => Some(&analysis.song),
            Self::SameSound(_) | Self::Looked(_) => None,
        }
    }

    pub(super) fn is_first_look(&self) -> bool {
        self.song().is_some_and(|song| song.is_first_look)
    }
}

/// Who listens, and how closely.
pub(super) struct Listener<'a> {
    pub embedder: &'a dyn SongEmbedder,
    pub depth: Depth,
}

impl Listener<'_> {
    /// Does one song, whose file is here at `path`. Nothing that is wrong with the file gets past this.
    pub fn one(
        &self,
        song: &PlannedSong,
        path: &Path,
        store: &SongStore,
    ) -> Result<Done, LibraryError> {
        let model = self.embedder.name();
        let facts = look_guarded(self.embedder, path);
        match (song.work, facts.content) {
            (Work::Look, _) => return Ok(Done::Looked(facts)),
            (Work::Embed, Some(content)) if store.has_content(content, model)? => {
                return Ok(Done::SameSound(facts));
            }
            _ => {}
        }
        Ok(self.listen(song, path, facts))
    }

    /// Listens to a song, whatever is known.
    pub fn listen(&self, song: &PlannedSong, path: &Path, facts: FileFacts) -> Done {
        let result = embed_guarded(self.embedder, path, self.depth);
        Done::Analysed(Box::new(self.analysis(song, facts, result)))
    }

    fn analysis(
        &self,
        song: &PlannedSong,
        facts: FileFacts,
        result: Result<SongEmbedding, Failure>,
    ) -> Analysis {
        let now = unix_seconds();
        // Of another file the failures do not count.
        let known = song.known.as_ref();
        let same = known.filter(|known| known.stamp == Some(song.found.stamp));
        let before = same.and_then(|known| known.failure.as_ref());
        let (outcome, embedding) = match result {
            Ok(embedding) => (Outcome::Embedded(embedding.vector), Some(embedding)),
            Err(failure) => (Outcome::Failed(failure.at(now, before)), None),
        };
        let song = Song {
            // The stamp from before the embedding: a change meanwhile is seen by the next scan.
            stamp: Some(song.found.stamp),
            content: facts.content,
            tags: facts.told.tags,
            encoding: facts.told.encoding,
            added_seconds: now,
            is_first_look: embedding.is_some() && self.depth == Depth::FirstLook,
            duration_seconds: embedding
                .as_ref()
                .map(|embedding| embedding.duration_seconds)
                .or(facts.told.stated_seconds),
            loudness_lufs: embedding.as_ref().and_then(|e| e.loudness_lufs),
            sound: embedding
                .as_ref()
                .and_then(|e| e.sound)
                .map(SoundShares::kind),
            ..Song::new(&song.found.path, self.embedder.name(), outcome)
        };
        let (windows, fingerprint) =
            embedding.map_or_else(Default::default, |e| (e.windows, e.fingerprint));
        Analysis {
            song,
            windows,
            // One of a single window cannot be compared with others.
            fingerprint: fingerprint.filter(|_| self.depth == Depth::Full),
        }
    }
}
