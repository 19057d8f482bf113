//! Notes to sound: voices, drums, overdrive, reverb and the final level.

use std::collections::HashMap;

use super::note::{Bus, Note, Score};
use super::reverb;
use super::stereo::Frame;
use super::style::Style;
use super::timbre::{TABLE_LENGTH, Timbre, Voice, wavetable};
use crate::random::Random;

/// What remains after the last bar for the last notes and the reverb to fade.
const TAIL_SECONDS: f64 = 2.8;

/// How often pitch and level are updated, in samples.
const CONTROL_FRAMES: usize = 32;

/// Above this level the limiter starts to bend; it never reaches 1.
const LIMITER_KNEE: f32 = 0.7;

/// Renders a score at `rate_hz`.
pub fn render(style: &Style, score: &Score, rate_hz: u32) -> Vec<Frame> {
    let rate = f64::from(rate_hz.max(1));
    let length = ((score.seconds + TAIL_SECONDS) * rate) as usize;
    let mut driven = vec![[0.0; 2]; length];
    let mut clean = vec![[0.0; 2]; length];
    let mut tables = Tables::default();
    for (i, note) in score.notes.iter().enumerate() {
        let bus = match note.bus {
            Bus::Melody | Bus::Chords if style.drive > 0.0 => &mut driven,
            _ => &mut clean,
        };
        match note.timbre.voice() {
            Some(voice) => play_voice(bus, note, voice, &mut tables, rate, i as u64),
            None => play_drum(bus, note, rate, i as u64),
        }
    }
    if style.drive > 0.0 {
        for (sum, hot) in clean.iter_mut().zip(&driven) {
            for (s, h) in sum.iter_mut().zip(hot) {
                *s += (h * style.drive).tanh() * 0.45;
            }
        }
    }
    reverb::add(&mut clean, style.reverb, rate);
    master(&mut clean, style.rms_dbfs, rate);
    clean
}

/// Band-limited tables, made once per timbre and number of partials.
#[derive(Default)]
struct Tables(HashMap<(Timbre, usize), [Vec<f32>; 2]>);

impl Tables {
    /// The bright and the dull table for a fundamental.
    fn get(&mut self, timbre: Timbre, voice: Voice, hz: f64, rate: f64) -> &[Vec<f32>; 2] {
        // Rounded down to powers of the square root of two, so that few tables are made.
        let room = (0.45 * rate / hz).clamp(1.0, 160.0);
        let count = 2.0_f64.powf((room.log2() * 2.0).floor() / 2.0) as usize;
        self.0.entry((timbre, count)).or_insert_with(|| {
            let with = |slope: f64| {
                wavetable(count, |k| {
                    let even = if k % 2 == 0 { voice.even } else { 1.0 };
                    even * (k as f64).powf(-slope)
                })
            };
            [with(voice.bright), with(voice.dull)]
        })
    }
}

/// Attack, exponential fall to the sustain level, and release after the note's length.
struct Envelope {
    voice: Voice,
    held_seconds: f64,
}

impl Envelope {
    fn level(&self, t: f64) -> f64 {
        let v = &self.voice;
        let held = |t: f64| {
            let rise = (t / v.attack_seconds).min(1.0);
            let fallen = (-(t - v.attack_seconds).max(0.0) / v.decay_seconds).exp();
            rise * (v.sustain + (1.0 - v.sustain) * fallen)
        };
        if t <= self.held_seconds {
            held(t)
        } else {
            let over = t - self.held_seconds;
            // The line to exactly 0 keeps the end of the release free of clicks.
            let fade = (1.0 - over / (3.0 * v.release_seconds)).max(0.0);
            held(self.held_seconds) * (-over / v.release_seconds).exp() * fade
        }
    }

    fn seconds(&self) -> f64 {
        self.held_seconds + 3.0 * self.voice.release_seconds
    }
}

fn play_voice(
    bus: &mut [Frame],
    note: &Note,
    voice: Voice,
    tables: &mut Tables,
    rate: f64,
    salt: u64,
) {
    let hz = 440.0 * 2.0_f64.powf((note.pitch - 69.0) / 12.0);
    let [bright, dull] = tables.get(note.timbre, voice, hz, rate);
    let envelope = Envelope {
        voice,
        held_seconds: note.seconds.max(voice.attack_seconds),
    };
    let mut random = Random::new(salt, 7);
    let offsets: &[f64] = if voice.unison_cents > 0.0 {
        &[-1.0, 0.0, 1.0]
    } else {
        &[0.0]
    };
    let gain = note.velocity / (offsets.len() as f32).sqrt() * 0.35;
    let mut phases: Vec<f64> = offsets.iter().map(|_| random.unit()).collect();
    let vibrato_phase = random.unit();
    let (pan_left, pan_right) = pan(note.pan);
    let first = (note.start_seconds * rate) as usize;
    let frames = (envelope.seconds() * rate) as usize;
    let last = first.saturating_add(frames).min(bus.len());
    let mut noise = 0.0_f32;
    let mut frame = first.min(last);
    let mut level = envelope.level(0.0) as f32;
    while frame < last {
        let end = (frame + CONTROL_FRAMES).min(last);
        let t = (frame - first) as f64 / rate;
        let next = envelope.level(t + CONTROL_FRAMES as f64 / rate) as f32;
        let tremble = 1.0
            - voice.tremolo as f32 * (0.5 - 0.5 * (t * 9.5 * std::f64::consts::TAU).cos() as f32);
        // Vibrato enters late, as players do it.
        let vibrato = voice.vibrato_cents
            * (t * 3.0).min(1.0)
            * ((t * 5.4 + vibrato_phase) * std::f64::consts::TAU).sin();
        let brightness =
            (-(t / (0.5 * voice.decay_seconds))).exp() as f32 * (0.4 + 0.6 * note.velocity);
        let steps: [f64; 3] = std::array::from_fn(|i| {
            let cents = vibrato + offsets.get(i).copied().unwrap_or(0.0) * voice.unison_cents;
            hz * 2.0_f64.powf(cents / 1200.0) / rate
        });
        let slope = (next - level) / CONTROL_FRAMES as f32;
        for out in &mut bus[frame..end] {
            let mut sample = 0.0;
            for (phase, step) in phases.iter_mut().zip(steps) {
                sample += read(bright, dull, *phase, brightness);
                // Not `floor`, which is a call on plain x86-64. At any audible rate a step is below 1;
                // beyond, the masked index still keeps the reading inside the table.
                *phase += step;
                if *phase >= 1.0 {
                    *phase -= 1.0;
                }
            }
            if voice.noise > 0.0 {
                noise += 0.35 * (random.signed() as f32 - noise);
                sample += noise * voice.noise as f32 * 4.0;
            }
            let value = sample * level * gain * tremble;
            out[0] += value * pan_left;
            out[1] += value * pan_right;
            level += slope;
        }
        level = next;
        frame = end;
    }
}

