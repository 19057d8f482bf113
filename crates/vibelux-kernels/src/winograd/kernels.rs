//! The loops of [`super`], which bring images, gradients and filters to transformed tiles and back.
//!
//! Arrays of transformed tiles are 36 slices `[tiles][channels]`, images `[height][width][channels]`.

#![allow(
    unsafe_code,
    reason = "tiles are addressed by raw pointers; callers state why they may"
)]
#![allow(
    clippy::needless_range_loop,
    reason = "indices name registers; loops over constants unroll"
)]

use super::tiles::{POSITIONS, Placement, REACH, TAPS, TILE_SIDE, Tiles, product};
use super::transforms::{
    Filter, FilterGradient, Input, InputGradient, Output, OutputGradient, Transform, both_ways,
};
use crate::simd::{InstructionSet, Simd, Sums, dispatch};

/// The register at an offset of each of the 36 slices.
///
/// # Safety
/// There must be 36, each with a register at `at`; the CPU must have the instruction set.
#[inline(always)]
unsafe fn load_all<V: Sums>(from: &[&[f32]], at: usize) -> [[V; REACH]; REACH] {
    unsafe {
        let mut values = [[V::zero(); REACH]; REACH];
        for p in 0..POSITIONS {
            values[p / REACH][p % REACH] = V::load(from[p].as_ptr().add(at));
        }
        values
    }
}

/// The opposite.
///
/// # Safety
/// As [`load_all`].
#[inline(always)]
unsafe fn store_all<V: Sums>(to: &mut [&mut [f32]], at: usize, values: [[V; REACH]; REACH]) {
    unsafe {
        for p in 0..POSITIONS {
            V::store(to[p].as_mut_ptr().add(at), values[p / REACH][p % REACH]);
        }
    }
}

#[inline(always)]
unsafe fn filters_generic<S: Simd>(
    weights: &[f32],
    [inputs, outputs]: [usize; 2],
    block: usize,
    packed: &mut [&mut [f32]],
) {
    let width = outputs.min(block + 2 * S::LANES) - block;
    assert!(weights.len() == product([TAPS, TAPS, inputs, outputs]) && packed.len() == POSITIONS);
    assert!(
        packed.iter().all(|p| p.len() == product([inputs, width]))
            && width.is_multiple_of(S::LANES)
    );
    for input in 0..inputs {
        for lane in (0..width).step_by(S::LANES) {
            // SAFETY: the lengths were checked, `block + lane` is a register that `outputs` holds.
            unsafe {
                let mut g = [[S::V::zero(); TAPS]; TAPS];
                for y in 0..TAPS {
                    for x in 0..TAPS {
                        let at = ((y * TAPS + x) * inputs + input) * outputs + block + lane;
                        g[y][x] = S::V::load(weights.as_ptr().add(at));
                    }
                }
                let u = both_ways::<S::V, Filter, TAPS, REACH>(g);
                store_all(packed, input * width + lane, u);
            }
        }
    }
}

dispatch! {
    /// Filters `[3][3][inputs][outputs]` of the two registers of outputs from `block` on, transformed: 36
    /// slices `[inputs][those outputs]`, as [`super::pack`] lays them out for a kernel of 1x1.
    ///
    /// # Panics
    /// If an array has another length.
    ///
    /// # Safety
    /// The machine must have `isa`.
    fn filters = filters_generic(
        weights: &[f32], size: [usize; 2], block: usize, packed: &mut [&mut [f32]],
    )
}

/// Tiles of `M` x `M` pixels of an image, transformed to 36 values.
#[inline(always)]
unsafe fn tiles_generic<S: Simd, T: Transform<M, REACH>, const M: usize>(
    image: &[f32],
    placement: Placement,
    tiles: Tiles,
    to: &mut [&mut [f32]],
) {
    let c = tiles.channels;
    assert!(
        image.len() == product([placement.size[0], placement.size[1], c])
            && c.is_multiple_of(S::LANES)
    );
    assert!(to.len() == POSITIONS && to.iter().all(|p| p.len() == tiles.len()));
    for tile in 0..tiles.count() {
        let [row, column] = tiles.corner(tile);
        for lane in (0..c).step_by(S::LANES) {
            // SAFETY: the lengths were checked.
            unsafe {
                let mut values = [[S::V::zero(); M]; M];
                for y in 0..M {
                    for x in 0..M {
                        if let Some(pixel) = placement.pixel(row + y, column + x) {
                            values[y][x] = S::V::load(image.as_ptr().add(pixel * c + lane));
                        }
                    }
                }
                let values = both_ways::<S::V, T, M, REACH>(values);
                store_all(to, tile * c + lane, values);
            }
        }
    }
}

#[inline(always)]
unsafe fn input_tiles_generic<S: Simd>(
    image: &[f32],
    placement: Placement,
    tiles: Tiles,
    to: &mut [&mut [f32]],
) {
    unsafe { tiles_generic::<S, Input, REACH>(image, placement, tiles, to) }
}

dispatch! {
    /// An image as transformed tiles: 36 slices `[tiles][channels]`.
    ///
    /// # Panics
    /// If an array has another length.
    ///
    /// # Safety
    /// The machine must have `isa`.
    fn input_tiles = input_tiles_generic(
        image: &[f32], placement: Placement, tiles: Tiles, to: &mut [&mut [f32]],
    )
}

