//! Numbers that stand for the artist, the album and the piece of a song, for whoever spaces songs ([`crate::recommend::Pool`] takes them).

use std::hash::{DefaultHasher, Hash, Hasher};

use super::SongTable;

/// The same number for the same names in any case; 64 bits, so that two of a million names meet once in tens of thousands of libraries.
fn key(names: &[&str]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for name in names {
        name.trim().to_lowercase().hash(&mut hasher);
    }
    hasher.finish()
}

impl SongTable {
    /// A number that stands for who made a song, in any case.
    #[must_use]
    pub fn artist_key(&self, position: usize) -> Option<u64> {
        self.artist(position).map(|artist| key(&[&artist]))
    }

    /// A number that stands for what a song is from, by its name in any case: two albums of one name are taken for the same.
    #[must_use]
    pub fn album_key(&self, position: usize) -> Option<u64> {
        self.album(position).map(|album| key(&[&album]))
    }

    /// A number that stands for which piece a song is: the same title by the same artist, on whatever album; `None` without an artist.
    #[must_use]
    pub fn piece_key(&self, position: usize) -> Option<u64> {
        let artist = self.artist(position)?;
        Some(key(&[&artist, &self.title(position)]))
    }
}
