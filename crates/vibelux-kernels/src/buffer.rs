//! Memory that begins with a line of the cache, for the arrays between layers.

#![allow(
    unsafe_code,
    reason = "lines are looked at as the values that they hold"
)]

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

/// f32 values of a line.
pub const LINE: usize = LINE_BYTES / size_of::<f32>();
const LINE_BYTES: usize = 64;

/// A line of the cache. A register that lies across two costs twice to load.
#[repr(C, align(64))]
#[derive(Debug, Clone, Copy)]
struct Line([u8; LINE_BYTES]);

mod sealed {
    /// # Safety
    /// Every pattern of bits must be a value, all zeros the default one, and a line a whole number of values.
    pub unsafe trait Plain: Copy + Default {}
    // SAFETY: numbers of 4 and 2 bytes.
    unsafe impl Plain for f32 {}
    unsafe impl Plain for u32 {}
    unsafe impl Plain for u16 {}
}
use sealed::Plain;

/// Values (f32, u32 or u16) that start with a line of the cache.
#[derive(Debug, Clone)]
pub struct Buffer<T: Plain = f32> {
    lines: Vec<Line>,
    len: usize,
    values: PhantomData<T>,
}

impl<T: Plain> Default for Buffer<T> {
    fn default() -> Self {
        Self {
            lines: Vec::new(),
            len: 0,
            values: PhantomData,
        }
    }
}

impl<T: Plain> Buffer<T> {
    /// Gives it a length. New values are 0, others stay.
    pub fn resize(&mut self, len: usize) {
        let line = LINE_BYTES / size_of::<T>();
        let kept = self.len.min(len);
        self.lines.resize(len.div_ceil(line), Line([0; LINE_BYTES]));
        self.len = len;
        // What lay behind the end in the last line is not new.
        let shown = kept.next_multiple_of(line).min(len);
        self[kept..shown].fill(T::default());
    }
}

impl<T: Plain> Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: `resize` keeps lines for `len` values; a line is an array of them without gaps.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl<T: Plain> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_with_a_line_and_keeps_what_it_held() {
        let mut buffer = Buffer::<f32>::default();
        assert!(buffer.is_empty());
        for len in [5, 40, 3, 21, 0, 17] {
            let kept = buffer.len().min(len);
            let before = buffer[..kept].to_vec();
            buffer.resize(len);
            assert_eq!(buffer.len(), len);
            assert_eq!(buffer.as_ptr().addr() % 64, 0);
            assert_eq!(buffer[..kept], before);
            assert!(buffer[kept..].iter().all(|&v| v == 0.0));
            buffer.fill(len as f32 + 1.0);
        }
    }
}