#[inline(always)]
unsafe fn output_gradient_tiles_generic<S: Simd>(
    image: &[f32],
    placement: Placement,
    tiles: Tiles,
    to: &mut [&mut [f32]],
) {
    unsafe { tiles_generic::<S, OutputGradient, TILE_SIDE>(image, placement, tiles, to) }
}

dispatch! {
    /// An output's gradient as transformed tiles: 36 slices `[tiles][channels]`.
    ///
    /// # Panics
    /// If an array has another length.
    ///
    /// # Safety
    /// The machine must have `isa`.
    fn output_gradient_tiles = output_gradient_tiles_generic(
        image: &[f32], placement: Placement, tiles: Tiles, to: &mut [&mut [f32]],
    )
}

#[inline(always)]
unsafe fn output_generic<S: Simd>(
    from: &[&[f32]],
    tiles: Tiles,
    bias: &[f32],
    [height, width]: [usize; 2],
    output: &mut [f32],
) {
    let c = tiles.channels;
    assert!(from.len() == POSITIONS && from.iter().all(|p| p.len() == tiles.len()));
    assert!(
        output.len() == product([height, width, c])
            && bias.len() >= c
            && c.is_multiple_of(S::LANES)
    );
    assert_eq!(tiles, Tiles::covering([height, width], c));
    for tile in 0..tiles.count() {
        let [row, column] = tiles.corner(tile);
        for lane in (0..c).step_by(S::LANES) {
            // SAFETY: the lengths were checked, and what lies beyond the output is not written.
            unsafe {
                let m = load_all(from, tile * c + lane);
                let sums = both_ways::<S::V, Output, REACH, TILE_SIDE>(m);
                let bias = S::V::load(bias.as_ptr().add(lane));
                for y in 0..TILE_SIDE.min(height - row) {
                    for x in 0..TILE_SIDE.min(width - column) {
                        let at = ((row + y) * width + column + x) * c + lane;
                        S::V::store(output.as_mut_ptr().add(at), S::V::add(sums[y][x], bias));
                    }
                }
            }
        }
    }
}

dispatch! {
    /// An output of `size` (height, width) from its transformed tiles, 36 slices `[tiles][channels]`.
    ///
    /// # Panics
    /// If an array has another length.
    ///
    /// # Safety
    /// The machine must have `isa`.
    fn output = output_generic(
        from: &[&[f32]], tiles: Tiles, bias: &[f32], size: [usize; 2], output: &mut [f32],
    )
}

#[inline(always)]
unsafe fn input_gradient_generic<S: Simd>(
    from: &[&[f32]],
    tiles: Tiles,
    placement: Placement,
    image: &mut [f32],
) {
    const OVERLAP: usize = REACH - TILE_SIDE;
    let c = tiles.channels;
    assert!(from.len() == POSITIONS && from.iter().all(|p| p.len() == tiles.len()));
    assert!(
        image.len() == product([placement.size[0], placement.size[1], c])
            && c.is_multiple_of(S::LANES)
    );
    for tile in 0..tiles.count() {
        let [row, column] = tiles.corner(tile);
        for lane in (0..c).step_by(S::LANES) {
            // SAFETY: the lengths were checked.
            unsafe {
                let t = load_all(from, tile * c + lane);
                let d = both_ways::<S::V, InputGradient, REACH, REACH>(t);
                for y in 0..REACH {
                    for x in 0..REACH {
                        let Some(pixel) = placement.pixel(row + y, column + x) else {
                            continue;
                        };
                        let to = image.as_mut_ptr().add(pixel * c + lane);
                        // What the tiles above and to the left reach as well is there already.
                        let added = (row > 0 && y < OVERLAP) || (column > 0 && x < OVERLAP);
                        let before = if added { S::V::load(to) } else { S::V::zero() };
                        S::V::store(to, S::V::add(before, d[y][x]));
                    }
                }
            }
        }
    }
}

dispatch! {
    /// The gradient to an image from its transformed tiles, 36 slices `[tiles][channels]`; the tiles must
    /// reach all of the image.
    ///
    /// # Panics
    /// If an array has another length.
    ///
    /// # Safety
    /// The machine must have `isa`.
    fn input_gradient = input_gradient_generic(
        from: &[&[f32]], tiles: Tiles, placement: Placement, image: &mut [f32],
    )
}

#[inline(always)]
unsafe fn filter_gradient_generic<S: Simd>(from: &[&[f32]], to: &mut [&mut [f32]]) {
    let len = from.first().map_or(0, |p| p.len());
    assert!(from.len() == POSITIONS && from.iter().all(|p| p.len() == len));
    assert!(to.len() == TAPS * TAPS && to.iter().all(|t| t.len() == len));
    assert!(len.is_multiple_of(S::LANES));
    for at in (0..len).step_by(S::LANES) {
        // SAFETY: the lengths were checked.
        unsafe {
            let g = both_ways::<S::V, FilterGradient, REACH, TAPS>(load_all(from, at));
            for tap in 0..TAPS * TAPS {
                S::V::store(to[tap].as_mut_ptr().add(at), g[tap / TAPS][tap % TAPS]);
            }
        }
    }
}

dispatch! {
    /// The gradient to filters from 36 slices of sums over all tiles: 9 slices of the same order and
    /// length, which must be whole registers.
    ///
    /// # Panics
    /// If an array has another length.
    ///
    /// # Safety
    /// The machine must have `isa`.
    fn filter_gradient = filter_gradient_generic(from: &[&[f32]], to: &mut [&mut [f32]])
}
