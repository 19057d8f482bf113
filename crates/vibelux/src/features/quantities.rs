//! [`Quantities`]: everything that is measured of a sound, before anything is made of it.

use super::chroma::{CLASSES, Chroma};
use super::input::Input;
use super::onset::Onsets;
use super::pulse::Pulse;
use super::tempo::{best, clarity};
use crate::audio::Waveform;
use crate::spectrogram::Spectrogram;

/// Mel bands are summed up in so many groups.
pub(super) const GROUPS: usize = 8;

/// What is measured of a sound. Its numbers by name are for fitting coefficients.
pub struct Quantities {
    pub(super) pulse: Option<Pulse>,
    pub(super) chroma: Option<Chroma>,
    pub(super) level_dbfs: f32,
    pub(super) dynamics: Dynamics,
}

/// How the sound is spread over frequency and time. None of it depends on how loud it was made.
pub(super) struct Dynamics {
    /// From the 10th to the 95th percentile of the level of a frame, dB.
    pub(super) range_db: f32,
    /// Mean onset strength, dB per frame.
    pub(super) flux: f32,
    /// Its standard deviation divided by its mean.
    pub(super) contrast: f32,
    /// Onsets per second.
    pub(super) onset_rate: f32,
    /// The level of each group of bands less the level of all, dB: mean over the frames.
    pub(super) balance: [f32; GROUPS],
}

impl Quantities {
    /// `None` of a sound that is shorter than 3 s, silent, or of a rate that no sound has.
    #[must_use]
    pub fn of(waveform: &Waveform) -> Option<Self> {
        let input = Input::of(waveform)?;
        let onsets = Onsets::of(&input)?;
        Some(Self {
            pulse: Pulse::of(&onsets),
            chroma: Chroma::of(&input),
            level_dbfs: input.level_dbfs as f32,
            dynamics: Dynamics::of(&onsets),
        })
    }

    /// The autocorrelation of the onset strength, by the lag in frames, and the frames per second; empty if nothing
    /// begins.
    #[must_use]
    pub fn autocorrelation(&self) -> (&[f32], f64) {
        let of = |pulse: &Pulse| pulse.frames_per_second;
        let correlation = self.pulse.as_ref().map_or(&[][..], |p| &p.correlation);
        (correlation, self.pulse.as_ref().map_or(0.0, of))
    }

    /// All of it by name, in a fixed order.
    #[must_use]
    pub fn named(&self) -> Vec<(String, f32)> {
        let d = &self.dynamics;
        let mut named: Vec<(String, f32)> = [
            ("level_dbfs", self.level_dbfs),
            ("range_db", d.range_db),
            ("flux", d.flux),
            ("contrast", d.contrast),
            ("onset_rate", d.onset_rate),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        let mut add = |name: &str, values: &[f32]| {
            named.extend(
                values
                    .iter()
                    .enumerate()
                    .map(|(i, v)| (format!("{name}_{i}"), *v)),
            );
        };
        add("balance", &d.balance);
        let chroma = self.chroma.as_ref();
        add("chroma", &chroma.map_or([0.0; CLASSES], |c| c.classes));
        let (bpm, strength) = self.pulse.as_ref().map(best).unwrap_or_default();
        named.push(("tempo".to_owned(), bpm as f32));
        named.push(("tempo_strength".to_owned(), strength));
        named.push((
            "pulse_clarity".to_owned(),
            self.pulse.as_ref().map_or(0.0, clarity),
        ));
        named.push(("tuning".to_owned(), chroma.map_or(0.0, |c| c.tuning)));
        named.push(("tonality".to_owned(), chroma.map_or(0.0, |c| c.tonality)));
        named
    }
}

impl Dynamics {
    fn of(onsets: &Onsets) -> Self {
        let frames = onsets.bands.frames.max(1);
        let seconds = (frames as f64 / onsets.frames_per_second) as f32;
        let (all, groups) = levels(&onsets.bands);
        let flux = mean(&onsets.strength);
        let level = mean(&all);
        Self {
            range_db: range(&all),
            flux,
            contrast: deviation(&onsets.strength) / flux.max(1e-3),
            onset_rate: peaks(&onsets.strength, flux) as f32 / seconds,
            balance: std::array::from_fn(|g| mean(&groups[g]) - level),
        }
    }
}

/// The level of every frame in dB, over all bands and in each group.
fn levels(bands: &Spectrogram) -> (Vec<f32>, Vec<Vec<f32>>) {
    let bands_each = bands.bins.div_ceil(GROUPS).max(1);
    let mut all = vec![0.0_f32; bands.frames];
    let mut groups = vec![vec![0.0_f32; bands.frames]; GROUPS];
    for band in 0..bands.bins {
        let row = bands.row(band).unwrap_or_default();
        let group = &mut groups[(band / bands_each).min(GROUPS - 1)];
        for ((a, g), db) in all.iter_mut().zip(group).zip(row) {
            let power = 10_f32.powf(db / 10.0);
            *a += power;
            *g += power;
        }
    }
    for level in all.iter_mut().chain(groups.iter_mut().flatten()) {
        *level = 10.0 * level.max(1e-10).log10();
    }
    (all, groups)
}

/// Frames that are the strongest within 50 ms on both sides, and well above the mean.
fn peaks(strength: &[f32], mean: f32) -> usize {
    const REACH: usize = 5;
    let is_peak = |t: usize| {
        let around = &strength[t.saturating_sub(REACH)..(t + REACH + 1).min(strength.len())];
        strength[t] > 1.5 * mean + 0.3 && around.iter().all(|x| *x <= strength[t])
    };
    (0..strength.len()).filter(|&t| is_peak(t)).count()
}

fn mean(values: &[f32]) -> f32 {
    (values.iter().map(|x| f64::from(*x)).sum::<f64>() / values.len().max(1) as f64) as f32
}

fn deviation(values: &[f32]) -> f32 {
    let mean = mean(values);
    let squares = values.iter().map(|x| f64::from(x - mean).powi(2));
    (squares.sum::<f64>() / values.len().max(1) as f64).sqrt() as f32
}

fn range(levels: &[f32]) -> f32 {
    let mut sorted = levels.to_vec();
    sorted.sort_by(f32::total_cmp);
    let at = |share: f64| {
        sorted
            .get((share * sorted.len() as f64) as usize)
            .copied()
            .unwrap_or(0.0)
    };
    at(0.95) - at(0.10)
}
