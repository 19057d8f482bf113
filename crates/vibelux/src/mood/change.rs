//! [`MoodChange`]: when the mood has become another, so that the music should follow.

use crate::emotion::EmotionVector;

/// Hysteresis between the mood and the queue: a short look to the side, or a value that trembles around
/// a limit, must not make the queue flutter.
#[derive(Debug, Clone, PartialEq)]
pub struct MoodChange {
    /// Moods whose cosine is at least this are the same.
    pub same_cosine: f32,
    /// A mood must have been another for this long, in seconds.
    pub holds_seconds: f64,
    /// Changes are at least this far apart, in seconds.
    pub rests_seconds: f64,
    /// The mood that the queue was ranked for, and when.
    ranked: Option<(EmotionVector, f64)>,
    /// Since when the mood has been another.
    other_since: Option<f64>,
}

impl Default for MoodChange {
    fn default() -> Self {
        Self {
            same_cosine: 0.9,
            holds_seconds: 3.0,
            rests_seconds: 10.0,
            ranked: None,
            other_since: None,
        }
    }
}

impl MoodChange {
    /// Whether the queue should be ranked for `mood` now; the first mood always is. Then `mood` is what
    /// later ones are compared with.
    pub fn observe(&mut self, seconds: f64, mood: &EmotionVector) -> bool {
        let Some((ranked, when)) = &self.ranked else {
            self.rank(seconds, mood);
            return true;
        };
        if ranked.cosine(mood) >= self.same_cosine {
            self.other_since = None;
            return false;
        }
        let since = *self.other_since.get_or_insert(seconds);
        if seconds - since < self.holds_seconds || seconds - when < self.rests_seconds {
            return false;
        }
        self.rank(seconds, mood);
        true
    }

    /// The queue was ranked for this mood for another reason: somebody asked for it.
    pub fn rank(&mut self, seconds: f64, mood: &EmotionVector) {
        self.ranked = Some((*mood, seconds));
        self.other_since = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seconds at which the queue is ranked, for a mood that is read ten times a second.
    fn ranked(seconds: u32, mood: impl Fn(f64) -> &'static str) -> Vec<f64> {
        let mut change = MoodChange::default();
        (0..seconds * 10)
            .map(|i| f64::from(i) / 10.0)
            .filter(|&t| change.observe(t, &mood(t).parse().unwrap()))
            .collect()
    }

    #[test]
    fn the_first_mood_counts_at_once_and_a_lasting_change_after_its_time() {
        let times = ranked(40, |t| if t < 20.0 { "sad" } else { "happy" });
        assert_eq!(times, [0.0, 23.0]);
        // Too soon after the first: it has to wait for the rest.
        let times = ranked(40, |t| if t < 1.0 { "sad" } else { "happy" });
        assert_eq!(times, [0.0, 10.0]);
    }

    #[test]
    fn short_or_small_changes_do_not_count() {
        let laugh = |t: f64| {
            if (20.0..22.5).contains(&t) {
                "happy"
            } else {
                "sad"
            }
        };
        assert_eq!(ranked(60, laugh), [0.0]);
        let alternating = |t: f64| {
            if (t as u32).is_multiple_of(2) {
                "happy"
            } else {
                "sad"
            }
        };
        assert_eq!(ranked(60, alternating), [0.0]);
        let alike = |t: f64| {
            if t < 20.0 {
                "sad=0.7,neutral=0.3"
            } else {
                "sad=0.6,neutral=0.4"
            }
        };
        assert_eq!(ranked(60, alike), [0.0]);
    }

    #[test]
    fn what_was_ranked_by_hand_is_compared_with() {
        let mut change = MoodChange::default();
        let (sad, happy) = ("sad".parse().unwrap(), "happy".parse().unwrap());
        assert!(change.observe(0.0, &sad));
        change.rank(20.0, &happy);
        for i in 0..100 {
            assert!(!change.observe(20.0 + f64::from(i), &happy));
        }
        assert!(!change.observe(200.0, &sad));
        assert!(change.observe(203.0, &sad));
    }
}
