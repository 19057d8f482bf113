//! [`Follower`]: keeps the queue of a player filled, and lets what comes next follow the mood. The song that plays is never touched, nor are
//! songs that others put in.

use std::collections::{HashMap, HashSet};

use crate::queue::{PlayState, PlayerQueue, QueueStatus, QueuedSong};
use crate::recent::{BEFORE, NOT_AGAIN, Recent};

/// A song that ends sooner is followed by the next one whatever is said now, in seconds.
const NEARLY_OVER: f64 = 3.0;

/// So many songs in a row that the player does not know are enough to ask what is wrong.
const MOST_UNKNOWN: usize = 40;

/// So many songs that are in the queue already are looked at, so that none comes twice.
const LOOKED_AT: usize = 200;

/// Where songs come from. A song is named by a number of the caller's.
pub trait NextSongs {
    /// The next songs, at most so many: to follow on `before`, the last one last, without those of `without`.
    fn next(&mut self, count: usize, before: &[usize], without: &HashSet<usize>) -> Vec<usize>;

    /// What the player is told of a song; `None` if it can have no name there.
    fn name(&self, song: usize) -> Option<String>;

    /// The song that the player calls so; `None` if it is none of these, or may be several.
    fn find(&mut self, name: &str) -> Option<usize>;
}

/// What came of one look.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tick {
    /// The songs that were put in.
    pub added: Vec<usize>,
    /// How many songs were taken out that nobody had heard.
    pub removed: usize,
    /// The song of ours that began to play since the last look.
    pub began: Option<usize>,
    /// The songs that the player does not know.
    pub unknown: Vec<usize>,
    /// At the first look, how many songs are to come that others put in.
    pub of_others: usize,
    /// Whether the player plays in an order of its own.
    pub is_random: bool,
}

/// Keeps a queue filled.
#[derive(Debug)]
pub struct Follower {
    ahead: usize,
    starts: bool,
    replaces: bool,
    /// The songs of ours that may be in the queue, by the numbers that the player gave them.
    ours: HashMap<u64, usize>,
    /// The latest songs that were put in.
    recent: Recent,
    /// What the player does not know.
    unknown: HashSet<usize>,
    playing: Option<u64>,
    is_stale: bool,
    /// Whether nothing was looked at yet.
    is_first: bool,
    /// Whether the numbers of the songs are to be found out again.
    is_new: bool,
    /// So many songs at the end of the queue were put in since the player had a song: it does not say of those that nobody has heard them.
    put_in_since: usize,
}

impl Follower {
    /// One that keeps so many songs (at least 1) after the one that plays. With `starts` it lets the player play at first, and again when the queue
    /// has run dry; with `replaces`, what nobody has heard makes way at first, whoever put it in.
    #[must_use]
    pub fn new(ahead: usize, starts: bool, replaces: bool) -> Self {
        Self {
            ahead: ahead.max(1),
            starts,
            replaces,
            ours: HashMap::new(),
            recent: Recent::default(),
            unknown: HashSet::new(),
            playing: None,
            is_stale: replaces,
            is_first: true,
            is_new: true,
            put_in_since: 0,
        }
    }

    /// The mood has become another: with the next look, songs of ours that nobody has heard make way for others.
    pub fn change(&mut self) {
        self.is_stale = true;
    }

    /// The connection broke off: the player may be another than before, whose numbers mean other songs.
    pub fn reconnect(&mut self) {
        self.is_new = true;
    }

    /// Looks at the queue and does what is to be done.
    ///
    /// # Errors
    /// What the player says; nothing that plays is lost by it.
    pub fn tick<P: PlayerQueue>(
        &mut self,
        player: &mut P,
        songs: &mut dyn NextSongs,
    ) -> Result<Tick, P::Error> {
        let status = player.status()?;
        if self.is_new {
            self.find_ours(player, songs, &status)?;
            self.is_new = false;
        }
        let mut tick = Tick {
            is_random: status.is_random,
            began: self.began(&status),
            ..Tick::default()
        };
        if status.song.is_some() {
            self.put_in_since = 0;
        }
        let first = self.first_unheard(&status);
        let is_nearly_over = status.state == PlayState::Play
            && status.left_seconds.is_some_and(|left| left < NEARLY_OVER);
        let leaving: HashSet<u64> = if self.is_stale && !is_nearly_over {
            let coming = player.queue(first, usize::MAX)?;
            let ids = coming.iter().map(|song| song.id);
            ids.filter(|id| self.may_leave(*id)).collect()
        } else {
            HashSet::new()
        };
        let staying = status.queue_length.saturating_sub(first + leaving.len());
        let missing = self.ahead.saturating_sub(staying);
        let mut added = Vec::new();
        if missing > 0 {
            let there = player.queue(first.saturating_sub(1), LOOKED_AT)?;
            let there: Vec<QueuedSong> = there
                .into_iter()
                .filter(|song| !leaving.contains(&song.id))
                .collect();
            added = self.fill(player, songs, missing, &there, &mut tick)?;
        }
        if status.song.is_none() {
            self.put_in_since += added.len();
        }
        // Only then, and only if something has come: whatever happens, the queue is not empty.
        if missing == 0 || !added.is_empty() {
            self.take_out(player, &leaving, &mut tick)?;
        }
        self.put_in_since = self.put_in_since.saturating_sub(tick.removed);
        if !is_nearly_over {
            self.is_stale = false;
        }
        let ran_dry = status.song.is_none();
        if self.starts
            && status.state == PlayState::Stop
            && (self.is_first || ran_dry)
            && let Some(&id) = added.first()
        {
            player.play(id)?;
            // They may be over before the next look.
            self.put_in_since = 0;
        }
        tick.of_others = staying;
        self.is_first = false;
        self.tidy(player, first)?;
        Ok(tick)
    }

