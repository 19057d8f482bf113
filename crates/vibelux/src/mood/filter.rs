//! [`MoodFilter`]: two moving averages over the readings of one face.

use crate::emotion::{EMOTION_COUNT, EmotionVector};

/// Probabilities below this are raised to it before their logarithm is taken: a network that is sure
/// in one frame must not outweigh the next hundred.
const LEAST: f32 = 1e-3;

/// What a resting face is made to look like by a baseline: mostly neutral.
const RESTING: [f32; EMOTION_COUNT] = [0.05, 0.05, 0.05, 0.05, 0.70, 0.05, 0.05];

/// A baseline moves no logarithm further than this (a factor of 7.4): somebody who laughs while it is
/// taken is not neutral for ever.
const LARGEST_CORRECTION: f32 = 2.0;

/// How the filter smooths.
#[derive(Debug, Clone, PartialEq)]
pub struct MoodConfig {
    /// Time constant of the bars in seconds: after this time, 63 % of a change shows.
    pub bars_seconds: f64,
    /// Time constant of the mood in seconds.
    pub mood_seconds: f64,
    /// Divides the logarithms: above 1 evens the vector out, below 1 sharpens it.
    pub temperature: f32,
}

impl Default for MoodConfig {
    fn default() -> Self {
        Self {
            bars_seconds: 0.7,
            mood_seconds: 10.0,
            temperature: 1.0,
        }
    }
}

/// What the filter makes of the readings so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// Smoothed a little: what the face looks like now.
    pub bars: EmotionVector,
    /// Smoothed much: what picks the music.
    pub mood: EmotionVector,
}

/// Logarithms less their mean: the space in which vectors are averaged (the centred log-ratio of
/// Aitchison 1986), so that a sure frame and an unsure one count as they should.
type LogRatio = [f32; EMOTION_COUNT];

/// Smooths the readings of one face. Readings that come late count for more, as there was nothing else
/// in between.
#[derive(Debug, Clone, Default)]
pub struct MoodFilter {
    config: MoodConfig,
    /// Bars, mood, and when they were last moved.
    state: Option<(LogRatio, LogRatio, f64)>,
    /// Added to each reading, once a baseline was taken.
    correction: LogRatio,
    /// Sum and number of readings of the baseline that is being taken, and when it ends.
    taking: Option<(LogRatio, usize, f64)>,
}

impl MoodFilter {
    /// A filter that has seen nothing yet.
    #[must_use]
    pub fn new(config: MoodConfig) -> Self {
        Self {
            config,
            ..Self::default()
        }
    }

    /// Smooths in another way from the next reading on; what was read and the baseline stay.
    pub fn configure(&mut self, config: MoodConfig) {
        self.config = config;
    }

    /// Takes a reading at `seconds` (any clock that does not run backwards; an earlier time counts as
    /// now).
    pub fn update(&mut self, seconds: f64, vector: &EmotionVector) -> Reading {
        self.update_in_part(seconds, vector, 1.0)
    }

    /// The same for a reading that counts only in part, `weight` of 0..=1: it moves the averages as far as one that came after
    /// so much of the time.
    pub fn update_in_part(&mut self, seconds: f64, vector: &EmotionVector, weight: f64) -> Reading {
        let raw = log_ratio(vector);
        self.take_baseline(seconds, &raw);
        let temperature = self.config.temperature.max(0.05);
        let x: LogRatio = std::array::from_fn(|i| (raw[i] + self.correction[i]) / temperature);
        let (bars, mood) = match self.state {
            None => (x, x),
            Some((bars, mood, before)) => {
                let passed = (seconds - before).max(0.0) * weight.clamp(0.0, 1.0);
                (
                    toward(&bars, &x, share(passed, self.config.bars_seconds)),
                    toward(&mood, &x, share(passed, self.config.mood_seconds)),
                )
            }
        };
        let last = self
            .state
            .map_or(seconds, |(_, _, before)| before.max(seconds));
        self.state = Some((bars, mood, last));
        Reading {
            bars: distribution(&bars),
            mood: distribution(&mood),
        }
    }

    /// What the readings so far gave; `None` before the first.
    #[must_use]
    pub fn reading(&self) -> Option<Reading> {
        self.state.map(|(bars, mood, _)| Reading {
            bars: distribution(&bars),
            mood: distribution(&mood),
        })
    }

    /// From now on, and for `length` seconds, the face is at rest: what it looks like then will count as
    /// neutral. Any baseline before it is forgotten.
    pub fn start_baseline(&mut self, seconds: f64, length: f64) {
        self.correction = LogRatio::default();
        self.taking = Some((LogRatio::default(), 0, seconds + length));
    }

