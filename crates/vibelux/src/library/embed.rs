//! From the songs that a scan found to vectors in the store: what to do, then doing it on all cores.
//!
//! Workers take songs in order, embed them and send the result through a bounded channel to the one
//! thread that writes. Each song is its own transaction, so the process can be killed at any moment
//! and the next run goes on where this one stopped.

use std::any::Any;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::error::LibraryError;
use super::scan::{FoundSong, Scan};
use super::song::{Outcome, Song};
use super::store::SongStore;
use super::tags::read_tags;
use crate::audio::SoundShares;
use crate::emotion::EmotionVector;
use crate::error_text::{with_causes, without_path};
use crate::model::{MusicModel, SongEmbedding};

/// Whatever turns a song file into a vector: the music model, or a test's substitute.
pub trait SongEmbedder: Sync {
    /// Names the model. Stored with each vector: when it changes, songs are embedded again.
    fn name(&self) -> &str;

    /// Embeds one file.
    ///
    /// # Errors
    /// Says why the file has no vector. A panic counts as an error too.
    fn embed(&self, path: &Path)
    -> Result<SongEmbedding, Box<dyn std::error::Error + Send + Sync>>;
}

impl SongEmbedder for MusicModel {
    fn name(&self) -> &str {
        Self::name(self)
    }

    fn embed(
        &self,
        path: &Path,
    ) -> Result<SongEmbedding, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.embed_song(path)?)
    }
}

/// How to embed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmbedOptions {
    /// How many songs to work on at once.
    pub jobs: NonZeroUsize,
    /// Embed all songs, also those that have not changed.
    pub force: bool,
    /// Try the songs again that failed and have not changed since.
    pub retry_failed: bool,
}

/// What has to be done for the songs of a scan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EmbedPlan {
    /// These must be embedded: new, changed, embedded by another model, or asked for.
    pub songs: Vec<FoundSong>,
    /// So many are up to date.
    pub unchanged: usize,
    /// These failed before and have not changed.
    pub known_failures: Vec<FailedSong>,
    /// These were missing and are back unchanged.
    pub returned: Vec<PathBuf>,
}

impl EmbedPlan {
    /// Puts the songs into an order in which the first ones are of all folders and not of one album; the same
    /// for the same songs.
    pub fn spread(&mut self) {
        self.songs.sort_by_cached_key(|song| {
            let mut hasher = DefaultHasher::new();
            song.path.hash(&mut hasher);
            hasher.finish()
        });
    }
}

/// How far a run has come; told after each song.
#[derive(Debug)]
pub struct EmbedProgress<'a> {
    /// Songs done in this run, failed ones included.
    pub done: usize,
    /// Songs to do in this run.
    pub total: usize,
    /// The song that has just been stored.
    pub song: &'a Song,
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
    /// Songs that have a vector now.
    pub embedded: usize,
    /// Songs that have none.
    pub failed: Vec<FailedSong>,
    /// Songs that were not begun because the run was told to stop.
    pub remaining: usize,
}

/// Compares a scan with the store.
///
/// # Errors
/// If the store cannot be read.
pub fn plan(
    store: &SongStore,
    scan: &Scan,
    model: &str,
    options: &EmbedOptions,
) -> Result<EmbedPlan, LibraryError> {
    let known = store.known()?;
    let mut plan = EmbedPlan::default();
    for song in &scan.songs {
        let current = known
            .get(&song.path)
            .filter(|known| known.stamp == Some(song.stamp) && known.model == model)
            .filter(|known| !(options.force || known.failure.is_some() && options.retry_failed));
        match current {
            Some(known) => {
                if known.missing {
                    plan.returned.push(song.path.clone());
                }
                match &known.failure {
                    Some(reason) => {
                        let failed = FailedSong::new(song.path.clone(), reason);
                        plan.known_failures.push(failed);
                    }
                    None => plan.unchanged += 1,
                }
            }
            None => plan.songs.push(song.clone()),
        }
    }
    Ok(plan)
}

/// Marks the songs as missing that lie below a folder which the scan could list and whose files are
/// gone; returns how many are newly so. Unreachable folders, such as a drive that is not plugged in,
/// change nothing.
///
/// # Errors
/// If the store cannot be read or written.
pub fn mark_missing(store: &mut SongStore, scan: &Scan) -> Result<usize, LibraryError> {
    let gone: Vec<PathBuf> = store
        .known()?
        .into_iter()
        .filter(|(path, known)| {
            !known.missing
                && scan.reachable.iter().any(|folder| path.starts_with(folder))
                // "Not allowed" and "does not answer" are not "not there".
                && matches!(path.try_exists(), Ok(false))
        })
        .map(|(path, _)| path)
        .collect();
    store.set_missing(&gone, true)?;
    Ok(gone.len())
}

