//! Mood shuffle: a random order in which songs that fit come sooner, as gently or firmly as wished.

use std::collections::HashMap;
use std::hash::Hash;

use crate::random::Random;

/// How firm a strength of one half is: a song that fits one standard deviation better than another is
/// e^2 = 7.4 times as likely to be next.
const FIRMNESS: f64 = 2.0;

/// An order of all songs by chance: position by position, each song that is left is drawn with a
/// probability proportional to `exp(beta * cosine)`. `strength` is 0 for a plain shuffle, where `beta` is
/// 0, to 1 for the best first, without chance; `beta` grows like `strength / (1 - strength)` and is
/// measured in standard deviations of the cosines, which differ little from each other.
///
/// Drawing without replacement is done by the Gumbel trick (Kool, van Hoof & Welling 2019,
/// arXiv:1903.06059): add independent Gumbel noise to each exponent and sort. The same seed gives the same
/// order.
#[must_use]
pub fn shuffle(cosines: &[f32], strength: f64, seed: u64) -> Vec<usize> {
    let mut shuffled = Shuffled::new(cosines, strength, seed);
    shuffled.sort_to(cosines.len());
    shuffled.keys.into_iter().map(|(_, index)| index).collect()
}

/// The order of [`shuffle`], found only as far as somebody looks: of a million songs a queue takes twenty.
#[derive(Debug, Clone)]
pub struct Shuffled {
    keys: Vec<(f64, usize)>,
    /// So many are in order, and before all others.
    sorted: usize,
}

/// So many are put in order at least.
const FEWEST_SORTED: usize = 256;

impl Shuffled {
    /// As [`shuffle`].
    #[must_use]
    pub fn new(cosines: &[f32], strength: f64, seed: u64) -> Self {
        Self {
            keys: keys(cosines, strength, seed),
            sorted: 0,
        }
    }

    /// The song at a place of the order; `None` behind its end.
    pub fn get(&mut self, place: usize) -> Option<usize> {
        if place >= self.sorted {
            self.sort_to(place.saturating_add(1));
        }
        self.keys.get(place).map(|&(_, index)| index)
    }

    fn sort_to(&mut self, count: usize) {
        let order = |a: &(f64, usize), b: &(f64, usize)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        // Each time twice as many, so that all of them cost little more than one sort.
        let end = count
            .max(2 * self.sorted)
            .max(FEWEST_SORTED)
            .min(self.keys.len());
        let rest = &mut self.keys[self.sorted..];
        let fresh = end - self.sorted;
        if fresh < rest.len() {
            rest.select_nth_unstable_by(fresh, order);
        }
        rest[..fresh].sort_unstable_by(order);
        self.sorted = end;
    }
}

/// What the songs are ordered by, the largest first.
fn keys(cosines: &[f32], strength: f64, seed: u64) -> Vec<(f64, usize)> {
    let strength = if strength.is_nan() {
        0.0
    } else {
        strength.clamp(0.0, 1.0)
    };
    let mut random = Random::new(seed, 0x5487);
    let n = cosines.len().max(1) as f64;
    let mean = cosines.iter().map(|&c| f64::from(c)).sum::<f64>() / n;
    let deviation = |&c: &f32| (f64::from(c) - mean).powi(2);
    let spread = (cosines.iter().map(deviation).sum::<f64>() / n).sqrt();
    cosines
        .iter()
        .enumerate()
        .map(|(index, &cosine)| {
            let fit = (f64::from(cosine) - mean) / spread.max(1e-9);
            // Uniform between 0 and 1, never 0 or 1 itself.
            let uniform = (random.unit() + 0.5 / (1_u64 << 53) as f64).min(1.0 - f64::EPSILON);
            let gumbel = -(-uniform.ln()).ln();
            // strength * FIRMNESS * fit + (1 - strength) * gumbel orders as beta * fit + gumbel does, and
            // needs no infinity for a strength of 1.
            (strength * FIRMNESS * fit + (1.0 - strength) * gumbel, index)
        })
        .collect()
}

