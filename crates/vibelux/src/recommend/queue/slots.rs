//! [`Slots`]: the places of a queue, and how far songs of one artist or album stand from each other in it.

use std::collections::{HashMap, HashSet};

/// Of so many songs in a row, at most one is of the same artist, and one of the same album. 0 and 1 mean that it does not matter; 2 to 10 is
/// what listeners notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Apart {
    /// Of so many in a row, one of an artist; 0 and 1: any number.
    pub artist: usize,
    /// Of so many in a row, one of an album; 0 and 1: any number.
    pub album: usize,
}

impl Default for Apart {
    /// None twice in a row.
    fn default() -> Self {
        Self {
            artist: 2,
            album: 2,
        }
    }
}

/// Places, of which some have a song. Before them stand songs that have come already: they count for who stands how far from whom.
pub(super) struct Slots {
    songs: Vec<Option<usize>>,
    taken: HashSet<usize>,
    artists: Vec<Option<u64>>,
    albums: Vec<Option<u64>>,
    apart: Apart,
    /// So many songs stand before the first place.
    before: usize,
    /// So many places have no song.
    free: usize,
    /// How many songs of each artist are left, where all of them will come.
    left: HashMap<u64, usize>,
}

impl Slots {
    /// So many places behind so many songs, which are put in by [`Self::put_before`].
    pub(super) fn new(before: usize, places: usize, apart: Apart) -> Self {
        let all = before + places;
        Self {
            songs: vec![None; all],
            taken: HashSet::new(),
            artists: vec![None; all],
            albums: vec![None; all],
            apart,
            before,
            free: places,
            left: HashMap::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.songs.len() - self.before
    }

    pub(super) fn get(&self, place: usize) -> Option<usize> {
        self.songs.get(self.before + place).copied().flatten()
    }

    pub(super) fn has(&self, song: usize) -> bool {
        self.taken.contains(&song)
    }

    pub(super) fn first_is_free(&self) -> bool {
        matches!(self.songs.get(self.before), Some(None))
    }

    pub(super) fn put(
        &mut self,
        place: usize,
        song: usize,
        artist: Option<u64>,
        album: Option<u64>,
    ) {
        self.put_at(self.before + place, song, artist, album);
        self.free = self.free.saturating_sub(1);
        if let Some(left) = artist.and_then(|artist| self.left.get_mut(&artist)) {
            *left = left.saturating_sub(1);
        }
    }

    /// Puts in one of the songs that have come, the earliest at 0.
    pub(super) fn put_before(
        &mut self,
        at: usize,
        song: usize,
        artist: Option<u64>,
        album: Option<u64>,
    ) {
        self.put_at(at, song, artist, album);
    }

    fn put_at(&mut self, at: usize, song: usize, artist: Option<u64>, album: Option<u64>) {
        self.songs[at] = Some(song);
        self.taken.insert(song);
        self.artists[at] = artist;
        self.albums[at] = album;
    }

    /// No song is left out: these are the artists of those that are still to come.
    pub(super) fn all_come(&mut self, artists: impl Iterator<Item = u64>) {
        for artist in artists {
            *self.left.entry(artist).or_default() += 1;
        }
    }

    /// By how many places a song of this artist and album would be too near to others of theirs; 0 where it would not.
    pub(super) fn nearness(&self, place: usize, artist: Option<u64>, album: Option<u64>) -> usize {
        let at = self.before + place;
        let artist = nearness(&self.artists, at, artist, self.apart.artist);
        artist.saturating_add(nearness(&self.albums, at, album, self.apart.album))
    }

    /// The artist whose song must come at this place, as he has so many left that he would meet himself otherwise: with `c` songs that
    /// stand `n` places apart he needs `(c - 1) n + 1` places. Only where all songs come.
    pub(super) fn urgent(&self, place: usize) -> Option<u64> {
        if self.left.is_empty() {
            return None;
        }
        let apart = self.apart.artist.max(1);
        let needs_all = |count: usize| {
            let needed = (count.saturating_sub(1)).saturating_mul(apart);
            count > 0 && needed.saturating_add(1) >= self.free
        };
        let at = self.before + place;
        let crowded = self.left.iter().filter(|&(&artist, &count)| {
            needs_all(count) && nearness(&self.artists, at, Some(artist), apart) == 0
        });
        // Of several the one with most songs; the number decides between equals, so that the same songs come each time.
        crowded
            .max_by_key(|&(&artist, &count)| (count, artist))
            .map(|(&artist, _)| artist)
    }
}

/// By how many places `name` would be too near to itself.
fn nearness(names: &[Option<u64>], at: usize, name: Option<u64>, apart: usize) -> usize {
    if name.is_none() || apart < 2 {
        return 0;
    }
    let start = (at + 1).saturating_sub(apart);
    let end = at.saturating_add(apart).min(names.len());
    let distances = (start..end).filter(|&other| other != at && names[other] == name);
    let nearest = distances.map(|other| other.abs_diff(at)).min();
    nearest.map_or(0, |nearest| apart - nearest)
}
