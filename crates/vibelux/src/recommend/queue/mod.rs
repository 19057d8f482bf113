//! [`queue`]: from what is sought to an order of songs. Where the ways, the mood shuffle, likes and spacing meet; what the page, the
//! program, players and playlists get their songs from.
//!
//! The songs are put in one place after the other: `order.rs` says in which order they are considered for a place, `slots.rs` how far they
//! would stand from others of their artist and album, `progress.rs` how far along a journey each is. The first song that meets every rule
//! takes the place. Where none does, the rules give way in this order: a journey takes a longer step, artists and albums come closer
//! together, a journey goes on so far that it has to go back later, it goes back.

mod order;
mod progress;
mod slots;

use std::collections::HashSet;
use std::rc::Rc;

use super::index::{Query, SongIndex};
use super::way::Way;
use crate::emotion::{EMOTION_COUNT, EmotionVector};
use order::Order;
use progress::{Furthest, Progress};
pub use slots::Apart;
use slots::Slots;

/// So many songs that fit the mood are looked at for a place before one is taken that breaks a rule.
pub const LOOK_AHEAD: usize = 20_000;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct QueueRequest {
    /// The mood, and what [`crate::recommend::Mode::Centred`] subtracts from it.
    pub query: Query,
    /// Where it should lead.
    pub way: Way,
    /// 0 for a plain shuffle to 1 for the best first.
    pub strength: f64,
    /// The same seed gives the same order.
    pub seed: u64,
    /// How many songs.
    pub count: usize,
    /// The first song is to be one whose strongest emotion is the one that is sought, if there is one.
    pub opening: bool,
    /// How far songs of an artist or an album stand from each other.
    pub apart: Apart,
    /// The songs that come right before, the last one last: they count for that, and do not come again.
    pub before: Vec<usize>,
    /// The song that comes first, whatever it sounds like and whether or not it is allowed and present.
    pub first: Option<usize>,
    /// The song that comes last, likewise, where there are so many songs that it has a place of its own.
    pub last: Option<usize>,
}

impl QueueRequest {
    /// The best songs for a query, best first.
    #[must_use]
    pub fn best(query: Query, count: usize) -> Self {
        Self {
            query,
            way: Way::Match,
            strength: 1.0,
            seed: 0,
            count,
            opening: false,
            apart: Apart::default(),
            before: Vec::new(),
            first: None,
            last: None,
        }
    }
}

/// The songs, and what is known of them besides their vectors, by their position in the index.
#[derive(Clone, Copy)]
pub struct Pool<'a> {
    /// Their vectors.
    pub index: &'a SongIndex,
    /// May be chosen at all; a row that is missing is false.
    pub allowed: &'a [bool],
    /// How much it is to the listener's liking, -1 to 1: comes a little sooner, or later. `None` where nothing is known of that, which makes a
    /// queue of the best of a million songs a matter of milliseconds.
    pub liking: Option<&'a dyn Fn(usize) -> f32>,
    /// Is there to be played. Asked last and only of songs that would be chosen, as it may wait for a disk.
    pub present: &'a dyn Fn(usize) -> bool,
    /// Who made it: any number that stands for them.
    pub artist: &'a dyn Fn(usize) -> Option<u64>,
    /// What it is from: any number that stands for that.
    pub album: &'a dyn Fn(usize) -> Option<u64>,
    /// Which piece it is, of which a queue has one version: any number that stands for it.
    pub piece: &'a dyn Fn(usize) -> Option<u64>,
}

/// One song of the queue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pick {
    /// Its position in the index.
    pub position: usize,
    /// How well it fits its target.
    pub cosine: f32,
    /// What each emotion contributes to the cosine.
    pub contributions: [f32; EMOTION_COUNT],
    /// What was sought at this place of the queue.
    pub target: EmotionVector,
}

