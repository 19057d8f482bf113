//! [`not_music`]: sounds that no emotion should be read from, although a network would give numbers.
//!
//! Measured over all windows of a song that were decoded anyway:
//!
//! - length and loudness: less than a second is no song, and silence is silence;
//! - steadiness: per frequency bin, the geometric mean of the power over time divided by the arithmetic
//!   mean. A tone that never changes has 1, noise of any colour 0.56 (e to the minus Euler's constant,
//!   because its powers are distributed exponentially), music much less;
//! - syllables: speech changes its loudness a few times a second and has gaps between words (Scheirer &
//!   Slaney 1997, "Construction and evaluation of a robust multifeature speech/music discriminator").
//!
//! The limits are set so that none of 1,040 clips of music is taken for something else (`embed` of the data
//! sets of the model card): a drone or a poem over a beat stays a song, and so do dry drums, which have gaps
//! too. In return only the plainest speech is told: synthesised voices are, most recordings are not. A model that
//! tells kinds of sound knows better ([`NotMusic::is_guess`]).

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
/// Bins this far below the loudest say nothing: rounding and dither.
const FLOOR: f64 = 1e-6;
/// Speech has more than this share of its changes of loudness at the rate of syllables.
const SYLLABLES: f64 = 0.5;
/// How often syllables come, in Hz; the changes that they are a share of.
const SYLLABLES_HZ: (f64, f64) = (2.5, 7.0);
const CHANGES_HZ: (f64, f64) = (0.5, 40.0);
/// Share of the time in which speech is all but silent, at least.
const GAPS: f64 = 0.12;
/// Quieter than this share of the mean amplitude is a gap.
const GAP: f64 = 0.1;
/// Steps of the loudness curve per second.
const CURVE_HZ: u32 = 100;
/// Shorter songs hold nothing to judge.
const SHORTEST_SECONDS: f64 = 1.0;
/// With less sound in the windows there is no test for steadiness and speech: a held chord is steady too.
const LEAST_SECONDS: f64 = 8.0;

/// What a sound is instead of music.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotMusic {
    /// Less than a second.
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

