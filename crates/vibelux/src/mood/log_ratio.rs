//! [`LogRatio`]: the space in which readings are averaged and compared.

use crate::emotion::{EMOTION_COUNT, EmotionVector};

/// Logarithms less their mean (the centred log-ratio of Aitchison 1986), so that a sure frame and an unsure one count
/// as they should.
pub(super) type LogRatio = [f32; EMOTION_COUNT];

/// The logarithms of a vector; probabilities below `least` are raised to it first.
pub(super) fn log_ratio(vector: &EmotionVector, least: f32) -> LogRatio {
    centred(vector.values().map(|p| p.max(least).ln()))
}

/// Without what all have in common.
pub(super) fn centred(logs: LogRatio) -> LogRatio {
    let mean = logs.iter().sum::<f32>() / EMOTION_COUNT as f32;
    logs.map(|log| log - mean)
}

/// The way back: softmax.
pub(super) fn distribution(logs: &LogRatio) -> EmotionVector {
    EmotionVector::from_logits(*logs, 1.0).unwrap_or(EmotionVector::UNIFORM)
}

/// So much of the way from one to another.
pub(super) fn toward(from: &LogRatio, to: &LogRatio, share: f32) -> LogRatio {
    std::array::from_fn(|i| from[i] + share * (to[i] - from[i]))
}

/// The difference of two.
pub(super) fn less(a: &LogRatio, b: &LogRatio) -> LogRatio {
    std::array::from_fn(|i| a[i] - b[i])
}

/// The Euclidean length.
pub(super) fn length(logs: &LogRatio) -> f32 {
    logs.iter().map(|log| log * log).sum::<f32>().sqrt()
}

/// The mean of several; `None` if there are none.
pub(super) fn mean(all: impl IntoIterator<Item = LogRatio>) -> Option<LogRatio> {
    let (mut sum, mut count) = (LogRatio::default(), 0.0);
    for logs in all {
        sum = std::array::from_fn(|i| sum[i] + logs[i]);
        count += 1.0;
    }
    (count > 0.0).then(|| sum.map(|log| log / count))
}

/// An average over time: even over all that was seen at first, and from one time constant on a moving one that forgets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Average {
    /// The average.
    pub at: LogRatio,
    /// How many seconds it stands for.
    pub seconds: f64,
}

/// For so long counts a reading before which there is none, in seconds: about a frame.
const FIRST_SECONDS: f64 = 0.1;

impl Average {
    /// Of one reading.
    pub fn of(reading: &LogRatio) -> Self {
        Self {
            at: *reading,
            seconds: FIRST_SECONDS,
        }
    }

    /// Takes in what was read over the last `passed` seconds. Many short steps are as good as one long one.
    pub fn take(&mut self, reading: &LogRatio, passed: f64, time_constant: f64) {
        let (before, after) = (self.seconds, self.seconds + passed);
        let kept = if time_constant > 0.0 {
            let even = (before / time_constant).min(1.0) / (after / time_constant).min(1.0);
            let beyond = after.max(time_constant) - before.max(time_constant);
            even * (-beyond / time_constant).exp()
        } else {
            0.0
        };
        self.at = toward(&self.at, reading, (1.0 - kept) as f32);
        self.seconds = after;
    }
}
