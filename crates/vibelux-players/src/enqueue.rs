//! [`enqueue`]: songs into the queue of a player, once.

use std::collections::HashSet;

use crate::queue::{PlayState, PlayerQueue, QueueStatus};

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Enqueued {
    /// How many songs were put in.
    pub added: usize,
    /// What the player does not know.
    pub unknown: Vec<String>,
    /// How many songs were taken out.
    pub removed: usize,
}

/// Puts songs, by the player's names of them, at the end of the queue; with `replaces` those after the one that plays are taken out after that, unless
/// none came. What plays stays, and so does all of the queue of a player that never played. With `starts` the player plays the first of them if it does
/// not play.
///
/// # Errors
/// [`PlayerQueue::takes_none`] if it knows none of them, and then nothing is changed; others if it does not do what it is asked for.
pub fn enqueue<P: PlayerQueue>(
    player: &mut P,
    names: &[String],
    replaces: bool,
    starts: bool,
) -> Result<Enqueued, P::Error> {
    let status = player.status()?;
    let coming = if replaces {
        after_the_song(player, &status)?
    } else {
        Vec::new()
    };
    let mut done = Enqueued::default();
    let mut first_added = None;
    for name in names {
        match player.add(name) {
            Ok(id) => {
                first_added = first_added.or(Some(id));
                done.added += 1;
            }
            Err(error) if P::is_absent(&error) => done.unknown.push(name.clone()),
            Err(error) => return Err(error),
        }
    }
    if done.added == 0 && !names.is_empty() {
        return Err(player.takes_none(names.len(), names[0].clone()));
    }
    if !coming.is_empty() && done.added > 0 {
        // The player may have gone on meanwhile.
        let now = player.status()?;
        let still: HashSet<u64> = after_the_song(player, &now)?.into_iter().collect();
        for &id in coming.iter().filter(|id| still.contains(id)) {
            done.removed += usize::from(player.delete(id)?);
        }
    }
    if let Some(id) = first_added.filter(|_| starts && status.state == PlayState::Stop) {
        player.play(id)?;
    }
    Ok(done)
}

/// The numbers of the songs after the one that plays, or would go on.
fn after_the_song<P: PlayerQueue>(
    player: &mut P,
    status: &QueueStatus,
) -> Result<Vec<u64>, P::Error> {
    let Some((place, _)) = status.song else {
        return Ok(Vec::new());
    };
    let songs = player.queue(place + 1, usize::MAX)?;
    Ok(songs.into_iter().map(|song| song.id).collect())
}