    /// Forgets the baseline.
    pub fn reset_baseline(&mut self) {
        self.correction = LogRatio::default();
        self.taking = None;
    }

    /// Whether a baseline is being taken.
    #[must_use]
    pub fn is_taking_baseline(&self) -> bool {
        self.taking.is_some()
    }

    /// Whether a baseline is in use.
    #[must_use]
    pub fn has_baseline(&self) -> bool {
        self.correction.iter().any(|c| *c != 0.0)
    }

    fn take_baseline(&mut self, seconds: f64, raw: &LogRatio) {
        let Some((sum, count, end)) = &mut self.taking else {
            return;
        };
        if seconds <= *end {
            sum.iter_mut().zip(raw).for_each(|(s, r)| *s += r);
            *count += 1;
            return;
        }
        if *count > 0 {
            let resting = centred(RESTING.map(f32::ln));
            let count = *count as f32;
            let sum = *sum;
            self.correction = std::array::from_fn(|i| {
                (resting[i] - sum[i] / count).clamp(-LARGEST_CORRECTION, LARGEST_CORRECTION)
            });
            // What came before looks different now.
            self.state = None;
        }
        self.taking = None;
    }
}

/// How far an average of this time constant moves in the time that passed.
fn share(passed: f64, time_constant: f64) -> f32 {
    if time_constant > 0.0 {
        -(-passed / time_constant).exp_m1() as f32
    } else {
        1.0
    }
}

fn toward(from: &LogRatio, to: &LogRatio, share: f32) -> LogRatio {
    std::array::from_fn(|i| from[i] + share * (to[i] - from[i]))
}

fn log_ratio(vector: &EmotionVector) -> LogRatio {
    centred(vector.values().map(|p| p.max(LEAST).ln()))
}

fn centred(logs: LogRatio) -> LogRatio {
    let mean = logs.iter().sum::<f32>() / EMOTION_COUNT as f32;
    logs.map(|l| l - mean)
}

