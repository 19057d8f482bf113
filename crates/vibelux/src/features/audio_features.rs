//! [`AudioFeatures`]: what is told of a song; where the parts of this module come together.

use serde::{Deserialize, Serialize};

use super::energy::energy;
use super::key::Key;
use super::quantities::Quantities;
use super::tempo::{Tempo, clarity};
use super::valence::valence;
use crate::audio::Waveform;
use crate::emotion::EmotionVector;

/// What was measured of a song, by the names of Spotify's audio features where the meaning is the same. What could not
/// be measured is absent, in JSON too.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AudioFeatures {
    /// Beats per minute, 30 to 300; absent where nothing begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tempo: Option<f32>,
    /// The probability that [`Self::tempo`] is right within 4 %, or is a half, third, double or triple of what is right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tempo_confidence: Option<f32>,
    /// How clear the pulse is, 0 to 1: the largest autocorrelation of the onset strength.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pulse_clarity: Option<f32>,
    /// The tonic, 0 (C) to 11 (B); absent where there are no notes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<u8>,
    /// The probability of this tonic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_confidence: Option<f32>,
    /// 1 is major, 0 minor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<u8>,
    /// The probability of this mode with any tonic; may be below 0.5, as key and mode are chosen together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode_confidence: Option<f32>,
    /// 0 to 1: the probability that people call the song energetic (the upper half of arousal).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub energy: Option<f32>,
    /// 0 to 1: the probability that people call the song pleasant (the upper half of valence).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valence: Option<f32>,
}

/// Measures a song on a stretch of it, best 60 to 90 s from its middle at 16 to 22 kHz; of more than two minutes, the
/// middle two are heard. `emotions` is what the music model says of the song; without it, there is no valence.
///
/// Nothing is there of a sound that is shorter than 3 s, silent, or sampled below 8 or above 192 kHz.
#[must_use]
pub fn measure(waveform: &Waveform, emotions: Option<&EmotionVector>) -> AudioFeatures {
    let Some(quantities) = Quantities::of(waveform) else {
        return AudioFeatures::default();
    };
    let pulse = quantities.pulse.as_ref();
    let tempo = pulse.map(Tempo::of);
    let key = quantities.chroma.as_ref().and_then(Key::of);
    let tonality = quantities.chroma.as_ref().map_or(0.0, |c| c.tonality);
    let major = key.as_ref().map(|k| k.major);
    let bpm = tempo.as_ref().map(|t| t.bpm);
    AudioFeatures {
        tempo: bpm,
        tempo_confidence: tempo.as_ref().map(|t| t.confidence),
        pulse_clarity: pulse.map(clarity),
        key: key.as_ref().map(|k| k.tonic),
        key_confidence: key.as_ref().map(|k| k.tonic_confidence),
        mode: key.as_ref().map(|k| u8::from(k.is_major)),
        mode_confidence: key.as_ref().map(|k| k.mode_confidence),
        energy: Some(energy(&quantities.dynamics, tonality)),
        valence: emotions.map(|emotions| valence(emotions, major, bpm)),
    }
}