impl NotMusic {
    /// Whether a model that tells kinds of sound knows better: drones are as steady as noise, and unaccompanied
    /// singing has syllables and gaps.
    #[must_use]
    pub const fn is_guess(self) -> bool {
        matches!(self, Self::Noise | Self::Speech)
    }
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

/// What the windows of a song of `duration_seconds` hold instead of music; `None` if they may well be
/// music.
///
/// # Errors
/// [`SpectrogramError`] if the sample rate is beyond all use.
pub fn not_music(
    windows: &[Waveform],
    duration_seconds: f64,
) -> Result<Option<NotMusic>, SpectrogramError> {
    if duration_seconds < SHORTEST_SECONDS {
        return Ok(Some(NotMusic::TooShort));
    }
    let sounding: Vec<&Waveform> = windows.iter().filter(|w| rms(w) > SILENCE_RMS).collect();
    if sounding.is_empty() {
        return Ok(Some(NotMusic::Silence));
    }
    let seconds: f64 = sounding.iter().map(|w| w.seconds()).sum();
    if seconds < LEAST_SECONDS {
        return Ok(None);
    }
    let steady = steadiness(&sounding)?;
    if steady > STEADY {
        let kind = if steady > TONE {
            NotMusic::Tone
        } else {
            NotMusic::Noise
        };
        return Ok(Some(kind));
    }
    let (syllables, gaps) = loudness_changes(&sounding);
    Ok((syllables > SYLLABLES && gaps > GAPS).then_some(NotMusic::Speech))
}

/// The mean of the samples: a constant offset is nothing to hear.
fn offset(window: &Waveform) -> f64 {
    let sum: f64 = window.samples.iter().map(|&v| f64::from(v)).sum();
    sum / window.samples.len().max(1) as f64
}

/// Root mean square around the offset.
fn rms(window: &Waveform) -> f64 {
    let offset = offset(window);
    let square = |&v: &f32| (f64::from(v) - offset).powi(2);
    let n = window.samples.len().max(1) as f64;
    (window.samples.iter().map(square).sum::<f64>() / n).sqrt()
}

/// Mean over the bins that sound of the geometric over the arithmetic mean of their power over time.
fn steadiness(windows: &[&Waveform]) -> Result<f64, SpectrogramError> {
    let rate = windows.first().map_or(16_000, |w| w.sample_rate_hz);
    // Pieces of about 64 ms, side by side.
    let n_fft = (rate / 16).next_power_of_two().clamp(64, 1 << 14) as usize;
    let mut stft = Stft::new(n_fft, n_fft)?;
    let mut sums = vec![(0.0_f64, 0.0_f64); stft.bins()];
    let mut frames = 0_usize;
    for window in windows {
        let spectrogram = stft.power(&window.samples)?;
        // The first and the last frame reach beyond the window.
        for frame in 1..spectrogram.frames.saturating_sub(1) {
            let at = |bin: usize| f64::from(spectrogram.values[bin * spectrogram.frames + frame]);
            let total: f64 = (0..spectrogram.bins).map(at).sum();
            // Digital silence, such as the filling behind a short song.
            if total < 1e-9 {
                continue;
            }
            frames += 1;
            for (bin, (logs, powers)) in sums.iter_mut().enumerate() {
                *logs += (at(bin) + 1e-12).ln();
                *powers += at(bin);
            }
        }
    }
    let loudest = sums.iter().map(|s| s.1).fold(0.0, f64::max);
    let n = frames.max(1) as f64;
    let (mut sum, mut count) = (0.0, 0.0_f64);
    // The lowest bins hold the offset.
    for (logs, powers) in sums.iter().skip(2) {
        if *powers > FLOOR * loudest {
            sum += (logs / n).exp() / (powers / n);
            count += 1.0;
        }
    }
    Ok(sum / count.max(1.0))
}

/// The share of changes of loudness that come at the rate of syllables, and the share of gaps.
fn loudness_changes(windows: &[&Waveform]) -> (f64, f64) {
    let mut planner = RealFftPlanner::<f64>::new();
    let (mut syllables, mut changes) = (0.0, 0.0);
    let (mut gaps, mut steps) = (0_usize, 0_usize);
    for window in windows {
        let step = (window.sample_rate_hz / CURVE_HZ).max(1) as usize;
        let offset = offset(window);
        let square = |&v: &f32| (f64::from(v) - offset).powi(2);
        let power = |part: &[f32]| part.iter().map(square).sum::<f64>();
        let curve = window.samples.chunks_exact(step);
        let mut curve: Vec<f64> = curve
            .map(|part| (power(part) / step as f64).sqrt())
            .collect();
        let n = curve.len();
        let mean = curve.iter().sum::<f64>() / n.max(1) as f64;
        // Sound after the last whole step leaves nothing to measure.
        if n < 2 || mean <= 0.0 {
            continue;
        }
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
        not_music(&windows(sound), 20.0).unwrap()
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
    fn noise_and_speech_are_guesses() {
        use NotMusic::{Noise, Silence, Speech, Tone, TooShort};
        assert!([Noise, Speech].into_iter().all(NotMusic::is_guess));
        assert!(
            ![TooShort, Silence, Tone]
                .into_iter()
                .any(NotMusic::is_guess)
        );
    }

    #[test]
    fn nothing_to_hear_is_silence_at_any_offset() {
        assert_eq!(found(|_| 0.0), Some(NotMusic::Silence));
        assert_eq!(found(|_| 0.3), Some(NotMusic::Silence));
        assert_eq!(found(|i| 5e-4 * noise(i)), Some(NotMusic::Silence));
        assert_eq!(not_music(&[], 20.0).unwrap(), Some(NotMusic::Silence));
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
            // Three syllables in a word, then a gap; vowels of changing pitch.
            let speaking = t.fract() < 0.75;
            let level = (TAU * 2.0 * (t % 0.25)).sin().powi(2);
            let voice = tone(120.0 + 40.0 * (t.floor() % 5.0), i) + 0.5 * noise(i);
            if speaking { 0.3 * level * voice } else { 0.0 }
        };
        assert_eq!(found(syllables), Some(NotMusic::Speech));
    }

    #[test]
    fn composed_music_and_short_clips_pass() {
        for piece in compose::compose_all(1) {
            let sound = piece.render(RATE_HZ).to_mono();
            let seconds = sound.seconds();
            let found = not_music(&[sound], seconds).unwrap();
            assert_eq!(found, None, "{}", piece.file_name());
        }
        let mut short = windows(|i| 0.3 * tone(440.0, i));
        short.truncate(1);
        assert_eq!(not_music(&short, 5.0).unwrap(), None);
        assert_eq!(not_music(&short, 0.9).unwrap(), Some(NotMusic::TooShort));
    }

    #[test]
    fn dry_drums_claps_and_plucked_notes_are_music() {
        // Hits with gaps between them, as speech has: at half a second, a quarter, and by turns.
        let decay = |t: f32, every: f32, seconds: f32| (-(t % every) / seconds).exp();
        let drums = |i: usize| {
            let t = i as f32 / RATE_HZ as f32;
            let kick = decay(t, 0.5, 0.05) * tone(60.0, i);
            0.5 * kick + 0.3 * decay(t + 0.25, 0.5, 0.03) * noise(i)
        };
        assert_eq!(found(drums), None);
        let claps = |i: usize| 0.4 * decay(i as f32 / RATE_HZ as f32, 0.5, 0.03) * noise(i);
        assert_eq!(found(claps), None);
        let plucked = |i: usize| {
            let t = i as f32 / RATE_HZ as f32;
            let hz = 196.0 * [1.0, 1.25, 1.5, 2.0][(t * 2.0) as usize % 4];
            0.4 * decay(t, 0.5, 0.06) * tone(hz, i)
        };
        assert_eq!(found(plucked), None);
    }

    #[test]
    fn a_click_behind_the_last_step_and_an_offset_do_no_harm() {
        let mut click = vec![0.0; 16_000];
        click.resize(16_100, 0.0);
        click[16_040] = 1.0;
        click[16_050] = -1.0;
        let click = Waveform {
            samples: click,
            sample_rate_hz: RATE_HZ,
        };
        assert_eq!(loudness_changes(&[&click]), (0.0, 0.0));

        let bursts = |i| {
            if i % 4000 < 2000 {
                0.3 * tone(200.0, i)
            } else {
                0.0
            }
        };
        let (plain, raised) = (windows(bursts), windows(|i| bursts(i) + 0.25));
        let of = |windows: &[Waveform]| loudness_changes(&windows.iter().collect::<Vec<_>>());
        let (a, b) = (of(&plain), of(&raised));
        assert!(
            (a.0 - b.0).abs() < 1e-3 && (a.1 - b.1).abs() < 1e-3,
            "{a:?} {b:?}"
        );
        assert!(
            (a.1 - 0.5).abs() < 0.03,
            "half of the time is silent: {a:?}"
        );
    }
}
