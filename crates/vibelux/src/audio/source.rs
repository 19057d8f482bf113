//! [`TimedFile`]: a file that stops giving bytes when the song's time is up, so that every loop
//! inside a demuxer ends, however a damaged file leads it in circles.

use std::io::{self, Read, Seek, SeekFrom};
use std::time::{Duration, Instant};

use symphonia::core::io::MediaSource;

use super::flac::Patch;
use crate::media::MediaFile;

/// When to give up on a song.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    end: Instant,
    /// What it was set to, for the message.
    pub(super) limit: Duration,
}

impl Deadline {
    pub(super) fn after(limit: Duration) -> Self {
        let now = Instant::now();
        Self {
            end: now.checked_add(limit).unwrap_or(now),
            limit,
        }
    }

    pub(super) fn passed(&self) -> bool {
        Instant::now() >= self.end
    }

    pub(super) fn remaining(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }
}

/// A file with a deadline, in which some bytes are shown as others.
pub(super) struct TimedFile {
    file: MediaFile,
    deadline: Deadline,
    /// Where the next byte is read.
    position: u64,
    patches: Vec<Patch>,
}

impl TimedFile {
    /// Of a file that stands at its beginning.
    pub(super) fn new(file: MediaFile, deadline: Deadline, patches: Vec<Patch>) -> Self {
        Self {
            file,
            deadline,
            position: 0,
            patches,
        }
    }
}

impl Read for TimedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.deadline.passed() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let count = self.file.read(buffer)?;
        for patch in &self.patches {
            let place = patch
                .at
                .checked_sub(self.position)
                .and_then(|at| usize::try_from(at).ok());
            if let Some(byte) = place.and_then(|at| buffer[..count].get_mut(at)) {
                *byte = patch.byte;
            }
        }
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for TimedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = self.file.seek(to)?;
        Ok(self.position)
    }
}

impl MediaSource for TimedFile {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.file.facts().size_bytes)
    }
}
