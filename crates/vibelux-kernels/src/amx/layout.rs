//! Images as the matrix unit reads them: bf16, with the zeros around them, in rows of channels, of pixels, and
//! of pairs of pixels.

#![allow(unsafe_code, reason = "vector instructions")]

use std::arch::x86_64::*;

use crate::buffer::Buffer;

/// Pixels and channels that are handled at once.
pub(super) const BLOCK: usize = 32;

/// Images of a batch one behind the other, with so many zeros between them that a kernel that keeps their size
/// finds zeros wherever it reaches beyond an image.
///
/// The zeros to the right of a row are those to the left of the next one, the zeros below an image those above the
/// next. So every pixel, and every zero, has a position in one line; the products of a tap of the kernel for all
/// outputs are those of positions a fixed distance further on. What is computed for the zeros is thrown away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flat {
    /// Number of images.
    pub images: usize,
    /// Height and width of an image.
    pub size: [usize; 2],
    /// Zeros above and to the left, and as many below and to the right: a kernel has `2 pad + 1` rows and columns.
    pub pad: [usize; 2],
}

impl Flat {
    /// Positions from row to row.
    pub(super) fn stride(&self) -> usize {
        self.size[1] + self.pad[1]
    }

    /// Rows from image to image.
    pub(super) fn rows(&self) -> usize {
        self.size[0] + self.pad[0]
    }

    /// Zeros before the first pixel.
    pub(super) fn lead(&self) -> usize {
        self.pad[0] * self.stride() + self.pad[1]
    }

    /// Positions of outputs, whole blocks.
    pub(super) fn outputs(&self) -> usize {
        (self.images * self.rows() * self.stride()).next_multiple_of(BLOCK)
    }

    /// Positions altogether, whole blocks: whatever the kernel reaches from an output.
    #[must_use]
    pub fn len(&self) -> usize {
        (self.outputs() + 2 * self.lead()).next_multiple_of(BLOCK)
    }

    /// Whether there are no positions.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Positions between an output and the input that a tap of the kernel multiplies it by.
    pub(super) fn tap(&self, row: usize, column: usize) -> usize {
        row * self.stride() + column
    }

    /// Height and width of the kernel.
    pub(super) fn kernel(&self) -> [usize; 2] {
        self.pad.map(|pad| 2 * pad + 1)
    }

    /// Lays out images `[height][width][channels]`, one behind the other, as `[position][channel]`.
    ///
    /// # Panics
    /// If the channels are no multiple of 32 or there are not as many images as it says.
    ///
    /// # Safety
    /// The machine must have AVX-512 with BW and BF16.
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    pub unsafe fn lay_out(&self, images: &[f32], channels: usize, to: &mut Buffer<u16>) {
        let [height, width] = self.size;
        assert!(channels.is_multiple_of(BLOCK) && width > 0);
        assert_eq!(images.len(), self.images * height * width * channels);
        to.resize(self.len() * channels);
        let row = self.stride() * channels;
        let (lead, rest) = to.split_at_mut(self.lead() * channels);
        lead.fill(0);
        let mut at = 0;
        for (y, pixels) in images.chunks_exact(width * channels).enumerate() {
            let start = (y / height * self.rows() + y % height) * row;
            rest[at..start].fill(0);
            at = start + pixels.len();
            for (to, from) in rest[start..at]
                .chunks_exact_mut(16)
                .zip(pixels.chunks_exact(16))
            {
                // SAFETY: 16 values are read, and 16 of half the size written.
                unsafe {
                    let rounded = _mm512_cvtneps_pbh(_mm512_loadu_ps(from.as_ptr()));
                    let rounded = std::mem::transmute::<__m256bh, __m256i>(rounded);
                    _mm256_storeu_si256(to.as_mut_ptr().cast(), rounded);
                }
            }
        }
        rest[at..].fill(0);
    }