/// The songs for a request: each once, no piece twice, as many as there are up to the count. The same request with the same pool gives the
/// same songs in the same order.
///
/// - Artists and albums are as far apart as asked wherever one of the [`LOOK_AHEAD`] songs that come first for a place would keep them so.
/// - On a journey, no song is less far along than the one before it, if as many songs can be had as it has places; artists and albums may come
///   closer together for that.
#[must_use]
pub fn queue(pool: &Pool<'_>, request: &QueueRequest) -> Vec<Pick> {
    let songs = pool.index.len();
    let is_there = |at: &usize| *at < songs;
    let fixed = [
        request.first.filter(is_there),
        request.last.filter(is_there),
    ];
    let fixed_count = fixed.iter().flatten().collect::<HashSet<_>>().len();
    let before: Vec<usize> = request.before.iter().copied().filter(is_there).collect();
    let is_fixed = |at: usize| fixed.contains(&Some(at)) || before.contains(&at);
    let rows = pool.allowed.iter().take(songs).enumerate();
    let allowed = rows.filter(|&(at, &allowed)| allowed && !is_fixed(at));
    let allowed_count = allowed.clone().count();
    let all_come = allowed_count + fixed_count <= request.count;
    // The best alone are found without a list of all that are allowed.
    let is_ranked = request.strength >= 1.0 && pool.liking.is_none();
    let positions = allowed.map(|(at, _)| at);
    let positions: Vec<usize> = if all_come {
        // How many songs each artist has decides who comes when.
        positions.filter(|&at| (pool.present)(at)).collect()
    } else if is_ranked {
        Vec::new()
    } else {
        positions.collect()
    };
    let available = if all_come {
        positions.len()
    } else {
        allowed_count
    };
    let places = request.count.min(fixed_count + available);
    let mut arrangement = Arrangement {
        pool,
        request,
        slots: Slots::new(before.len(), places, request.apart),
        pieces: HashSet::new(),
        absent: HashSet::new(),
        all_come,
        is_ranked,
        allowed: positions.into(),
    };
    arrangement.fix(&before, fixed);
    match request.way {
        Way::Journey { songs, .. } => arrangement.journey(songs),
        _ => arrangement.toward_one(),
    }
    arrangement.into_picks()
}

/// A queue in the making.
struct Arrangement<'a> {
    pool: &'a Pool<'a>,
    request: &'a QueueRequest,
    slots: Slots,
    /// The pieces of the songs in them.
    pieces: HashSet<u64>,
    /// What would have been chosen and is not there.
    absent: HashSet<usize>,
    /// Whether no song is left out.
    all_come: bool,
    /// Whether neither chance nor liking has a say.
    is_ranked: bool,
    /// The allowed songs; not where the best are taken of many.
    allowed: Rc<[usize]>,
}

/// How a song would break the rules at a place: the less, the better; all false and 0 where it breaks none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Fault {
    goes_back: bool,
    /// Too few songs would be left that are as far along.
    strands: bool,
    /// By how many places it is too near to others of its artist and album.
    nearness: usize,
    /// Another artist has so many songs left that it is his turn.
    is_early: bool,
    leaps_ahead: bool,
}

/// How far along the song at a place of a journey may be.
struct Stretch<'a> {
    progress: &'a Progress,
    /// Not less than the one before it.
    reached: f32,
    /// Not so far that too few are left.
    limit: f32,
    /// Not farther than this, if that can be.
    furthest: f32,
}

impl<'a> Arrangement<'a> {
    /// Puts in the songs whose places are known.
    fn fix(&mut self, before: &[usize], [first, last]: [Option<usize>; 2]) {
        for (at, &song) in before.iter().enumerate() {
            self.pieces.extend((self.pool.piece)(song));
            let (artist, album) = ((self.pool.artist)(song), (self.pool.album)(song));
            self.slots.put_before(at, song, artist, album);
        }
        let Some(end) = self.slots.len().checked_sub(1) else {
            return;
        };
        if let Some(first) = first {
            self.put(0, first);
        }
        if let Some(last) = last
            && first != Some(last)
            && self.slots.get(end).is_none()
        {
            self.put(end, last);
        }
    }

    /// Every place of the queue seeks the same.
    fn toward_one(&mut self) {
        let query = self.query(0);
        let mut order = self.order(&query, 0);
        if self.all_come {
            // Of a piece only one version comes.
            let mut pieces = self.pieces.clone();
            let comes =
                |at: &&usize| (self.pool.piece)(**at).is_none_or(|piece| pieces.insert(piece));
            let coming = self.allowed.iter().filter(comes);
            self.slots
                .all_come(coming.filter_map(|&at| (self.pool.artist)(at)));
        }
        if self.request.opening && self.slots.first_is_free() {
            self.open(&query, &mut order);
        }
        for place in 0..self.slots.len() {
            self.fill(place, &mut order, None);
        }
    }

