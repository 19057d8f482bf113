//! Songs as log-mel spectrograms, held in memory at a hundredth of a decibel.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use vibelux::EmotionVector;
use vibelux::audio::{decode_start, is_audio_file};
use vibelux::spectrogram::{LogMel, LogMelConfig};

use super::folders::{DatasetError, class_files};
use super::spectrogram_cache::{Place, SpectrogramCache, StoredMel};
use super::table::TableRow;
use super::{EvaluationSet, TrainingSet};
use crate::augment::MusicAugmentation;
use crate::config::BandStatistics;
use crate::fingerprint::{bytes_of, combined, fnv1a};
use crate::heads::{Heads, Track};
use crate::nn::Random;

/// Of a longer song only the start is used, so that one file cannot fill the memory.
const MAX_SECONDS: f64 = 600.0;
/// Steps per decibel in memory and in [`SpectrogramCache`].
const STEPS_PER_DB: f32 = 100.0;

#[derive(Debug, Clone)]
struct Song {
    mel: StoredMel,
    path: PathBuf,
    emotions: Option<EmotionVector>,
    /// What every head is taught of the song as a whole; NaN where nothing is known.
    targets: Vec<f32>,
    /// What is taught of its stretches, each with its place among the targets.
    tracks: Vec<(usize, Track)>,
}

/// Hears how many of how many songs are read: their decoding takes a second or more a song.
pub type OnSong<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// How many windows an epoch draws from a song.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Crops {
    /// As many from each.
    PerSong(usize),
    /// One for so many seconds of it, at least one.
    EverySeconds {
        /// Above 0.
        seconds: f64,
        /// No more of one song.
        most: usize,
    },
}

impl Crops {
    fn of(self, song_seconds: f64) -> usize {
        match self {
            Self::PerSong(count) => count.max(1),
            Self::EverySeconds { seconds, most } => {
                ((song_seconds / seconds).round() as usize).min(most).max(1)
            }
        }
    }
}

/// Songs to train or judge on.
#[derive(Debug, Clone)]
pub struct MusicSet {
    songs: Vec<Song>,
    /// Files that could not be read, with the reason.
    pub failed: Vec<(PathBuf, String)>,
    config: LogMelConfig,
    statistics: BandStatistics,
    windows: usize,
    /// The song of each training window.
    crops: Vec<usize>,
    augmentation: MusicAugmentation,
    label_smoothing: f32,
}

/// The audio files in the class folders of a split, each with all weight on its class.
///
/// # Errors
/// If there are none.
pub fn songs_in_folders(split: &Path) -> Result<Vec<TableRow>, DatasetError> {
    let files: Vec<TableRow> = class_files(split)?
        .into_iter()
        .filter(|file| is_audio_file(&file.path))
        .map(|file| TableRow {
            path: file.path,
            target: Some(EmotionVector::one_hot(file.class)),
            quadrant: None,
            fold: None,
            folder: PathBuf::new(),
            values: BTreeMap::new(),
        })
        .collect();
    if files.is_empty() {
        return Err(DatasetError::NoClasses {
            path: split.to_owned(),
        });
    }
    Ok(files)
}

impl MusicSet {
    /// Decodes songs (their first ten minutes) and makes their spectrograms, on all cores, as far as
    /// `cache` does not have them. `heads` says what is known of a song, `on_song` hears of each how many
    /// of how many are read. It trains nobody before [`Self::with_training`] says how many windows are drawn.
    ///
    /// # Errors
    /// If none can be read, or the cache cannot be written.
    pub fn load(
        rows: &[TableRow],
        config: &LogMelConfig,
        windows: usize,
        heads: &Heads,
        cache: Option<&SpectrogramCache>,
        on_song: OnSong<'_>,
    ) -> Result<Self, DatasetError> {
        let done = AtomicUsize::new(0);
        let read: Vec<_> = rows
            .par_iter()
            .map(|row| {
                let song = load_song(row, config, heads, cache);
                on_song(done.fetch_add(1, Ordering::Relaxed) + 1, rows.len());
                song
            })
            .collect();
        let (mut songs, mut failed) = (Vec::new(), Vec::new());
        for (row, song) in rows.iter().zip(read) {
            match song {
                Ok(song) => songs.push(song),
                Err(SongError::Unreadable(reason)) => failed.push((row.path.clone(), reason)),
                Err(SongError::Cache(error)) => return Err(error),
            }
        }
        if songs.is_empty() {
            let first = failed.first().map_or_else(String::new, |f| f.1.clone());
            let path = rows.first().map(|r| r.path.clone()).unwrap_or_default();
            return Err(DatasetError::AllFailed {
                path,
                count: rows.len(),
                first,
            });
        }
        let statistics = band_statistics(&songs, config.n_mels);
        Ok(Self {
            songs,
            failed,
            config: config.clone(),
            statistics,
            windows,
            crops: Vec::new(),
            augmentation: MusicAugmentation::default(),
            label_smoothing: 0.0,
        })
    }