    /// Pairs of neighbouring outputs of what [`Self::lay_out`] made, channel by channel: `[pair][channel]`.
    ///
    /// # Panics
    /// If `flat` has another length.
    ///
    /// # Safety
    /// The machine must have AVX-512 with BW and BF16.
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    pub unsafe fn pair_up(&self, flat: &[u16], channels: usize, to: &mut Buffer<u32>) {
        assert!(channels.is_multiple_of(BLOCK));
        assert_eq!(flat.len(), self.len() * channels);
        let outputs = &flat[self.lead() * channels..][..self.outputs() * channels];
        to.resize(outputs.len() / 2);
        for (to, two) in to
            .chunks_exact_mut(channels)
            .zip(outputs.chunks_exact(2 * channels))
        {
            let (first, second) = two.split_at(channels);
            for (i, to) in to.chunks_exact_mut(16).enumerate() {
                // SAFETY: 16 words are written, and 16 values of each pixel read.
                unsafe {
                    let words = pairs(first[16 * i..].as_ptr(), second[16 * i..].as_ptr());
                    _mm512_storeu_si512(to.as_mut_ptr().cast(), words);
                }
            }
        }
    }
}

/// 16 pairs: of the values at `first` each with the one at `second`.
///
/// # Safety
/// Both must be readable for 16 values.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn pairs(first: *const u16, second: *const u16) -> __m512i {
    // SAFETY: as the caller promises.
    let [low, high] =
        [first, second].map(|p| unsafe { _mm512_cvtepu16_epi32(_mm256_loadu_si256(p.cast())) });
    _mm512_or_si512(low, _mm512_slli_epi32::<16>(high))
}

/// What [`Flat::lay_out`] made, turned over: the positions of every channel in a row.
#[derive(Debug, Clone, Default)]
pub struct Planes {
    values: Buffer<u16>,
    stride: usize,
}

impl Planes {
    /// Turns over what was laid out.
    ///
    /// # Panics
    /// If `flat` has another length than `shape` says.
    ///
    /// # Safety
    /// The machine must have AVX-512 with BW and BF16.
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    pub unsafe fn turn_over(&mut self, shape: Flat, flat: &[u16], channels: usize) {
        assert!(channels.is_multiple_of(BLOCK));
        assert_eq!(flat.len(), shape.len() * channels);
        // An odd number of lines of the cache from row to row: rows of a tile do not fight for the same ones.
        let lines = shape.len() / BLOCK;
        self.stride = (lines + 1 - lines % 2) * BLOCK;
        self.values.resize(channels * self.stride);
        for first in (0..shape.len()).step_by(BLOCK) {
            for channel in (0..channels).step_by(16) {
                // SAFETY: 32 positions, 16 channels each, lie in `flat`; 16 rows have room for 32 positions.
                unsafe {
                    let from = flat.as_ptr().add(first * channels + channel);
                    let to = self.values.as_mut_ptr().add(channel * self.stride + first);
                    let words = std::array::from_fn(|i| {
                        let first = from.add(2 * i * channels);
                        pairs(first, first.add(channels))
                    });
                    for (i, row) in transposed(words).into_iter().enumerate() {
                        _mm512_storeu_si512(to.add(i * self.stride).cast(), row);
                    }
                }
            }
        }
    }

    /// Values from row to row.
    pub(super) fn stride(&self) -> usize {
        self.stride
    }

    /// The positions of the channels from a given one on.
    pub(super) fn since_channel(&self, channel: usize) -> &[u16] {
        &self.values[channel * self.stride..]
    }
}