/// Embeds the planned songs and stores each as soon as it is done. `progress` is called after each,
/// on the calling thread. When `stop` becomes true, songs that have been begun are finished and
/// stored, and no more are begun.
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
    let songs = plan.songs.as_slice();
    let jobs = options.jobs.get().min(songs.len());
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        // The writer is far faster than the workers, so a short channel never holds them up.
        let (sender, receiver) = sync_channel(2 * jobs + 1);
        for worker in 0..jobs {
            let (sender, next) = (sender.clone(), &next);
            let work = move || embed_until_done(songs, next, embedder, stop, &sender);
            let started = std::thread::Builder::new()
                .name(format!("embed {worker}"))
                .spawn_scoped(scope, work);
            match started {
                Ok(_) => {}
                // One is enough to go on.
                Err(_) if worker > 0 => break,
                Err(source) => return Err(LibraryError::Thread { source }),
            }
        }
        // Without this the channel would never close.
        drop(sender);
        // An error drops the receiver, and the workers stop when they find it gone.
        store_all(store, receiver, songs.len(), &mut progress)
    })
}

/// One worker: takes the next song until there is none, it is told to stop, or nobody listens.
fn embed_until_done(
    songs: &[FoundSong],
    next: &AtomicUsize,
    embedder: &dyn SongEmbedder,
    stop: &AtomicBool,
    sender: &SyncSender<(Song, Vec<(f64, EmotionVector)>)>,
) {
    while !stop.load(Ordering::Relaxed) {
        let Some(found) = songs.get(next.fetch_add(1, Ordering::Relaxed)) else {
            return;
        };
        if sender.send(embed_one(found, embedder)).is_err() {
            return;
        }
    }
}

/// The writer: stores what the workers send until the last of them is done.
fn store_all(
    store: &mut SongStore,
    results: Receiver<(Song, Vec<(f64, EmotionVector)>)>,
    total: usize,
    progress: &mut dyn FnMut(&EmbedProgress<'_>),
) -> Result<EmbedSummary, LibraryError> {
    let mut summary = EmbedSummary::default();
    let mut done = 0;
    for (song, windows) in results {
        store.upsert(&song, &windows)?;
        done += 1;
        let total = total.max(done);
        progress(&EmbedProgress {
            done,
            total,
            song: &song,
        });
        match song.outcome {
            Outcome::Embedded(_) => summary.embedded += 1,
            Outcome::Failed(reason) => summary.failed.push(FailedSong::new(song.path, &reason)),
        }
    }
    summary.remaining = total.saturating_sub(done);
    // Workers finish in any order; the report should not depend on it.
    summary.failed.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(summary)
}

/// Embeds one song. Nothing that is wrong with the file gets past this.
fn embed_one(found: &FoundSong, embedder: &dyn SongEmbedder) -> (Song, Vec<(f64, EmotionVector)>) {
    // Decoders have met files that nobody tested them with; a panic costs that one song.
    let result = catch_unwind(AssertUnwindSafe(|| embedder.embed(&found.path)));
    let result = match result {
        Ok(Ok(embedding)) => Ok(embedding),
        Ok(Err(error)) => Err(with_causes(error.as_ref())),
        Err(panic) => Err(panic_reason(panic.as_ref())),
    };
    let (outcome, windows, sound, duration_seconds, loudness_lufs) = match result {
        Ok(embedding) => (
            Outcome::Embedded(embedding.vector),
            embedding.windows,
            embedding.sound.map(SoundShares::kind),
            Some(embedding.duration_seconds),
            embedding.loudness_lufs,
        ),
        Err(reason) => (Outcome::Failed(reason), Vec::new(), None, None, None),
    };
    let (tags, stated_seconds) = read_tags(&found.path);
    let song = Song {
        path: found.path.clone(),
        // The stamp from before the embedding: a change meanwhile is seen by the next scan.
        stamp: Some(found.stamp),
        model: embedder.name().to_owned(),
        tags,
        duration_seconds: duration_seconds.or(stated_seconds),
        loudness_lufs,
        outcome,
        sound,
        declared_music: false,
        missing: false,
    };
    (song, windows)
}

fn panic_reason(panic: &(dyn Any + Send)) -> String {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    format!("the analysis broke off ({message}); the file is probably damaged")
}

#[cfg(test)]
#[path = "embed_tests.rs"]
mod tests;
