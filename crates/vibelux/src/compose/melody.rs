//! The melody: phrases A A B A over the chords, with motifs that return, each phrase ending in a longer note.

use super::note::Bus;
use super::writer::{Writer, near};
use crate::random::Random;

/// How far a melody wanders from its part's centre before it turns back.
const REACH_SEMITONES: i32 = 10;

impl Writer<'_> {
    /// Writes the melody of the whole piece.
    pub(super) fn melody(&mut self) {
        let phrase_bars = if self.bars.is_multiple_of(4) { 4 } else { 2 };
        let mut degree = self.degree_near(self.style.melody.centre);
        let mut previous = 0;
        for bar in 0..self.bars {
            let (phrase, within) = (bar / phrase_bars, bar % phrase_bars);
            let letter = u64::from(phrase % 4 == 2);
            let ends = within + 1 == phrase_bars;
            // Bars 0 and 2 of a phrase share a motif, so it is heard again over another chord.
            let motif = if ends { 3 } else { within as u64 % 2 };
            let mut chance = Random::new(self.seed, 100 + 10 * letter + motif);
            let rhythm = self.rhythm(&mut chance, ends);
            let rises = within * 2 < phrase_bars;
            let mut beat = 0.0;
            for (i, &beats) in rhythm.iter().enumerate() {
                degree = self.next_degree(&mut chance, degree, rises);
                let on_beat = beat == 0.0 || beats >= 1.0;
                let last = ends && i + 1 == rhythm.len();
                let mut pitch = self.pitch(degree);
                if on_beat || last {
                    pitch = self.land(bar, pitch, previous);
                }
                if last && self.is_last(bar) && self.degree(bar) == 0 {
                    pitch = near(self.tonic, pitch);
                }
                let silent = chance.chance(self.style.rests) && !last;
                if !silent {
                    let accent = if beat == 0.0 { 1.0 } else { 0.82 };
                    self.play(
                        self.style.melody,
                        Bus::Melody,
                        (bar, beat, beats),
                        pitch,
                        accent,
                    );
                }
                degree = self.degree_near(pitch);
                previous = pitch;
                beat += beats;
            }
        }
    }

    /// The chord tone nearest to `pitch`; one just heard must be nearer by a third to be said again.
    fn land(&self, bar: usize, pitch: i32, previous: i32) -> i32 {
        self.chord(bar, pitch)
            .into_iter()
            .min_by_key(|p| (p - pitch).abs() + if *p == previous { 4 } else { 0 })
            .unwrap_or(pitch)
    }

    /// A step or leap, turned back towards the part's centre.
    fn next_degree(&self, chance: &mut Random, degree: i32, rises: bool) -> i32 {
        let size = if chance.chance(self.style.leaps) {
            3 + chance.below(4) as i32
        } else {
            1 + i32::from(chance.chance(0.2))
        };
        let up = chance.chance(if rises { 0.65 } else { 0.35 });
        let next = degree + if up { size } else { -size };
        let distance = |degree: i32| (self.pitch(degree) - self.style.melody.centre).abs();
        let leaves = distance(next) > REACH_SEMITONES && distance(next) > distance(degree);
        if leaves {
            degree - (next - degree)
        } else {
            next
        }
    }

    /// The degree whose pitch is at or just below `pitch`.
    fn degree_near(&self, pitch: i32) -> i32 {
        let n = self.style.scale.len() as i32;
        let octave = (pitch - self.tonic).div_euclid(12);
        let within = (pitch - self.tonic).rem_euclid(12);
        let step = self.style.scale.iter().filter(|s| **s <= within).count() as i32 - 1;
        octave * n + step
    }

    /// Note lengths in beats that fill a bar; a phrase's last bar ends long.
    fn rhythm(&self, chance: &mut Random, ends: bool) -> Vec<f64> {
        const SLOW: &[&[f64]] = &[&[2.0], &[1.0], &[1.5, 0.5], &[3.0], &[1.0, 1.0]];
        const WALKING: &[&[f64]] = &[&[1.0], &[0.5, 0.5], &[1.5, 0.5], &[1.0], &[2.0]];
        const QUICK: &[&[f64]] = &[
            &[0.5, 0.5],
            &[0.5, 0.25, 0.25],
            &[1.0],
            &[0.75, 0.25],
            &[0.5, 0.5],
        ];
        let cells = match self.style.density {
            d if d < 0.7 => SLOW,
            d if d < 1.2 => WALKING,
            _ => QUICK,
        };
        let whole = self.style.beats_per_bar as f64;
        let end = if ends { (whole / 2.0).ceil() } else { whole };
        let mut lengths = Vec::new();
        let mut filled = 0.0;
        while filled < end {
            let cell = chance.pick(cells).copied().unwrap_or(&[1.0]);
            let length: f64 = cell.iter().sum();
            if filled + length > end {
                lengths.push(end - filled);
                filled = end;
            } else {
                lengths.extend_from_slice(cell);
                filled += length;
            }
        }
        if filled < whole {
            lengths.push(whole - filled);
        }
        lengths
    }
}
