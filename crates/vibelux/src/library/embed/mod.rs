//! From the songs that a scan found to vectors in the store: what to do (`plan.rs`), then doing it on all cores.
//!
//! Workers (`worker.rs`) take songs in order, embed them and send the result through a bounded channel to the one
//! thread that writes. Each song is its own transaction, so the process can be killed at any moment
//! and the next run goes on where this one stopped. Of many songs each is first listened to for one window, so that
//! the library can be used soon, and then in full.

mod embedder;
mod listener;
mod options;
mod pace;
mod plan;
#[cfg(feature = "postgres")]
mod queued;
mod worker;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;

use super::copies::find_copies;
use super::error::LibraryError;
use super::mounts::Presence;
use super::song::{Outcome, Song};
use super::store::{Change, SongStore};

pub use embedder::{Depth, SongEmbedder, embed_guarded, look_guarded};
use listener::Done;
pub use options::{EmbedOptions, FailedSong};
pub use pace::{CpuShare, Pace, UnknownPace};
pub use plan::{EmbedPlan, PlannedSong, Work, mark_missing, plan};
#[cfg(feature = "postgres")]
pub use queued::{Completed, complete_song, finish};
use worker::Worker;

/// Of so many songs that are new each is first listened to for one window.
pub const MANY_SONGS: usize = 200;

/// How far a run has come; told after each song.
#[derive(Debug)]
pub struct EmbedProgress<'a> {
    /// How much is listened to of each song just now.
    pub depth: Depth,
    /// Songs done at this depth, failed ones included.
    pub done: usize,
    /// Songs to do at this depth.
    pub total: usize,
    /// The file that has just been done.
    pub path: &'a Path,
    /// The song, where it was analysed, and not merely found to be the same as before.
    pub song: Option<&'a Song>,
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EmbedSummary {
    /// Songs that were listened to in full and have a vector now.
    pub embedded: usize,
    /// Files with other tags or another date than before and the same sound.
    pub retagged: usize,
    /// Files that were at another place before.
    pub moved: usize,
    /// Files with the sound of another one that is still there.
    pub copied: usize,
    /// Files that were looked into, and not listened to.
    pub looked: usize,
    /// Songs that have no vector.
    pub failed: Vec<FailedSong>,
    /// Songs that were not begun, or only listened to for a window, because the run was told to stop.
    pub remaining: usize,
    /// Songs of which the vectors of a new model wait for those of the others.
    pub waiting: usize,
    /// Songs for which another one with the same recording stands.
    pub copies: usize,
}

/// Embeds the planned songs and stores each as soon as it is done. `progress` is called after each,
/// on the calling thread. When `stop` becomes true, songs that have been begun are finished and
/// stored, and no more are begun. Where a new model takes the place of another, its vectors count when all are there.
///
/// # Errors
/// If the store cannot be written or no thread can be started; what was stored stays. A song that
/// cannot be embedded is stored with its reason and listed in the summary.
pub fn embed_songs(
    store: &mut SongStore,
    plan: &EmbedPlan,
    embedder: &dyn SongEmbedder,
    options: &EmbedOptions,
    stop: &AtomicBool,
    mut progress: impl FnMut(&EmbedProgress<'_>),
) -> Result<EmbedSummary, LibraryError> {
    store.set_missing(&plan.returned, false)?;
    let mut summary = EmbedSummary::default();
    let presence = Presence::of(&store.mounts()?);
    let mut run = Run {
        presence,
        store,
        embedder,
        options,
        stop,
        progress: &mut progress,
        summary: &mut summary,
    };
    let done = run.all(plan);
    embedder.rest();
    done?;
    if stop.load(Ordering::Relaxed) {
        summary.waiting = store.staged(embedder.name())?.len();
    } else {
        store.settle_aside()?;
        summary.waiting = store.adopt_staged(embedder.name())?;
    }
    summary.copies = find_copies(store, stop)?.copies;
    // Workers finish in any order; the report should not depend on it.
    summary.failed.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(summary)
}

/// One run's state, on the thread that writes.
struct Run<'a> {
    presence: Presence,
    store: &'a mut SongStore,
    embedder: &'a dyn SongEmbedder,
    options: &'a EmbedOptions,
    stop: &'a AtomicBool,
    progress: &'a mut dyn FnMut(&EmbedProgress<'_>),
    summary: &'a mut EmbedSummary,
}

