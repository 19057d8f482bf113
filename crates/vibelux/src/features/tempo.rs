//! [`Tempo`]: beats per minute, from a [`Pulse`].
//!
//! A comb over the autocorrelation (a beat repeats, and so do its halves and its pairs), weighted by how often people
//! tap so fast: a log-normal curve around 120 (Ellis, "Beat tracking by dynamic programming", 2007), which chooses the
//! octave.

use super::coefficients::TEMPO_CONFIDENCE;
use super::pulse::Pulse;

/// What is told.
const BPM: std::ops::Range<f64> = 30.0..300.0;
/// From one candidate to the next.
const STEP: f64 = 1.01;
/// Multiples of the beat's period and what they count; with the curve below what did best of 336 choices
/// (`scripts/research/choose_tempo_comb.py`).
const COMB: [(f64, f64); 5] = [(0.5, 0.5), (1.0, 1.0), (2.0, 0.75), (3.0, 0.5), (4.0, 0.5)];
const COMB_WEIGHT: f64 = 3.25;
/// The middle of the curve, and its deviation in octaves.
const USUAL_BPM: f64 = 120.0;
const OCTAVES: f64 = 0.8;
/// The tempo is made precise on so many periods.
const PERIODS: u32 = 8;
/// Lags of a pulse that is called clear: 40 to 250 beats per minute.
const PULSE_SECONDS: std::ops::Range<f64> = 0.24..1.5;

/// How fast a song is.
pub(super) struct Tempo {
    pub(super) bpm: f32,
    /// The probability that it, its double, triple, half or third is within 4 % of the tempo as written, 0 to 1.
    pub(super) confidence: f32,
}

impl Tempo {
    pub(super) fn of(pulse: &Pulse) -> Self {
        let (bpm, strength) = best(pulse);
        Self {
            bpm: refine(pulse, bpm).clamp(BPM.start, BPM.end) as f32,
            confidence: TEMPO_CONFIDENCE.probability(&[strength]),
        }
    }
}

/// How clear the pulse is, 0 to 1: the largest autocorrelation of the onset strength (Lartillot, Eerola, Toiviainen
/// and Fornari, "Multi-feature modeling of pulse clarity", 2008).
pub(super) fn clarity(pulse: &Pulse) -> f32 {
    let frame = |seconds: f64| (seconds * pulse.frames_per_second) as usize;
    let lags = frame(PULSE_SECONDS.start)..frame(PULSE_SECONDS.end).min(pulse.correlation.len());
    let lags = pulse.correlation.get(lags).unwrap_or_default();
    lags.iter().copied().fold(0.0, f32::max).min(1.0)
}

/// The tempo with the largest score, to 1 %, and the mean of the comb there, 0 to 1.
pub(super) fn best(pulse: &Pulse) -> (f64, f32) {
    let count = ((BPM.end / BPM.start).ln() / STEP.ln()) as i32;
    let scored = (0..count).map(|i| {
        let bpm = BPM.start * STEP.powi(i);
        let comb = comb(pulse, bpm);
        (bpm, comb, comb * usual(bpm))
    });
    let nothing = (USUAL_BPM, 0.0, 0.0);
    let (bpm, comb, _) = scored.fold(nothing, |a, b| if b.2 > a.2 { b } else { a });
    (bpm, comb.clamp(0.0, 1.0) as f32)
}

fn comb(pulse: &Pulse, bpm: f64) -> f64 {
    let lag = 60.0 * pulse.frames_per_second / bpm;
    let teeth = COMB
        .iter()
        .map(|(multiple, weight)| weight * f64::from(pulse.at(lag * multiple)));
    teeth.sum::<f64>() / COMB_WEIGHT
}

fn usual(bpm: f64) -> f64 {
    (-0.5 * ((bpm / USUAL_BPM).log2() / OCTAVES).powi(2)).exp()
}

/// The tempo near this one whose periods fit best: of many, a hundredth of a beat can be told.
fn refine(pulse: &Pulse, bpm: f64) -> f64 {
    let score = |bpm: f64| -> f64 {
        let lag = 60.0 * pulse.frames_per_second / bpm;
        (1..=PERIODS)
            .map(|k| f64::from(pulse.at(lag * f64::from(k))))
            .sum()
    };
    let near = |i: i32| bpm * (1.0 + 0.0005 * f64::from(i));
    let larger = |a: (f64, f64), b: (f64, f64)| if b.1 > a.1 { b } else { a };
    let all = (-30..=30).map(|i| (near(i), score(near(i))));
    all.fold((bpm, f64::NEG_INFINITY), larger).0
}
