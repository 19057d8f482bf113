//! The inner loop of a 3x3 convolution that keeps channels apart, one row at a time.
//!
//! What [`super::inference::Separable`] runs after the 1x1 convolution that mixes them. The nine weights
//! of a register of channels stay in registers while a run of pixels goes by.

#![allow(
    unsafe_code,
    reason = "rows are addressed by raw pointers; callers state why they may"
)]

use super::simd::{InstructionSet, Simd, Sums, dispatch};

/// Height and width of the kernel, multiplied.
pub const TAPS: usize = 9;

/// Pixels that are done for all channels before the next ones: three rows of so many with 64 channels fit into
/// the first cache.
const RUN: usize = 24;

#[inline(always)]
unsafe fn row_generic<S: Simd>(
    rows: [*const f32; 3],
    [width, channels]: [usize; 2],
    weights: *const f32,
    bias: *const f32,
    least: f32,
    output: *mut f32,
) {
    unsafe {
        let least = S::V::splat(least);
        let mut first = 0;
        while first < width {
            let end = (first + RUN).min(width);
            let mut channel = 0;
            while channel < channels {
                let mut w = [S::V::zero(); TAPS];
                for (tap, w) in w.iter_mut().enumerate() {
                    *w = S::V::load(weights.add(tap * channels + channel));
                }
                let b = S::V::load(bias.add(channel));
                for x in first..end {
                    // Three sums, as each product waits for the one before it.
                    let mut sums = [b, S::V::zero(), S::V::zero()];
                    for (r, row) in rows.iter().enumerate() {
                        for column in 0..3 {
                            let v = S::V::load(row.add((x + column) * channels + channel));
                            sums[column] = S::V::mul_add(v, w[3 * r + column], sums[column]);
                        }
                    }
                    let sum = S::V::add(S::V::add(sums[0], sums[1]), sums[2]);
                    S::V::store(output.add(x * channels + channel), S::V::max(sum, least));
                }
                channel += S::LANES;
            }
            first = end;
        }
    }
}

dispatch! {
    /// `output[x][c] = max(least, bias[c] + sum rows[r][x + k][c] weights[r][k][c])` for `width` pixels.
    ///
    /// # Safety
    /// The machine must have `isa`, and `channels` must be whole registers of it. Each of `rows` must be
    /// readable for `width + 2` pixels, `weights` for [`TAPS`] and `bias` for one; `output` must be
    /// writable for `width`.
    fn row = row_generic(
        rows: [*const f32; 3], size: [usize; 2], weights: *const f32, bias: *const f32, least: f32,
        output: *mut f32,
    )
}
