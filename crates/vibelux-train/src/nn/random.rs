//! Random numbers that depend on nothing but where they are used.
//!
//! Shuffles, augmentation and dropout draw from a generator seeded by (run seed, epoch, example), so
//! that a resumed run draws what the uninterrupted one would have drawn, with no state to save.

/// Mixes three numbers into 64 well-spread bits (the finaliser of SplitMix64, Steele, Lea & Flood
/// 2014, applied after each).
#[must_use]
pub fn hash(a: u64, b: u64, c: u64) -> u64 {
    let mut z = 0x9e37_79b9_7f4a_7c15_u64;
    for x in [a, b, c] {
        z = mix(z ^ x).wrapping_add(0x9e37_79b9_7f4a_7c15);
    }
    mix(z)
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A SplitMix64 generator: 64 bits of state, equidistributed, passes BigCrush.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// A stream of its own for each triple.
    #[must_use]
    pub fn new(seed: u64, stream: u64, index: u64) -> Self {
        Self(hash(seed, stream, index))
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// Uniform in 0..1.
    pub fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1_u64 << 24) as f32
    }

    /// Uniform in low..high.
    pub fn uniform(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// Uniform in 0..n; 0 if n is 0.
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }

    /// Standard normal (Box & Muller 1958).
    pub fn normal(&mut self) -> f32 {
        let u = 1.0 - self.unit();
        (-2.0 * u.ln()).sqrt() * (std::f32::consts::TAU * self.unit()).cos()
    }

    /// Beta(a, a) by Jöhnk's method, good for a <= 1 as mixup uses it.
    pub fn beta(&mut self, a: f32) -> f32 {
        for _ in 0..1000 {
            let x = self.unit().powf(1.0 / a);
            let y = self.unit().powf(1.0 / a);
            if x + y <= 1.0 && x + y > 0.0 {
                return x / (x + y);
            }
        }
        0.5
    }

    /// Fisher-Yates shuffle.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_place_draws_the_same_numbers() {
        let draw = |seed| {
            let mut r = Random::new(seed, 2, 3);
            (r.bits(), r.unit(), r.normal())
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn moments_are_right() {
        let mut r = Random::new(7, 0, 0);
        let n = 100_000;
        let mean = (0..n).map(|_| f64::from(r.unit())).sum::<f64>() / f64::from(n);
        assert!((mean - 0.5).abs() < 0.005, "{mean}");
        let square = (0..n).map(|_| f64::from(r.normal()).powi(2)).sum::<f64>() / f64::from(n);
        assert!((square - 1.0).abs() < 0.02, "{square}");
        let beta = (0..n).map(|_| f64::from(r.beta(0.2))).sum::<f64>() / f64::from(n);
        assert!((beta - 0.5).abs() < 0.01, "{beta}");
        assert!((0..1000).all(|_| r.below(3) < 3));
    }

    #[test]
    fn a_shuffle_keeps_all_items() {
        let mut items: Vec<_> = (0..100).collect();
        Random::new(1, 0, 0).shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