    /// The place of the first song that nobody has heard.
    fn first_unheard(&self, status: &QueueStatus) -> usize {
        match (status.state, status.song) {
            (PlayState::Play | PlayState::Pause, Some((place, _))) => place + 1,
            // Whoever begins plays songs of his own, after all that was there.
            (PlayState::Stop, _) if self.is_first && self.starts => status.queue_length,
            // It was stopped in the middle, and would go on there.
            (PlayState::Stop, Some((place, _))) => place,
            // All of it has been played, but what came after that.
            (_, None) => status.queue_length.saturating_sub(self.put_in_since),
        }
    }

    /// Whether a song that nobody has heard makes way for others.
    fn may_leave(&self, id: u64) -> bool {
        self.ours.contains_key(&id) || self.is_first && self.replaces
    }

    /// Which songs of the queue are ours, by their names: after the player was started anew, they have other numbers.
    fn find_ours<P: PlayerQueue>(
        &mut self,
        player: &mut P,
        songs: &mut dyn NextSongs,
        status: &QueueStatus,
    ) -> Result<(), P::Error> {
        let known: HashSet<usize> = self.ours.values().copied().collect();
        if known.is_empty() {
            return Ok(());
        }
        let queue = player.queue(0, status.queue_length)?;
        let found = queue.iter().filter_map(|queued| {
            let song = songs.find(&queued.name).filter(|song| known.contains(song));
            Some((queued.id, song?))
        });
        self.ours = found.collect();
        Ok(())
    }

    fn began(&mut self, status: &QueueStatus) -> Option<usize> {
        let playing = status.song.filter(|_| status.state == PlayState::Play);
        let playing = playing.map(|(_, id)| id);
        let before = std::mem::replace(&mut self.playing, playing);
        if before == playing {
            return None;
        }
        self.ours.get(&playing?).copied()
    }

    /// Puts in so many songs that the player knows; their numbers. `there` is what is in the queue around, the song before the first place first.
    fn fill<P: PlayerQueue>(
        &mut self,
        player: &mut P,
        songs: &mut dyn NextSongs,
        missing: usize,
        there: &[QueuedSong],
        tick: &mut Tick,
    ) -> Result<Vec<u64>, P::Error> {
        let mut before: Vec<usize> = there.iter().filter_map(|s| songs.find(&s.name)).collect();
        let mut added = Vec::new();
        let mut example = None;
        let mut begins_again = false;
        while added.len() < missing {
            let mut without: HashSet<usize> = before.iter().copied().collect();
            without.extend(&self.unknown);
            if !begins_again {
                without.extend(self.recent.songs());
            }
            let latest = &before[before.len().saturating_sub(BEFORE)..];
            let next = songs.next(missing - added.len(), latest, &without);
            if next.is_empty() && !begins_again && !self.recent.is_empty() {
                // A small library comes again.
                begins_again = true;
                continue;
            }
            if next.is_empty() {
                break;
            }
            for song in next {
                let name = songs.name(song);
                match name.as_deref().map(|name| player.add(name)) {
                    Some(Ok(id)) => {
                        self.ours.insert(id, song);
                        self.recent.push(song);
                        tick.added.push(song);
                        added.push(id);
                        before.push(song);
                    }
                    Some(Err(error)) if !P::is_absent(&error) => return Err(error),
                    Some(Err(_)) | None => {
                        self.unknown.insert(song);
                        tick.unknown.push(song);
                        example = name.or(example);
                    }
                }
            }
            if added.is_empty() && tick.unknown.len() >= MOST_UNKNOWN {
                break;
            }
        }
        if added.is_empty() && !tick.unknown.is_empty() && self.ours.is_empty() {
            return Err(player.takes_none(tick.unknown.len(), example.unwrap_or_default()));
        }
        Ok(added)
    }

    /// Takes songs out that nobody has heard even now: the player may have gone on meanwhile.
    fn take_out<P: PlayerQueue>(
        &mut self,
        player: &mut P,
        leaving: &HashSet<u64>,
        tick: &mut Tick,
    ) -> Result<(), P::Error> {
        if leaving.is_empty() {
            return Ok(());
        }
        let status = player.status()?;
        let first = self.first_unheard(&status);
        let coming = player.queue(first, usize::MAX)?;
        for song in coming.iter().filter(|song| leaving.contains(&song.id)) {
            if !player.delete(song.id)? {
                continue;
            }
            tick.removed += 1;
            if let Some(song) = self.ours.remove(&song.id) {
                // Nobody has heard it, so it may come again soon.
                self.recent.forget(song);
            }
        }
        Ok(())
    }

    /// Takes songs of ours out that were heard long ago, so that the queue does not grow for ever.
    fn tidy<P: PlayerQueue>(&mut self, player: &mut P, first: usize) -> Result<(), P::Error> {
        if self.ours.len() <= self.ahead + 2 * NOT_AGAIN {
            return Ok(());
        }
        let heard = player.queue(0, first.saturating_sub(1))?;
        let heard: Vec<u64> = heard.into_iter().map(|song| song.id).collect();
        let ours = heard.iter().filter(|id| self.ours.contains_key(id));
        let ours: Vec<u64> = ours.copied().collect();
        for &id in &ours[..ours.len().saturating_sub(NOT_AGAIN)] {
            player.delete(id)?;
            self.ours.remove(&id);
        }
        // Others may have taken some out.
        let queue = player.queue(0, usize::MAX)?;
        let queue: HashSet<u64> = queue.into_iter().map(|song| song.id).collect();
        self.ours.retain(|id, _| queue.contains(id));
        Ok(())
    }
}
