//! The six matrices of [`super`], as sums of registers: what a row or a column of a tile becomes.
//!
//! Numbers from Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015), section 4.3, and
//! their transposes.

#![allow(unsafe_code, reason = "vector instructions")]
#![allow(
    clippy::needless_range_loop,
    reason = "indices name registers; loops over constants unroll"
)]

use super::tiles::{REACH, TAPS, TILE_SIDE};
use crate::simd::Sums;

/// One of the matrices, which makes `N` values of `M`. A type and no closure: closures are compiled without the
/// instruction set of whom they are passed to.
pub(super) trait Transform<const M: usize, const N: usize> {
    /// The matrix times the values.
    ///
    /// # Safety
    /// The CPU must have the instruction set of `V`.
    unsafe fn of<V: Sums>(values: [V; M]) -> [V; N];
}

/// `k * a + c`.
#[inline(always)]
unsafe fn times<V: Sums>(k: f32, a: V, c: V) -> V {
    unsafe { V::mul_add(V::splat(k), a, c) }
}

/// `k * a`.
#[inline(always)]
unsafe fn scaled<V: Sums>(k: f32, a: V) -> V {
    unsafe { V::mul(V::splat(k), a) }
}

/// `a + b` and `a - b`.
#[inline(always)]
unsafe fn sum_and_difference<V: Sums>(a: V, b: V) -> (V, V) {
    unsafe { (V::add(a, b), V::sub(a, b)) }
}

/// B' d.
pub(super) struct Input;

impl Transform<REACH, REACH> for Input {
    #[inline(always)]
    unsafe fn of<V: Sums>(d: [V; REACH]) -> [V; REACH] {
        unsafe {
            let (even, odd) = (times(-4.0, d[2], d[4]), times(-4.0, d[1], d[3]));
            let (first, second) = sum_and_difference(even, odd);
            let (far, near) = (V::sub(d[4], d[2]), scaled(2.0, V::sub(d[3], d[1])));
            let (third, fourth) = sum_and_difference(far, near);
            [
                times(4.0, d[0], times(-5.0, d[2], d[4])),
                first,
                second,
                third,
                fourth,
                times(4.0, d[1], times(-5.0, d[3], d[5])),
            ]
        }
    }
}

/// B t.
pub(super) struct InputGradient;

impl Transform<REACH, REACH> for InputGradient {
    #[inline(always)]
    unsafe fn of<V: Sums>(t: [V; REACH]) -> [V; REACH] {
        unsafe {
            let (sum, difference) = sum_and_difference(t[1], t[2]);
            let (far_sum, far_difference) = sum_and_difference(t[3], t[4]);
            let first = times(-2.0, far_difference, scaled(4.0, t[5]));
            let third = times(2.0, far_difference, scaled(-5.0, t[5]));
            [
                scaled(4.0, t[0]),
                times(-4.0, difference, first),
                V::sub(times(-4.0, sum, scaled(-5.0, t[0])), far_sum),
                V::add(difference, third),
                V::add(t[0], V::add(sum, far_sum)),
                t[5],
            ]
        }
    }
}

/// A' m.
pub(super) struct Output;

impl Transform<REACH, TILE_SIDE> for Output {
    #[inline(always)]
    unsafe fn of<V: Sums>(m: [V; REACH]) -> [V; TILE_SIDE] {
        unsafe {
            let (sum, difference) = sum_and_difference(m[1], m[2]);
            let (far_sum, far_difference) = sum_and_difference(m[3], m[4]);
            [
                V::add(m[0], V::add(sum, far_sum)),
                times(2.0, far_difference, difference),
                times(4.0, far_sum, sum),
                times(8.0, far_difference, V::add(difference, m[5])),
            ]
        }
    }
}

/// A y.
pub(super) struct OutputGradient;

impl Transform<TILE_SIDE, REACH> for OutputGradient {
    #[inline(always)]
    unsafe fn of<V: Sums>(y: [V; TILE_SIDE]) -> [V; REACH] {
        unsafe {
            let (even, odd) = (V::add(y[0], y[2]), V::add(y[1], y[3]));
            let (first, second) = sum_and_difference(even, odd);
            let far_even = times(4.0, y[2], y[0]);
            let far_odd = times(8.0, y[3], scaled(2.0, y[1]));
            let (third, fourth) = sum_and_difference(far_even, far_odd);
            [y[0], first, second, third, fourth, y[3]]
        }
    }
}

/// G g.
pub(super) struct Filter;

impl Transform<TAPS, REACH> for Filter {
    #[inline(always)]
    unsafe fn of<V: Sums>(g: [V; TAPS]) -> [V; REACH] {
        unsafe {
            let outer = scaled(-1.0 / 6.0, V::add(g[0], g[2]));
            let inner = scaled(1.0 / 6.0, g[1]);
            let (second, first) = sum_and_difference(outer, inner);
            let far_outer = times(1.0 / 24.0, g[0], scaled(1.0 / 6.0, g[2]));
            let far_inner = scaled(1.0 / 12.0, g[1]);
            let (third, fourth) = sum_and_difference(far_outer, far_inner);
            [scaled(0.25, g[0]), first, second, third, fourth, g[2]]
        }
    }
}

/// G' u.
pub(super) struct FilterGradient;

impl Transform<REACH, TAPS> for FilterGradient {
    #[inline(always)]
    unsafe fn of<V: Sums>(u: [V; REACH]) -> [V; TAPS] {
        unsafe {
            let (sum, difference) = sum_and_difference(u[1], u[2]);
            let (far_sum, far_difference) = sum_and_difference(u[3], u[4]);
            let sixth = scaled(-1.0 / 6.0, sum);
            let far_twelfth = scaled(1.0 / 12.0, far_difference);
            [
                times(0.25, u[0], times(1.0 / 24.0, far_sum, sixth)),
                times(-1.0 / 6.0, difference, far_twelfth),
                times(1.0 / 6.0, far_sum, V::add(sixth, u[5])),
            ]
        }
    }
}

/// Transforms columns, then rows: `values[row][column]` of `M` become those of `N`.
///
/// # Safety
/// The CPU must have the instruction set of `V`.
#[inline(always)]
pub(super) unsafe fn both_ways<V: Sums, T: Transform<M, N>, const M: usize, const N: usize>(
    values: [[V; M]; M],
) -> [[V; N]; N] {
    unsafe {
        let mut columns = [[V::zero(); M]; N];
        for x in 0..M {
            let mut column = [V::zero(); M];
            for y in 0..M {
                column[y] = values[y][x];
            }
            let column = T::of(column);
            for y in 0..N {
                columns[y][x] = column[y];
            }
        }
        let mut result = [[V::zero(); N]; N];
        for y in 0..N {
            result[y] = T::of(columns[y]);
        }
        result
    }
}
