//! Chance and style to notes: form, harmony, melody, accompaniment, bass and drums.
//!
//! The form is song-like: phrases A A B A, where a letter repeats its motifs over the chords that
//! come, and each phrase ends in a longer note. Melody notes on the beat are chord tones, the others
//! step between them. Chords take the octave nearest to their part's centre, which leads the voices
//! smoothly.

use super::style::{Accompaniment, Bass, Drums, Dynamics, Part, Style};
use super::timbre::Timbre;
use crate::random::Random;

/// A piece lasts about this long before its last note fades.
const TARGET_SECONDS: f64 = 23.0;

/// How far a melody wanders from its part's centre before it turns back.
const REACH_SEMITONES: i32 = 10;

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

/// Bar, beat within it, and length in beats.
type Span = (usize, f64, f64);

/// What the parts share while the score is written.
struct Writer<'a> {
    style: &'a Style,
    seed: u64,
    tonic: i32,
    beat_seconds: f64,
    bars: usize,
    chords: &'a [i32],
    random: Random,
    notes: Vec<Note>,
}

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

impl Writer<'_> {
    fn is_last(&self, bar: usize) -> bool {
        bar + 1 == self.bars
    }

    /// The scale degree of a bar's chord; the last bar takes the progression's last chord.
    fn degree(&self, bar: usize) -> i32 {
        let index = if self.is_last(bar) {
            self.chords.len() - 1
        } else {
            bar % self.chords.len()
        };
        self.chords[index]
    }

    /// The MIDI pitch of a scale degree, 0 the tonic, of any octave.
    fn pitch(&self, degree: i32) -> i32 {
        let n = self.style.scale.len() as i32;
        self.tonic + 12 * degree.div_euclid(n) + self.style.scale[degree.rem_euclid(n) as usize]
    }

    /// The three pitches of a bar's chord, each in the octave nearest to `centre`, rising.
    fn chord(&self, bar: usize, centre: i32) -> [i32; 3] {
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

    fn play(&mut self, part: Part, bus: Bus, (bar, beat, beats): Span, pitch: i32, accent: f32) {
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

    fn melody(&mut self) {
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

    fn accompaniment(&mut self, bar: usize) {
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

    fn bass(&mut self, bar: usize) {
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

    fn drums(&mut self, bar: usize) {
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

/// The pitch of the same name within half an octave of `centre`.
fn near(pitch: i32, centre: i32) -> i32 {
    centre - 6 + (pitch - centre + 6).rem_euclid(12)
}
