//! [`MoodFilter`]: two moving averages over the readings of one face, beside what it looks like at rest.

use super::log_ratio::{Average, LogRatio, distribution, log_ratio, mean};
use super::rest::RestingFace;
use crate::emotion::EmotionVector;

/// Probabilities below this are raised to it before their logarithm is taken: a network that is sure
/// in one frame must not outweigh the next hundred.
const LEAST: f32 = 1e-3;

/// A reading that counts less says nothing of the face at rest.
const LEAST_LEARNT: f64 = 0.5;

/// How the filter smooths.
#[derive(Debug, Clone, PartialEq)]
pub struct MoodConfig {
    /// Time constant of the bars in seconds: after this time, 63 % of a change shows.
    pub bars_seconds: f64,
    /// Time constant of the mood in seconds.
    pub mood_seconds: f64,
    /// Divides the logarithms: above 1 evens the vector out, below 1 sharpens it.
    pub temperature: f32,
    /// How much an expression counts beside the face at rest: 0 takes readings as they are, 1 as measured for this person,
    /// 2 makes small expressions larger yet.
    pub expression: f32,
}

impl Default for MoodConfig {
    fn default() -> Self {
        Self {
            bars_seconds: 0.7,
            mood_seconds: 10.0,
            temperature: 1.0,
            expression: 1.0,
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

/// The averages, and when they were last moved.
#[derive(Debug, Clone, Copy)]
struct State {
    bars: Average,
    mood: Average,
    seconds: f64,
}

/// Smooths the readings of one face. Readings that come late count for more, as there was nothing else
/// in between; until an average is as old as its time constant, all count alike.
#[derive(Debug, Clone, Default)]
pub struct MoodFilter {
    config: MoodConfig,
    state: Option<State>,
    rest: RestingFace,
    /// The readings while the face at rest is shown, and until when that is.
    showing: Option<(Vec<EmotionVector>, f64)>,
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

    /// Smooths in another way from the next reading on; what was read and the face at rest stay.
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
        let weight = weight.clamp(0.0, 1.0);
        let before = self.state.map_or(seconds, |state| state.seconds);
        let passed = (seconds - before).max(0.0) * weight;
        self.take_resting_face(seconds, vector);
        if weight >= LEAST_LEARNT {
            self.rest.watch(seconds, vector, passed);
        }
        let raw = log_ratio(vector, LEAST);
        let strength = self.config.expression.max(0.0);
        let expression = self.rest.expression(&raw, strength);
        let temperature = self.config.temperature.max(0.05);
        let tempered = |logs: LogRatio| logs.map(|log| log / temperature);
        let bars = tempered(self.rest.corrected(&raw, strength));
        let mood = tempered(expression.logs);
        let mut state = self.state.unwrap_or_else(|| State {
            bars: Average::of(&bars),
            mood: Average::of(&mood),
            seconds,
        });
        state.bars.take(&bars, passed, self.config.bars_seconds);
        let passed = passed * f64::from(expression.weight);
        state.mood.take(&mood, passed, self.config.mood_seconds);
        state.seconds = seconds.max(before);
        self.state = Some(state);
        Reading::of(&state)
    }

    /// What the readings so far gave; `None` before the first.
    #[must_use]
    pub fn reading(&self) -> Option<Reading> {
        self.state.as_ref().map(Reading::of)
    }

    /// The mood has become this one for certain: what was before is forgotten.
    pub fn settle(&mut self, mood: &EmotionVector) {
        if let Some(state) = &mut self.state {
            state.mood = Average {
                at: log_ratio(mood, LEAST),
                seconds: self.config.bars_seconds,
            };
        }
    }

    /// What is known of the face at rest.
    #[must_use]
    pub fn rest(&self) -> &RestingFace {
        &self.rest
    }

    /// From now on, and for `length` seconds, the face is at rest: what it looks like then will count as
    /// neutral. What was known of it before is forgotten.
    pub fn start_baseline(&mut self, seconds: f64, length: f64) {
        self.rest = RestingFace::default();
        self.showing = Some((Vec::new(), seconds + length));
    }

    /// Forgets the face at rest; it is learnt anew.
    pub fn reset_baseline(&mut self) {
        self.rest = RestingFace::default();
        self.showing = None;
    }

    /// Whether the face at rest is being shown on purpose.
    #[must_use]
    pub fn is_taking_baseline(&self) -> bool {
        self.showing.is_some()
    }

    fn take_resting_face(&mut self, seconds: f64, vector: &EmotionVector) {
        let Some((seen, end)) = &mut self.showing else {
            return;
        };
        if seconds <= *end {
            seen.push(*vector);
            return;
        }
        let logs = seen.iter().map(|vector| log_ratio(vector, LEAST));
        if let Some(mean) = mean(logs) {
            self.rest.show(&distribution(&mean));
            // What came before looks different now.
            self.state = None;
        }
        self.showing = None;
    }
}

impl Reading {
    fn of(state: &State) -> Self {
        Self {
            bars: distribution(&state.bars.at),
            mood: distribution(&state.mood.at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emotion::Emotion;
    use crate::random::Random;
    use proptest::prelude::*;

    const FRAME: f64 = 0.1;

    /// Smoothing alone, whatever the face at rest looks like.
    fn smoothing() -> MoodFilter {
        MoodFilter::new(MoodConfig {
            expression: 0.0,
            ..MoodConfig::default()
        })
    }

    fn has_baseline(filter: &MoodFilter) -> bool {
        filter.rest().certainty() == 1.0
    }

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
        let mut filter = smoothing();
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
        let mut filter = smoothing();
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
            assert!(filter.is_taking_baseline() && !has_baseline(&filter));
            filter.update(1.0 + f64::from(i) * FRAME, &resting);
        }
        let reading = filter.update(4.2, &resting);
        assert!(has_baseline(&filter) && !filter.is_taking_baseline());
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

    /// A face that rests like this, but for some seconds of every ten.
    fn watched(filter: &mut MoodFilter, seconds: u32, rest: &str, shows: &str, for_seconds: f64) {
        let (rest, shows): (EmotionVector, EmotionVector) =
            (rest.parse().unwrap(), shows.parse().unwrap());
        for i in 0..seconds * 10 {
            let at = f64::from(i) * FRAME;
            let vector = if at % 10.0 >= 10.0 - for_seconds {
                shows
            } else {
                rest
            };
            filter.update(at, &vector);
        }
    }

    #[test]
    fn a_resting_face_is_learnt_and_small_expressions_count() {
        let (rest, smile) = (
            "neutral=0.5,sad=0.3,angry=0.1,happy=0.1",
            "neutral=0.4,sad=0.2,angry=0.1,happy=0.3",
        );
        let mut plain = smoothing();
        watched(&mut plain, 60, rest, smile, 3.0);
        assert_eq!(plain.reading().unwrap().mood.strongest(), Emotion::Neutral);
        let mut filter = MoodFilter::default();
        watched(&mut filter, 60, rest, smile, 3.0);
        assert_eq!(filter.rest().certainty(), 1.0);
        let learnt = filter.rest().vector().unwrap();
        assert!(learnt.cosine(&rest.parse().unwrap()) > 0.99, "{learnt:?}");
        assert!(filter.rest().gain() > 1.5, "{}", filter.rest().gain());
        assert_eq!(filter.reading().unwrap().mood.strongest(), Emotion::Happy);
    }

    #[test]
    fn who_smiles_all_the_time_is_happy_and_who_is_clearly_sad_is_sad() {
        for always in ["happy=0.6,neutral=0.4", "sad=0.95,neutral=0.05"] {
            let mut filter = MoodFilter::default();
            watched(&mut filter, 120, always, always, 0.0);
            let always: EmotionVector = always.parse().unwrap();
            assert_eq!(
                filter.reading().unwrap().mood.strongest(),
                always.strongest()
            );
        }
    }

    #[test]
    fn a_face_that_only_trembles_expresses_nothing() {
        let mut filter = MoodFilter::default();
        let mut random = Random::new(5, 0);
        let moods: Vec<Emotion> = (0..1200)
            .map(|i| {
                let vector = unsure(Emotion::Neutral, &mut random);
                filter
                    .update(f64::from(i) * FRAME, &vector)
                    .mood
                    .strongest()
            })
            .skip(300)
            .collect();
        assert!(moods.iter().all(|mood| *mood == Emotion::Neutral));
    }

    #[test]
    fn a_mood_that_has_settled_is_the_mood() {
        let mut filter = MoodFilter::default();
        watched(&mut filter, 20, "sad=0.9,neutral=0.1", "sad", 0.0);
        let happy: EmotionVector = "happy=0.8,neutral=0.2".parse().unwrap();
        filter.settle(&happy);
        assert!(filter.reading().unwrap().mood.cosine(&happy) > 0.99);
    }

    #[test]
    fn a_baseline_without_a_reading_changes_nothing() {
        let mut filter = MoodFilter::default();
        filter.start_baseline(0.0, 3.0);
        filter.update(9.0, &EmotionVector::one_hot(Emotion::Happy));
        assert!(!has_baseline(&filter) && !filter.is_taking_baseline());
    }

    #[test]
    fn another_configuration_keeps_what_was_read() {
        let (sad, happy) = ("sad".parse().unwrap(), "happy".parse().unwrap());
        let mut filter = MoodFilter::default();
        for i in 0..30 {
            filter.update(-3.0 + f64::from(i) * FRAME, &sad);
        }
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
