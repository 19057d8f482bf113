//! [`Coarse`]: unit vectors in a byte a number, side by side, by which a search passes by all songs that cannot be among the best.
//! A quarter of the memory travels, and as whole registers; what may be among the best is compared again as it is, so that the
//! result is exact.

use crate::emotion::EMOTION_COUNT;

/// So many songs are side by side.
pub(super) const BLOCK: usize = 32;

/// Sums are of 16 bits: of products of a byte times 2^8 and a factor times this, less the 16 lower bits. The numbers of a unit vector add up to
/// the square root of 7 at most, with which the largest byte still fits.
const FACTOR_SCALE: f32 = 24_000.0;
const BYTE_SHIFT: i32 = 8;
const PRODUCT_SHIFT: i32 = 16;

/// What cutting the lower bits off costs a sum, at most, in its own unit.
const CUT: f32 = EMOTION_COUNT as f32;

/// How unit vectors are written as bytes: `value * scale - offset`, rounded.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Coding {
    scale: f32,
    offset: f32,
}

/// Numbers that are never negative use all values of a byte.
const POSITIVE: Coding = Coding {
    scale: 254.0,
    offset: 127.0,
};
const SIGNED: Coding = Coding {
    scale: 127.0,
    offset: 0.0,
};

/// The songs, block by block, each number of all songs of a block after the other.
#[derive(Debug, Clone)]
pub(super) struct Coarse {
    coding: Coding,
    blocks: Vec<[[i8; BLOCK]; EMOTION_COUNT]>,
}

/// A direction, ready to be compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct CoarseQuery {
    factors: [i16; EMOTION_COUNT],
    /// What the offset of the bytes makes of the sum.
    shift: f32,
    /// A cosine of 1 in the unit of the sums.
    unit: f32,
    /// How far a coarse cosine may be from the true one.
    error: f32,
}

impl Coarse {
    /// Of unit vectors (zeros for songs without a direction), all of numbers from 0 to 1 if they are `positive`, else from -1.
    pub fn new(units: impl ExactSizeIterator<Item = [f32; EMOTION_COUNT]>, positive: bool) -> Self {
        let coding = if positive { POSITIVE } else { SIGNED };
        let mut blocks = vec![[[0; BLOCK]; EMOTION_COUNT]; units.len().div_ceil(BLOCK)];
        for (at, unit) in units.enumerate() {
            let block = &mut blocks[at / BLOCK];
            for (row, value) in block.iter_mut().zip(unit) {
                // Within its range but for rounding, and `as` stays in it.
                row[at % BLOCK] = (value * coding.scale - coding.offset).round() as i8;
            }
        }
        Self { coding, blocks }
    }

    /// A unit vector to be compared with all songs.
    pub fn query(&self, direction: &[f32; EMOTION_COUNT]) -> CoarseQuery {
        let Coding { scale, offset } = self.coding;
        let factors = direction.map(|value| (value * FACTOR_SCALE).round() as i16);
        let sum: f32 = factors.iter().map(|&factor| f32::from(factor)).sum();
        let all: f32 = direction.iter().map(|value| value.abs()).sum();
        let unit_of_product = (1 << (PRODUCT_SHIFT - BYTE_SHIFT)) as f32;
        let unit = scale * FACTOR_SCALE / unit_of_product;
        // Half a step of each byte, half a step of each factor with numbers of at most 1, the bits that are cut off, and what
        // is left to the rounding of this arithmetic.
        let error =
            0.5 / scale * all + 0.5 / FACTOR_SCALE * EMOTION_COUNT as f32 + CUT / unit + 1e-5;
        CoarseQuery {
            factors,
            shift: offset * sum / unit_of_product,
            unit,
            error,
        }
    }

    /// The sums of a block of songs.
    pub fn sums(&self, query: &CoarseQuery, block: usize) -> [i16; BLOCK] {
        let mut sums = [0_i16; BLOCK];
        for (row, &factor) in self.blocks[block].iter().zip(&query.factors) {
            for (sum, &byte) in sums.iter_mut().zip(row) {
                let product = (i32::from(byte) << BYTE_SHIFT) * i32::from(factor);
                *sum = sum.wrapping_add((product >> PRODUCT_SHIFT) as i16);
            }
        }
        sums
    }
}

impl CoarseQuery {
    /// The least sum of a song whose cosine may be `cosine` or more.
    pub fn least_sum(&self, cosine: f32) -> i16 {
        // `as` stays within its range; below it all songs may be.
        ((cosine - self.error) * self.unit - self.shift).floor() as i16
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unit(values: [f32; EMOTION_COUNT]) -> [f32; EMOTION_COUNT] {
        let length = values.iter().map(|v| v * v).sum::<f32>().sqrt();
        if length < 1e-3 {
            [0.0; EMOTION_COUNT]
        } else {
            values.map(|v| v / length)
        }
    }

    proptest! {
        #[test]
        fn no_song_is_passed_by_that_fits_well_enough(
            songs in prop::collection::vec(prop::array::uniform7(-1.0_f32..1.0), 1..100),
            query in prop::array::uniform7(-1.0_f32..1.0), positive in any::<bool>(),
        ) {
            let fit = |values: [f32; EMOTION_COUNT]| if positive { unit(values.map(f32::abs)) } else { unit(values) };
            let songs: Vec<_> = songs.into_iter().map(fit).collect();
            let query = fit(query);
            let coarse = Coarse::new(songs.iter().copied(), positive);
            let asked = coarse.query(&query);
            for (at, song) in songs.iter().enumerate() {
                let cosine: f32 = song.iter().zip(&query).map(|(a, b)| a * b).sum();
                let sum = coarse.sums(&asked, at / BLOCK)[at % BLOCK];
                prop_assert!(sum >= asked.least_sum(cosine), "{sum} {cosine}");
                // Nor is it worth little: what fits much worse is passed by.
                prop_assert!(sum < asked.least_sum(cosine + 3.0 * asked.error), "{sum} {cosine}");
            }
        }
    }
}
