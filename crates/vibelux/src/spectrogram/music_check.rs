//! [`not_music`]: sounds that no emotion should be read from, although a network would give numbers.
//!
//! Measured over all windows of a song that were decoded anyway:
//!
//! - length and loudness: less than a second, or silence;
//! - steadiness: per frequency bin, the geometric mean of the power over time divided by the arithmetic
//!   mean. A tone that never changes has 1, noise of any colour 0.56 (e to the minus Euler's constant,
//!   because its powers are distributed exponentially), music much less;
//! - speech: a weighted sum of five figures that tell it from music (after Scheirer & Slaney 1997,
//!   "Construction and evaluation of a robust multifeature speech/music discriminator"): changes of
//!   loudness at the rate of syllables, gaps between words, how far the spectrum's centre moves, how much
//!   of the time is quiet, and how much the spectrum changes from frame to frame. The weights come from a
//!   linear discriminant between 1,040 clips of music, seven recordings of five voices and nine
//!   synthesised ones.
//!
//! The limits are set so that none of those 1,040 clips is taken for something else: a drone or a poem
//! over a beat stays a song. In return a reading in an echoing room passes for music.

use std::fmt;

use realfft::RealFftPlanner;

use super::{SpectrogramError, Stft};
use crate::audio::Waveform;

/// Quieter than this root mean square in every window is silence: -60 dB of full scale.
const SILENCE_RMS: f64 = 1e-3;
/// Steadier than this is no music; clips of music have 0.23 at most.
const STEADY: f64 = 0.4;
/// Between the steadiness of noise and that of a tone.
const TONE: f64 = 0.75;
/// The bins below hold the offset.
const LOWEST_BIN: usize = 2;
/// Bins this far below the loudest say nothing: rounding and dither.
const FLOOR: f64 = 1e-6;
/// How often syllables come, in Hz; the changes that they are a share of.
const SYLLABLES_HZ: (f64, f64) = (2.5, 7.0);
const CHANGES_HZ: (f64, f64) = (0.5, 40.0);
/// Quieter than this share of the mean amplitude is a gap.
const GAP: f64 = 0.1;
/// Steps of the loudness curve per second.
const CURVE_HZ: u32 = 100;
/// Shorter sounds hold nothing to judge.
const SHORTEST_SECONDS: f64 = 1.0;
/// Shorter sounds are not tested for steadiness and speech: a held chord is steady too.
const LEAST_SECONDS: f64 = 8.0;
/// Frames with less than this share of the mean power of all are quiet.
const QUIET: f64 = 0.5;
/// Frames with less than this share of the mean power have no centre worth measuring.
const AUDIBLE: f64 = 0.01;
/// Above this weighted sum sound is speech; of the clips of music the highest has 23.5.
const SPEECH: f64 = 23.8;

/// What a sound is instead of music.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotMusic {
    /// Less than a second of sound.
    TooShort,
    /// Nothing, or next to nothing, to hear.
    Silence,
    /// A tone or a chord that never changes.
    Tone,
    /// Noise that never changes.
    Noise,
    /// Somebody talks, with nothing behind it.
    Speech,
}

impl fmt::Display for NotMusic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooShort => "less than a second of sound",
            Self::Silence => "silence",
            Self::Tone => "a tone that never changes",
            Self::Noise => "noise that never changes",
            Self::Speech => "speech without music",
        })
    }
}

/// What the windows of a song hold instead of music; `None` if they may well be music.
///
/// # Errors
/// [`SpectrogramError`] if the sample rate is beyond all use.
pub fn not_music(windows: &[Waveform]) -> Result<Option<NotMusic>, SpectrogramError> {
    let sounding: Vec<&Waveform> = windows.iter().filter(|w| rms(w) > SILENCE_RMS).collect();
    if sounding.is_empty() {
        return Ok(Some(NotMusic::Silence));
    }
    let seconds: f64 = sounding.iter().map(|w| w.seconds()).sum();
    if seconds < SHORTEST_SECONDS {
        return Ok(Some(NotMusic::TooShort));
    }
    if seconds < LEAST_SECONDS {
        return Ok(None);
    }
    let course = Course::of(&sounding)?;
    if course.steadiness > STEADY {
        let kind = if course.steadiness > TONE {
            NotMusic::Tone
        } else {
            NotMusic::Noise
        };
        return Ok(Some(kind));
    }
    let (syllables, gaps) = loudness_changes(&sounding);
    let speech = 4.55 * syllables
        + 27.9 * gaps.sqrt()
        + 1.05 * course.centre_octaves
        + 3.57 * course.quiet
        + 5.78 * course.change;
    Ok((speech > SPEECH).then_some(NotMusic::Speech))
}

