//! From the songs that a scan found to vectors in the store: what to do (`plan.rs`), then doing it on all cores.
//!
//! Workers (`worker.rs`) take songs in order, embed them and send the result through a bounded channel to the one
//! thread that writes. Each song is its own transaction, so the process can be killed at any moment
//! and the next run goes on where this one stopped. Of many songs each is first listened to for one window, so that
//! the library can be used soon, and then in full.

mod pace;
mod plan;
mod worker;

use std::fmt;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::copies::find_copies;
use super::error::LibraryError;
use super::facts::FileFacts;
use super::failure::Failure;
use super::song::{Outcome, Song};
use super::store::{Change, SongStore};
use crate::error_text::without_path;
use crate::model::{MusicModel, SongEmbedding};

pub use pace::{CpuShare, Pace, UnknownPace};
pub use plan::{EmbedPlan, PlannedSong, Work, mark_missing, plan};
use worker::{Done, Worker};
pub(super) use worker::{embed_guarded, look_guarded};

/// Of so many songs that are new each is first listened to for one window.
pub const MANY_SONGS: usize = 200;

/// How much of a song is listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    /// One window from the middle.
    FirstLook,
    /// All that the model asks for.
    Full,
}

/// Whatever turns a song file into a vector: the music model, or a test's substitute.
pub trait SongEmbedder: fmt::Debug + Send + Sync {
    /// Names the model. Stored with each vector: when it changes, songs are embedded again.
    fn name(&self) -> &str;

    /// Looks into one file without listening to it. A panic costs what would have been learnt.
    fn look(&self, path: &Path) -> FileFacts {
        FileFacts::read(path)
    }

    /// There is nothing more to do for now: what is kept ready for the next song can go.
    fn rest(&self) {}

    /// Embeds one file.
    ///
    /// # Errors
    /// Says why the file has no vector. A panic counts as an error too.
    fn embed(&self, path: &Path, depth: Depth) -> Result<SongEmbedding, Failure>;
}

impl SongEmbedder for MusicModel {
    fn name(&self) -> &str {
        Self::name(self)
    }

    fn embed(&self, path: &Path, depth: Depth) -> Result<SongEmbedding, Failure> {
        match depth {
            Depth::FirstLook => Ok(self.embed_song_soon(path)?),
            Depth::Full => Ok(self.embed_song(path)?),
        }
    }
}

/// How to embed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EmbedOptions {
    /// How many songs to work on at once, and how much to rest.
    pub pace: Pace,
    /// Embed all songs, also those that have not changed.
    pub force: bool,
    /// Try the songs again that failed and have not changed since.
    pub retry_failed: bool,
}

impl EmbedOptions {
    /// On so many threads without rest, and only what is new.
    #[must_use]
    pub const fn with_jobs(jobs: NonZeroUsize) -> Self {
        Self {
            pace: Pace::jobs(jobs),
            force: false,
            retry_failed: false,
        }
    }
}

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

/// A song without a vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedSong {
    /// Which.
    pub path: PathBuf,
    /// Why, without the path.
    pub reason: String,
}

impl FailedSong {
    /// A song and what was said of it, which mostly begins with the path.
    #[must_use]
    pub fn new(path: PathBuf, message: &str) -> Self {
        let reason = without_path(&path, message).to_owned();
        Self { path, reason }
    }
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
    let mut run = Run {
        store,
        embedder,
        options,
        stop,
        progress: &mut progress,
        summary: &mut summary,
    };
    let new: Vec<&PlannedSong> = plan.songs.iter().filter(|song| song.is_new()).collect();
    let mut settled = Vec::new();
    if new.len() >= MANY_SONGS {
        settled = run.pass(&new, Depth::FirstLook)?;
        settled.sort_unstable();
    }
    let rest = plan.songs.iter();
    let rest: Vec<&PlannedSong> = rest
        .filter(|song| settled.binary_search(&song.found.path).is_err())
        .collect();
    let passed = run.pass(&rest, Depth::Full);
    embedder.rest();
    passed?;
    if !stop.load(Ordering::Relaxed) {
        store.adopt_staged(embedder.name())?;
    } else {
        summary.waiting = store.staged(embedder.name())?.len();
    }
    summary.copies = find_copies(store, stop)?.copies;
    // Workers finish in any order; the report should not depend on it.
    summary.failed.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(summary)
}

/// One run's state, on the thread that writes.
struct Run<'a> {
    store: &'a mut SongStore,
    embedder: &'a dyn SongEmbedder,
    options: &'a EmbedOptions,
    stop: &'a AtomicBool,
    progress: &'a mut dyn FnMut(&EmbedProgress<'_>),
    summary: &'a mut EmbedSummary,
}

impl Run<'_> {
    /// Does all these songs at one depth; returns the files for which that is enough.
    fn pass(&mut self, songs: &[&PlannedSong], depth: Depth) -> Result<Vec<PathBuf>, LibraryError> {
        let jobs = self.options.pace.jobs.get().min(songs.len());
        let worker = Worker::new(songs, depth, self.embedder, self.options, self.stop);
        let path = self.store.path().to_owned();
        let mut settled = Vec::new();
        let mut done = 0;
        std::thread::scope(|scope| {
            // The writer is far faster than the workers, so a short channel never holds them up.
            let (sender, receiver) = sync_channel(2 * jobs + 1);
            for number in 0..jobs {
                let (sender, worker, path) = (sender.clone(), &worker, &path);
                let started = std::thread::Builder::new()
                    .name(format!("embed {number}"))
                    .spawn_scoped(scope, move || worker.run(path, &sender));
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
            self.summary.remaining = songs.len() - done;
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
                        if song.is_served_by_another_model() {
                            // What the old model said is better than nothing.
                            return Ok(());
                        }
                    }
                    (Outcome::Embedded(_), Depth::Full) => self.summary.embedded += 1,
                    (Outcome::Embedded(_), Depth::FirstLook) => {}
                }
                if song.is_served_by_another_model() {
                    self.store.stage(analysis)
                } else {
                    self.store.put(analysis)
                }
            }
            Done::SameSound(facts) => {
                let now = unix_seconds();
                match self.store.keep_analysis(&song.found, facts, model, now)? {
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

/// Seconds since 1970.
pub(super) fn unix_seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests;
