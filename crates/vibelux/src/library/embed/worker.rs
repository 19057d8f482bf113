//! The workers: each takes the next song, looks into it, listens to it if it must, rests, and sends what came of it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use super::embedder::{Depth, SongEmbedder, embed_guarded, look_guarded};
use super::options::EmbedOptions;
use super::plan::{PlannedSong, Work};
use crate::audio::SoundShares;
use crate::library::address::LibraryAddress;
use crate::library::clock::unix_seconds;
use crate::library::error::LibraryError;
use crate::library::facts::FileFacts;
use crate::library::failure::Failure;
use crate::library::song::{Outcome, Song};
use crate::library::store::{Analysis, SongStore};
use crate::model::SongEmbedding;

/// A worker that rests looks so often whether it is to stop.
const PATIENCE: Duration = Duration::from_millis(100);

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

/// What all workers of a pass share.
pub(super) struct Worker<'a> {
    songs: &'a [&'a PlannedSong],
    depth: Depth,
    embedder: &'a dyn SongEmbedder,
    options: &'a EmbedOptions,
    stop: &'a AtomicBool,
    next: AtomicUsize,
}

impl<'a> Worker<'a> {
    pub(super) fn new(
        songs: &'a [&'a PlannedSong],
        depth: Depth,
        embedder: &'a dyn SongEmbedder,
        options: &'a EmbedOptions,
        stop: &'a AtomicBool,
    ) -> Self {
        Self {
            songs,
            depth,
            embedder,
            options,
            stop,
            next: AtomicUsize::new(0),
        }
    }

    /// Takes the next song until there is none, it is told to stop, or nobody listens.
    pub(super) fn run(
        &self,
        library: &LibraryAddress,
        sender: &SyncSender<(&'a PlannedSong, Result<Done, LibraryError>)>,
    ) {
        // A connection of its own, to ask whether a sound is known.
        let store = SongStore::connect(library);
        while !self.stop.load(Ordering::Relaxed) {
            let Some(&song) = self.songs.get(self.next.fetch_add(1, Ordering::Relaxed)) else {
                return;
            };
            let start = Instant::now();
            let done = match &store {
                Ok(store) => self.one(song, store),
                Err(error) => Err(LibraryError::Reader {
                    path: library.shown(),
                    reason: error.to_string(),
                }),
            };
            let done = self.embedder.fault().map_or(done, Err);
            if sender.send((song, done)).is_err() {
                return;
            }
            self.rest(self.options.pace.rest_after(start.elapsed()));
        }
    }

    fn rest(&self, mut rest: Duration) {
        while !rest.is_zero() && !self.stop.load(Ordering::Relaxed) {
            let nap = rest.min(PATIENCE);
            std::thread::sleep(nap);
            rest -= nap;
        }
    }

    /// Does one song. Nothing that is wrong with the file gets past this.
    fn one(&self, song: &PlannedSong, store: &SongStore) -> Result<Done, LibraryError> {
        let (path, model) = (&song.found.path, self.embedder.name());
        let facts = look_guarded(self.embedder, path);
        match (song.work, facts.content) {
            (Work::Look, _) => return Ok(Done::Looked(facts)),
            (Work::Embed, Some(content)) if store.has_content(content, model)? => {
                return Ok(Done::SameSound(facts));
            }
            _ => {}
        }
        let result = embed_guarded(self.embedder, path, self.depth);
        Ok(Done::Analysed(Box::new(self.analysis(song, facts, result))))
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
