//! [`SongId`]: how clients name a song. A hash of its path: the same from one start to the next, and
//! nothing that could be turned into another path.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// Bytes of an id: enough that no two of a library's songs share one.
const BYTES: usize = 16;

/// The first half of the SHA-256 of a song's path, written as 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SongId([u8; BYTES]);

impl SongId {
    /// The id of the song at `path`.
    pub fn of(path: &Path) -> Self {
        let hash: [u8; 32] = Sha256::digest(path.as_os_str().as_encoded_bytes()).into();
        Self(std::array::from_fn(|i| hash[i]))
    }

    /// A number that few other ids share.
    pub fn first_half(self) -> u64 {
        let (half, _) = self.0.split_at(size_of::<u64>());
        half.iter()
            .fold(0, |number, &byte| number << 8 | u64::from(byte))
    }
}

impl fmt::Display for SongId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The text is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a song's id is 32 hexadecimal digits; GET /api/v1/songs lists them")]
pub struct BadSongId;

impl FromStr for SongId {
    type Err = BadSongId;

    fn from_str(text: &str) -> Result<Self, BadSongId> {
        let digits = text.as_bytes();
        if digits.len() != 2 * BYTES {
            return Err(BadSongId);
        }
        let mut id = [0; BYTES];
        for (byte, pair) in id.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = 16 * digit(pair[0])? + digit(pair[1])?;
        }
        Ok(Self(id))
    }
}

/// Lower case only, so that a song has one address.
fn digit(character: u8) -> Result<u8, BadSongId> {
    match character {
        b'0'..=b'9' => Ok(character - b'0'),
        b'a'..=b'f' => Ok(character - b'a' + 10),
        _ => Err(BadSongId),
    }
}

impl Serialize for SongId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SongId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_written() {
        let id = SongId::of(Path::new("/music/a.mp3"));
        let text = id.to_string();
        assert_eq!(text.len(), 32);
        assert_eq!(text.parse(), Ok(id));
        // The SHA-256 of the bytes "/music/a.mp3", by sha256sum.
        assert!(text.starts_with("355d896ab5c9f0bb"), "{text}");
    }

    #[test]
    fn other_texts_are_no_ids() {
        let upper = "A".repeat(32);
        let long = "0".repeat(33);
        for text in [
            "",
            "..",
            "../../etc/passwd",
            &upper,
            &long,
            "é".repeat(16).as_str(),
        ] {
            assert_eq!(text.parse::<SongId>(), Err(BadSongId), "{text}");
        }
    }
}