/// Root mean square around the mean: a constant offset is nothing to hear.
fn rms(window: &Waveform) -> f64 {
    let n = window.samples.len().max(1) as f64;
    let mean = window.samples.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
    let square = |&v: &f32| (f64::from(v) - mean).powi(2);
    (window.samples.iter().map(square).sum::<f64>() / n).sqrt()
}

/// How the spectrum runs over time.
struct Course {
    /// Mean over the bins that sound of the geometric over the arithmetic mean of their power, 0 to 1.
    steadiness: f64,
    /// Standard deviation of the spectrum's centre of gravity, in octaves.
    centre_octaves: f64,
    /// Share of the frames that are quiet.
    quiet: f64,
    /// Median distance (L1, 0 to 2) of one frame's amplitudes, scaled to a sum of 1, from the next one's.
    change: f64,
}

impl Course {
    fn of(windows: &[&Waveform]) -> Result<Self, SpectrogramError> {
        let rate = windows.first().map_or(16_000, |w| w.sample_rate_hz);
        // Pieces of about 64 ms, side by side.
        let n_fft = (rate / 16).next_power_of_two().clamp(64, 1 << 14) as usize;
        let mut stft = Stft::new(n_fft, n_fft)?;
        let mut sums = vec![(0.0_f64, 0.0_f64); stft.bins()];
        let (mut powers, mut centres, mut changes) = (Vec::new(), Vec::new(), Vec::new());
        for window in windows {
            let spectrogram = stft.power(&window.samples)?;
            let mut before: Option<Vec<f64>> = None;
            // The first and the last frame reach beyond the window.
            for frame in 1..spectrogram.frames.saturating_sub(1) {
                // The lowest bins hold the offset.
                let bins = LOWEST_BIN..spectrogram.bins;
                let at =
                    |bin: usize| f64::from(spectrogram.values[bin * spectrogram.frames + frame]);
                let total: f64 = bins.clone().map(at).sum();
                // Digital silence.
                if total < 1e-9 {
                    before = None;
                    continue;
                }
                for bin in bins.clone() {
                    sums[bin].0 += (at(bin) + 1e-12).ln();
                    sums[bin].1 += at(bin);
                }
                let moment: f64 = bins.clone().map(|bin| bin as f64 * at(bin)).sum();
                powers.push(total);
                centres.push((moment / total).log2());
                let mut shape: Vec<f64> = bins.map(|bin| at(bin).sqrt()).collect();
                let amplitudes: f64 = shape.iter().sum();
                shape.iter_mut().for_each(|v| *v /= amplitudes);
                if let Some(before) = &before {
                    changes.push(before.iter().zip(&shape).map(|(a, b)| (a - b).abs()).sum());
                }
                before = Some(shape);
            }
        }
        let mean = powers.iter().sum::<f64>() / powers.len().max(1) as f64;
        let quiet = powers.iter().filter(|&&power| power < QUIET * mean).count();
        let audible = centres.iter().zip(&powers);
        let audible = audible.filter(|&(_, &power)| power > AUDIBLE * mean);
        Ok(Self {
            steadiness: steadiness(&sums, powers.len()),
            centre_octaves: standard_deviation(audible.map(|(&centre, _)| centre)),
            quiet: quiet as f64 / powers.len().max(1) as f64,
            change: median(changes),
        })
    }
}

/// Of each bin's sums of logarithms and of powers over the frames.
fn steadiness(sums: &[(f64, f64)], frames: usize) -> f64 {
    let loudest = sums.iter().map(|s| s.1).fold(0.0, f64::max);
    let n = frames.max(1) as f64;
    let sounding = sums.iter().filter(|(_, powers)| *powers > FLOOR * loudest);
    let (sum, count) = sounding.fold((0.0, 0.0_f64), |(sum, count), (logs, powers)| {
        (sum + (logs / n).exp() / (powers / n), count + 1.0)
    });
    sum / count.max(1.0)
}