    /// The statistics of these songs.
    #[must_use]
    pub fn statistics(&self) -> &BandStatistics {
        &self.statistics
    }

    /// Standardises by other songs' statistics: those of the training set.
    #[must_use]
    pub fn with_statistics(mut self, statistics: BandStatistics) -> Self {
        self.statistics = statistics;
        self
    }

    /// Sets what training draws.
    #[must_use]
    pub fn with_training(
        mut self,
        augmentation: MusicAugmentation,
        crops: Crops,
        label_smoothing: f32,
    ) -> Self {
        self.augmentation = augmentation;
        self.label_smoothing = label_smoothing;
        let counts: Vec<usize> = self
            .songs
            .iter()
            .map(|song| crops.of(self.seconds(song.mel.frames as f32)))
            .collect();
        // In rounds over the songs; of equal counts, every round has all.
        let most = counts.iter().copied().max().unwrap_or(0);
        self.crops = (0..most)
            .flat_map(|crop| (0..counts.len()).map(move |song| (crop, song)))
            .filter(|&(crop, song)| crop < counts[song])
            .map(|(_, song)| song)
            .collect();
        self
    }

    /// How long so many frames last.
    fn seconds(&self, frames: f32) -> f64 {
        f64::from(frames) * self.config.hop_length as f64 / f64::from(self.config.sample_rate_hz)
    }

    /// Fills `input` (`[band][frame]`) from `start` in steps of `step` frames; beyond the end the
    /// song starts again.
    fn window(&self, song: &Song, start: f32, step: f32, input: &mut [f32]) {
        let bands = input.chunks_exact_mut(self.config.window_frames);
        for (band, row) in bands.enumerate() {
            let (mean, std) = (self.statistics.mean[band], self.statistics.std[band]);
            let values = &song.mel.values[band * song.mel.frames..(band + 1) * song.mel.frames];
            for (i, v) in row.iter_mut().enumerate() {
                let at = (start + i as f32 * step) as usize % values.len();
                *v = (f32::from(values[at]) / STEPS_PER_DB - mean) / std;
            }
        }
    }
}

/// Why a song is not there: its own fault, or one that all songs would have.
enum SongError {
    Unreadable(String),
    Cache(DatasetError),
}

fn load_song(
    row: &TableRow,
    config: &LogMelConfig,
    heads: &Heads,
    cache: Option<&SpectrogramCache>,
) -> Result<Song, SongError> {
    let tracks = heads.tracks(row);
    let tracks = tracks.map_err(|error| SongError::Unreadable(error.to_string()))?;
    let place = cache.map(|cache| cache.place(&row.path, config));
    // A song without metadata cannot be decoded either, which then says why.
    let place = place.and_then(Result::ok);
    let mel = match place.as_ref().and_then(Place::get) {
        Some(mel) => mel,
        None => {
            let mel = decode(&row.path, config).map_err(SongError::Unreadable)?;
            if let Some(place) = place {
                place.put(&mel).map_err(SongError::Cache)?;
            }
            mel
        }
    };
    Ok(Song {
        mel,
        path: row.path.clone(),
        emotions: row.target,
        targets: heads.targets(row),
        tracks,
    })
}

