//! [`Writer`]: what melody and accompaniment share while a score is written: the key, the chords and the beat.

use super::note::{Bus, Note};
use super::style::{Dynamics, Part, Style};
use crate::random::Random;

/// Bar, beat within it, and length in beats.
pub(super) type Span = (usize, f64, f64);

/// What the parts share while the score is written.
pub(super) struct Writer<'a> {
    pub(super) style: &'a Style,
    pub(super) seed: u64,
    pub(super) tonic: i32,
    pub(super) beat_seconds: f64,
    pub(super) bars: usize,
    pub(super) chords: &'a [i32],
    pub(super) random: Random,
    pub(super) notes: Vec<Note>,
}

impl Writer<'_> {
    pub(super) fn is_last(&self, bar: usize) -> bool {
        bar + 1 == self.bars
    }

    /// The scale degree of a bar's chord; the last bar takes the progression's last chord.
    pub(super) fn degree(&self, bar: usize) -> i32 {
        let index = if self.is_last(bar) {
            self.chords.len() - 1
        } else {
            bar % self.chords.len()
        };
        self.chords[index]
    }

    /// The MIDI pitch of a scale degree, 0 the tonic, of any octave.
    pub(super) fn pitch(&self, degree: i32) -> i32 {
        let n = self.style.scale.len() as i32;
        self.tonic + 12 * degree.div_euclid(n) + self.style.scale[degree.rem_euclid(n) as usize]
    }

    /// The three pitches of a bar's chord, each in the octave nearest to `centre`, rising.
    pub(super) fn chord(&self, bar: usize, centre: i32) -> [i32; 3] {
        let root = self.degree(bar);
        let mut tones = [0, 2, 4].map(|third| near(self.pitch(root + third), centre));
        tones.sort_unstable();
        tones
    }

    /// How loud a moment is, about 0.5..=1.
    fn loudness(&self, bar: usize, beat: f64) -> f32 {
        let at = (bar as f64 + beat / self.style.beats_per_bar as f64) / self.bars as f64;
        let level = match self.style.dynamics {
            Dynamics::Steady => 0.85,
            Dynamics::Swell => 0.6 + 0.35 * (at / 0.7).min((1.0 - at) / 0.3),
            Dynamics::Bursts if bar % 4 == 3 && beat < 1.0 => 1.0,
            Dynamics::Bursts => 0.45,
        };
        level as f32
    }

    pub(super) fn play(
        &mut self,
        part: Part,
        bus: Bus,
        (bar, beat, beats): Span,
        pitch: i32,
        accent: f32,
    ) {
        let start = (bar as f64 * self.style.beats_per_bar as f64 + beat) * self.beat_seconds;
        let jitter = self.style.jitter_seconds * (self.random.signed() + self.random.signed());
        let mistuned = self.style.detune_cents / 100.0 * self.random.signed();
        let human = 1.0 + 0.08 * self.random.signed() as f32;
        let spread = match bus {
            Bus::Melody => 0.12,
            Bus::Chords => 0.5 * ((pitch % 5) as f32 / 2.0 - 1.0),
            Bus::Bass | Bus::Drums => 0.0,
        };
        self.notes.push(Note {
            start_seconds: (start + jitter).max(0.0),
            seconds: beats * self.beat_seconds * part.articulation,
            pitch: f64::from(pitch) + mistuned,
            velocity: (part.gain * accent * human * self.loudness(bar, beat)).clamp(0.0, 1.0),
            timbre: part.timbre,
            bus,
            pan: spread,
        });
    }
}

/// The pitch of the same name within half an octave of `centre`.
pub(super) fn near(pitch: i32, centre: i32) -> i32 {
    centre - 6 + (pitch - centre + 6).rem_euclid(12)
}
