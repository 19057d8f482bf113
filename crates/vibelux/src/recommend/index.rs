//! [`SongIndex`]: all songs, ready to be compared with what is sought.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

use super::coarse::Coarse;
use crate::emotion::{EMOTION_COUNT, Emotion, EmotionVector};

/// A centred vector shorter than this is rounding error, not a direction: the mean of equal f32
/// vectors differs from them in the last bits only.
const MIN_LENGTH: f64 = 1e-6;

/// What is compared with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// `cosine(query, song)`, in 0..=1. The default, because it found more of what faces ask for when
    /// both were measured (`vibelux evaluate matching`).
    #[default]
    Plain,
    /// `cosine(query - reference, song - library mean)`, in -1..=1. A vector equal to its reference
    /// has no direction; its cosine to everything is 0.
    Centred,
}

/// What songs are sought for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Query {
    /// The vector of the face, the mood or the song.
    pub vector: EmotionVector,
    /// What [`Mode::Centred`] subtracts: the face model's prior for a face, [`EmotionVector::UNIFORM`]
    /// for a mood, the library's mean for a song.
    pub reference: EmotionVector,
}

impl Query {
    /// The unit vector that is compared with the songs'; all zeros if the query has no direction,
    /// which only happens in [`Mode::Centred`].
    #[must_use]
    pub fn direction(&self, mode: Mode) -> [f32; EMOTION_COUNT] {
        direction(&self.vector, &self.reference, mode)
    }

    /// Whether the query is its own reference, so that every song fits it equally (cosine 0).
    #[must_use]
    pub fn is_undirected(&self, mode: Mode) -> bool {
        self.direction(mode).iter().all(|&x| x == 0.0)
    }
}

/// One result of a search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Match {
    /// The position of the song in the vectors that the index was built from.
    pub index: usize,
    /// As [`Mode`] defines it; never NaN.
    pub cosine: f32,
}

/// All songs, ready to be compared: their vectors, shared with whoever has them, and what makes each a unit vector.
#[derive(Debug, Clone)]
pub struct SongIndex {
    mode: Mode,
    mean: Option<EmotionVector>,
    songs: Arc<[EmotionVector]>,
    /// What is taken from each vector.
    offset: [f32; EMOTION_COUNT],
    /// What each is then multiplied with; 0 for one without a direction.
    scales: Vec<f32>,
    /// The same in fewer bits.
    coarse: Coarse,
}

impl SongIndex {
    /// Prepares the songs for one mode. Linear in their number.
    #[must_use]
    pub fn new(songs: impl Into<Arc<[EmotionVector]>>, mode: Mode) -> Self {
        let songs = songs.into();
        let mean = EmotionVector::mean(songs.iter());
        Self::around(songs, mean, mode)
    }

    /// The same with another mean than that of all the songs, as where some of them are seldom taken.
    #[must_use]
    pub fn around(
        songs: impl Into<Arc<[EmotionVector]>>,
        mean: Option<EmotionVector>,
        mode: Mode,
    ) -> Self {
        let songs = songs.into();
        let reference = mean.unwrap_or(EmotionVector::UNIFORM);
        let offset = match mode {
            Mode::Plain => [0.0; EMOTION_COUNT],
            Mode::Centred => *reference.values(),
        };
        let scale = |song: &EmotionVector| {
            let length = length(&compared(song, &reference, mode));
            if length < MIN_LENGTH {
                0.0
            } else {
                (1.0 / length) as f32
            }
        };
        let scales: Vec<f32> = songs.iter().map(scale).collect();
        let units = songs.iter().zip(&scales).map(|(song, scale)| {
            let song = song.values();
            std::array::from_fn(|i| (song[i] - offset[i]) * scale)
        });
        Self {
            coarse: Coarse::new(units, mode == Mode::Plain),
            mode,
            mean,
            offset,
            scales,
            songs,
        }
    }