/// 16 rows of 16 words, turned over.
#[inline]
#[target_feature(enable = "avx512f")]
fn transposed(rows: [__m512i; 16]) -> [__m512i; 16] {
    // First words, then pairs of words change places within quarters of a register, then whole quarters.
    let by_one: [__m512i; 16] = std::array::from_fn(|i| {
        let (a, b) = (rows[i & !1], rows[i | 1]);
        if i % 2 == 0 {
            _mm512_unpacklo_epi32(a, b)
        } else {
            _mm512_unpackhi_epi32(a, b)
        }
    });
    // Row i: column i % 4 of the four rows 4 (i / 4) and on, of each quarter.
    let by_two: [__m512i; 16] = std::array::from_fn(|i| {
        let (four, column) = (i & !3, i % 4);
        let (a, b) = (by_one[four + column / 2], by_one[four + 2 + column / 2]);
        if column % 2 == 0 {
            _mm512_unpacklo_epi64(a, b)
        } else {
            _mm512_unpackhi_epi64(a, b)
        }
    });
    std::array::from_fn(|i| {
        let (quarter, column) = (i / 4, i % 4);
        let [a, b, c, d] = [0, 4, 8, 12].map(|four| by_two[four + column]);
        let (low, high) = if quarter % 2 == 0 {
            (
                _mm512_shuffle_i32x4::<0b1000_1000>(a, b),
                _mm512_shuffle_i32x4::<0b1000_1000>(c, d),
            )
        } else {
            (
                _mm512_shuffle_i32x4::<0b1101_1101>(a, b),
                _mm512_shuffle_i32x4::<0b1101_1101>(c, d),
            )
        };
        // `low` has the quarters q and q + 2 of a, then of b.
        if quarter < 2 {
            _mm512_shuffle_i32x4::<0b1000_1000>(low, high)
        } else {
            _mm512_shuffle_i32x4::<0b1101_1101>(low, high)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::skipped;
    use super::*;

    fn bf16(value: f32) -> u16 {
        // The values of these tests have no more digits.
        (value.to_bits() >> 16) as u16
    }

    const SHAPE: Flat = Flat {
        images: 3,
        size: [4, 5],
        pad: [1, 2],
    };

    /// Where a pixel lies, by the definition.
    fn position(image: usize, y: usize, x: usize) -> usize {
        let stride = 5 + 2;
        stride + 2 + (image * (4 + 1) + y) * stride + x
    }

    fn flat(channels: usize) -> (Vec<f32>, Buffer<u16>) {
        let images: Vec<f32> = (0..3 * 4 * 5 * channels)
            .map(|i| (i % 251) as f32 - 100.0)
            .collect();
        // What was there before must not stay.
        let mut flat = Buffer::default();
        flat.resize(10_000);
        flat.fill(7);
        // SAFETY: only called where the machine has it.
        unsafe { SHAPE.lay_out(&images, channels, &mut flat) };
        (images, flat)
    }

    #[test]
    fn pixels_lie_between_zeros() {
        if skipped() {
            return;
        }
        let (images, flat) = flat(64);
        let mut expected = vec![0; SHAPE.len() * 64];
        for (i, pixel) in images.chunks(64).enumerate() {
            let at = position(i / 20, i / 5 % 4, i % 5) * 64;
            for (to, &value) in expected[at..at + 64].iter_mut().zip(pixel) {
                *to = bf16(value);
            }
        }
        assert_eq!(*flat, expected);
    }

    #[test]
    fn pairs_and_planes_hold_the_same_values() {
        if skipped() {
            return;
        }
        let channels = 64;
        let (_, flat) = flat(channels);
        let (mut pairs, mut planes) = (Buffer::default(), Planes::default());
        // SAFETY: the machine has it.
        unsafe {
            SHAPE.pair_up(&flat, channels, &mut pairs);
            planes.turn_over(SHAPE, &flat, channels);
        }
        assert_eq!(pairs.len(), SHAPE.outputs() / 2 * channels);
        for (i, pair) in pairs.iter().enumerate() {
            let (position, channel) = (SHAPE.lead() + i / channels * 2, i % channels);
            let value = |position: usize| u32::from(flat[position * channels + channel]);
            assert_eq!(*pair, value(position) | value(position + 1) << 16);
        }
        for (i, value) in flat.iter().enumerate() {
            let (position, channel) = (i / channels, i % channels);
            assert_eq!(planes.since_channel(channel)[position], *value);
        }
    }
}
