//! How tiles lie on images, and where they are worth it.

use crate::simd::InstructionSet;

/// Outputs along each side of a tile.
pub(super) const TILE_SIDE: usize = 4;
/// Inputs along each side of a tile, and values of a transformed one.
pub(super) const REACH: usize = 6;
/// Weights along each side of a filter.
pub(super) const TAPS: usize = 3;
/// Values of a transformed tile.
pub const POSITIONS: usize = REACH * REACH;
/// Channels must be a multiple of this: whole registers of every instruction set.
pub const CHANNEL_MULTIPLE: usize = 16;

/// Tiles of an image, and its channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tiles {
    /// Rows and columns of tiles.
    pub grid: [usize; 2],
    /// Channels of a pixel.
    pub channels: usize,
}

impl Tiles {
    /// Those that make an output of a height and a width; the last ones may stick out.
    pub fn covering([height, width]: [usize; 2], channels: usize) -> Self {
        Self {
            grid: [height.div_ceil(TILE_SIDE), width.div_ceil(TILE_SIDE)],
            channels,
        }
    }

    /// Row and column of a tile's first output.
    #[inline(always)]
    pub fn corner(&self, tile: usize) -> [usize; 2] {
        [tile / self.grid[1], tile % self.grid[1]].map(|n| n * TILE_SIDE)
    }

    /// Number of tiles.
    #[inline(always)]
    pub fn count(&self) -> usize {
        self.grid[0] * self.grid[1]
    }

    /// Values of one array of all tiles.
    #[inline(always)]
    pub fn len(&self) -> usize {
        product([self.grid[0], self.grid[1], self.channels])
    }
}

/// Where the tiles lie on an image `[height][width][channels]`. Beyond it are zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Placement {
    /// Height and width of the image.
    pub size: [usize; 2],
    /// Rows above and columns to the left of it that the first tile reaches.
    pub before: [usize; 2],
}

impl Placement {
    /// The image's pixel at a row and a column of what tiles reach.
    #[inline(always)]
    pub fn pixel(&self, row: usize, column: usize) -> Option<usize> {
        let (y, x) = (
            row.wrapping_sub(self.before[0]),
            column.wrapping_sub(self.before[1]),
        );
        if y < self.size[0] && x < self.size[1] {
            Some(y * self.size[1] + x)
        } else {
            None
        }
    }
}

/// The product, or more than any array can have where it does not fit.
#[inline(always)]
pub(super) fn product<const N: usize>(sizes: [usize; N]) -> usize {
    let mut product = 1_usize;
    for size in sizes {
        product = product.saturating_mul(size);
    }
    product
}

/// Whether tiles are worth their transforms for a kernel (height, width) from `inputs` to `outputs` channels
/// that makes an output of a height and a width: not for few channels, nor where most of the tiles sticks out.
#[must_use]
pub fn pays(
    isa: InstructionSet,
    kernel: [usize; 2],
    [inputs, outputs]: [usize; 2],
    [height, width]: [usize; 2],
) -> bool {
    let direct = product([TAPS, TAPS, height, width]);
    let tiles = Tiles::covering([height, width], 1).len();
    kernel == [TAPS, TAPS]
        && isa.values_per_word() == 1
        && [inputs, outputs]
            .iter()
            .all(|&n| n > 0 && n.is_multiple_of(CHANNEL_MULTIPLE))
        && direct >= product([2, POSITIONS, tiles])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_pay_where_they_save() {
        let isa = InstructionSet::Portable;
        let pays = |kernel, channels, output| pays(isa, kernel, channels, output);
        assert!(pays([3, 3], [16, 32], [48, 48]));
        assert!(pays([3, 3], [32, 32], [3, 3]));
        assert!(!pays([5, 5], [16, 32], [48, 48]));
        assert!(!pays([3, 3], [1, 32], [48, 48]));
        assert!(!pays([3, 3], [24, 32], [48, 48]));
        assert!(!pays([3, 3], [0, 32], [48, 48]));
        // Of a tile of 16 outputs 2 x 2 are used, of four tiles 5 x 5.
        assert!(!pays([3, 3], [16, 32], [2, 2]));
        assert!(!pays([3, 3], [16, 32], [5, 5]));
        // No overflow is taken for few tiles.
        assert!(!super::pays(
            InstructionSet::Avx512Bf16,
            [3, 3],
            [16, 32],
            [48, 48]
        ));
    }
}
