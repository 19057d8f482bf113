//! What has to be done for the songs of a scan: compared with what the store knows of them.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::options::{EmbedOptions, FailedSong};
use crate::library::clock::unix_seconds;
use crate::library::error::LibraryError;
use crate::library::mounts::Presence;
use crate::library::scan::{FoundSong, Scan};
use crate::library::store::{KnownSong, SongStore};

/// What a song needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// To be listened to, unless its sound is known.
    Embed,
    /// To be listened to, whatever is known.
    EmbedAnyway,
    /// To be looked into: its sound was analysed before anybody looked which it is.
    Look,
}

/// A song with something to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedSong {
    /// The file.
    pub found: FoundSong,
    /// What it needs.
    pub work: Work,
    /// What is known of the song.
    pub known: Option<KnownSong>,
    /// Whether it has a vector of another model of the file as it is, which is used meanwhile.
    other_model: bool,
}

impl PlannedSong {
    /// Whether it has no vector.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.work != Work::Look
            && self
                .known
                .as_ref()
                .is_none_or(|known| known.failure.is_some())
    }

    /// A song that was planned before, by what is known of it now; `model` is the one that it is to be embedded with.
    #[must_use]
    pub fn again(found: FoundSong, work: Work, known: Option<KnownSong>, model: &str) -> Self {
        let other_model = known.as_ref().is_some_and(|known| {
            known.model != model && known.failure.is_none() && known.stamp == Some(found.stamp)
        });
        Self {
            found,
            work,
            known,
            other_model,
        }
    }

    pub(super) fn is_served_by_another_model(&self) -> bool {
        self.other_model
    }
}

/// What has to be done for the songs of a scan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EmbedPlan {
    /// With these something must be done: they are new, changed, embedded by another model, or asked for.
    pub songs: Vec<PlannedSong>,
    /// So many are up to date.
    pub unchanged: usize,
    /// These failed before, have not changed, and are not tried again yet.
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
            song.found.path.hash(&mut hasher);
            hasher.finish()
        });
    }
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
    let mut known = store.known()?;
    let staged = store.staged(model)?;
    let now = unix_seconds();
    let mut plan = EmbedPlan::default();
    for found in &scan.songs {
        let known = known.remove(&found.path);
        let is_same = |known: &&KnownSong| known.stamp == Some(found.stamp);
        let mut work = if options.force {
            Work::EmbedAnyway
        } else {
            Work::Embed
        };
        if let Some(known) = known.as_ref().filter(is_same).filter(|_| !options.force) {
            let waiting = staged
                .get(&found.path)
                .filter(|waiting| waiting.stamp == found.stamp);
            let failure = match waiting {
                Some(waiting) => waiting.failure.as_ref(),
                None => known.failure.as_ref(),
            };
            let due = failure.is_some_and(|failure| {
                options.retry_failed || failure.is_due(now, options.patient)
            });
            if (known.model == model || waiting.is_some()) && !due {
                if known.missing {
                    plan.returned.push(found.path.clone());
                }
                if let Some(failure) = failure {
                    let failed = FailedSong::new(found.path.clone(), &failure.reason);
                    plan.known_failures.push(failed);
                    continue;
                }
                if !known.is_first_look && known.content.is_some() {
                    plan.unchanged += 1;
                    continue;
                }
                work = if known.is_first_look {
                    Work::EmbedAnyway
                } else {
                    plan.unchanged += 1;
                    Work::Look
                };
            }
        }
        let song = PlannedSong::again(found.clone(), work, known, model);
        plan.songs.push(song);
    }
    Ok(plan)
}

/// Marks the songs as missing that lie below a folder which the scan could list and whose files are
/// gone; returns how many are newly so. Unreachable folders, and drives that are not plugged in, change nothing.
///
/// # Errors
/// If the store cannot be read or written.
pub fn mark_missing(store: &mut SongStore, scan: &Scan) -> Result<usize, LibraryError> {
    let mounts = store.mounts()?;
    let presence = Presence::of(&mounts);
    let mut gone: Vec<PathBuf> = Vec::new();
    let seen: std::collections::HashSet<&PathBuf> =
        scan.songs.iter().map(|song| &song.path).collect();
    let known = store.known()?;
    for folder in &scan.reachable {
        let below = |path: &&PathBuf| path.starts_with(folder);
        let present = known
            .iter()
            .filter(|(path, known)| !known.missing && path.starts_with(folder));
        let mut lost: Vec<PathBuf> = present
            .map(|(path, _)| path)
            .filter(|path| !seen.contains(path) && presence.is_gone(path))
            .cloned()
            .collect();
        // A folder in which nothing at all is left is a drive's place rather than a library that somebody has emptied.
        let is_empty = !scan.songs.iter().any(|song| below(&&song.path));
        if !(is_empty && scan.is_bare(folder)) {
            gone.append(&mut lost);
        }
    }
    gone.sort_unstable();
    gone.dedup();
    store.set_missing(&gone, true)?;
    let new: Vec<PathBuf> = scan
        .mounts
        .iter()
        .filter(|mount| !mounts.contains(*mount))
        .cloned()
        .collect();
    store.note_mounts(&new)?;
    Ok(gone.len())
}