fn standard_deviation(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let n = values.clone().count().max(1) as f64;
    let mean = values.clone().sum::<f64>() / n;
    (values.map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// The share of changes of loudness that come at the rate of syllables, and the share of gaps.
fn loudness_changes(windows: &[&Waveform]) -> (f64, f64) {
    let mut planner = RealFftPlanner::<f64>::new();
    let (mut syllables, mut changes) = (0.0, 0.0);
    let (mut gaps, mut steps) = (0_usize, 0_usize);
    for window in windows {
        let step = (window.sample_rate_hz / CURVE_HZ).max(1) as usize;
        let power = |part: &[f32]| part.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>();
        let curve = window.samples.chunks_exact(step);
        let mut curve: Vec<f64> = curve
            .map(|part| (power(part) / step as f64).sqrt())
            .collect();
        let n = curve.len();
        if n < 2 {
            continue;
        }
        let mean = curve.iter().sum::<f64>() / n as f64;
        gaps += curve.iter().filter(|v| **v < GAP * mean).count();
        steps += n;
        for (i, v) in curve.iter_mut().enumerate() {
            let phase = std::f64::consts::TAU * i as f64 / (n - 1) as f64;
            *v = (*v / mean - 1.0) * (0.5 - 0.5 * phase.cos());
        }
        let fft = planner.plan_fft_forward(n);
        let mut spectrum = fft.make_output_vec();
        if fft.process(&mut curve, &mut spectrum).is_err() {
            continue;
        }
        for (i, value) in spectrum.iter().enumerate() {
            let hz = i as f64 * f64::from(CURVE_HZ) / n as f64;
            let within = |(low, high): (f64, f64)| (low..=high).contains(&hz);
            if within(SYLLABLES_HZ) {
                syllables += value.norm_sqr();
            }
            if within(CHANGES_HZ) {
                changes += value.norm_sqr();
            }
        }
    }
    let share = syllables / f64::max(changes, f64::MIN_POSITIVE);
    (share, gaps as f64 / steps.max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose;
    use std::f32::consts::TAU;

    const RATE_HZ: u32 = 16_000;

    /// Four windows of 5 s.
    fn windows(sound: impl Fn(usize) -> f32) -> Vec<Waveform> {
        (0..4)
            .map(|w| Waveform {
                samples: (0..5 * RATE_HZ as usize)
                    .map(|i| sound(w * 5 * RATE_HZ as usize + i))
                    .collect(),
                sample_rate_hz: RATE_HZ,
            })
            .collect()
    }

    fn found(sound: impl Fn(usize) -> f32) -> Option<NotMusic> {
        not_music(&windows(sound)).unwrap()
    }

    /// White noise between -1 and 1 that follows from the position.
    fn noise(i: usize) -> f32 {
        let mut x = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x >> 40) as f32) / (1 << 23) as f32 - 1.0
    }

    fn tone(hz: f32, i: usize) -> f32 {
        // Modulo a second first: f32 has too few digits for the phase of a long sound.
        (TAU * hz * (i % RATE_HZ as usize) as f32 / RATE_HZ as f32).sin()
    }

    #[test]
    fn nothing_to_hear_is_silence_at_any_offset() {
        assert_eq!(found(|_| 0.0), Some(NotMusic::Silence));
        assert_eq!(found(|_| 0.3), Some(NotMusic::Silence));
        assert_eq!(found(|i| 5e-4 * noise(i)), Some(NotMusic::Silence));
        assert_eq!(not_music(&[]).unwrap(), Some(NotMusic::Silence));
    }

    #[test]
    fn steady_tones_chords_and_noise_are_told_apart() {
        assert_eq!(found(|i| 0.3 * tone(440.0, i)), Some(NotMusic::Tone));
        let chord = |i| 0.1 * (tone(220.0, i) + tone(277.0, i) + tone(330.0, i));
        assert_eq!(found(chord), Some(NotMusic::Tone));
        assert_eq!(found(|i| 0.1 * noise(i)), Some(NotMusic::Noise));
        let dark = |i: usize| (0..8).map(|k| noise(i + k)).sum::<f32>() / 16.0;
        assert_eq!(found(dark), Some(NotMusic::Noise));
    }

    #[test]
    fn bursts_like_syllables_with_pauses_are_speech() {
        let syllables = |i: usize| {
            let t = i as f32 / RATE_HZ as f32;
            // Three syllables in a word, then a gap; a hiss and a vowel of changing pitch in each.
            let (syllable, within) = ((t * 4.0).floor(), (t * 4.0).fract());
            let pitch = 100.0 + 20.0 * ((syllable * 7.0) % 11.0);
            let vowel: f32 = [1.0, 2.0, 3.0].map(|h| tone(pitch * h, i) / h).iter().sum();
            let voice = if within < 0.3 { 0.4 * noise(i) } else { vowel };
            let level = 0.3 * (TAU / 2.0 * within).sin().powi(2);
            if t.fract() < 0.75 { level * voice } else { 0.0 }
        };
        assert_eq!(found(syllables), Some(NotMusic::Speech));
    }

    #[test]
    fn composed_music_and_short_clips_pass() {
        for piece in compose::compose_all(1) {
            let sound = piece.render(RATE_HZ).to_mono();
            assert_eq!(not_music(&[sound]).unwrap(), None, "{}", piece.file_name());
        }
        let mut short = windows(|i| 0.3 * tone(440.0, i));
        short.truncate(1);
        assert_eq!(not_music(&short).unwrap(), None);
        short[0].samples.truncate(RATE_HZ as usize - 1);
        assert_eq!(not_music(&short).unwrap(), Some(NotMusic::TooShort));
    }
}
