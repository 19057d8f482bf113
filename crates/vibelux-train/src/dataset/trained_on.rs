//! Which songs a music model was trained on, so that an evaluation can say that it judges songs which the
//! model has heard. A run writes the list beside its model; the shipped model's is in the program.
//!
//! A song is known by the first 16 hexadecimal digits of the SHA-256 of its file: it may be renamed and
//! moved, but another encoding or another tag makes it another file. The list tells nothing of the music.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

/// The list's name beside a model that a run has written.
pub const TRAINED_ON: &str = "trained_on.txt";

/// The songs of the shipped music model, packed.
const SHIPPED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/music-trained-on.txt"));

/// So much of a file is read at once.
const PART_BYTES: usize = 1 << 16;

/// Songs that a model was trained on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrainedOn {
    songs: HashSet<u64>,
}

impl TrainedOn {
    /// Those of the music model inside the program.
    #[must_use]
    pub fn shipped() -> Self {
        // A test reads it.
        let text = vibelux_packed::unpack(SHIPPED).unwrap_or_default();
        Self::read(&String::from_utf8_lossy(&text))
    }

    /// Those of the model in this file, if its run has left the list beside it.
    ///
    /// # Errors
    /// If there is a list, but it cannot be read.
    pub fn beside(model: &Path) -> io::Result<Option<Self>> {
        match std::fs::read_to_string(model.with_file_name(TRAINED_ON)) {
            Ok(text) => Ok(Some(Self::read(&text))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// These files. What cannot be read is left out: it was not trained on either.
    #[must_use]
    pub fn of(files: &[PathBuf]) -> Self {
        let songs = files.par_iter().filter_map(|path| digits(path).ok());
        Self {
            songs: songs.collect(),
        }
    }

    /// Adds others.
    pub fn extend(&mut self, others: Option<Self>) {
        self.songs
            .extend(others.into_iter().flat_map(|others| others.songs));
    }

    /// Whether this very file was trained on.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn has_heard(&self, song: &Path) -> io::Result<bool> {
        Ok(self.songs.contains(&digits(song)?))
    }

    /// How many songs these are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.songs.len()
    }

    /// Whether there is no song.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.songs.is_empty()
    }

    /// As text: a line of 16 hexadecimal digits for each song, sorted.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut songs: Vec<u64> = self.songs.iter().copied().collect();
        songs.sort_unstable();
        songs.iter().map(|song| format!("{song:016x}\n")).collect()
    }

    /// From text; lines that are no such digits say nothing.
    fn read(text: &str) -> Self {
        let songs = text
            .lines()
            .filter_map(|line| u64::from_str_radix(line.trim(), 16).ok());
        Self {
            songs: songs.collect(),
        }
    }
}

/// What a file is known by: the first 64 bits of its SHA-256.
fn digits(path: &Path) -> io::Result<u64> {
    let mut hash = Sha256::new();
    let mut file = File::open(path)?;
    let mut part = vec![0; PART_BYTES];
    loop {
        match file.read(&mut part)? {
            0 => break,
            len => hash.update(&part[..len]),
        }
    }
    let bits = hash.finalize().into_iter().take(8);
    Ok(bits.fold(0, |number, byte| number << 8 | u64::from(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_song_is_known_by_its_bytes_and_the_list_survives_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        std::fs::write(path("a.mp3"), "abc").unwrap();
        std::fs::write(path("b.mp3"), "other").unwrap();
        let heard = TrainedOn::of(&[path("a.mp3"), path("gone.mp3")]);
        // The SHA-256 of "abc", from FIPS 180-2.
        assert_eq!(heard.to_text(), "ba7816bf8f01cfea\n");
        std::fs::write(path(TRAINED_ON), heard.to_text()).unwrap();
        let read = TrainedOn::beside(&path("model.onnx")).unwrap().unwrap();
        assert_eq!(read, heard);
        std::fs::rename(path("a.mp3"), path("moved.ogg")).unwrap();
        assert!(read.has_heard(&path("moved.ogg")).unwrap());
        assert!(!read.has_heard(&path("b.mp3")).unwrap());
        assert!(read.has_heard(&path("gone.mp3")).is_err());
        assert_eq!(TrainedOn::beside(&path("none/model.onnx")).unwrap(), None);
    }

    #[test]
    fn the_shipped_model_names_all_of_its_songs() {
        assert_eq!(TrainedOn::shipped().len(), 3175);
    }
}