/// Softmax.
fn distribution(logs: &LogRatio) -> EmotionVector {
    EmotionVector::from_logits(*logs, 1.0).unwrap_or(EmotionVector::UNIFORM)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emotion::Emotion;
    use crate::random::Random;
    use proptest::prelude::*;

    const FRAME: f64 = 0.1;

    /// A reading that says mostly `emotion`, as unsure as a network on a webcam.
    fn unsure(emotion: Emotion, random: &mut Random) -> EmotionVector {
        let weights = std::array::from_fn(|i| {
            let own = if i == emotion.index() { 1.0 } else { 0.0 };
            (own + 1.2 * random.signed() as f32).exp()
        });
        EmotionVector::from_weights(weights).unwrap()
    }

    /// How often the strongest emotion changes in a minute of readings of an unchanging face.
    fn flicker(of: impl Fn(&EmotionVector, &Reading) -> EmotionVector) -> usize {
        let mut filter = MoodFilter::default();
        let mut random = Random::new(3, 0);
        let strongest: Vec<Emotion> = (0..600)
            .map(|i| {
                let vector = unsure(Emotion::Happy, &mut random);
                let reading = filter.update(f64::from(i) * FRAME, &vector);
                of(&vector, &reading).strongest()
            })
            .collect();
        strongest.windows(2).filter(|w| w[0] != w[1]).count()
    }

    #[test]
    fn smoothing_takes_the_flicker_away() {
        let raw = flicker(|vector, _| *vector);
        let bars = flicker(|_, reading| reading.bars);
        let mood = flicker(|_, reading| reading.mood);
        println!(
            "the strongest emotion changes {raw} times a minute; {bars} in the bars, {mood} in the mood"
        );
        assert!(raw > 100, "{raw}");
        assert!(bars < raw / 4, "{bars} of {raw}");
        assert!(mood <= 4, "{mood}");
    }

    /// Seconds until 90 % of a change shows, in the strongest emotion's logarithm.
    fn lag(of: impl Fn(&Reading) -> EmotionVector) -> f64 {
        let mut filter = MoodFilter::default();
        let (sad, happy) = (
            "sad=0.6,happy=0.1,neutral=0.3",
            "happy=0.6,sad=0.1,neutral=0.3",
        );
        let (sad, happy): (EmotionVector, EmotionVector) =
            (sad.parse().unwrap(), happy.parse().unwrap());
        let level = |v: &EmotionVector| (v.get(Emotion::Happy) / v.get(Emotion::Sad)).ln();
        for i in 0..600 {
            filter.update(f64::from(i) * FRAME, &sad);
        }
        let goal = level(&sad) + 0.9 * (level(&happy) - level(&sad));
        (600..2_000)
            .find(|&i| level(&of(&filter.update(f64::from(i) * FRAME, &happy))) >= goal)
            .map_or(f64::INFINITY, |i| f64::from(i - 600) * FRAME)
    }

    #[test]
    fn a_change_shows_after_its_time() {
        // ln 10 = 2.3 time constants.
        let bars = lag(|reading| reading.bars);
        let mood = lag(|reading| reading.mood);
        println!("90 % of a change shows after {bars:.1} s in the bars, {mood:.1} s in the mood");
        assert!((1.4..=1.8).contains(&bars), "{bars}");
        assert!((22.0..=24.0).contains(&mood), "{mood}");
    }

    #[test]
    fn a_baseline_makes_the_resting_face_neutral_and_can_be_taken_back() {
        // A face that looks sad at rest.
        let resting: EmotionVector = "sad=0.5,neutral=0.3,angry=0.2".parse().unwrap();
        let smiling: EmotionVector = "happy=0.8,sad=0.1,neutral=0.1".parse().unwrap();
        let mut filter = MoodFilter::default();
        assert_eq!(filter.update(0.0, &resting).bars.strongest(), Emotion::Sad);
        filter.start_baseline(1.0, 3.0);
        for i in 0..30 {
            assert!(filter.is_taking_baseline() && !filter.has_baseline());
            filter.update(1.0 + f64::from(i) * FRAME, &resting);
        }
        let reading = filter.update(4.2, &resting);
        assert!(filter.has_baseline() && !filter.is_taking_baseline());
        assert_eq!(reading.mood.strongest(), Emotion::Neutral);
        for i in 0..60 {
            filter.update(5.0 + f64::from(i) * FRAME, &smiling);
        }
        assert_eq!(filter.reading().unwrap().bars.strongest(), Emotion::Happy);
        filter.reset_baseline();
        for i in 0..60 {
            filter.update(20.0 + f64::from(i) * FRAME, &resting);
        }
        assert_eq!(filter.reading().unwrap().bars.strongest(), Emotion::Sad);
    }

    #[test]
    fn a_baseline_without_a_reading_changes_nothing() {
        let mut filter = MoodFilter::default();
        filter.start_baseline(0.0, 3.0);
        filter.update(9.0, &EmotionVector::one_hot(Emotion::Happy));
        assert!(!filter.has_baseline() && !filter.is_taking_baseline());
    }

    #[test]
    fn another_configuration_keeps_what_was_read() {
        let (sad, happy) = ("sad".parse().unwrap(), "happy".parse().unwrap());
        let mut filter = MoodFilter::default();
        let before = filter.update(0.0, &sad);
        filter.configure(MoodConfig {
            mood_seconds: 0.0,
            ..MoodConfig::default()
        });
        assert_eq!(filter.reading(), Some(before));
        let after = filter.update(0.1, &happy);
        assert_eq!(after.mood.strongest(), Emotion::Happy);
        assert_eq!(after.bars.strongest(), Emotion::Sad);
    }

    proptest! {
        #[test]
        fn any_readings_at_any_times_give_distributions(
            readings in prop::collection::vec((-1e3_f64..1e9, prop::array::uniform7(0.0_f32..1.0)), 1..40),
        ) {
            let mut filter = MoodFilter::default();
            for (seconds, weights) in readings {
                let Ok(vector) = EmotionVector::from_weights(weights) else { continue };
                let reading = filter.update(seconds, &vector);
                for v in [reading.bars, reading.mood] {
                    prop_assert!((v.values().iter().sum::<f32>() - 1.0).abs() < 1e-4);
                    prop_assert!(v.values().iter().all(|p| p.is_finite() && *p >= 0.0));
                }
            }
        }

        #[test]
        fn the_steps_in_between_do_not_matter(steps in 1_usize..50) {
            // The same change, seen once after a second or many times within it.
            let (a, b): (EmotionVector, EmotionVector) =
                ("sad=0.6,neutral=0.4".parse().unwrap(), "happy=0.7,neutral=0.3".parse().unwrap());
            let after = |steps: usize| {
                let mut filter = MoodFilter::default();
                filter.update(0.0, &a);
                (1..=steps).fold(None, |_, i| Some(filter.update(i as f64 / steps as f64, &b)))
            };
            let (once, often) = (after(1).unwrap(), after(steps).unwrap());
            for (x, y) in once.mood.values().iter().zip(often.mood.values()) {
                prop_assert!((x - y).abs() < 1e-3);
            }
        }
    }
}
