//! 36 arrays of one length: an array for each value of a transformed tile.

use rayon::prelude::*;

use super::tiles::POSITIONS;
use crate::buffer::{Buffer, LINE};

/// Values between two arrays, a line of the cache. Without it their starts would often lie a power of two
/// apart, and what is written to all 36 in turn would fall into the same few lines.
const GAP: usize = LINE;

/// 36 arrays of one length.
#[derive(Debug, Clone, Default)]
pub struct Stack {
    values: Buffer,
    len: usize,
}

impl Stack {
    /// Gives the arrays a length; what they hold is left as it comes.
    ///
    /// # Panics
    /// If so much memory cannot exist.
    pub fn resize(&mut self, len: usize) {
        let apart = len.checked_add(GAP);
        let needed = apart.and_then(|apart| apart.checked_mul(POSITIONS));
        assert!(needed.is_some(), "{POSITIONS} arrays of {len} values");
        let needed = needed.unwrap_or_default();
        self.len = len;
        // Never smaller: what comes again would have to be cleared.
        if self.values.len() < needed {
            self.values.resize(needed);
        }
    }

    /// Length of an array.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the arrays hold nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The arrays.
    pub fn arrays(&self) -> impl Iterator<Item = &[f32]> {
        let apart = self.values.chunks_exact(self.len + GAP).take(POSITIONS);
        apart.map(|array| &array[..self.len])
    }

    /// The arrays, to write.
    pub fn arrays_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        let len = self.len;
        let apart = self.values.chunks_exact_mut(len + GAP).take(POSITIONS);
        apart.map(move |array| &mut array[..len])
    }

    /// The arrays, for many threads.
    pub fn par_arrays(&self) -> impl IndexedParallelIterator<Item = &[f32]> {
        let apart = self.values.par_chunks_exact(self.len + GAP).take(POSITIONS);
        apart.map(|array| &array[..self.len])
    }

    /// The arrays, to write, for many threads.
    pub fn par_arrays_mut(&mut self) -> impl IndexedParallelIterator<Item = &mut [f32]> {
        let len = self.len;
        let apart = self.values.par_chunks_exact_mut(len + GAP).take(POSITIONS);
        apart.map(move |array| &mut array[..len])
    }

    /// Pieces of `len` values (the last may be shorter), each of all arrays.
    #[must_use]
    pub fn pieces(&self, len: usize) -> Vec<Vec<&[f32]>> {
        in_pieces(self.arrays().map(|array| array.chunks(len)))
    }

    /// As [`Self::pieces`], to write.
    pub fn pieces_mut(&mut self, len: usize) -> Vec<Vec<&mut [f32]>> {
        in_pieces(self.arrays_mut().map(|array| array.chunks_mut(len)))
    }
}

/// The first pieces of all arrays, then the second ones, and so on.
pub(super) fn in_pieces<P>(arrays: impl Iterator<Item = impl Iterator<Item = P>>) -> Vec<Vec<P>> {
    let mut pieces: Vec<Vec<P>> = Vec::new();
    for array in arrays {
        for (i, piece) in array.enumerate() {
            if i == pieces.len() {
                pieces.push(Vec::with_capacity(POSITIONS));
            }
            pieces[i].push(piece);
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_begin_with_a_line_and_do_not_overlap() {
        let mut stack = Stack::default();
        assert!(stack.is_empty());
        // Smaller after larger, too.
        for len in [48, 16, 32] {
            stack.resize(len);
            for (i, array) in stack.arrays_mut().enumerate() {
                assert_eq!((array.len(), array.as_ptr().addr() % 64), (len, 0));
                array.fill(i as f32);
            }
            assert_eq!(stack.arrays().count(), POSITIONS);
            assert_eq!(stack.par_arrays().count(), POSITIONS);
            let pieces = stack.pieces(20);
            assert_eq!(pieces.len(), len.div_ceil(20));
            for piece in &pieces {
                for (i, values) in piece.iter().enumerate() {
                    assert!(values.iter().all(|&v| v == i as f32));
                }
            }
            let lens: usize = pieces.iter().map(|piece| piece[0].len()).sum();
            assert_eq!(lens, len);
        }
    }

    #[test]
    #[should_panic(expected = "36 arrays")]
    fn a_length_that_cannot_be_is_refused() {
        Stack::default().resize(usize::MAX / 2);
    }
}
