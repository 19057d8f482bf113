//! [`Heard`]: what songs sound like to the listener, where he has corrected the model, and songs that sound alike.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::song::Song;
use super::store::Said;
use crate::emotion::EmotionVector;
use crate::taste::{Correction, Corrections};

/// The corrections of a library.
#[derive(Debug, Clone, Default)]
pub struct Heard {
    of_song: HashMap<PathBuf, EmotionVector>,
    corrections: Corrections,
}

impl Heard {
    /// What was said of these songs; others that were corrected teach nothing, as it is not known what the model made of
    /// them.
    #[must_use]
    pub fn new(songs: &[Song], said: &[Said]) -> Self {
        if said.iter().all(|said| said.verdict.vector().is_none()) {
            return Self::default();
        }
        let analysed: HashMap<&Path, EmotionVector> = songs
            .iter()
            .filter_map(|song| Some((song.path.as_path(), song.vector()?)))
            .collect();
        Self::of(said, |path| analysed.get(path).copied())
    }

    /// The same, where `analysed` says what the model made of a song.
    #[must_use]
    pub fn of(said: &[Said], analysed: impl Fn(&Path) -> Option<EmotionVector>) -> Self {
        let of_song: HashMap<PathBuf, EmotionVector> = said
            .iter()
            .filter_map(|said| Some((said.path.clone(), said.verdict.vector()?)))
            .collect();
        if of_song.is_empty() {
            return Self::default();
        }
        let corrections = said.iter().filter_map(|said| {
            Some(Correction {
                heard: said.verdict.vector()?,
                analysed: analysed(&said.path)?,
            })
        });
        Self {
            corrections: Corrections::new(corrections.collect()),
            of_song,
        }
    }

    /// Whether nothing was said that would move a song.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.of_song.is_empty()
    }

    /// What the listener says that the song sounds like.
    #[must_use]
    pub fn correction(&self, path: &Path) -> Option<EmotionVector> {
        self.of_song.get(path).copied()
    }

    /// What a song sounds like to the listener, of which the model made `analysed`.
    #[must_use]
    pub fn vector(&self, path: &Path, analysed: &EmotionVector) -> EmotionVector {
        if self.of_song.is_empty() {
            return *analysed;
        }
        self.correction(path)
            .unwrap_or_else(|| self.corrections.heard(analysed))
    }
}
