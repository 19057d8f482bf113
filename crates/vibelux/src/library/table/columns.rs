//! The columns of a [`SongTable`], and what they say of one song.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::shares::Shares;
use super::texts::{Dictionary, NONE, Texts};
use crate::audio::SoundKind;
use crate::emotion::EmotionVector;
use crate::library::class::SongClass;
use crate::library::heard::Heard;
use crate::library::path_bytes::{as_path, from_bytes, to_bytes};
use crate::library::revision::Revision;
use crate::library::store::Said;
use crate::library::tags::name_of;

/// What is not known of a number that has a column.
pub(super) const UNKNOWN_YEAR: u16 = 0;

pub(super) const MISSING: u8 = 1;
pub(super) const COPY: u8 = 1 << 1;
pub(super) const DECLARED: u8 = 1 << 2;
/// Two bits: what the model heard.
pub(super) const SOUND_SHIFT: u8 = 3;

/// A length to a millisecond, which is what single precision has left of a long song; NaN stays NaN.
fn rounded(seconds: f32) -> f64 {
    (f64::from(seconds) * 1000.0).round() / 1000.0
}

/// The title that a file's name gives, if it is one.
pub(super) fn named(name: &[u8]) -> Option<Cow<'_, str>> {
    let title = match as_path(name) {
        Cow::Borrowed(name) => name_of(name),
        Cow::Owned(name) => name_of(&name).into_owned().into(),
    };
    (!title.is_empty()).then_some(title)
}

/// All songs that have a vector, in the order of their paths, at one revision.
#[derive(Debug, Clone)]
pub struct SongTable {
    pub(super) revision: Revision,
    pub(super) failed: usize,
    pub(super) vectors: Arc<[EmotionVector]>,
    pub(super) flags: Vec<u8>,
    /// NaN: unknown.
    pub(super) durations: Vec<f32>,
    pub(super) loudness: Vec<f32>,
    pub(super) years: Vec<u16>,
    /// Seconds since 1970; 0: unknown.
    pub(super) added: Vec<u32>,
    /// Empty: as the file is called, which need not be kept twice.
    pub(super) titles: Texts,
    pub(super) artists: Dictionary,
    pub(super) albums: Dictionary,
    pub(super) genres: Dictionary,
    pub(super) models: Dictionary,
    pub(super) folders: Dictionary,
    pub(super) names: Texts,
    /// The position of each copy and that of the song that stands for it, one pair after the other, in the order of the copies.
    pub(super) stand_ins: Vec<u32>,
    pub(super) shares: Shares,
}

