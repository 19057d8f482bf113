//! [`resample`]: any rate to any other, by overlap-save in the frequency domain.
//!
//! A block of `k * from/gcd` samples is transformed, multiplied by the spectrum of a Kaiser
//! windowed sinc, cut or extended to `k * to/gcd` samples' worth of bins, and transformed back.
//! The pass band ends at 91.3 % of the lower Nyquist frequency and the stop band begins at 100 %,
//! 110 dB down: the shape of soxr's HQ recipe, which is what `librosa.load` uses, so that
//! spectrograms agree up to the edge. The filter has no delay. (Oppenheim & Schafer, Discrete-Time
//! Signal Processing: Kaiser's formulas in 7.5.3, overlap-save in 8.7.3.)

use std::collections::HashMap;
use std::f64::consts::PI;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use super::limits::check_rate;
use super::{AudioError, Waveform};

/// Where the pass band ends, as a part of the lower Nyquist frequency.
const PASS_BAND: f64 = 0.913;
/// Stop-band attenuation in dB.
const ATTENUATION_DB: f64 = 110.0;
/// Input samples per block that are aimed at: large against the filter, small against the cache.
const BLOCK_TARGET: usize = 8192;
/// Plans that are kept; a library rarely has more rates than this.
const MAX_CACHED: usize = 16;

/// Resamples a whole waveform; the result has `ceil(len * to / from)` samples, as librosa's.
///
/// # Errors
/// [`AudioError::BadRequest`] if either rate is 0 or above [`super::MAX_SAMPLE_RATE_HZ`].
pub fn resample(waveform: &Waveform, sample_rate_hz: u32) -> Result<Waveform, AudioError> {
    let mut resampler = Resampler::new(waveform.sample_rate_hz, sample_rate_hz)?;
    let mut samples = Vec::new();
    resampler.push(&waveform.samples, &mut samples);
    resampler.finish(&mut samples);
    Ok(Waveform {
        samples,
        sample_rate_hz,
    })
}

/// Plans by old and new rate.
type PlanCache = HashMap<(u32, u32), Arc<Plan>>;

/// What depends on the two rates only.
struct Plan {
    /// The reduced ratio: `up` output samples for every `down` input samples.
    up: usize,
    down: usize,
    /// Units of `down` samples per block, and how many at each end are spoilt by wrap-around.
    units: usize,
    edge_units: usize,
    /// The filter's real spectrum over the bins that both sides have, with 1/N folded in.
    response: Vec<f32>,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
}

impl Plan {
    fn new(from_hz: u32, to_hz: u32) -> Self {
        let divisor = greatest_common_divisor(from_hz, to_hz);
        let (up, down) = ((to_hz / divisor) as usize, (from_hz / divisor) as usize);
        // In cycles per input sample.
        let nyquist = 0.5 * (f64::from(to_hz) / f64::from(from_hz)).min(1.0);
        let transition = 2.0 * PI * nyquist * (1.0 - PASS_BAND);
        let half_taps = ((ATTENUATION_DB - 7.95) / (2.285 * transition) / 2.0).ceil() as usize;
        let edge_units = half_taps.div_ceil(down);
        // A power of two keeps both transforms even and free of large prime factors.
        let units = (BLOCK_TARGET / down)
            .max(8 * edge_units)
            .next_power_of_two();

        let mut planner = RealFftPlanner::<f32>::new();
        let forward = planner.plan_fft_forward(units * down);
        let inverse = planner.plan_fft_inverse(units * up);
        let response = response(units * down, units * up, half_taps, nyquist);
        Self {
            up,
            down,
            units,
            edge_units,
            response,
            forward,
            inverse,
        }
    }

    /// A plan from the cache: every song of a library has one of a few rates.
    fn cached(from_hz: u32, to_hz: u32) -> Arc<Self> {
        static CACHE: LazyLock<Mutex<PlanCache>> = LazyLock::new(Mutex::default);
        let key = (from_hz, to_hz);
        let cached = CACHE
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .cloned();
        cached.unwrap_or_else(|| {
            let plan = Arc::new(Self::new(from_hz, to_hz));
            let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
            if cache.len() >= MAX_CACHED {
                cache.clear();
            }
            cache.insert(key, Arc::clone(&plan));
            plan
        })
    }
}

