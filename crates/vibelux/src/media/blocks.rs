//! [`Blocks`]: which parts of a file that is elsewhere are fetched, and which are kept. Below `remote.rs`.

use std::collections::HashMap;
use std::io;
use std::ops::Range;

use bytes::Bytes;

/// What is fetched at least. A header or a tag mostly fits.
const BLOCK_BYTES: u64 = 16 << 10;

/// Whoever reads on gets twice as much with each fetch, up to so many blocks.
const MOST_AHEAD: u64 = 16;

/// So many blocks are kept.
const MOST_KEPT: usize = 128;

/// The blocks of one file that were fetched last.
#[derive(Debug)]
pub(super) struct Blocks {
    size_bytes: u64,
    kept: HashMap<u64, Block>,
    /// Counts what is read, so that it is known what was not used for longest.
    clock: u64,
    /// The block after the last one that was fetched.
    next: u64,
    /// So many were fetched with it.
    run: u64,
}

#[derive(Debug)]
struct Block {
    bytes: Bytes,
    used: u64,
}

impl Blocks {
    /// Of a file of this length.
    pub fn new(size_bytes: u64) -> Self {
        Self {
            size_bytes,
            kept: HashMap::new(),
            clock: 0,
            // No block is after none.
            next: u64::MAX,
            run: 1,
        }
    }

    /// Reads from place `at` on some of the bytes that are asked for, at least one; none at the end. `fetch` is asked for a range
    /// of bytes if the first of them is not at hand.
    pub fn read(
        &mut self,
        at: u64,
        buffer: &mut [u8],
        fetch: impl FnOnce(Range<u64>) -> io::Result<Bytes>,
    ) -> io::Result<usize> {
        if at >= self.size_bytes || buffer.is_empty() {
            return Ok(0);
        }
        let number = at / BLOCK_BYTES;
        if !self.kept.contains_key(&number) {
            let last = (at + buffer.len() as u64 - 1).min(self.size_bytes - 1) / BLOCK_BYTES;
            self.fetch(number..last + 1, fetch)?;
        }
        self.clock += 1;
        let Some(block) = self.kept.get_mut(&number) else {
            return Ok(0);
        };
        block.used = self.clock;
        let here = &block.bytes[(at % BLOCK_BYTES) as usize..];
        let count = here.len().min(buffer.len());
        buffer[..count].copy_from_slice(&here[..count]);
        Ok(count)
    }

    /// Fetches these blocks, and more where somebody reads on, up to one that is at hand.
    fn fetch(
        &mut self,
        asked: Range<u64>,
        fetch: impl FnOnce(Range<u64>) -> io::Result<Bytes>,
    ) -> io::Result<()> {
        let first = asked.start;
        self.run = if first == self.next {
            (2 * self.run).min(MOST_AHEAD)
        } else {
            1
        };
        let most = (first + self.run).max(asked.end.min(first + MOST_AHEAD));
        let known = (first..most).find(|number| self.kept.contains_key(number));
        let wanted = first..known.unwrap_or(most);
        let range = first * BLOCK_BYTES..(wanted.end * BLOCK_BYTES).min(self.size_bytes);
        let bytes = fetch(range.clone())?;
        if bytes.len() as u64 != range.end - range.start {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!(
                    "{} bytes came where {} were asked for",
                    bytes.len(),
                    range.end - range.start
                ),
            ));
        }
        let mut left = bytes;
        for number in wanted.clone() {
            let length = left.len().min(BLOCK_BYTES as usize);
            if length == 0 {
                break;
            }
            let block = Block {
                // By itself, so that it does not keep what came with it.
                bytes: Bytes::copy_from_slice(&left.split_to(length)),
                used: self.clock,
            };
            self.kept.insert(number, block);
        }
        self.next = wanted.end;
        self.forget(&wanted);
        Ok(())
    }

    /// Forgets what was not used for longest, though none of these.
    fn forget(&mut self, fresh: &Range<u64>) {
        while self.kept.len() > MOST_KEPT {
            let old = self
                .kept
                .iter()
                .filter(|(number, _)| !fresh.contains(number));
            let Some(number) = old
                .min_by_key(|(_, block)| block.used)
                .map(|(number, _)| *number)
            else {
                return;
            };
            self.kept.remove(&number);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A file that counts what is fetched of it.
    struct Shelf {
        bytes: Vec<u8>,
        fetched: Vec<Range<u64>>,
        blocks: Blocks,
    }

    impl Shelf {
        fn new(length: usize) -> Self {
            Self {
                bytes: (0..length).map(|place| (place / 7) as u8).collect(),
                fetched: Vec::new(),
                blocks: Blocks::new(length as u64),
            }
        }

        fn read(&mut self, at: u64, count: usize) -> Vec<u8> {
            let mut buffer = vec![0; count];
            let Self {
                bytes,
                fetched,
                blocks,
            } = self;
            let count = blocks
                .read(at, &mut buffer, |range| {
                    fetched.push(range.clone());
                    Ok(Bytes::copy_from_slice(
                        &bytes[range.start as usize..range.end as usize],
                    ))
                })
                .unwrap();
            buffer.truncate(count);
            buffer
        }
    }

    #[test]
    fn who_reads_on_gets_more_at_a_time() {
        let mut shelf = Shelf::new(10 << 20);
        let mut at = 0;
        while at < 4 << 20 {
            at += shelf.read(at, 4096).len() as u64;
        }
        let lengths: Vec<u64> = shelf
            .fetched
            .iter()
            .map(|range| (range.end - range.start) >> 10)
            .collect();
        assert_eq!(lengths[..6], [16, 32, 64, 128, 256, 256]);
        // A jump begins anew.
        shelf.read(9 << 20, 1);
        let last = shelf.fetched.last().unwrap();
        assert_eq!(last.end - last.start, BLOCK_BYTES);
        assert!(shelf.blocks.kept.len() <= MOST_KEPT);
    }

    #[test]
    fn fewer_bytes_than_were_asked_for_are_an_error() {
        let mut blocks = Blocks::new(100);
        let error = blocks
            .read(0, &mut [0; 10], |_| Ok(Bytes::from_static(b"short")))
            .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_is_there_and_comes_once(
            length in 0_usize..600_000,
            reads in prop::collection::vec((0_u64..700_000, 0_usize..50_000), 1..40),
        ) {
            let mut shelf = Shelf::new(length);
            for (at, count) in reads {
                let read = shelf.read(at, count);
                let left = length.saturating_sub(at as usize);
                prop_assert!(read.len() <= count.min(left));
                prop_assert!(!read.is_empty() || count == 0 || left == 0);
                prop_assert_eq!(&read[..], &shelf.bytes[(at as usize).min(length)..][..read.len()]);
            }
            // All of it fits into what is kept, so nothing is fetched twice.
            let mut ranges = shelf.fetched.clone();
            ranges.sort_by_key(|range| range.start);
            prop_assert!(ranges.windows(2).all(|pair| pair[0].end <= pair[1].start));
        }
    }
}
