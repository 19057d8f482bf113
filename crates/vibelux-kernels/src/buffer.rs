//! Memory that begins with a line of the cache, for the arrays between layers.

#![allow(
    unsafe_code,
    reason = "lines are looked at as the values that they hold"
)]

use std::ops::{Deref, DerefMut};

/// Values of a line.
pub const LINE: usize = 16;

/// A line of the cache, 64 bytes. A register that lies across two costs twice to load.
#[repr(C, align(64))]
#[derive(Debug, Clone, Copy)]
struct Line([f32; LINE]);

/// Values that start with a line of the cache.
#[derive(Debug, Clone, Default)]
pub struct Buffer {
    lines: Vec<Line>,
    len: usize,
}

impl Buffer {
    /// Gives it a length. New values are 0, others stay.
    pub fn resize(&mut self, len: usize) {
        let kept = self.len.min(len);
        self.lines.resize(len.div_ceil(LINE), Line([0.0; LINE]));
        self.len = len;
        // What lay behind the end in the last line is not new.
        let shown = kept.next_multiple_of(LINE).min(len);
        self[kept..shown].fill(0.0);
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: `resize` keeps lines for `len` values; a line is an array of them without gaps.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_with_a_line_and_keeps_what_it_held() {
        let mut buffer = Buffer::default();
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