    /// Each of the first `songs` places seeks something else, those after them the goal.
    fn journey(&mut self, songs: usize) {
        let goal = self.request.way.target(&self.request.query.vector, songs);
        let progress = Progress::new(&self.request.query.vector, &goal, songs);
        let places = self.slots.len();
        let rows = self.pool.allowed.iter().enumerate();
        let allowed = rows.filter(|&(at, &allowed)| allowed && !self.slots.has(at));
        let vectors = allowed.map(|(at, _)| (at, *self.pool.index.vector(at)));
        let mut furthest = Furthest::of(&progress, vectors, places);
        let steps = songs.min(places);
        // The song that comes last is there already.
        let kept =
            usize::from(steps == places && places > 1 && self.slots.get(places - 1).is_some());
        let mut reached = 0.0_f32;
        for place in 0..steps {
            let query = self.query(place);
            let mut order = self.order(&query, place);
            let stretch = Stretch {
                progress: &progress,
                reached,
                limit: furthest.limit((steps - 1 - place).saturating_sub(kept)),
                furthest: progress.furthest(place),
            };
            self.fill(place, &mut order, Some(&stretch));
            if let Some(song) = self.slots.get(place) {
                reached = progress.of(self.pool.index.vector(song));
                furthest.take(song);
            }
        }
        let query = self.query(songs);
        let mut order = self.order(&query, songs);
        for place in songs.min(places)..places {
            self.fill(place, &mut order, None);
        }
    }

    /// Begins with the first song that is mostly what is sought.
    fn open(&mut self, query: &Query, order: &mut Order<'_>) {
        let sought = query.vector.strongest();
        let is_sought = |at: usize| {
            self.pool.index.vector(at).strongest() == sought
                && !self.slots.has(at)
                && !self.is_repeated(at)
        };
        let found = order.find(|at| is_sought(at) && (self.pool.present)(at));
        if let Some(song) = found {
            self.put(0, song);
        }
    }

    /// Puts the song that breaks the rules least into a place, of those the first in order; leaves it empty if there are none.
    fn fill(&mut self, place: usize, order: &mut Order<'_>, stretch: Option<&Stretch<'_>>) {
        if self.slots.get(place).is_some() {
            return;
        }
        let urgent = self.slots.urgent(place);
        loop {
            let found = order.least(LOOK_AHEAD, |song| {
                if self.slots.has(song) || self.absent.contains(&song) || self.is_repeated(song) {
                    return None;
                }
                let artist = (self.pool.artist)(song);
                let mut fault = Fault {
                    nearness: self.slots.nearness(place, artist, (self.pool.album)(song)),
                    is_early: urgent.is_some() && artist != urgent,
                    ..Fault::default()
                };
                if let Some(stretch) = stretch {
                    let along = stretch.progress.of(self.pool.index.vector(song));
                    fault.goes_back = along < stretch.reached;
                    fault.strands = along > stretch.limit;
                    fault.leaps_ahead = along > stretch.furthest;
                }
                Some(fault)
            });
            let Some(song) = found else {
                return;
            };
            if (self.pool.present)(song) {
                self.put(place, song);
                return;
            }
            self.absent.insert(song);
        }
    }

    fn put(&mut self, place: usize, song: usize) {
        self.pieces.extend((self.pool.piece)(song));
        let (artist, album) = ((self.pool.artist)(song), (self.pool.album)(song));
        self.slots.put(place, song, artist, album);
    }

    fn is_repeated(&self, song: usize) -> bool {
        (self.pool.piece)(song).is_some_and(|piece| self.pieces.contains(&piece))
    }

    /// The order for a place. The places of a journey have each their own chance.
    fn order(&self, query: &Query, place: usize) -> Order<'a> {
        if self.is_ranked {
            return Order::ranked(self.pool.index, *query, self.pool.allowed);
        }
        Order::drawn(
            Rc::clone(&self.allowed),
            self.pool.index.cosines_of(query, &self.allowed),
            self.pool.liking,
            self.request.strength,
            self.request.seed.wrapping_add(place as u64),
        )
    }

    fn query(&self, place: usize) -> Query {
        Query {
            vector: self.request.way.target(&self.request.query.vector, place),
            reference: self.request.query.reference,
        }
    }

    fn into_picks(self) -> Vec<Pick> {
        let songs = (0..self.slots.len()).filter_map(|place| Some((place, self.slots.get(place)?)));
        let picks = songs.filter_map(|(place, position)| {
            let query = self.query(place);
            let contributions = self.pool.index.why(&query, position)?;
            Some(Pick {
                position,
                cosine: contributions.iter().sum::<f32>().clamp(-1.0, 1.0),
                contributions,
                target: query.vector,
            })
        });
        picks.collect()
    }
}

#[cfg(test)]
mod tests;
