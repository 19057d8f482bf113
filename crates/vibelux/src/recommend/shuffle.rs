//! Mood shuffle: a random order in which songs that fit come sooner, as gently or firmly as wished.

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
    }
}