fn decode(path: &Path, config: &LogMelConfig) -> Result<StoredMel, String> {
    let waveform =
        decode_start(path, config.sample_rate_hz, Some(MAX_SECONDS)).map_err(|e| e.to_string())?;
    let spectrogram = LogMel::new(config)
        .and_then(|mut mel| mel.compute(&waveform))
        .map_err(|e| e.to_string())?;
    if spectrogram.frames == 0 {
        return Err("holds no sound".to_owned());
    }
    let steps = spectrogram.values.iter();
    Ok(StoredMel {
        values: steps
            .map(|&db| (db * STEPS_PER_DB).round() as i16)
            .collect(),
        frames: spectrogram.frames,
    })
}

fn band_statistics(songs: &[Song], bands: usize) -> BandStatistics {
    let (mut mean, mut std) = (Vec::new(), Vec::new());
    for band in 0..bands {
        let (mut sum, mut squares, mut count) = (0.0, 0.0, 0.0);
        for song in songs {
            for &v in &song.mel.values[band * song.mel.frames..(band + 1) * song.mel.frames] {
                let db = f64::from(v) / f64::from(STEPS_PER_DB);
                sum += db;
                squares += db * db;
                count += 1.0;
            }
        }
        let m = sum / f64::max(count, 1.0);
        mean.push(m as f32);
        // A band that never changes must not divide by zero.
        std.push(
            (squares / f64::max(count, 1.0) - m * m)
                .max(1e-6)
                .sqrt()
                .max(0.1) as f32,
        );
    }
    BandStatistics { mean, std }
}

impl TrainingSet for MusicSet {
    fn fingerprint(&self) -> u64 {
        let songs: Vec<u64> = self
            .songs
            .par_iter()
            .map(|song| {
                let mel = song.mel.values.iter().flat_map(|v| v.to_le_bytes());
                let said = song.tracks.iter().flat_map(|(_, t)| bytes_of(t.values()));
                fnv1a(mel.chain(bytes_of(&song.targets)).chain(said))
            })
            .collect();
        combined(songs)
    }

    fn len(&self) -> usize {
        self.crops.len()
    }

    fn draw(&self, index: usize, random: &mut Random, input: &mut [f32], target: &mut [f32]) {
        let song = &self.songs[self.crops[index]];
        let step = self.augmentation.tempo_step(random);
        let span = self.config.window_frames as f32 * step;
        let start = random.uniform(0.0, (song.mel.frames as f32 - span).max(0.0));
        self.window(song, start, step, input);
        self.augmentation
            .apply(input, self.config.n_mels, &self.statistics.std, random);
        target.copy_from_slice(&song.targets);
        for (at, track) in &song.tracks {
            let said = &mut target[*at..at + track.names()];
            // A song that ends before the window begins again, and says the same again.
            let end = (start + span).min(song.mel.frames as f32);
            track.mean(self.seconds(start), self.seconds(end), said);
        }
        // The seven emotions only: the other heads are there to say what they know.
        let emotions = target.iter_mut().take(7);
        for t in emotions {
            *t = (1.0 - self.label_smoothing) * *t + self.label_smoothing / 7.0;
        }
    }
}

impl EvaluationSet for MusicSet {
    fn len(&self) -> usize {
        self.songs.len()
    }

    fn views(&self, index: usize) -> usize {
        let whole = self.songs[index].mel.frames / self.config.window_frames;
        self.windows.min(whole).max(1)
    }

    fn view(&self, index: usize, view: usize, input: &mut [f32]) {
        let song = &self.songs[index];
        let room = song.mel.frames.saturating_sub(self.config.window_frames) as f32;
        let gaps = (self.views(index) - 1).max(1) as f32;
        self.window(song, (room * view as f32 / gaps).floor(), 1.0, input);
    }

    fn class(&self, index: usize) -> Option<usize> {
        let emotions = self.songs[index].emotions;
        emotions.map(|vector| vector.strongest().index())
    }

    fn path(&self, index: usize) -> Option<&Path> {
        Some(&self.songs[index].path)
    }

    fn target(&self, index: usize) -> Option<[f32; 7]> {
        self.songs[index].emotions.map(|vector| *vector.values())
    }

    fn averages_logits(&self) -> bool {
        false
    }
}

#[cfg(test)]
#[path = "music_tests.rs"]
mod tests;
