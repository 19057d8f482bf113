//! [`Order`]: in which order songs are considered for the places of a queue, found only as far as somebody looks.

use std::rc::Rc;

use crate::recommend::index::{Query, SongIndex};
use crate::recommend::shuffle::Shuffled;

/// A song that is wholly to the listener's liking counts as if it fitted so many standard deviations of all songs' cosines
/// better, one that is not as much worse: enough to come before its equals, too little to come where it does not fit.
const TASTE_DEVIATIONS: f64 = 0.6;

/// Among songs that fit all alike, liking decides too.
const LEAST_BONUS: f64 = 1e-4;

/// The allowed songs in order, as far as somebody looks.
pub(super) struct Order<'a> {
    source: Source<'a>,
    /// So many of the order were looked at.
    seen: usize,
    /// Those of them that may still be taken, in order.
    waiting: Vec<usize>,
}

enum Source<'a> {
    /// As chance and liking have it.
    Drawn {
        songs: Rc<[usize]>,
        shuffled: Shuffled,
    },
    /// The best first.
    Ranked {
        index: &'a SongIndex,
        query: Query,
        allowed: &'a [bool],
        /// The first of them.
        best: Vec<usize>,
        is_all: bool,
    },
}

/// So many of the best songs are sought at first.
const FIRST_SOUGHT: usize = 256;

impl<'a> Order<'a> {
    /// These songs, which have these cosines, drawn by a strength and a seed.
    pub(super) fn drawn(
        songs: Rc<[usize]>,
        mut cosines: Vec<f32>,
        liking: Option<&dyn Fn(usize) -> f32>,
        strength: f64,
        seed: u64,
    ) -> Self {
        if let Some(liking) = liking {
            let bonus = (TASTE_DEVIATIONS * deviation(&cosines)).max(LEAST_BONUS) as f32;
            for (cosine, &song) in cosines.iter_mut().zip(&*songs) {
                *cosine += bonus * liking(song);
            }
        }
        Self::of(Source::Drawn {
            songs,
            shuffled: Shuffled::new(&cosines, strength, seed),
        })
    }

    /// The allowed songs that fit best first.
    pub(super) fn ranked(index: &'a SongIndex, query: Query, allowed: &'a [bool]) -> Self {
        Self::of(Source::Ranked {
            index,
            query,
            allowed,
            best: Vec::new(),
            is_all: false,
        })
    }

    fn of(source: Source<'a>) -> Self {
        Self {
            source,
            seen: 0,
            waiting: Vec::new(),
        }
    }

    /// The first song that is meant, however far back; nothing is taken.
    pub(super) fn find(&mut self, meant: impl Fn(usize) -> bool) -> Option<usize> {
        (0..)
            .map_while(|place| self.get(place))
            .find(|&song| meant(song))
    }

    /// Among the first `most` songs the one with the least fault, the first in order among equals; the search ends at the first without
    /// any. Songs for which `fault` is `None` cannot be taken, now or later.
    pub(super) fn least<F: Ord + Default>(
        &mut self,
        most: usize,
        fault: impl Fn(usize) -> Option<F>,
    ) -> Option<usize> {
        let mut least: Option<(F, usize)> = None;
        let mut kept = 0;
        let mut looked = 0;
        let mut is_over = false;
        for i in 0..self.waiting.len() {
            let song = self.waiting[i];
            // What comes after the one that is found stays as it is.
            if !is_over && looked < most {
                let Some(fault) = fault(song) else {
                    continue;
                };
                looked += 1;
                is_over = offer(&mut least, fault, song);
            }
            self.waiting[kept] = song;
            kept += 1;
        }
        self.waiting.truncate(kept);
        while !is_over && looked < most {
            let Some(song) = self.get(self.seen) else {
                break;
            };
            self.seen += 1;
            let Some(fault) = fault(song) else {
                continue;
            };
            looked += 1;
            self.waiting.push(song);
            is_over = offer(&mut least, fault, song);
        }
        least.map(|(_, song)| song)
    }

    /// The song at a place of the order.
    fn get(&mut self, place: usize) -> Option<usize> {
        match &mut self.source {
            Source::Drawn { songs, shuffled } => Some(songs[shuffled.get(place)?]),
            Source::Ranked {
                index,
                query,
                allowed,
                best,
                is_all,
            } => {
                while place >= best.len() && !*is_all {
                    let sought = FIRST_SOUGHT.max(4 * best.len()).max(place + 1);
                    let found = index.top_k_among(query, sought, allowed);
                    *is_all = found.len() < sought;
                    *best = found.into_iter().map(|found| found.index).collect();
                }
                best.get(place).copied()
            }
        }
    }
}

/// Keeps the song with the least fault; whether it has none.
fn offer<F: Ord + Default>(least: &mut Option<(F, usize)>, fault: F, song: usize) -> bool {
    if least.as_ref().is_none_or(|(other, _)| fault < *other) {
        let is_none = fault == F::default();
        *least = Some((fault, song));
        return is_none;
    }
    false
}

fn deviation(values: &[f32]) -> f64 {
    let n = values.len().max(1) as f64;
    let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
    let squares = values.iter().map(|&v| (f64::from(v) - mean).powi(2));
    (squares.sum::<f64>() / n).sqrt()
}