/// Moves songs as little as needed so that no artist comes twice in a row, as long as that can be
/// avoided. Songs without an artist are nobody's. Meant for a queue: the time grows with the square of its
/// length.
#[must_use]
pub fn spaced<A: Eq + Hash + Clone>(
    order: &[usize],
    artist: impl Fn(usize) -> Option<A>,
) -> Vec<usize> {
    let mut left: Vec<usize> = order.to_vec();
    let mut counts: HashMap<A, usize> = HashMap::new();
    for name in left.iter().filter_map(|&song| artist(song)) {
        *counts.entry(name).or_insert(0) += 1;
    }
    let mut spaced = Vec::with_capacity(left.len());
    let mut last: Option<A> = None;
    while !left.is_empty() {
        let differs = |song: usize| artist(song).is_none_or(|name| Some(&name) != last.as_ref());
        // An artist with more than half of what is left must come now, or he meets himself later.
        let crowded = counts
            .iter()
            .find(|&(name, &count)| 2 * count > left.len() && Some(name) != last.as_ref())
            .map(|(name, _)| name.clone());
        let next = match crowded {
            Some(name) => left
                .iter()
                .position(|&song| artist(song).as_ref() == Some(&name)),
            None => left.iter().position(|&song| differs(song)),
        };
        let song = left.remove(next.unwrap_or(0));
        last = artist(song);
        if let Some(count) = last.as_ref().and_then(|name| counts.get_mut(name)) {
            *count -= 1;
        }
        spaced.push(song);
    }
    spaced
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// How often each song is first, in `runs` shuffles.
    fn firsts(cosines: &[f32], strength: f64, runs: u64) -> Vec<f64> {
        let mut counts = vec![0.0; cosines.len()];
        for seed in 0..runs {
            counts[shuffle(cosines, strength, seed)[0]] += 1.0;
        }
        counts
    }

    /// Pearson's statistic of counts against shares of the whole.
    fn chi_squared(counts: &[f64], shares: &[f64]) -> f64 {
        let all: f64 = counts.iter().sum();
        let terms = counts.iter().zip(shares);
        terms.map(|(c, s)| (c - all * s).powi(2) / (all * s)).sum()
    }

    #[test]
    fn strength_0_is_a_plain_shuffle_and_strength_1_the_ranking() {
        let cosines = [0.9, 0.1, 0.5, 0.7, 0.3];
        // 99.9 % of fair shuffles stay below 18.5 with four degrees of freedom.
        let statistic = chi_squared(&firsts(&cosines, 0.0, 5_000), &[0.2; 5]);
        assert!(statistic < 18.5, "{statistic}");
        for seed in 0..20 {
            assert_eq!(shuffle(&cosines, 1.0, seed), [0, 3, 2, 4, 1]);
        }
    }

    #[test]
    fn songs_are_drawn_with_the_probabilities_that_the_doc_names() {
        let cosines = [0.9_f32, 0.1, 0.5, 0.7, 0.3];
        let (mean, spread) = (0.5, 0.08_f64.sqrt());
        let strength = 0.4;
        let beta = FIRMNESS * strength / (1.0 - strength);
        let weight = |&c: &f32| (beta * (f64::from(c) - mean) / spread).exp();
        let weights: Vec<f64> = cosines.iter().map(weight).collect();
        let all: f64 = weights.iter().sum();
        let shares: Vec<f64> = weights.iter().map(|w| w / all).collect();
        let statistic = chi_squared(&firsts(&cosines, strength, 20_000), &shares);
        assert!(statistic < 18.5, "{statistic}");

        // The second song, given that the first one was song 0: without replacement.
        let mut seconds = [0.0; 5];
        for seed in 0..20_000 {
            let order = shuffle(&cosines, strength, seed);
            if order[0] == 0 {
                seconds[order[1]] += 1.0;
            }
        }
        let rest: f64 = weights[1..].iter().sum();
        let shares: Vec<f64> = weights[1..].iter().map(|w| w / rest).collect();
        let statistic = chi_squared(&seconds[1..], &shares);
        // Three degrees of freedom.
        assert!(statistic < 16.3, "{statistic}");
    }

    proptest! {
        #[test]
        fn an_order_is_the_same_however_far_somebody_looks(
            cosines in prop::collection::vec((-4_i32..4).prop_map(|c| c as f32 / 4.0), 0..1500),
            strength in prop::sample::select(vec![0.0, 0.5, 1.0]),
            places in prop::collection::vec(0_usize..1600, 1..12),
        ) {
            let all = shuffle(&cosines, strength, 3);
            let mut shuffled = Shuffled::new(&cosines, strength, 3);
            for place in places {
                prop_assert_eq!(shuffled.get(place), all.get(place).copied());
            }
        }

        #[test]
        fn every_song_comes_once(
            cosines in prop::collection::vec(-1.0_f32..1.0, 0..60),
            strength in -0.5_f64..1.5,
            seed in any::<u64>(),
        ) {
            let mut order = shuffle(&cosines, strength, seed);
            order.sort_unstable();
            prop_assert_eq!(order, (0..cosines.len()).collect::<Vec<_>>());
        }

        #[test]
        fn no_artist_follows_himself_where_that_can_be_avoided(
            artists in prop::collection::vec(prop::option::of(0_u8..4), 0..40),
        ) {
            let order: Vec<usize> = (0..artists.len()).collect();
            let spaced = spaced(&order, |song| artists[song]);
            let mut sorted = spaced.clone();
            sorted.sort_unstable();
            prop_assert_eq!(sorted, order);
            let most = (0..4)
                .map(|a| artists.iter().filter(|x| **x == Some(a)).count())
                .max()
                .unwrap_or(0);
            let meetings = spaced
                .windows(2)
                .filter(|w| artists[w[0]].is_some() && artists[w[0]] == artists[w[1]])
                .count();
            // An artist with more songs than all others and one more must meet himself that often.
            let others = artists.len() - most;
            prop_assert_eq!(meetings, most.saturating_sub(others + 1));
        }
    }

    #[test]
    fn an_order_without_meetings_stays() {
        assert_eq!(spaced(&[2, 0, 1], Some), [2, 0, 1]);
        assert_eq!(spaced(&[0, 1, 2, 3], |song| Some(song / 2)), [0, 2, 1, 3]);
    }
}
