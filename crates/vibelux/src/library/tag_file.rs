//! What lofty makes of a song file, within bounds: below [`super::tags`], [`super::cover`] and [`super::codec`].
//!
//! A hostile file may trip an assertion in a parser, or send it round in a circle: a frame of raw AAC that
//! says it has no length is followed by itself for ever. Either costs what the file says of itself, not the
//! program.

use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use lofty::config::ParseOptions;
use lofty::file::{FileType, TaggedFile};
use lofty::probe::Probe;

use crate::media::MediaFile;

/// More blocks and jumps than any tag needs: songs of an hour take some hundreds.
const MOST_CALLS: u32 = 1 << 19;

/// A file that ends after so many reads and jumps. Below a buffer, so that a byte is no call, but a block or
/// a jump is.
pub(super) struct BoundedFile {
    inner: MediaFile,
    calls: u32,
}

impl BoundedFile {
    /// Opens a file to read.
    ///
    /// # Errors
    /// As [`MediaFile::open`].
    pub(super) fn open(path: &Path) -> io::Result<BufReader<Self>> {
        let inner = MediaFile::open(path)?;
        Ok(BufReader::new(Self { inner, calls: 0 }))
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
        // Without its length, which takes the circle, there is nothing wrong with it.
        assert!(read(&path, ParseOptions::new()).is_some());
        let circle = guarded(|| {
            let probe = Probe::with_file_type(BoundedFile::open(&path).ok()?, FileType::Aac);
            probe.read().ok()
        });
        assert!(circle.is_none());
    }

    #[test]
    fn long_padding_costs_no_tag() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("song.mp3");
        // An ID3v2.3 tag with a title, then a MiB of nothing.
        let frame = b"TIT2\0\0\0\x05\0\0\0Blue";
        let size = u8::try_from(frame.len()).unwrap();
        let header = [b'I', b'D', b'3', 3, 0, 0, 0, 0, 0, size];
        let mut bytes = [&header[..], frame].concat();
        bytes.resize(bytes.len() + (1 << 20), 0);
        for _ in 0..8 {
            // MPEG 1 layer III, 128 kbit/s, 44.1 kHz: frames of 417 bytes.
            bytes.extend([0xFF, 0xFB, 0x90, 0x00]);
            bytes.resize(bytes.len() + 413, 0);
        }
        fs::write(&path, bytes).unwrap();
        let tags = crate::library::read_tags(&path).tags;
        assert_eq!(tags.title.as_deref(), Some("Blue"));
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
        assert!(file.get_mut().read(&mut [0]).is_err());
        assert!(guarded::<()>(|| unreachable!("a parser's mistake")).is_none());
    }
}
