//! [`ContentHash`]: which sound a file holds, whatever its tags, its name and its place say. Below the embedding: a file that
//! was moved or retagged keeps what is known of it.
//!
//! `regions.rs` finds the stretches of the file that are sound (`sound.rs`), `ogg.rs` those of Ogg, whose pages are numbered anew
//! when a tag grows. Of much sound a sample is hashed, with the length of all of it: two recordings differ everywhere
//! once they are encoded, and a file on another machine need not travel for its name.

mod ogg;
mod regions;
mod sound;

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::hex;
use crate::media::MediaFile;
use sound::Sound;

/// Sound up to this length is hashed as a whole.
const WHOLE_BYTES: u64 = 1 << 20;
/// Of more, so many blocks of this length, spread evenly from the first byte to the last.
const BLOCKS: u64 = 16;
const BLOCK_BYTES: u64 = 1 << 14;

/// 128 bits that name the sound of a file; 32 hexadecimal digits as text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContentHash([u8; ContentHash::BYTES]);

impl ContentHash {
    /// Its length.
    pub const BYTES: usize = 16;

    /// Hashes the sound of a file. Reads at most some hundred KiB of it.
    ///
    /// # Errors
    /// If the file cannot be read. What it holds is no error: of something that is no sound file all is hashed as if it
    /// were sound.
    pub fn of_file(path: &Path) -> io::Result<Self> {
        Self::of(&mut MediaFile::open(path)?)
    }

    /// The same of anything that can be read at any place.
    ///
    /// # Errors
    /// As [`Self::of_file`].
    pub fn of<R: Read + Seek>(file: &mut R) -> io::Result<Self> {
        let length = file.seek(SeekFrom::End(0))?;
        let mut hasher = Sha256::new();
        match regions::find(file, length)? {
            Sound::Named { kind, name } => {
                hasher.update(kind);
                hasher.update(name);
            }
            Sound::Regions { kind, regions } => {
                hasher.update(kind);
                hash_sample(file, &regions, &mut hasher)?;
            }
        }
        let [hash @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _]: [u8; 32] =
            hasher.finalize().into();
        Ok(Self(hash))
    }

    /// The hash with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl From<ContentHash> for String {
    fn from(hash: ContentHash) -> Self {
        hash.to_string()
    }
}

impl TryFrom<String> for ContentHash {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        hex::decode(&text)
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or(text)
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Hashes the length of all regions together, and all of them or a sample, as if they lay end to end.
fn hash_sample<R: Read + Seek>(
    file: &mut R,
    regions: &[Range<u64>],
    hasher: &mut Sha256,
) -> io::Result<()> {
    let total: u64 = regions.iter().map(|region| region.end - region.start).sum();
    hasher.update(total.to_le_bytes());
    if total <= WHOLE_BYTES {
        return hash_stretch(file, regions, 0..total, hasher);
    }
    for block in 0..BLOCKS {
        let start = block * (total - BLOCK_BYTES) / (BLOCKS - 1);
        hash_stretch(file, regions, start..start + BLOCK_BYTES, hasher)?;
    }
    Ok(())
}

/// Hashes a stretch of the regions, counted from the first one's start.
fn hash_stretch<R: Read + Seek>(
    file: &mut R,
    regions: &[Range<u64>],
    stretch: Range<u64>,
    hasher: &mut Sha256,
) -> io::Result<()> {
    let mut before = 0;
    for region in regions {
        let length = region.end - region.start;
        let start = stretch.start.clamp(before, before + length) - before;
        let end = stretch.end.clamp(before, before + length) - before;
        before += length;
        if start < end {
            file.seek(SeekFrom::Start(region.start + start))?;
            io::copy(&mut file.by_ref().take(end - start), &mut Sink(hasher))?;
        }
    }
    Ok(())
}

/// A hasher to write to.
struct Sink<'a>(&'a mut Sha256);

impl io::Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
