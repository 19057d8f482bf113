//! What goes with the melody, bar by bar: chords, bass and drums.

use super::note::Bus;
use super::style::{Accompaniment, Bass, Drums, Part};
use super::timbre::Timbre;
use super::writer::{Writer, near};

impl Writer<'_> {
    /// Writes the chords of a bar.
    pub(super) fn accompaniment(&mut self, bar: usize) {
        let part = self.style.chords;
        let beats = self.style.beats_per_bar;
        let whole = beats as f64;
        let tones = self.chord(bar, part.centre);
        if self.is_last(bar) {
            for tone in tones {
                self.play(part, Bus::Chords, (bar, 0.0, whole), tone, 1.0);
            }
            return;
        }
        match self.style.accompaniment {
            Accompaniment::Pad => {
                for tone in tones {
                    self.play(part, Bus::Chords, (bar, 0.0, whole), tone, 0.9);
                }
            }
            Accompaniment::Offbeat => {
                for beat in 0..beats {
                    for tone in tones {
                        self.play(part, Bus::Chords, (bar, beat as f64 + 0.5, 0.5), tone, 0.8);
                    }
                }
            }
            Accompaniment::Arpeggio(per_beat) => {
                let order = [0, 1, 2, 1];
                for i in 0..(whole * per_beat) as usize {
                    let tone = tones[order[i % 4]];
                    let accent = if i == 0 { 1.0 } else { 0.75 };
                    self.play(
                        part,
                        Bus::Chords,
                        (bar, i as f64 / per_beat, 1.5),
                        tone,
                        accent,
                    );
                }
            }
            Accompaniment::Chug => self.chug(bar),
            Accompaniment::Tremolo => self.tremolo(bar, tones),
            Accompaniment::Stabs => self.stabs(bar, tones),
        }
    }

    fn chug(&mut self, bar: usize) {
        let part = self.style.chords;
        let root = near(self.pitch(self.degree(bar)), part.centre);
        for i in 0..self.style.beats_per_bar * 2 {
            let accent = if i % 3 == 0 { 1.0 } else { 0.7 };
            for interval in [0, 7, 12] {
                self.play(
                    part,
                    Bus::Chords,
                    (bar, i as f64 / 2.0, 0.5),
                    root + interval,
                    accent,
                );
            }
        }
    }

    /// Two neighbouring notes tremble, break off, and start again somewhere else.
    fn tremolo(&mut self, bar: usize, tones: [i32; 3]) {
        let whole = self.style.beats_per_bar as f64;
        let mut beat = 0.0;
        while beat < whole {
            let length = (0.75 + 1.75 * self.random.unit()).min(whole - beat);
            if self.random.chance(0.75) {
                let tone = tones[self.random.below(3)] + 12 * self.random.below(2) as i32;
                self.play(
                    self.style.chords,
                    Bus::Chords,
                    (bar, beat, length),
                    tone,
                    0.9,
                );
                self.play(
                    self.style.chords,
                    Bus::Chords,
                    (bar, beat, length),
                    tone + 1,
                    0.6,
                );
            }
            beat += length;
        }
    }

    /// A quiet tick or nothing, then a loud chord where none was expected.
    fn stabs(&mut self, bar: usize, tones: [i32; 3]) {
        let part = self.style.chords;
        let sudden = bar % 4 == 3;
        let beat = if sudden {
            0.0
        } else {
            self.random.below(self.style.beats_per_bar * 2) as f64 / 2.0
        };
        for tone in tones {
            self.play(
                part,
                Bus::Chords,
                (bar, beat, 0.5),
                tone,
                if sudden { 1.3 } else { 0.6 },
            );
            if sudden {
                self.play(part, Bus::Chords, (bar, beat, 0.5), tone + 12, 1.0);
            }
        }
    }

    /// Writes the bass of a bar.
    pub(super) fn bass(&mut self, bar: usize) {
        let held = if matches!(self.style.bass, Bass::Drone | Bass::Held) {
            1.0
        } else {
            0.8
        };
        let part = Part {
            timbre: Timbre::Bass,
            centre: 40,
            gain: self.style.bass_gain,
            articulation: held,
        };
        let root = near(self.pitch(self.degree(bar)), part.centre);
        let beats = self.style.beats_per_bar;
        let whole = beats as f64;
        match self.style.bass {
            _ if self.is_last(bar) => self.play(part, Bus::Bass, (bar, 0.0, whole), root, 1.0),
            Bass::Held => self.play(part, Bus::Bass, (bar, 0.0, whole), root, 1.0),
            Bass::Drone => {
                let tonic = near(self.tonic, part.centre);
                self.play(part, Bus::Bass, (bar, 0.0, whole), tonic, 1.0);
            }
            Bass::RootFifth => {
                let fifth = near(self.pitch(self.degree(bar) + 4), part.centre);
                self.play(part, Bus::Bass, (bar, 0.0, 1.0), root, 1.0);
                self.play(part, Bus::Bass, (bar, whole / 2.0, 1.0), fifth, 0.85);
            }
            Bass::Eighths => {
                for i in 0..beats * 2 {
                    let accent = if i % 2 == 0 { 1.0 } else { 0.8 };
                    self.play(part, Bus::Bass, (bar, i as f64 / 2.0, 0.5), root, accent);
                }
            }
        }
    }

    /// Writes the drums of a bar.
    pub(super) fn drums(&mut self, bar: usize) {
        let beats = self.style.beats_per_bar;
        let drums = self.style.drums;
        let mut hit = |timbre, beat: f64, gain| {
            let part = Part {
                timbre,
                centre: 0,
                gain,
                articulation: 1.0,
            };
            self.play(part, Bus::Drums, (bar, beat, 0.5), 0, 1.0);
        };
        match drums {
            Drums::None => {}
            Drums::Heartbeat => {
                hit(Timbre::Kick, 0.0, 0.5);
                hit(Timbre::Kick, 0.4, 0.3);
            }
            Drums::Pop => {
                for beat in 0..beats {
                    let on = beat as f64;
                    let (drum, gain) = if beat % 2 == 0 {
                        (Timbre::Kick, 0.6)
                    } else {
                        (Timbre::Snare, 0.3)
                    };
                    hit(drum, on, gain);
                    hit(Timbre::Hat, on, 0.14);
                    hit(Timbre::Hat, on + 0.5, 0.2);
                }
            }
            Drums::Rock => {
                if bar.is_multiple_of(4) {
                    hit(Timbre::Crash, 0.0, 0.4);
                }
                for beat in 0..beats {
                    let on = beat as f64;
                    if beat % 2 == 0 {
                        hit(Timbre::Kick, on, 0.9);
                        hit(Timbre::Kick, on + 0.5, 0.7);
                    } else {
                        hit(Timbre::Snare, on, 0.75);
                    }
                    hit(Timbre::Hat, on, 0.3);
                    hit(Timbre::Hat, on + 0.5, 0.22);
                }
            }
        }
    }
}
