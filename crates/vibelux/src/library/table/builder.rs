//! [`Builder`]: the columns of a table, song by song as the store gives them, then put into the order of the paths.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use super::columns::{COPY, DECLARED, MISSING, SOUND_SHIFT, SongTable, UNKNOWN_YEAR, named};
use super::shares::Shares;
use super::texts::{DictionaryBuilder, Texts, picked};
use crate::audio::SoundKind;
use crate::emotion::EmotionVector;
use crate::library::error::LibraryError;
use crate::library::path_bytes::to_bytes;
use crate::library::revision::Revision;
use crate::library::song::Song;
use crate::library::store::damaged;

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

/// Makes a table, song by song in any order.
#[derive(Default)]
pub(super) struct Builder {
    overflow: bool,
    failed: Vec<PathBuf>,
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
    /// Each copy's file and that of the song that stands for it.
    copies: Vec<(PathBuf, PathBuf)>,
}

impl Builder {
    /// Adds a song; one without a vector is counted.
    pub fn push(&mut self, song: &Song) {
        let Some(vector) = song.vector() else {
            self.failed.push(song.path.clone());
            return;
        };
        if let Some(of) = &song.copy_of {
            self.copies.push((song.path.clone(), of.clone()));
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
        self.artists.push(bytes(&song.tags.artist).as_deref())?;
        self.albums.push(bytes(&song.tags.album).as_deref())?;
        self.genres.push(bytes(&song.tags.genre).as_deref())?;
        self.models.push(Some(song.model.as_bytes()))?;
        let path = to_bytes(&song.path);
        let (folder, name) = path.split_at(name_start(&path));
        let title = song.title();
        let is_name = named(name).is_some_and(|named| named == title);
        self.titles
            .push(if is_name { b"" } else { title.as_bytes() })?;
        self.folders.push(Some(folder))?;
        self.names.push(name)
    }

    /// The table of all songs that were added, in the order of their paths.
    ///
    /// # Errors
    /// If two have the same path, or they have more than 4 GiB of titles or file names.
    pub fn finish(self, revision: Revision, library: &Path) -> Result<SongTable, LibraryError> {
        if self.overflow {
            return Err(LibraryError::TooManySongs {
                path: library.to_owned(),
            });
        }
        let mut table = SongTable {
            revision,
            failed: self.failed.len(),
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
            shares: Shares::default(),
        };
        let order = table.by_path();
        if !order.is_sorted() {
            table.put_in(&order);
        }
        if let Some(twice) = table.twice(self.failed) {
            return Err(damaged(library, &twice));
        }
        let mut pairs: Vec<[u32; 2]> = self
            .copies
            .iter()
            .filter_map(|(copy, of)| {
                Some([table.position(copy)? as u32, table.position(of)? as u32])
            })
            .collect();
        pairs.sort_unstable();
        table.stand_ins = pairs.into_iter().flatten().collect();
        Ok(table)
    }
}

impl SongTable {
    /// The positions in the order of the paths.
    fn by_path(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.len() as u32).collect();
        // Libraries are mostly in order, or in a few runs of it, which this finds at once.
        order.sort_by(|&a, &b| self.path_order(a, b));
        order
    }

    fn path_order(&self, a: u32, b: u32) -> Ordering {
        let (a, b) = (a as usize, b as usize);
        let (folder_a, folder_b) = (self.folders.get(a), self.folders.get(b));
        let (folder_a, folder_b) = (folder_a.unwrap_or_default(), folder_b.unwrap_or_default());
        let (name_a, name_b) = (self.names.get(a), self.names.get(b));
        if folder_a == folder_b {
            return name_a.cmp(name_b);
        }
        let shorter = folder_a.len().min(folder_b.len());
        // Where one folder is in the other, what follows decides.
        folder_a[..shorter].cmp(&folder_b[..shorter]).then_with(|| {
            let rest_a = folder_a[shorter..].iter().chain(name_a);
            rest_a.cmp(folder_b[shorter..].iter().chain(name_b))
        })
    }

    /// A path that two have of the songs, which are in order, and of those without a vector.
    fn twice(&self, mut failed: Vec<PathBuf>) -> Option<PathBuf> {
        let last = self.len().saturating_sub(1) as u32;
        let mut positions = 0..last;
        if let Some(at) = positions.find(|&at| self.path_order(at, at + 1).is_eq()) {
            return Some(self.path(at as usize));
        }
        failed.sort_unstable_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
        let twice = |two: &&[PathBuf]| two[0].as_os_str() == two[1].as_os_str();
        let of_two = failed.windows(2).find(twice).map(|two| two[0].clone());
        of_two.or_else(|| {
            let mut failed = failed.into_iter();
            failed.find(|path| self.position(path).is_some())
        })
    }

    /// Puts the songs into this order.
    fn put_in(&mut self, order: &[u32]) {
        self.vectors = picked(&self.vectors, order).into();
        self.flags = picked(&self.flags, order);
        self.durations = picked(&self.durations, order);
        self.loudness = picked(&self.loudness, order);
        self.years = picked(&self.years, order);
        self.added = picked(&self.added, order);
        self.titles = self.titles.picked(order);
        self.names = self.names.picked(order);
        for dictionary in [
            &mut self.artists,
            &mut self.albums,
            &mut self.genres,
            &mut self.models,
            &mut self.folders,
        ] {
            dictionary.put_in(order);
        }
    }
}
