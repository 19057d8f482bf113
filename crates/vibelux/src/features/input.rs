//! [`Input`]: a waveform made fit to be measured; the first step of every feature.

use crate::audio::Waveform;

/// Of a longer sound, so much from its middle is heard.
const MOST_SECONDS: f64 = 120.0;
/// Of less, nothing is said.
const LEAST_SECONDS: f64 = 3.0;
/// Below, there is no room for the bands; above, nothing is recorded.
const RATES_HZ: std::ops::RangeInclusive<u32> = 8_000..=192_000;
/// Root mean square below which there is silence: -80 dBFS.
const SILENCE: f64 = 1e-4;
/// What every sound is brought to, so that nothing but the level depends on how loud it was made.
const LEVEL: f64 = 0.1;

/// A sound without offset, at one level.
pub(super) struct Input {
    pub(super) waveform: Waveform,
    /// How loud it was, dB below a full square wave.
    pub(super) level_dbfs: f64,
}

impl Input {
    /// `None` of a sound that is too short, silent, or of a rate that no sound has. Samples that are not finite
    /// count as silence.
    pub(super) fn of(waveform: &Waveform) -> Option<Self> {
        let rate_hz = waveform.sample_rate_hz;
        if !RATES_HZ.contains(&rate_hz) {
            return None;
        }
        let samples = |seconds: f64| (seconds * f64::from(rate_hz)) as usize;
        let all = &waveform.samples;
        if all.len() < samples(LEAST_SECONDS) {
            return None;
        }
        let length = all.len().min(samples(MOST_SECONDS));
        let first = (all.len() - length) / 2;
        let heard = &all[first..first + length];
        let clean = |x: &f32| if x.is_finite() { f64::from(*x) } else { 0.0 };
        let mean = heard.iter().map(clean).sum::<f64>() / length as f64;
        let power = |x: &f32| (clean(x) - mean).powi(2);
        let rms = (heard.iter().map(power).sum::<f64>() / length as f64).sqrt();
        if !(SILENCE..f64::INFINITY).contains(&rms) {
            return None;
        }
        let gain = LEVEL / rms;
        Some(Self {
            waveform: Waveform {
                samples: heard
                    .iter()
                    .map(|x| ((clean(x) - mean) * gain) as f32)
                    .collect(),
                sample_rate_hz: rate_hz,
            },
            level_dbfs: 20.0 * rms.log10(),
        })
    }
}
