//! Chance and style to notes: form, harmony, melody, accompaniment, bass and drums.
//!
//! The form is song-like: phrases A A B A, where a letter repeats its motifs over the chords that
//! come, and each phrase ends in a longer note. Melody notes on the beat are chord tones, the others
//! step between them. Chords take the octave nearest to their part's centre, which leads the voices
//! smoothly.

use super::note::Score;
use super::style::Style;
use super::writer::Writer;
use crate::random::Random;

/// A piece lasts about this long before its last note fades.
const TARGET_SECONDS: f64 = 23.0;

/// Writes the score of `style`; the same seed gives the same score.
pub fn write(style: &Style, seed: u64) -> Score {
    let mut random = Random::new(seed, style.title.bytes().map(u64::from).sum());
    let tonic = style.tonic + random.below(5) as i32 - 2;
    let tempo = style.beats_per_minute * (1.0 + 0.03 * random.signed());
    let beat_seconds = 60.0 / tempo;
    let bar_seconds = beat_seconds * style.beats_per_bar as f64;
    let bars = (2.0 * (TARGET_SECONDS / bar_seconds / 2.0).round()).max(4.0) as usize;
    let seed = random.next();
    let chords = random.pick(style.progressions).copied().unwrap_or(&[0]);
    let mut writer = Writer {
        style,
        seed,
        tonic,
        beat_seconds,
        bars,
        chords,
        random,
        notes: Vec::new(),
    };
    writer.melody();
    for bar in 0..bars {
        writer.accompaniment(bar);
        writer.bass(bar);
        writer.drums(bar);
    }
    Score {
        notes: writer.notes,
        seconds: bars as f64 * bar_seconds,
    }
}