impl Run<'_> {
    /// Does all songs of a plan: of many each is listened to for a window first.
    fn all(&mut self, plan: &EmbedPlan) -> Result<(), LibraryError> {
        let new: Vec<&PlannedSong> = plan.songs.iter().filter(|song| song.is_new()).collect();
        let mut settled = Vec::new();
        if new.len() >= MANY_SONGS {
            settled = self.pass(&new, Depth::FirstLook)?;
            settled.sort_unstable();
        }
        let rest = plan.songs.iter();
        let rest: Vec<&PlannedSong> = rest
            .filter(|song| settled.binary_search(&song.found.path).is_err())
            .collect();
        self.pass(&rest, Depth::Full).map(drop)
    }

    /// Does all these songs at one depth; returns the files for which that is enough.
    fn pass(&mut self, songs: &[&PlannedSong], depth: Depth) -> Result<Vec<PathBuf>, LibraryError> {
        let jobs = self.options.pace.jobs.get().min(songs.len());
        let worker = Worker::new(songs, depth, self.embedder, self.options, self.stop);
        let address = self.store.address().clone();
        let mut settled = Vec::new();
        let mut done = 0;
        std::thread::scope(|scope| {
            // The writer is far faster than the workers, so a short channel never holds them up.
            let (sender, receiver) = sync_channel(2 * jobs + 1);
            for number in 0..jobs {
                let (sender, worker, address) = (sender.clone(), &worker, &address);
                let started = std::thread::Builder::new()
                    .name(format!("embed {number}"))
                    .spawn_scoped(scope, move || worker.run(address, &sender));
                match started {
                    Ok(_) => {}
                    // One is enough to go on.
                    Err(_) if number > 0 => break,
                    Err(source) => return Err(LibraryError::Thread { source }),
                }
            }
            // Without this the channel would never close.
            drop(sender);
            // An error drops the receiver, and the workers stop when they find it gone.
            for (song, result) in receiver {
                done += 1;
                let result = result?;
                self.store_one(song, &result, depth)?;
                (self.progress)(&EmbedProgress {
                    depth,
                    done,
                    total: songs.len(),
                    path: &song.found.path,
                    song: result.song(),
                });
                if depth == Depth::FirstLook && !result.is_first_look() {
                    settled.push(song.found.path.clone());
                }
            }
            Ok(())
        })?;
        if depth == Depth::Full {
            self.summary.remaining += songs.len() - done;
        }
        Ok(settled)
    }

    fn store_one(
        &mut self,
        song: &PlannedSong,
        result: &Done,
        depth: Depth,
    ) -> Result<(), LibraryError> {
        let model = self.embedder.name();
        match result {
            Done::Analysed(analysis) => {
                match (&analysis.song.outcome, depth) {
                    (Outcome::Failed(failure), _) => {
                        let failed = FailedSong::new(song.found.path.clone(), &failure.reason);
                        self.summary.failed.push(failed);
                    }
                    (Outcome::Embedded(_), Depth::Full) => self.summary.embedded += 1,
                    (Outcome::Embedded(_), Depth::FirstLook) => {}
                }
                if song.is_served_by_another_model() {
                    self.store.stage(analysis)
                } else {
                    self.store.put(analysis, &self.presence)
                }
            }
            Done::SameSound(facts) => {
                let kept = self
                    .store
                    .keep_analysis(&song.found, facts, model, &self.presence)?;
                match kept {
                    Some(Change::Retagged) => self.summary.retagged += 1,
                    Some(Change::Moved { .. }) => self.summary.moved += 1,
                    Some(Change::Copied { .. }) => self.summary.copied += 1,
                    // The other song has gone meanwhile: the next run listens to this one.
                    None => self.summary.remaining += 1,
                }
                Ok(())
            }
            Done::Looked(facts) => {
                self.summary.looked += 1;
                self.store.note_facts(&song.found, facts)
            }
        }
    }
}

#[cfg(test)]
mod tests;
