//! [`TimedFile`]: a file that stops giving bytes when the song's time is up, so that every loop
//! inside a demuxer ends, however a damaged file leads it in circles.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::time::{Duration, Instant};

use symphonia::core::io::MediaSource;

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

/// A regular file with a deadline.
pub(super) struct TimedFile {
    file: File,
    len: u64,
    deadline: Deadline,
}

impl TimedFile {
    pub(super) fn new(file: File, len: u64, deadline: Deadline) -> Self {
        Self {
            file,
            len,
            deadline,
        }
    }
}

impl Read for TimedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.deadline.passed() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.file.read(buffer)
    }
}

impl Seek for TimedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl MediaSource for TimedFile {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.len)
    }
}