impl SongTable {
    /// Which state of the library this is.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The number of songs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.vectors.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.vectors.is_empty()
    }

    /// How many songs of the library have no vector.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.failed
    }

    /// What the model heard of each song.
    #[must_use]
    pub fn vectors(&self) -> &Arc<[EmotionVector]> {
        &self.vectors
    }

    /// Puts what the listener hears in the place of what the model heard, where something was said of songs.
    pub fn correct(&mut self, said: &[Said]) {
        let analysed = |path: &Path| self.position(path).map(|at| self.vectors[at]);
        let heard = Heard::of(said, analysed);
        if heard.is_silent() {
            return;
        }
        self.shares = Shares::default();
        let vectors = self.vectors.iter().enumerate();
        self.vectors = vectors
            .map(|(at, vector)| heard.vector(&self.path(at), vector))
            .collect();
    }

    /// A song's file.
    #[must_use]
    pub fn path(&self, position: usize) -> PathBuf {
        from_bytes(&self.path_bytes(position))
    }

    fn path_bytes(&self, position: usize) -> Vec<u8> {
        let folder = self.folders.get(position).unwrap_or_default();
        [folder, self.names.get(position)].concat()
    }

    /// The position of the song with this file.
    #[must_use]
    pub fn position(&self, path: &Path) -> Option<usize> {
        let wanted = to_bytes(path);
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.path_bytes(middle).cmp(&wanted) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// A song's title, or the name of its file.
    #[must_use]
    pub fn title(&self, position: usize) -> Cow<'_, str> {
        let title = String::from_utf8_lossy(self.titles.get(position));
        if title.is_empty() {
            return named(self.names.get(position)).unwrap_or(title);
        }
        title
    }

    /// Who made a song.
    #[must_use]
    pub fn artist(&self, position: usize) -> Option<Cow<'_, str>> {
        self.artists.get(position).map(String::from_utf8_lossy)
    }

    /// The number of the model that made a song's vector, in the order of [`Self::models`].
    #[must_use]
    pub fn model_number(&self, position: usize) -> usize {
        self.models.numbers()[position] as usize
    }

    /// What a song is from.
    #[must_use]
    pub fn album(&self, position: usize) -> Option<Cow<'_, str>> {
        self.albums.get(position).map(String::from_utf8_lossy)
    }

    /// The names of all models.
    pub fn models(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let texts = self.models.texts();
        (0..texts.len()).map(|number| String::from_utf8_lossy(texts.get(number)))
    }

    /// A song's length in seconds.
    #[must_use]
    pub fn duration_seconds(&self, position: usize) -> Option<f64> {
        let seconds = self.durations.get(position).copied()?;
        (!seconds.is_nan()).then(|| rounded(seconds))
    }

    /// What kind of music a song is.
    #[must_use]
    pub fn genre(&self, position: usize) -> Option<Cow<'_, str>> {
        self.genres.get(position).map(String::from_utf8_lossy)
    }

    /// When a song came out.
    #[must_use]
    pub fn year(&self, position: usize) -> Option<u16> {
        let year = self.years.get(position).copied()?;
        (year != UNKNOWN_YEAR).then_some(year)
    }

    /// How loud a song is by EBU R128, in LUFS.
    #[must_use]
    pub fn loudness_lufs(&self, position: usize) -> Option<f32> {
        let loudness = self.loudness.get(position).copied()?;
        (!loudness.is_nan()).then_some(loudness)
    }

    /// When the library first knew a song, in seconds since 1970; 0 where that is not known.
    #[must_use]
    pub fn added_seconds(&self, position: usize) -> u64 {
        self.added.get(position).copied().unwrap_or_default().into()
    }

    /// The number of who made a song, in the order of [`Self::artists`].
    #[must_use]
    pub fn artist_number(&self, position: usize) -> Option<usize> {
        let number = self.artists.numbers().get(position).copied()?;
        (number != NONE).then_some(number as usize)
    }

    /// Everybody who made a song, each once.
    pub fn artists(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let texts = self.artists.texts();
        (0..texts.len()).map(|number| String::from_utf8_lossy(texts.get(number)))
    }

    /// Whether a song's file was gone at the last scan.
    #[must_use]
    pub fn is_missing(&self, position: usize) -> bool {
        self.flag(position) & MISSING > 0
    }

    /// The song that stands for this one, which holds the same recording.
    #[must_use]
    pub fn stand_in(&self, position: usize) -> Option<usize> {
        let copy = u32::try_from(position).ok()?;
        let (pairs, _) = self.stand_ins.as_chunks::<2>();
        let found = pairs.binary_search_by_key(&copy, |[copy, _]| *copy).ok()?;
        Some(pairs[found][1] as usize)
    }

    /// Whether the listener says that a song is music.
    #[must_use]
    pub fn is_declared_music(&self, position: usize) -> bool {
        self.flag(position) & DECLARED > 0
    }

    /// Whether another song with the same recording stands for this one.
    #[must_use]
    pub fn is_copy(&self, position: usize) -> bool {
        self.flag(position) & COPY > 0
    }

    /// Whether a song is music, or what else.
    #[must_use]
    pub fn class(&self, position: usize) -> SongClass {
        let flags = self.flag(position);
        let sound = match flags >> SOUND_SHIFT & 3 {
            1 => Some(SoundKind::Music),
            2 => Some(SoundKind::Speech),
            3 => Some(SoundKind::Effects),
            _ => None,
        };
        SongClass::of(
            sound,
            self.duration_seconds(position),
            self.is_declared_music(position),
        )
    }

    fn flag(&self, position: usize) -> u8 {
        self.flags.get(position).copied().unwrap_or_default()
    }
}