/// Equal power.
fn pan(position: f32) -> (f32, f32) {
    let angle = (position.clamp(-1.0, 1.0) + 1.0) * std::f32::consts::FRAC_PI_4;
    (
        angle.cos() * std::f32::consts::SQRT_2,
        angle.sin() * std::f32::consts::SQRT_2,
    )
}

/// Both tables at a phase of 0..1, linearly interpolated, mixed by `brightness`.
fn read(bright: &[f32], dull: &[f32], phase: f64, brightness: f32) -> f32 {
    let position = phase * TABLE_LENGTH as f64;
    let i = position as usize;
    let share = (position - i as f64) as f32;
    let (i, j) = (i & (TABLE_LENGTH - 1), (i + 1) & (TABLE_LENGTH - 1));
    let at = |table: &[f32]| table[i] + share * (table[j] - table[i]);
    let low = at(dull);
    low + brightness * (at(bright) - low)
}

fn play_drum(bus: &mut [Frame], note: &Note, rate: f64, salt: u64) {
    // Decay of the tone and of the noise, share of noise, and how much of its bass is taken out.
    let (tone_seconds, noise_seconds, noise_share, highpass) = match note.timbre {
        Timbre::Kick => (0.13, 0.01, 0.1, 0.3),
        Timbre::Snare => (0.07, 0.11, 0.8, 0.25),
        Timbre::Hat => (0.01, 0.035, 1.0, 0.9),
        _ => (0.01, 0.7, 1.0, 0.8),
    };
    let mut random = Random::new(salt, 11);
    let first = (note.start_seconds * rate) as usize;
    let frames = (6.0 * f64::max(tone_seconds, noise_seconds) * rate) as usize;
    let last = first.saturating_add(frames).min(bus.len());
    let base_hz = if note.timbre == Timbre::Kick {
        48.0
    } else {
        185.0
    };
    let (mut phase, mut low) = (0.0_f64, 0.0_f64);
    for (i, out) in bus[first.min(last)..last].iter_mut().enumerate() {
        let t = i as f64 / rate;
        // The pitch falls as the drum's skin slackens after the blow.
        phase += base_hz * (1.0 + 2.6 * (-t / 0.022).exp()) / rate;
        let tone = (phase * std::f64::consts::TAU).sin() * (-t / tone_seconds).exp();
        let white = random.signed();
        low += (1.0 - highpass) * (white - low);
        let noise = (white - low) * (-t / noise_seconds).exp();
        let attack = (t / 0.001).min(1.0);
        let sample = (tone * (1.0 - noise_share) * 1.6 + noise * noise_share) * attack;
        let value = sample as f32 * note.velocity * 0.8;
        out[0] += value;
        out[1] += value;
    }
}

/// Sets the loudness, bends peaks below full scale, and fades the ends.
fn master(frames: &mut [Frame], rms_dbfs: f32, rate: f64) {
    let power: f64 = frames.iter().flatten().map(|&v| f64::from(v).powi(2)).sum();
    let rms = (power / (2 * frames.len()).max(1) as f64).sqrt();
    let gain = if rms > 0.0 {
        (10_f64.powf(f64::from(rms_dbfs) / 20.0) / rms) as f32
    } else {
        0.0
    };
    let fade_in = (0.004 * rate) as usize;
    let fade_out = (1.8 * rate) as usize;
    let length = frames.len();
    for (i, frame) in frames.iter_mut().enumerate() {
        let start = (i as f32 / fade_in.max(1) as f32).min(1.0);
        let end = ((length - 1 - i) as f32 / fade_out.max(1) as f32).min(1.0);
        let fade = start * end * end * (3.0 - 2.0 * end);
        *frame = frame.map(|v| limit(v * gain) * fade);
    }
}

fn limit(v: f32) -> f32 {
    let over = v.abs() - LIMITER_KNEE;
    if over <= 0.0 {
        return v;
    }
    let room = 0.98 - LIMITER_KNEE;
    (LIMITER_KNEE + room * (over / room).tanh()).copysign(v)
}
