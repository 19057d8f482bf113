//! [`RestingFace`]: what a face looks like when it expresses nothing, learnt while it is watched, and how much of an
//! expression a reading is beside it.

use std::collections::VecDeque;

use super::log_ratio::{
    Average, LogRatio, centred, distribution, length, less, log_ratio, mean, toward,
};
use crate::emotion::{EMOTION_COUNT, Emotion, EmotionVector};

/// What a resting face is made to look like: mostly neutral.
const RESTING: [f32; EMOTION_COUNT] = [0.05, 0.05, 0.05, 0.05, 0.70, 0.05, 0.05];

/// A resting face that was learnt moves no logarithm further than this (a factor of 4.5), one that was shown on purpose
/// than that (7.4): somebody who looks sad for certain all the time is sad.
const LARGEST_LEARNT: f32 = 1.5;
const LARGEST_SHOWN: f32 = 2.0;

/// A probability below this is raised to it: nothing is expressed by what is not there, and its logarithm trembles.
const LEAST: f32 = 0.03;

/// Time constant of what samples are taken of, and the time from one to the next, in seconds.
const SAMPLE_SMOOTHING: f64 = 0.5;
const SAMPLE_SECONDS: f64 = 0.5;

/// So many samples are remembered: two minutes.
const SAMPLES: usize = 240;

/// The share of them that must lie close together to be a face at rest. Faces rest more than half of the time.
const RESTING_SHARE: f64 = 0.4;

/// Seconds of rest from which something is known of it, and from which all is.
const KNOWN_FROM: f64 = 8.0;
const KNOWN_ALL: f64 = 16.0;

/// How far a strong expression should be from rest, once it is made comparable: from "neutral 0.7" to "happy 0.95".
const EXPRESSION: f32 = 6.0;

/// The expression of somebody who shows little is made so many times larger at most.
const LARGEST_GAIN: f32 = 4.0;

/// Deviations within so many times the resting face's own are none.
const NOISE: f32 = 1.5;

/// The share of samples that are no stronger than "a strong expression" of this person.
const STRONG: f64 = 0.95;

/// How much a moment at rest counts in the mood, beside one that expresses something.
const REST_WEIGHT: f32 = 0.15;

/// What of a reading is expression.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Expression {
    /// The reading as it should be counted.
    pub logs: LogRatio,
    /// How much of the time it counts in the mood, 0..=1.
    pub weight: f32,
}

/// What is known of the resting face of one person.
#[derive(Debug, Clone, Default)]
pub struct RestingFace {
    smoothed: Option<Average>,
    last_sample: Option<f64>,
    samples: VecDeque<LogRatio>,
    /// The face at rest, once there is a sample of it.
    centre: Option<LogRatio>,
    /// How far samples at rest are from it.
    noise: f32,
    /// How long it was seen at rest, in seconds.
    seconds: f64,
    /// How far this person's strong expressions are from rest.
    liveliness: f32,
    /// It was shown on purpose: nothing is learnt any more.
    shown: bool,
}

impl RestingFace {
    /// Learns from a reading that came `passed` seconds after the one before.
    pub(super) fn watch(&mut self, seconds: f64, vector: &EmotionVector, passed: f64) {
        let reading = log_ratio(vector, LEAST);
        let smoothed = self.smoothed.get_or_insert_with(|| Average::of(&reading));
        smoothed.take(&reading, passed, SAMPLE_SMOOTHING);
        let due = |last: f64| seconds - last >= SAMPLE_SECONDS || seconds < last;
        if !self.last_sample.is_none_or(due) {
            return;
        }
        let sample = smoothed.at;
        self.last_sample = Some(seconds);
        if self.samples.len() == SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
        self.learn();
    }

    /// The face at rest was shown on purpose.
    pub(super) fn show(&mut self, vector: &EmotionVector) {
        let centre = log_ratio(vector, LEAST);
        self.centre = Some(centre);
        self.seconds = KNOWN_ALL;
        self.shown = true;
        self.measure(&centre);
    }