    /// How the songs are compared.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The number of songs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.scales.len()
    }

    /// Whether there are no songs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.scales.is_empty()
    }

    /// The mean that centred songs deviate from; `None` without songs.
    #[must_use]
    pub fn mean(&self) -> Option<EmotionVector> {
        self.mean
    }

    /// The `k` songs with the largest cosine, best first, the lower index first among equals; all
    /// songs in that order if there are fewer.
    ///
    /// O(n log k) at worst and close to one comparison a song in practice: a bounded heap holds the
    /// best so far, and most songs are worse than its worst.
    #[must_use]
    pub fn top_k(&self, query: &Query, k: usize) -> Vec<Match> {
        self.best(query, k, None)
    }

    /// The same among those songs whose row is true; a row that is missing is false, and rows behind the last song are passed by.
    #[must_use]
    pub fn top_k_among(&self, query: &Query, k: usize, rows: &[bool]) -> Vec<Match> {
        self.best(query, k, Some(rows))
    }

    fn best(&self, query: &Query, k: usize, rows: Option<&[bool]>) -> Vec<Match> {
        let query = query.direction(self.mode);
        let mut best = Best::of(k.min(self.len()));
        // No song that is worse than the worst of the best needs another look.
        self.coarse
            .scan(&self.coarse.query(&query), best.least, rows, |at| {
                best.offer(at, self.cosine(&query, at));
                best.least
            });
        best.into_matches()
    }

    /// The cosine of a query's direction and a song.
    fn cosine(&self, query: &[f32; EMOTION_COUNT], index: usize) -> f32 {
        let products = self.contributions(query, &self.songs[index], self.scales[index]);
        // Adding 0 turns -0 into 0: the two are equal, but `total_cmp` would rank one above the other.
        products.iter().sum::<f32>().clamp(-1.0, 1.0) + 0.0
    }

    /// The vector of a song; that of no emotion in particular where there is none.
    pub(super) fn vector(&self, index: usize) -> &EmotionVector {
        self.songs.get(index).unwrap_or(&EmotionVector::UNIFORM)
    }

    /// The cosines of these songs; 0 of one that there is not.
    #[must_use]
    pub fn cosines_of(&self, query: &Query, songs: &[usize]) -> Vec<f32> {
        let query = query.direction(self.mode);
        let cosine = |&index: &usize| {
            if index < self.len() {
                self.cosine(&query, index)
            } else {
                0.0
            }
        };
        songs.iter().map(cosine).collect()
    }

    /// What each emotion contributes to the cosine of a song: seven numbers that sum to it.
    /// `None` if there is no such song.
    #[must_use]
    pub fn why(&self, query: &Query, index: usize) -> Option<[f32; EMOTION_COUNT]> {
        let (song, scale) = (self.songs.get(index)?, self.scales.get(index)?);
        Some(self.contributions(&query.direction(self.mode), song, *scale))
    }

    fn contributions(
        &self,
        query: &[f32; EMOTION_COUNT],
        song: &EmotionVector,
        scale: f32,
    ) -> [f32; EMOTION_COUNT] {
        let song = song.values();
        std::array::from_fn(|i| query[i] * (song[i] - self.offset[i]) * scale)
    }
}

/// The emotions that a match rests on, largest contribution first; those that contribute nothing or
/// speak against it are left out.
#[must_use]
pub fn reasons(contributions: &[f32; EMOTION_COUNT]) -> Vec<(Emotion, f32)> {
    let mut reasons: Vec<_> = Emotion::ALL
        .into_iter()
        .zip(contributions.iter().copied())
        .filter(|(_, value)| *value > 0.0)
        .collect();
    // The sort is stable, so equals keep the order of the emotions.
    reasons.sort_by(|a, b| b.1.total_cmp(&a.1));
    reasons
}

/// The best songs of those that were offered so far.
struct Best {
    heap: BinaryHeap<Ranked>,
    most: usize,
    /// What a song needs to be among them.
    least: f32,
}

impl Best {
    fn of(most: usize) -> Self {
        Self {
            heap: BinaryHeap::with_capacity(most),
            most,
            least: if most == 0 {
                f32::INFINITY
            } else {
                f32::NEG_INFINITY
            },
        }
    }

    fn offer(&mut self, index: usize, cosine: f32) {
        if cosine < self.least {
            return;
        }
        let candidate = Ranked(Match { index, cosine });
        if self.heap.len() < self.most {
            self.heap.push(candidate);
        } else if let Some(mut worst) = self.heap.peek_mut()
            && candidate < *worst
        {
            *worst = candidate;
        }
        if let Some(worst) = self.heap.peek()
            && self.heap.len() == self.most
        {
            self.least = worst.0.cosine;
        }
    }

    fn into_matches(self) -> Vec<Match> {
        let sorted = self.heap.into_sorted_vec().into_iter();
        sorted.map(|ranked| ranked.0).collect()
    }
}

/// A match ordered by rank: the better one is the lesser one, so that a max-heap keeps the worst on
/// top.
#[derive(PartialEq)]
struct Ranked(Match);

impl Eq for Ranked {}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        other
            .0
            .cosine
            .total_cmp(&self.0.cosine)
            .then(self.0.index.cmp(&other.0.index))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What `mode` compares of a vector.
fn compared(vector: &EmotionVector, reference: &EmotionVector, mode: Mode) -> [f64; EMOTION_COUNT] {
    match mode {
        Mode::Plain => *vector.values(),
        Mode::Centred => vector.centred(reference),
    }
    .map(f64::from)
}

fn length(values: &[f64; EMOTION_COUNT]) -> f64 {
    values.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// The unit vector of what `mode` compares; zeros if it has no length.
fn direction(
    vector: &EmotionVector,
    reference: &EmotionVector,
    mode: Mode,
) -> [f32; EMOTION_COUNT] {
    let values = compared(vector, reference, mode);
    let length = length(&values);
    if length < MIN_LENGTH {
        return [0.0; EMOTION_COUNT];
    }
    values.map(|x| (x / length) as f32)
}

#[cfg(test)]
mod tests;
