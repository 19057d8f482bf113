//! [`SongTable`]: all songs of a library that can be ranked, in columns. Between the store and whatever ranks, filters or lists:
//! a million songs take about a hundred megabytes, and are read from one file (`file.rs`) in a tenth of a second as long as the
//! library has not changed.
//!
//! A row is a song with a vector, in the order of the paths. `columns.rs` says what is known of each, `matching.rs` which
//! rows a filter means, column by column, `row.rs` whether it means one of them, `order.rs` in which order people read them.

mod columns;
mod file;
mod matching;
mod order;
mod row;
mod texts;

use std::path::PathBuf;

use super::error::LibraryError;
use super::path_bytes::to_bytes;
use super::revision::Revision;
use super::song::Song;
use super::store::SongStore;
use crate::audio::SoundKind;
use crate::emotion::EmotionVector;
use columns::{COPY, DECLARED, MISSING, SOUND_SHIFT, UNKNOWN_YEAR};
use texts::{DictionaryBuilder, Texts};

pub use columns::SongTable;
pub use matching::Likes;
pub use row::Meaning;

impl SongTable {
    /// The songs of a library: from the file that is kept of it if that is up to date, else from the library itself, which then leaves
    /// such a file if it can.
    ///
    /// # Errors
    /// If the library cannot be read, or has more than 4 GiB of titles or file names.
    pub fn open(store: &SongStore) -> Result<Self, LibraryError> {
        let revision = store.state()?;
        let kept = file::place(store.address());
        if let Some(table) = kept.as_deref().and_then(|kept| file::read(kept, revision)) {
            return Ok(table);
        }
        store.check()?;
        let table = Self::read(store)?;
        if let Some(kept) = kept {
            // Where the folder cannot be written to, the next reader takes as long.
            let _ = file::write(&kept, &table);
        }
        Ok(table)
    }

    /// The same with what the songs sound like to the listener.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn heard(store: &SongStore) -> Result<Self, LibraryError> {
        let mut table = Self::open(store)?;
        table.correct(&store.said()?);
        Ok(table)
    }

    /// The songs of a library as it says itself.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn read(store: &SongStore) -> Result<Self, LibraryError> {
        let mut builder = Builder::default();
        let revision = store.for_each_song(|song| builder.push(&song))?;
        builder
            .finish(revision)
            .ok_or_else(|| LibraryError::TooManySongs {
                path: store.path().to_owned(),
            })
    }
}

/// Where the name of a file begins in its path, behind the last separator.
#[cfg(unix)]
fn name_start(path: &[u8]) -> usize {
    path.iter()
        .rposition(|&byte| byte == b'/')
        .map_or(0, |at| at + 1)
}

/// Where the name of a file begins in its path, behind the last separator.
#[cfg(windows)]
fn name_start(path: &[u8]) -> usize {
    let units = path.chunks_exact(2);
    let separator = units
        .rev()
        .position(|unit| matches!(unit, [b'/' | b'\\', 0]));
    separator.map_or(0, |from_end| path.len() - 2 * from_end)
}

/// Makes a table, song by song in the order of the paths.
#[derive(Default)]
struct Builder {
    overflow: bool,
    failed: usize,
    vectors: Vec<EmotionVector>,
    flags: Vec<u8>,
    durations: Vec<f32>,
    loudness: Vec<f32>,
    years: Vec<u16>,
    added: Vec<u32>,
    titles: Texts,
    artists: DictionaryBuilder,
    albums: DictionaryBuilder,
    genres: DictionaryBuilder,
    models: DictionaryBuilder,
    folders: DictionaryBuilder,
    names: Texts,
    /// The position of each copy and the file of the song that stands for it.
    copies: Vec<(u32, PathBuf)>,
}

impl Builder {
    fn push(&mut self, song: &Song) {
        let Some(vector) = song.vector() else {
            self.failed += 1;
            return;
        };
        if let Some(of) = &song.copy_of {
            self.copies.push((self.vectors.len() as u32, of.clone()));
        }
        self.vectors.push(vector);
        let sound = match song.sound {
            None => 0,
            Some(SoundKind::Music) => 1,
            Some(SoundKind::Speech) => 2,
            Some(SoundKind::Effects) => 3,
        };
        let flag = |holds: bool, bit: u8| if holds { bit } else { 0 };
        self.flags.push(
            flag(song.missing, MISSING)
                | flag(song.copy_of.is_some(), COPY)
                | flag(song.declared_music, DECLARED)
                | sound << SOUND_SHIFT,
        );
        self.durations
            .push(song.duration_seconds.map_or(f32::NAN, |s| s as f32));
        self.loudness.push(song.loudness_lufs.unwrap_or(f32::NAN));
        self.years.push(song.tags.year.unwrap_or(UNKNOWN_YEAR));
        let latest = u64::from(u32::MAX);
        self.added.push(song.added_seconds.min(latest) as u32);
        if self.push_texts(song).is_none() {
            self.overflow = true;
        }
    }

    fn push_texts(&mut self, song: &Song) -> Option<()> {
        let bytes = |text: &'_ Option<String>| text.as_ref().map(|text| text.as_bytes().to_vec());
        self.titles.push(song.title().as_bytes())?;
        self.artists.push(bytes(&song.tags.artist).as_deref())?;
        self.albums.push(bytes(&song.tags.album).as_deref())?;
        self.genres.push(bytes(&song.tags.genre).as_deref())?;
        self.models.push(Some(song.model.as_bytes()))?;
        let path = to_bytes(&song.path);
        let (folder, name) = path.split_at(name_start(&path));
        self.folders.push(Some(folder))?;
        self.names.push(name)
    }

    fn finish(self, revision: Revision) -> Option<SongTable> {
        if self.overflow {
            return None;
        }
        let mut table = SongTable {
            revision,
            failed: self.failed,
            vectors: self.vectors.into(),
            flags: self.flags,
            durations: self.durations,
            loudness: self.loudness,
            years: self.years,
            added: self.added,
            titles: self.titles,
            artists: self.artists.finish(),
            albums: self.albums.finish(),
            genres: self.genres.finish(),
            models: self.models.finish(),
            folders: self.folders.finish(),
            names: self.names,
            stand_ins: Vec::new(),
        };
        for (copy, of) in self.copies {
            if let Some(of) = table.position(&of) {
                table.stand_ins.extend([copy, of as u32]);
            }
        }
        Some(table)
    }
}

#[cfg(test)]
mod tests;