    /// Whether it was shown on purpose.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.shown
    }

    /// How well it is known, 0 (not at all) to 1.
    #[must_use]
    pub fn certainty(&self) -> f32 {
        let known = (self.seconds - KNOWN_FROM) / (KNOWN_ALL - KNOWN_FROM);
        known.clamp(0.0, 1.0) as f32
    }

    /// What the face looks like at rest; `None` while nothing is known of it.
    #[must_use]
    pub fn vector(&self) -> Option<EmotionVector> {
        let centre = self.centre.filter(|_| self.certainty() > 0.0)?;
        Some(distribution(&centre))
    }

    /// How many times larger this person's expressions are made: 1 for somebody who shows much.
    #[must_use]
    pub fn gain(&self) -> f32 {
        if self.centre.is_none() {
            return 1.0;
        }
        (EXPRESSION / self.liveliness.max(f32::MIN_POSITIVE)).clamp(1.0, LARGEST_GAIN)
    }

    /// A reading as it would be if the face at rest looked neutral, by a strength of 0 (as it is) to 1.
    pub(super) fn corrected(&self, reading: &LogRatio, strength: f32) -> LogRatio {
        let certainty = self.certainty() * strength.min(1.0);
        let correction = self.correction();
        centred(std::array::from_fn(|i| {
            reading[i] + certainty * correction[i]
        }))
    }

    /// What the face has expressed over the last moment, by a strength of 0 (the reading as it is) over 1 (as measured) up.
    pub(super) fn expression(&self, reading: &LogRatio, strength: f32) -> Expression {
        let certainty = self.certainty() * strength.min(1.0);
        let (Some(centre), Some(smoothed)) = (self.centre, self.smoothed) else {
            return Expression {
                logs: *reading,
                weight: 1.0,
            };
        };
        let deviation = less(&smoothed.at, &centre);
        let far = length(&deviation);
        // What is beyond the trembling of the face at rest.
        let beyond = (far - NOISE * self.noise).max(0.0);
        let gain = 1.0 + (self.gain() - 1.0) * strength;
        let scale = gain * beyond / far.max(f32::MIN_POSITIVE);
        let correction = self.correction();
        let expressed = std::array::from_fn(|i| centre[i] + correction[i] + scale * deviation[i]);
        let strong = (gain * beyond / (0.5 * EXPRESSION)).min(1.0);
        let weight = REST_WEIGHT + (1.0 - REST_WEIGHT) * strong;
        Expression {
            logs: toward(reading, &centred(expressed), certainty),
            weight: 1.0 - certainty * (1.0 - weight),
        }
    }

    /// From the face at rest to a neutral one.
    fn correction(&self) -> LogRatio {
        let Some(centre) = self.centre else {
            return LogRatio::default();
        };
        let largest = if self.shown {
            LARGEST_SHOWN
        } else {
            LARGEST_LEARNT
        };
        let resting = centred(RESTING.map(f32::ln));
        less(&resting, &centre).map(|log| log.clamp(-largest, largest))
    }

    /// Finds the face at rest: the middle of the samples that lie closest together, among looks that a resting face may
    /// have.
    fn learn(&mut self) {
        if self.shown {
            if let Some(centre) = self.centre {
                self.measure(&centre);
            }
            return;
        }
        let may_rest: Vec<LogRatio> = self.samples.iter().copied().filter(may_rest).collect();
        let close = ((self.samples.len() as f64 * RESTING_SHARE).ceil() as usize).max(1);
        if may_rest.len() < close {
            self.centre = None;
            self.seconds = 0.0;
            return;
        }
        let radius = |from: &LogRatio| {
            let mut far: Vec<f32> = may_rest.iter().map(|s| length(&less(s, from))).collect();
            *far.select_nth_unstable_by(close - 1, f32::total_cmp).1
        };
        let densest = may_rest
            .iter()
            .map(|sample| (radius(sample), sample))
            .min_by(|a, b| a.0.total_cmp(&b.0));
        let Some((radius, around)) = densest else {
            return;
        };
        let near = may_rest.iter().copied();
        let near = near.filter(|sample| length(&less(sample, around)) <= radius);
        if let Some(centre) = mean(near) {
            self.centre = Some(centre);
            self.measure(&centre);
        }
    }

    /// How much the face trembles at rest, how long it was seen there, and how lively it is.
    fn measure(&mut self, centre: &LogRatio) {
        let far = |sample: &LogRatio| length(&less(sample, centre));
        let mut distances: Vec<f32> = self.samples.iter().map(far).collect();
        if distances.is_empty() {
            return;
        }
        distances.sort_by(f32::total_cmp);
        let at = |share: f64| distances[((distances.len() - 1) as f64 * share).round() as usize];
        // The median of the resting ones.
        self.noise = at(RESTING_SHARE / 2.0);
        self.liveliness = at(STRONG) - NOISE * self.noise;
        if !self.shown {
            let resting = distances.partition_point(|far| *far <= 3.0 * self.noise);
            self.seconds = resting as f64 * SAMPLE_SECONDS;
        }
    }
}

/// Whether a face at rest may look like this. Resting faces are read as neutral, sad or angry; somebody who smiles for half
/// a minute is happy.
fn may_rest(sample: &LogRatio) -> bool {
    let strongest = distribution(sample).strongest();
    matches!(strongest, Emotion::Neutral | Emotion::Sad | Emotion::Angry)
}
