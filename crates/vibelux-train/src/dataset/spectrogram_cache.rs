//! Spectrograms kept between runs, so that songs are decoded once and not at the start of every run.
//!
//! [`super::music`] asks here before it decodes. A file per song and front end; what does not fit the
//! song any more, or is damaged, is made again.

use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use vibelux::spectrogram::LogMelConfig;

use super::folders::DatasetError;
use crate::fingerprint::fnv1a;

/// Begins every file; the number changes when the values mean something else.
const MAGIC: &[u8; 8] = b"vbxmel1\n";
/// The magic, the number of frames, and the checksum at the end.
const FRAME_BYTES: usize = 8 + 4 + 8;

/// A song's spectrogram in memory: `[band][frame]`, hundredths of a decibel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredMel {
    pub values: Vec<i16>,
    pub frames: usize,
}

/// A folder of spectrograms.
#[derive(Debug, Clone)]
pub struct SpectrogramCache(PathBuf);

impl SpectrogramCache {
    /// In this folder, which is made when the first song is stored.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// Where the spectrogram of a song lies: another file when the song's size or time of change, its
    /// place or the front end is another. To be asked before the song is decoded, so that one that is
    /// replaced meanwhile does not leave its old sound under its new name.
    ///
    /// # Errors
    /// If the song's metadata cannot be read.
    pub(super) fn place(&self, song: &Path, config: &LogMelConfig) -> io::Result<Place> {
        let metadata = std::fs::metadata(song)?;
        let changed = metadata.modified()?.duration_since(UNIX_EPOCH);
        let changed = changed.map_or(0, |since| since.as_nanos());
        let path = std::path::absolute(song)?;
        let key = format!("{} {changed} {config:?} ", metadata.len());
        let path = path.as_os_str().as_encoded_bytes();
        let name = fnv1a(key.bytes().chain(path.iter().copied()));
        Ok(Place {
            file: self.0.join(format!("{name:016x}.mel")),
            bands: config.n_mels,
        })
    }
}

/// The file of one song.
#[derive(Debug, Clone)]
pub(super) struct Place {
    file: PathBuf,
    bands: usize,
}

impl Place {
    /// The spectrogram, if it is there and whole.
    pub fn get(&self) -> Option<StoredMel> {
        let bytes = std::fs::read(&self.file).ok()?;
        let (content, checksum) = bytes.split_last_chunk::<8>()?;
        if fnv1a(content.iter().copied()) != u64::from_le_bytes(*checksum) {
            return None;
        }
        let (frames, values) = content.strip_prefix(MAGIC)?.split_first_chunk::<4>()?;
        let frames = usize::try_from(u32::from_le_bytes(*frames)).ok()?;
        let (values, []) = values.as_chunks::<2>() else {
            return None;
        };
        if frames == 0 || frames.checked_mul(self.bands)? != values.len() {
            return None;
        }
        let values = values.iter().copied().map(i16::from_le_bytes).collect();
        Some(StoredMel { values, frames })
    }

    /// Keeps the spectrogram.
    ///
    /// # Errors
    /// With the file, if it cannot be written.
    pub fn put(&self, mel: &StoredMel) -> Result<(), DatasetError> {
        let frames = u32::try_from(mel.frames).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(2 * mel.values.len() + FRAME_BYTES);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&frames.to_le_bytes());
        bytes.extend(mel.values.iter().flat_map(|value| value.to_le_bytes()));
        let checksum = fnv1a(bytes.iter().copied());
        bytes.extend_from_slice(&checksum.to_le_bytes());
        vibelux::atomic::write(&self.file, &bytes).map_err(|source| DatasetError::Io {
            path: self.file.clone(),
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TaskConfig;
    use crate::config::preset;

    fn front_end() -> LogMelConfig {
        let TaskConfig::Music { spectrogram, .. } = preset::music("default").unwrap().task else {
            unreachable!("the default preset listens to songs");
        };
        spectrogram
    }

    #[test]
    fn what_is_kept_is_found_until_the_song_or_the_front_end_changes() {
        let dir = tempfile::tempdir().unwrap();
        let song = dir.path().join("a.ogg");
        std::fs::write(&song, b"one").unwrap();
        let cache = SpectrogramCache::new(dir.path().join("cache"));
        let config = front_end();
        let get = |config: &LogMelConfig| cache.place(&song, config).unwrap().get();
        assert_eq!(get(&config), None);
        let mel = StoredMel {
            values: (0..2 * config.n_mels as i16).map(|i| -50 * i).collect(),
            frames: 2,
        };
        cache.place(&song, &config).unwrap().put(&mel).unwrap();
        assert_eq!(get(&config), Some(mel));
        let other = LogMelConfig {
            hop_length: 128,
            ..config.clone()
        };
        assert_eq!(get(&other), None);
        // As many bytes, but later.
        let file = std::fs::File::options().write(true).open(&song).unwrap();
        let changed = file.metadata().unwrap().modified().unwrap();
        file.set_modified(changed + std::time::Duration::from_millis(1))
            .unwrap();
        assert_eq!(get(&config), None);
    }

    #[test]
    fn a_damaged_file_counts_as_none() {
        let dir = tempfile::tempdir().unwrap();
        let song = dir.path().join("a.ogg");
        std::fs::write(&song, b"one").unwrap();
        let cache = SpectrogramCache::new(dir.path().to_owned());
        let config = front_end();
        let mel = StoredMel {
            values: vec![7; config.n_mels],
            frames: 1,
        };
        let place = cache.place(&song, &config).unwrap();
        place.put(&mel).unwrap();
        let file = &place.file;
        let whole = std::fs::read(file).unwrap();
        for at in [0, 9, 20, whole.len() - 1] {
            let mut broken = whole.clone();
            broken[at] ^= 1;
            std::fs::write(file, broken).unwrap();
            assert_eq!(place.get(), None);
        }
        std::fs::write(file, &whole[..5]).unwrap();
        assert_eq!(place.get(), None);
    }
}
