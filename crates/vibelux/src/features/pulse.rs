//! [`Pulse`]: after which times what begins comes again. Between `onset.rs` and `tempo.rs`.
//!
//! The mean of the autocorrelations of overlapping windows: each counts the same, however loud, and a tempo that moves
//! over the song does not blur them (the autocorrelation tempogram of Grosche, Müller and Kurth 2010).

use realfft::RealFftPlanner;

use super::onset::Onsets;

const WINDOW_SECONDS: f64 = 12.0;
/// Windows overlap by the rest.
const HOP_SECONDS: f64 = 3.0;
/// Onsets that lie so far apart are still one: half a width of the smoothing.
const SMOOTH_SECONDS: f64 = 0.02;
/// The mean over so long is taken away: slow swells are no beat.
const SWELL_SECONDS: f64 = 1.5;

/// The autocorrelation of the onset strength.
pub(super) struct Pulse {
    pub(super) frames_per_second: f64,
    /// By the lag in frames; 1 at 0, and as much as [`WINDOW_SECONDS`] allow.
    pub(super) correlation: Vec<f32>,
}

impl Pulse {
    /// `None` if nothing begins.
    pub(super) fn of(onsets: &Onsets) -> Option<Self> {
        let fps = onsets.frames_per_second;
        let frames = |seconds: f64| ((seconds * fps).round() as usize).max(1);
        let smooth = gaussian(&onsets.strength, SMOOTH_SECONDS * fps);
        let swell = moving_mean(&smooth, frames(SWELL_SECONDS));
        let curve: Vec<f32> = smooth.iter().zip(&swell).map(|(x, m)| x - m).collect();
        let length = frames(WINDOW_SECONDS).min(curve.len());
        let hop = frames(HOP_SECONDS);
        // Two thirds of a window: beyond, too little of it lies above itself.
        let lags = length * 2 / 3;
        let n = (length + lags).next_power_of_two();
        let mut planner = RealFftPlanner::<f32>::new();
        let (forward, back) = (planner.plan_fft_forward(n), planner.plan_fft_inverse(n));
        let mut sum = vec![0.0_f64; lags];
        let mut windows = 0_usize;
        for first in (0..=curve.len() - length).step_by(hop) {
            let part = &curve[first..first + length];
            let mean = part.iter().sum::<f32>() / length as f32;
            let mut buffer = vec![0.0_f32; n];
            for (to, x) in buffer.iter_mut().zip(part) {
                *to = x - mean;
            }
            let mut spectrum = forward.make_output_vec();
            if forward.process(&mut buffer, &mut spectrum).is_err() {
                continue;
            }
            for x in &mut spectrum {
                *x = x.norm_sqr().into();
            }
            if back.process(&mut spectrum, &mut buffer).is_err() {
                continue;
            }
            let whole = f64::from(buffer[0]);
            if whole <= 1e-6 * n as f64 {
                continue;
            }
            windows += 1;
            for (lag, (s, x)) in sum.iter_mut().zip(&buffer).enumerate() {
                *s += f64::from(*x) / whole * length as f64 / (length - lag) as f64;
            }
        }
        (windows > 0).then(|| Self {
            frames_per_second: fps,
            correlation: sum.iter().map(|s| (s / windows as f64) as f32).collect(),
        })
    }

    /// Between two lags, linearly; 0 beyond the last.
    pub(super) fn at(&self, lag: f64) -> f32 {
        let first = lag.floor();
        let i = first as usize;
        match (self.correlation.get(i), self.correlation.get(i + 1)) {
            (Some(a), Some(b)) => a + (b - a) * (lag - first) as f32,
            _ => 0.0,
        }
    }
}

fn gaussian(curve: &[f32], deviation: f64) -> Vec<f32> {
    let reach = (3.0 * deviation).ceil() as usize;
    let weight = |i: usize| (-0.5 * (i as f64 / deviation).powi(2)).exp() as f32;
    let weights: Vec<f32> = (0..=reach).map(weight).collect();
    let whole = 2.0 * weights.iter().sum::<f32>() - weights[0];
    let of = |i: Option<usize>| i.and_then(|i| curve.get(i)).copied().unwrap_or(0.0);
    (0..curve.len())
        .map(|t| {
            let around = |(d, w): (usize, &f32)| match d {
                0 => w * curve[t],
                _ => w * (of(t.checked_sub(d)) + of(t.checked_add(d))),
            };
            weights.iter().enumerate().map(around).sum::<f32>() / whole
        })
        .collect()
}

/// The mean over `length` values around each, fewer at the ends.
fn moving_mean(curve: &[f32], length: usize) -> Vec<f32> {
    let mut sums = vec![0.0_f64];
    let mut sum = 0.0;
    for x in curve {
        sum += f64::from(*x);
        sums.push(sum);
    }
    (0..curve.len())
        .map(|t| {
            let (from, to) = (
                t.saturating_sub(length / 2),
                (t + length / 2 + 1).min(curve.len()),
            );
            ((sums[to] - sums[from]) / (to - from) as f64) as f32
        })
        .collect()
}
