//! [`Note`] and [`Score`]: what is composed and then played.

use super::timbre::Timbre;

/// Which bus a note is mixed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bus {
    Melody,
    Chords,
    Bass,
    Drums,
}

/// One note to be played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Note {
    pub start_seconds: f64,
    pub seconds: f64,
    /// MIDI number, with a fraction for mistuning.
    pub pitch: f64,
    /// 0..=1.
    pub velocity: f32,
    pub timbre: Timbre,
    pub bus: Bus,
    /// -1 left, 1 right.
    pub pan: f32,
}

/// All notes of a piece, and when the last bar ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    pub notes: Vec<Note>,
    pub seconds: f64,
}