/// The spectrum of the anti-aliasing filter, whose taps are centred on sample 0 and so real.
fn response(block_in: usize, block_out: usize, half_taps: usize, nyquist: f64) -> Vec<f32> {
    let beta = 0.1102 * (ATTENUATION_DB - 8.7);
    let cutoff = nyquist * (1.0 + PASS_BAND) / 2.0;
    let tap = |n: usize| {
        let x = n as f64;
        let sinc = if n == 0 {
            2.0 * cutoff
        } else {
            (2.0 * PI * cutoff * x).sin() / (PI * x)
        };
        let position = x / (half_taps + 1) as f64;
        sinc * bessel_i0(beta * (1.0 - position * position).sqrt()) / bessel_i0(beta)
    };
    let mut taps = vec![0.0_f64; block_in];
    for n in 0..=half_taps {
        taps[n] = tap(n);
        taps[(block_in - n) % block_in] = taps[n];
    }
    let sum: f64 = taps.iter().sum();
    let fft = RealFftPlanner::<f64>::new().plan_fft_forward(block_in);
    let mut spectrum = fft.make_output_vec();
    // Fails only for wrong lengths, and these come from the plan itself.
    let _ = fft.process(&mut taps, &mut spectrum);
    let shared = block_in.min(block_out) / 2;
    let scale = 1.0 / (sum * block_in as f64);
    // The last shared bin is the lower Nyquist frequency, where the stop band begins.
    spectrum[..shared]
        .iter()
        .map(|bin| (bin.re * scale) as f32)
        .collect()
}

/// The modified Bessel function of the first kind and order 0, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..64 {
        term *= quarter / f64::from(k * k);
        sum += term;
    }
    sum
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 {
        a.max(1)
    } else {
        greatest_common_divisor(b, a % b)
    }
}

/// The streaming form: any number of `push`es, then one `finish`.
pub(super) struct Resampler {
    /// `None` if the rates are equal.
    stage: Option<Stage>,
}

struct Stage {
    plan: Arc<Plan>,
    /// Input that is not used up, `edge_units` of context first.
    pending: Vec<f32>,
    samples_in: u64,
    samples_out: u64,
    block: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    cut: Vec<Complex<f32>>,
    result: Vec<f32>,
    scratch_forward: Vec<Complex<f32>>,
    scratch_inverse: Vec<Complex<f32>>,
}

impl Resampler {
    pub(super) fn new(from_hz: u32, to_hz: u32) -> Result<Self, AudioError> {
        check_rate(from_hz)?;
        check_rate(to_hz)?;
        let stage = (from_hz != to_hz).then(|| Stage::new(Plan::cached(from_hz, to_hz)));
        Ok(Self { stage })
    }

    /// Takes samples at the old rate and appends what is ready at the new one.
    pub(super) fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        match &mut self.stage {
            None => out.extend_from_slice(samples),
            Some(stage) => stage.push(samples, out),
        }
    }

    /// Appends what is left.
    pub(super) fn finish(&mut self, out: &mut Vec<f32>) {
        if let Some(stage) = &mut self.stage {
            stage.finish(out);
        }
    }
}

impl Stage {
    fn new(plan: Arc<Plan>) -> Self {
        Self {
            pending: vec![0.0; plan.edge_units * plan.down],
            samples_in: 0,
            samples_out: 0,
            block: plan.forward.make_input_vec(),
            spectrum: plan.forward.make_output_vec(),
            cut: plan.inverse.make_input_vec(),
            result: plan.inverse.make_output_vec(),
            scratch_forward: plan.forward.make_scratch_vec(),
            scratch_inverse: plan.inverse.make_scratch_vec(),
            plan,
        }
    }

    fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        self.samples_in += samples.len() as u64;
        self.pending.extend_from_slice(samples);
        let advance = (self.plan.units - 2 * self.plan.edge_units) * self.plan.down;
        let mut used = 0;
        let length = self.block.len();
        while self.pending.len() - used >= length {
            self.block
                .copy_from_slice(&self.pending[used..used + length]);
            self.transform(out);
            used += advance;
        }
        self.pending.drain(..used);
    }

    /// One block through the filter; its clean middle goes to `out`.
    fn transform(&mut self, out: &mut Vec<f32>) {
        let plan = &self.plan;
        // Both fail only for wrong lengths, and these come from the plan itself; the edge bins'
        // imaginary parts, which the inverse also checks, are zero by construction.
        let _ = plan.forward.process_with_scratch(
            &mut self.block,
            &mut self.spectrum,
            &mut self.scratch_forward,
        );
        self.cut.fill(Complex::new(0.0, 0.0));
        for ((to, from), gain) in self.cut.iter_mut().zip(&self.spectrum).zip(&plan.response) {
            *to = from * gain;
        }
        let _ = plan.inverse.process_with_scratch(
            &mut self.cut,
            &mut self.result,
            &mut self.scratch_inverse,
        );
        let edge = plan.edge_units * plan.up;
        let clean = &self.result[edge..self.result.len() - edge];
        out.extend_from_slice(clean);
        self.samples_out += clean.len() as u64;
    }

    fn finish(&mut self, out: &mut Vec<f32>) {
        let total = (u128::from(self.samples_in) * self.plan.up as u128)
            .div_ceil(self.plan.down as u128) as u64;
        let samples_in = self.samples_in;
        let zeros = vec![0.0; self.block.len()];
        while self.samples_out < total {
            self.push(&zeros, out);
        }
        let surplus = (self.samples_out - total) as usize;
        out.truncate(out.len() - surplus);
        self.samples_in = samples_in;
        self.samples_out = total;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tone(rate_hz: u32, frequency_hz: f64, seconds: f64) -> Waveform {
        let count = (seconds * f64::from(rate_hz)) as usize;
        let step = 2.0 * PI * frequency_hz / f64::from(rate_hz);
        let samples = (0..count).map(|n| (step * n as f64).sin() as f32).collect();
        Waveform {
            samples,
            sample_rate_hz: rate_hz,
        }
    }

    /// The largest difference away from the ends, where the filter sees the silence outside.
    fn largest_difference(a: &Waveform, b: &Waveform) -> f32 {
        assert!(a.samples.len().abs_diff(b.samples.len()) <= 1);
        let pairs = a
            .samples
            .iter()
            .zip(&b.samples)
            .skip(1000)
            .take(a.samples.len() - 2000);
        pairs.map(|(x, y)| (x - y).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn tones_in_the_pass_band_arrive_unchanged_and_in_time() {
        for (from, to) in [
            (44_100, 16_000),
            (44_100, 8_000),
            (48_000, 16_000),
            (22_050, 44_100),
            (44_100, 22_050),
        ] {
            let edge = f64::from(from.min(to)) / 2.0;
            for part in [0.01, 0.5, 0.9] {
                let got = resample(&tone(from, part * edge, 1.0), to).unwrap();
                let difference = largest_difference(&got, &tone(to, part * edge, 1.0));
                assert!(difference < 1e-4, "{from} -> {to} at {part}: {difference}");
            }
        }
    }

    #[test]
    fn tones_above_the_new_nyquist_frequency_vanish() {
        for frequency in [8_050.0, 9_000.0, 15_000.0, 20_000.0] {
            let got = resample(&tone(44_100, frequency, 1.0), 16_000).unwrap();
            let loudest = got.samples[1000..15_000]
                .iter()
                .fold(0.0_f32, |m, s| m.max(s.abs()));
            assert!(loudest < 1e-4, "{frequency} Hz leaves {loudest}");
        }
    }

    #[test]
    fn odd_rates_work_and_impossible_ones_are_refused() {
        let got = resample(&tone(44_099, 440.0, 1.0), 16_000).unwrap();
        assert!(largest_difference(&got, &tone(16_000, 440.0, 1.0)) < 1e-3);
        let none = Waveform {
            samples: vec![],
            sample_rate_hz: 0,
        };
        assert!(matches!(
            resample(&none, 8_000),
            Err(AudioError::BadRequest { .. })
        ));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn pieces_give_what_the_whole_gives(
            cuts in prop::collection::vec(1_usize..9_000, 0..8), length in 0_usize..30_000,
        ) {
            let whole = tone(44_100, 1_000.0, length as f64 / 44_100.0);
            let expected = resample(&whole, 16_000).unwrap().samples;
            prop_assert_eq!(expected.len(), (whole.samples.len() * 160).div_ceil(441));
            let mut resampler = Resampler::new(44_100, 16_000).unwrap();
            let (mut got, mut rest) = (Vec::new(), whole.samples.as_slice());
            for cut in cuts {
                let (piece, later) = rest.split_at(cut.min(rest.len()));
                resampler.push(piece, &mut got);
                rest = later;
            }
            resampler.push(rest, &mut got);
            resampler.finish(&mut got);
            prop_assert_eq!(got, expected);
        }
    }
}
