//! Songs of a queue: each is done by whichever worker holds its job, and written together with the end of the job.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::embedder::{Depth, SongEmbedder};
use super::listener::{Done, Listener};
use super::plan::PlannedSong;
use crate::library::copies::find_copies;
use crate::library::error::LibraryError;
use crate::library::failure::Failure;
use crate::library::mounts::Presence;
use crate::library::store::{QueuedJob, SongStore};

/// What came of a song of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completed {
    /// It was listened to and has a vector.
    Embedded,
    /// It has none, for this reason.
    Failed(Failure),
    /// Its sound was known, or it was only looked into.
    Kept,
    /// Another worker has its job now: what was found out is not written.
    Lost,
}

/// Does one song, whose file is on this machine at `file`, and completes its job in the same transaction.
///
/// # Errors
/// If the library cannot be read or written, or nothing can be embedded any more: the job stays as it is.
pub fn complete_song(
    store: &mut SongStore,
    embedder: &dyn SongEmbedder,
    song: &PlannedSong,
    file: &Path,
    job: &QueuedJob,
) -> Result<Completed, LibraryError> {
    let listener = Listener {
        embedder,
        depth: Depth::Full,
    };
    let presence = Presence::as_noted();
    let mut done = listener.one(song, file, store)?;
    if let Done::SameSound(facts) = &done {
        let kept = store.completing(job, |store| {
            store.keep_analysis(&song.found, facts, embedder.name(), &presence)
        })?;
        match kept {
            None => return Ok(Completed::Lost),
            Some(Some(_)) => return Ok(Completed::Kept),
            // The other song has gone meanwhile.
            Some(None) => done = listener.listen(song, file, facts.clone()),
        }
    }
    if let Some(fault) = embedder.fault() {
        return Err(fault);
    }
    let written = store.completing(job, |store| match &done {
        Done::Analysed(analysis) if song.is_served_by_another_model() => store.stage(analysis),
        Done::Analysed(analysis) => store.put(analysis, &presence),
        Done::SameSound(facts) | Done::Looked(facts) => store.note_facts(&song.found, facts),
    })?;
    Ok(match (written, &done) {
        (None, _) => Completed::Lost,
        (Some(()), Done::Analysed(analysis)) => match analysis.song.failure() {
            Some(failure) => Completed::Failed(failure.clone()),
            None => Completed::Embedded,
        },
        (Some(()), _) => Completed::Kept,
    })
}

/// What is to be done when all songs of a queue are: what was set aside is settled, a new model's vectors take the place of the
/// old ones if they are all there, and copies are looked for. Returns how many of the vectors go on waiting.
///
/// # Errors
/// If the library cannot be read or written.
pub fn finish(
    store: &mut SongStore,
    model: &str,
    stop: &AtomicBool,
) -> Result<usize, LibraryError> {
    store.settle_aside()?;
    let waiting = store.adopt_staged(model)?;
    find_copies(store, stop)?;
    Ok(waiting)
}
