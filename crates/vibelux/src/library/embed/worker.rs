//! The workers: each takes the next song, looks into it, listens to it if it must (`listener.rs`), rests, and sends what came
//! of it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use super::embedder::{Depth, SongEmbedder};
use super::listener::{Done, Listener};
use super::options::EmbedOptions;
use super::plan::PlannedSong;
use crate::library::address::LibraryAddress;
use crate::library::error::LibraryError;
use crate::library::store::SongStore;

/// A worker that rests looks so often whether it is to stop.
const PATIENCE: Duration = Duration::from_millis(100);

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
        let listener = Listener {
            embedder: self.embedder,
            depth: self.depth,
        };
        // A connection of its own, to ask whether a sound is known.
        let store = SongStore::connect(library);
        while !self.stop.load(Ordering::Relaxed) {
            let Some(&song) = self.songs.get(self.next.fetch_add(1, Ordering::Relaxed)) else {
                return;
            };
            let start = Instant::now();
            let done = match &store {
                Ok(store) => listener.one(song, &song.found.path, store),
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
}
