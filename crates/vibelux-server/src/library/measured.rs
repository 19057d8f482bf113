//! [`MeasuredFeatures`]: what was measured of songs' sound, kept in memory as long as their files and vectors are the same.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use vibelux::EmotionVector;
use vibelux::features::AudioFeatures;

use crate::library::song_id::SongId;

/// So many songs are kept; then all are forgotten.
const MOST_KEPT: usize = 10_000;

/// What was measured, by song and the state of its file.
#[derive(Debug, Default)]
pub struct MeasuredFeatures(Mutex<HashMap<(SongId, String), (EmotionVector, AudioFeatures)>>);

impl MeasuredFeatures {
    /// What is kept of a song in this state of its file, and with this vector, which the valence is made of.
    pub fn get(&self, key: &(SongId, String), vector: &EmotionVector) -> Option<AudioFeatures> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, features) = kept.get(key)?;
        (of == vector).then_some(*features)
    }

    /// Keeps it.
    pub fn keep(&self, key: (SongId, String), vector: EmotionVector, features: AudioFeatures) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(key, (vector, features));
    }
}
