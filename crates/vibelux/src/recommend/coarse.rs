//! [`Coarse`]: unit vectors in a byte a number, side by side, by which a search passes by all songs that cannot be among the best.
//! A quarter of the memory travels, and as whole registers; what may be among the best is compared again as it is, so that the
//! result is exact.

use vibelux_kernels::scan::{BYTE_SHIFT, Block, LANES, PRODUCT_SHIFT, scan};

use crate::emotion::EMOTION_COUNT;

/// Sums are of 16 bits. The numbers of a unit vector add up to the square root of 7 at most, with which the largest byte times this still
/// fits.
const FACTOR_SCALE: f32 = 24_000.0;

/// What cutting the lower bits off costs a sum, at most, in its own unit.
const CUT: f32 = EMOTION_COUNT as f32;

/// The rows of songs of which none is passed by.
const ALL: [bool; LANES] = [true; LANES];

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
    len: usize,
    blocks: Vec<Block<EMOTION_COUNT>>,
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
        let len = units.len();
        let mut blocks = vec![[[0; LANES]; EMOTION_COUNT]; len.div_ceil(LANES)];
        for (at, unit) in units.enumerate() {
            let block = &mut blocks[at / LANES];
            for (row, value) in block.iter_mut().zip(unit) {
                // Within its range but for rounding, and `as` stays in it.
                row[at % LANES] = (value * coding.scale - coding.offset).round() as i8;
            }
        }
        Self {
            coding,
            len,
            blocks,
        }
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

    /// Calls `visit` with the position of each song that may have a cosine of `least` or more, in their order; what it returns is the new
    /// `least`. With rows, songs whose row is false or missing are passed by.
    pub fn scan(
        &self,
        query: &CoarseQuery,
        least: f32,
        rows: Option<&[bool]>,
        mut visit: impl FnMut(usize) -> f32,
    ) {
        let mut least_sum = query.least_sum(least);
        scan(&self.blocks, &query.factors, least_sum, |block, sums| {
            let start = block * LANES;
            let there = LANES.min(self.len - start);
            let rows = match rows {
                None => &ALL[..there],
                Some(rows) => rows.get(start..).unwrap_or_default(),
            };
            // Of all lanes at a time, as mostly there is none.
            let fits = |(&sum, &row): (&i16, &bool)| (sum >= least_sum) & row;
            let is_any = sums[..there]
                .iter()
                .zip(rows)
                .map(fits)
                .fold(false, |any, fits| any | fits);
            if is_any {
                for (lane, (&sum, &row)) in sums[..there].iter().zip(rows).enumerate() {
                    if sum >= least_sum && row {
                        least_sum = query.least_sum(visit(start + lane));
                    }
                }
            }
            least_sum
        });
    }
}

impl CoarseQuery {
    /// The least sum of a song whose cosine may be `cosine` or more.
    fn least_sum(&self, cosine: f32) -> i16 {
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
                let is_visited = |least: f32| {
                    let mut visited = false;
                    coarse.scan(&asked, least, None, |position| {
                        visited |= position == at;
                        least
                    });
                    visited
                };
                prop_assert!(is_visited(cosine));
                // What fits much worse is passed by.
                prop_assert!(!is_visited(cosine + 3.0 * asked.error));
            }
        }
    }
}
