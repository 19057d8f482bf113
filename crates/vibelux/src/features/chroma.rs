//! [`Chroma`]: how strongly each of the twelve pitch classes sounds. Between the input and `key.rs`.
//!
//! Harmonic pitch class profiles (Gómez 2006): the peaks of a spectrum of high resolution, brought to the tuning of
//! the song, each counted for the notes whose partial it may be.

use std::f64::consts::PI;

use super::input::Input;
use crate::spectrogram::{Spectrogram, Stft};

/// Pitch classes: 0 is C, 11 is B.
pub(super) const CLASSES: usize = 12;
/// A frame is at least this long: neighbouring semitones part from about 100 Hz on.
const FRAME_SECONDS: f64 = 0.3;
const LOWEST_HZ: f64 = 55.0;
const HIGHEST_HZ: f64 = 2_100.0;
/// Weaker peaks of a frame are noise: 50 dB below its strongest.
const WEAKEST: f32 = 1e-5;
/// And so are those 70 dB below the strongest of the song.
const QUIETEST: f32 = 1e-7;
/// A peak is at least so many times as strong as the mean around it, or it is noise.
const PROMINENCE: f32 = 2.0;
/// What is around it, on each side.
const AROUND_HZ: f64 = 20.0;
/// A peak counts for the notes whose partial it may be, each next partial so much less.
const PARTIALS: usize = 5;
const DECAY: f64 = 0.5;

/// The pitch classes of a sound.
pub(super) struct Chroma {
    /// How strong each is, on average over the time; they add up to 1.
    pub(super) classes: [f32; CLASSES],
    /// How far the song is from 440 Hz, in semitones, -0.5 to 0.5.
    pub(super) tuning: f32,
    /// How narrowly the peaks lie around the semitones of that tuning: 1 for tones, 0 for noise.
    pub(super) tonality: f32,
}

/// A partial that sounds: `pitch` as a MIDI note with its fraction.
struct Peak {
    pitch: f64,
    weight: f64,
}

impl Chroma {
    /// `None` if there are no peaks.
    pub(super) fn of(input: &Input) -> Option<Self> {
        let rate_hz = f64::from(input.waveform.sample_rate_hz);
        let n_fft = ((FRAME_SECONDS * rate_hz) as usize).next_power_of_two();
        let mut stft = Stft::new(n_fft, n_fft / 2).ok()?;
        let power = stft.power(&input.waveform.samples).ok()?;
        let peaks = peaks(&power, rate_hz / n_fft as f64);
        let (mut x, mut y, mut whole) = (0.0, 0.0, 0.0);
        for peak in &peaks {
            let angle = 2.0 * PI * peak.pitch;
            x += peak.weight * angle.cos();
            y += peak.weight * angle.sin();
            whole += peak.weight;
        }
        if whole <= 0.0 {
            return None;
        }
        let tuning = y.atan2(x) / (2.0 * PI);
        let mut classes = [0.0; CLASSES];
        for peak in &peaks {
            for partial in 1..=PARTIALS {
                let weight = peak.weight * DECAY.powi(partial as i32 - 1);
                count(
                    &mut classes,
                    peak.pitch - tuning - 12.0 * (partial as f64).log2(),
                    weight,
                );
            }
        }
        let sum: f64 = classes.iter().sum();
        Some(Self {
            classes: classes.map(|x| (x / sum) as f32),
            tuning: tuning as f32,
            tonality: (x.hypot(y) / whole) as f32,
        })
    }
}

fn midi(hz: f64) -> f64 {
    69.0 + 12.0 * (hz / 440.0).log2()
}

/// The local maxima of every frame, their frequency from the parabola through the logarithms of three bins.
fn peaks(power: &Spectrogram, bin_hz: f64) -> Vec<Peak> {
    let first = ((LOWEST_HZ / bin_hz) as usize).max(1);
    let last = ((HIGHEST_HZ / bin_hz) as usize).min(power.bins.saturating_sub(2));
    let mut strongest = vec![0.0_f32; power.frames];
    for bin in first..=last {
        let row = power.row(bin).unwrap_or_default();
        for (most, &p) in strongest.iter_mut().zip(row) {
            *most = most.max(p);
        }
    }
    let loudest = strongest.iter().copied().fold(0.0, f32::max);
    let mut around = Around::of(power, first, (AROUND_HZ / bin_hz) as usize);
    let mut peaks = Vec::new();
    for bin in first..=last {
        let rows = [bin - 1, bin, bin + 1].map(|b| power.row(b).unwrap_or_default());
        let [below, row, above] = rows;
        for (frame, &p) in row.iter().enumerate() {
            let least = (WEAKEST * strongest[frame]).max(QUIETEST * loudest);
            let is_noise = p <= least || p <= PROMINENCE * around.mean(frame);
            if is_noise || p <= below[frame] || p < above[frame] {
                continue;
            }
            let [a, b, c] = [below[frame], p, above[frame]].map(|x| f64::from(x.max(1e-30)).ln());
            let bend = a - 2.0 * b + c;
            let shift = if bend < 0.0 {
                (0.5 * (a - c) / bend).clamp(-0.5, 0.5)
            } else {
                0.0
            };
            peaks.push(Peak {
                pitch: midi((bin as f64 + shift) * bin_hz),
                // The root of the amplitude: loud notes count more, but not alone.
                weight: f64::from(p / loudest).powf(0.25),
            });
        }
        around.step(power);
    }
    peaks
}

/// The mean power around a bin, for every frame.
struct Around {
    bin: usize,
    reach: usize,
    sums: Vec<f64>,
}

impl Around {
    fn of(power: &Spectrogram, bin: usize, reach: usize) -> Self {
        let sums = vec![0.0; power.frames];
        let mut around = Self { bin, reach, sums };
        for b in bin.saturating_sub(reach)..=bin + reach {
            around.add(power.row(b), 1.0);
        }
        around
    }

    fn mean(&self, frame: usize) -> f32 {
        (self.sums[frame] / (2 * self.reach + 1) as f64) as f32
    }

    /// To the next bin.
    fn step(&mut self, power: &Spectrogram) {
        let left = self.bin.checked_sub(self.reach);
        self.add(left.and_then(|b| power.row(b)), -1.0);
        self.bin += 1;
        self.add(power.row(self.bin + self.reach), 1.0);
    }

    fn add(&mut self, row: Option<&[f32]>, sign: f64) {
        for (sum, p) in self.sums.iter_mut().zip(row.unwrap_or_default()) {
            *sum += sign * f64::from(*p);
        }
    }
}

/// Adds a weight to the class of a pitch, less the further it lies from its middle.
fn count(classes: &mut [f64; CLASSES], pitch: f64, weight: f64) {
    let nearest = pitch.round();
    let closeness = (PI * (pitch - nearest)).cos();
    classes[(nearest as i64).rem_euclid(CLASSES as i64) as usize] += weight * closeness * closeness;
}
