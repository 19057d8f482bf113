//! [`enqueue`]: songs into the queue of an MPD, once.

use std::collections::HashSet;

use super::client::{Mpd, MpdState, MpdStatus};
use super::error::MpdError;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Enqueued {
    /// How many songs were put in.
    pub added: usize,
    /// What MPD does not know.
    pub unknown: Vec<String>,
    /// How many songs were taken out.
    pub removed: usize,
}

/// Puts songs, by MPD's names of them, at the end of the queue; with `replaces` those after the one that plays are taken out after that, unless
/// none came. What plays stays, and so does all of the queue of an MPD that was never played. With `starts` MPD plays the first of them if it does
/// not play.
///
/// # Errors
/// [`MpdError::Unknown`] if it knows none of them, and then nothing is changed; others if it does not do what it is asked for.
pub fn enqueue(
    mpd: &mut Mpd,
    names: &[String],
    replaces: bool,
    starts: bool,
) -> Result<Enqueued, MpdError> {
    let status = mpd.status()?;
    let coming = if replaces {
        after_the_song(mpd, &status)?
    } else {
        Vec::new()
    };
    let mut done = Enqueued::default();
    let mut first_added = None;
    for name in names {
        match mpd.add(name) {
            Ok(id) => {
                first_added = first_added.or(Some(id));
                done.added += 1;
            }
            Err(error) if error.is_absent() => done.unknown.push(name.clone()),
            Err(error) => return Err(error),
        }
    }
    if done.added == 0 && !names.is_empty() {
        return Err(MpdError::Unknown {
            address: mpd.address().clone(),
            tried: names.len(),
            example: names[0].clone(),
        });
    }
    if !coming.is_empty() && done.added > 0 {
        // MPD may have gone on meanwhile.
        let now = mpd.status()?;
        let still: HashSet<u64> = after_the_song(mpd, &now)?.into_iter().collect();
        for &id in coming.iter().filter(|id| still.contains(id)) {
            mpd.delete(id)?;
            done.removed += 1;
        }
    }
    if let Some(id) = first_added.filter(|_| starts && status.state == MpdState::Stop) {
        mpd.play(id)?;
    }
    Ok(done)
}

/// The numbers of the songs after the one that plays, or would go on.
fn after_the_song(mpd: &mut Mpd, status: &MpdStatus) -> Result<Vec<u64>, MpdError> {
    let Some((place, _)) = status.song else {
        return Ok(Vec::new());
    };
    let songs = mpd.queue(place + 1, usize::MAX)?;
    Ok(songs.into_iter().map(|song| song.id).collect())
}
