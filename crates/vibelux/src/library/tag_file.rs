//! What lofty makes of a song file, within bounds: below [`super::tags`], [`super::cover`] and [`super::codec`].
//!
//! A hostile file may trip an assertion in a parser, or send it round in a circle: a frame of raw AAC that
//! says it has no length is followed by itself for ever. Either costs what the file says of itself, not the
//! program.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use lofty::config::ParseOptions;
use lofty::file::{FileType, TaggedFile};
use lofty::probe::Probe;

/// More reads and jumps than any tag needs: songs of an hour take some hundreds.
const MOST_CALLS: u32 = 1 << 19;

/// A file that ends after so many reads and jumps.
pub(super) struct BoundedFile {
    inner: BufReader<File>,
    calls: u32,
}

impl BoundedFile {
    /// Opens a file to read.
    ///
    /// # Errors
    /// As [`File::open`].
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let inner = BufReader::new(File::open(path)?);
        Ok(Self { inner, calls: 0 })
    }

    fn count(&mut self) -> io::Result<()> {
        self.calls += 1;
        if self.calls > MOST_CALLS {
            return Err(io::Error::other("the tags lead round in a circle"));
        }
        Ok(())
    }
}

impl Read for BoundedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.count()?;
        self.inner.read(buffer)
    }
}

impl Seek for BoundedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.count()?;
        self.inner.seek(to)
    }
}

/// Runs a parser; `None` if it panics.
pub(super) fn guarded<T>(parse: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(parse)).ok().flatten()
}

/// Tags and properties of a song file, whatever kind it is; `None` if it cannot be read.
pub(super) fn read(path: &Path, options: ParseOptions) -> Option<TaggedFile> {
    guarded(|| {
        let mut probe = Probe::new(BoundedFile::open(path).ok()?);
        if let Some(kind) = FileType::from_path(path) {
            probe = probe.set_file_type(kind);
        }
        let probe = probe.guess_file_type().ok()?;
        let mut options = options;
        if probe.file_type() == Some(FileType::Aac) {
            // Its length is found by going through all of it, jump by jump.
            options.read_properties(false);
        }
        probe.options(options).read().ok()
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_that_leads_round_in_a_circle_ends() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("song.aac");
        // Frames of no length; fuzzing found such a file.
        let frame = [0xFF, 0xF8, 0, 0, 0, 1];
        let bytes = [&frame[..], &frame, &[0; 24], &[0x17]].concat();
        fs::write(&path, bytes).unwrap();
        let _ = read(&path, ParseOptions::new());
        let circle = guarded(|| {
            let probe = Probe::with_file_type(BoundedFile::open(&path).ok()?, FileType::Aac);
            probe.read().ok()
        });
        assert!(circle.is_none());
    }

    #[test]
    fn calls_are_counted_and_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("song.mp3");
        fs::write(&path, [1, 2, 3]).unwrap();
        let mut file = BoundedFile::open(&path).unwrap();
        let mut calls = 0;
        while file.seek(SeekFrom::Start(0)).is_ok() {
            calls += 1;
        }
        assert_eq!(calls, MOST_CALLS);
        assert!(file.read(&mut [0]).is_err());
        assert!(guarded::<()>(|| unreachable!("a parser's mistake")).is_none());
    }
}
