//! [`MoodChange`]: when there is a mood at all, and when it has become another, so that the music should follow.

use super::filter::Reading;
use crate::emotion::EmotionVector;

/// What the music should do after a reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Follow {
    /// Wait: the face has not been seen for long enough to choose a first song for it.
    Look,
    /// Nothing: the queue fits.
    Stay,
    /// Rank what comes next for the mood; the song that plays stays.
    Rank,
    /// The mood has settled on this while a song was young: cross over to one that fits.
    Cross(EmotionVector),
}

/// Hysteresis between the mood and the queue: a short look to the side, or a value that trembles around
/// a limit, must not make the queue flutter; and yet the first songs should be those for the face.
#[derive(Debug, Clone, PartialEq)]
pub struct MoodChange {
    /// Moods whose cosine is at least this are the same.
    pub same_cosine: f32,
    /// A mood must have been another for this long, in seconds.
    pub holds_seconds: f64,
    /// Changes are at least this far apart, in seconds.
    pub rests_seconds: f64,
    /// So long a face is looked at before its first song is chosen, if it is steady; and so long at most, in seconds.
    pub looks_seconds: [f64; 2],
    /// A song that plays for less, in seconds, is left for one that fits better.
    pub young_seconds: f64,
    /// Faces whose cosine with the mood is lower have settled elsewhere.
    pub elsewhere_cosine: f32,
    /// When the face was first seen, and from when on it was steady.
    seen: Option<Seen>,
    /// The mood that the queue was ranked for, and when.
    ranked: Option<(EmotionVector, f64)>,
    /// Since when the mood has been another.
    other_since: Option<f64>,
    /// When the song that plays began.
    song_since: Option<f64>,
    /// Since when the face has looked elsewhere, and how, on average.
    elsewhere: Option<Elsewhere>,
}

/// Before the first song.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Seen {
    first: f64,
    last: f64,
    steady_since: Option<f64>,
}

/// A face that looks other than the mood that the song was chosen for.
#[derive(Debug, Clone, PartialEq)]
struct Elsewhere {
    since: f64,
    looks: Vec<EmotionVector>,
}

/// A face that was away for longer is looked at anew, in seconds.
const GONE_SECONDS: f64 = 1.5;

/// A face is steady if what it shows now has been like all that it showed for this long, in seconds, and so much alike.
const STEADY_SECONDS: f64 = 0.5;
const STEADY_COSINE: f32 = 0.9;

impl Default for MoodChange {
    fn default() -> Self {
        Self {
            same_cosine: 0.9,
            holds_seconds: 3.0,
            rests_seconds: 10.0,
            looks_seconds: [2.0, 4.0],
            young_seconds: 15.0,
            elsewhere_cosine: 0.75,
            seen: None,
            ranked: None,
            other_since: None,
            song_since: None,
            elsewhere: None,
        }
    }
}

impl MoodChange {
    /// What the music should do after `reading`. After [`Follow::Rank`] and [`Follow::Cross`] later moods are compared with
    /// the one that these are for.
    pub fn observe(&mut self, seconds: f64, reading: &Reading) -> Follow {
        let Some((ranked, when)) = self.ranked else {
            return self.look(seconds, reading);
        };
        if let Some(mood) = self.settled_elsewhere(seconds, &ranked, reading) {
            self.rank(seconds, &mood);
            return Follow::Cross(mood);
        }
        let mood = &reading.mood;
        if ranked.cosine(mood) >= self.same_cosine {
            self.other_since = None;
            return Follow::Stay;
        }
        let since = *self.other_since.get_or_insert(seconds);
        if seconds - since < self.holds_seconds || seconds - when < self.rests_seconds {
            return Follow::Stay;
        }
        self.rank(seconds, mood);
        Follow::Rank
    }

    /// The queue was ranked for this mood for another reason: somebody asked for it.
    pub fn rank(&mut self, seconds: f64, mood: &EmotionVector) {
        self.ranked = Some((*mood, seconds));
        self.other_since = None;
        self.elsewhere = None;
        // A song is left once.
        self.song_since = None;
    }

    /// A song that was chosen for the mood has begun.
    pub fn begin_song(&mut self, seconds: f64) {
        self.song_since = Some(seconds);
        self.elsewhere = None;
    }

    /// Waits for a face that is steady.
    fn look(&mut self, seconds: f64, reading: &Reading) -> Follow {
        let anew = Seen {
            first: seconds,
            last: seconds,
            steady_since: None,
        };
        let mut seen = self
            .seen
            .filter(|seen| seconds - seen.last <= GONE_SECONDS)
            .unwrap_or(anew);
        seen.last = seconds;
        if reading.bars.cosine(&reading.mood) >= STEADY_COSINE {
            seen.steady_since.get_or_insert(seconds);
        } else {
            seen.steady_since = None;
        }
        self.seen = Some(seen);
        let steady = seen
            .steady_since
            .is_some_and(|since| seconds - since >= STEADY_SECONDS);
        let [least, most] = self.looks_seconds;
        let looked = seconds - seen.first;
        if looked >= most || (looked >= least && steady) {
            self.rank(seconds, &reading.mood);
            Follow::Rank
        } else {
            Follow::Look
        }
    }

    /// What the face has settled on, if it is something else than the young song was chosen for.
    fn settled_elsewhere(
        &mut self,
        seconds: f64,
        ranked: &EmotionVector,
        reading: &Reading,
    ) -> Option<EmotionVector> {
        let young = self
            .song_since
            .is_some_and(|since| seconds - since <= self.young_seconds);
        if !young || ranked.cosine(&reading.bars) >= self.elsewhere_cosine {
            self.elsewhere = None;
            return None;
        }
        let elsewhere = self.elsewhere.get_or_insert_with(|| Elsewhere {
            since: seconds,
            looks: Vec::new(),
        });
        elsewhere.looks.push(reading.bars);
        let mean = EmotionVector::mean(&elsewhere.looks)?;
        if mean.cosine(&reading.bars) < STEADY_COSINE {
            // It is still on its way.
            self.elsewhere = None;
            return None;
        }
        (seconds - elsewhere.since >= self.holds_seconds).then_some(mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the music did and when, for a mood that is read ten times a second and shown at once. A song begins whenever
    /// one is chosen for the first time.
    fn followed(seconds: u32, mood: impl Fn(f64) -> &'static str) -> Vec<(f64, &'static str)> {
        let mut change = MoodChange::default();
        let mut followed = Vec::new();
        for i in 0..seconds * 10 {
            let at = f64::from(i) / 10.0;
            let mood = mood(at).parse().unwrap();
            let reading = Reading { bars: mood, mood };
            match change.observe(at, &reading) {
                Follow::Look | Follow::Stay => {}
                Follow::Rank => {
                    if followed.is_empty() {
                        change.begin_song(at);
                    }
                    followed.push((at, "rank"));
                }
                Follow::Cross(_) => followed.push((at, "cross")),
            }
        }
        followed
    }

    #[test]
    fn a_steady_face_counts_after_two_seconds_and_a_lasting_change_after_its_time() {
        let changed = followed(60, |t| if t < 30.0 { "sad" } else { "happy" });
        assert_eq!(changed, [(2.0, "rank"), (33.0, "rank")]);
    }

    #[test]
    fn a_young_song_is_left_once_for_one_that_fits() {
        let changed = followed(60, |t| if t < 6.0 { "sad" } else { "happy" });
        assert_eq!(changed, [(2.0, "rank"), (9.0, "cross")]);
        let fickle = followed(60, |t| match t as u32 {
            0..6 => "sad",
            6..12 => "happy",
            _ => "sad",
        });
        assert_eq!(fickle, [(2.0, "rank"), (9.0, "cross"), (19.0, "rank")]);
        // Too late for the song: only what comes next changes.
        let late = followed(60, |t| if t < 15.0 { "sad" } else { "happy" });
        assert_eq!(late, [(2.0, "rank"), (18.0, "rank")]);
    }

    #[test]
    fn an_unsteady_face_is_looked_at_for_longer() {
        let mut change = MoodChange::default();
        let (happy, sad) = ("happy".parse().unwrap(), "sad".parse().unwrap());
        let unsteady = Reading {
            bars: happy,
            mood: sad,
        };
        let first = (0..100)
            .map(|i| f64::from(i) / 10.0)
            .find(|&t| change.observe(t, &unsteady) == Follow::Rank);
        assert_eq!(first, Some(4.0));
    }

    #[test]
    fn who_goes_away_is_looked_at_anew() {
        let mut change = MoodChange::default();
        let mood = "happy".parse().unwrap();
        let reading = Reading { bars: mood, mood };
        for t in [0.0, 1.0, 9.0, 10.0] {
            assert_eq!(change.observe(t, &reading), Follow::Look);
        }
        assert_eq!(change.observe(11.0, &reading), Follow::Rank);
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
        assert_eq!(followed(60, laugh), [(2.0, "rank")]);
        let alternating = |t: f64| {
            if (t as u32).is_multiple_of(2) {
                "happy"
            } else {
                "sad"
            }
        };
        assert_eq!(followed(60, alternating).len(), 1);
        let alike = |t: f64| {
            if t < 20.0 {
                "sad=0.7,neutral=0.3"
            } else {
                "sad=0.6,neutral=0.4"
            }
        };
        assert_eq!(followed(60, alike), [(2.0, "rank")]);
    }

    #[test]
    fn what_was_ranked_by_hand_is_compared_with() {
        let mut change = MoodChange::default();
        let reading = |mood: &str| {
            let mood = mood.parse().unwrap();
            Reading { bars: mood, mood }
        };
        let (sad, happy) = (reading("sad"), reading("happy"));
        change.rank(20.0, &happy.mood);
        for i in 0..100 {
            assert_eq!(change.observe(20.0 + f64::from(i), &happy), Follow::Stay);
        }
        assert_eq!(change.observe(200.0, &sad), Follow::Stay);
        assert_eq!(change.observe(203.0, &sad), Follow::Rank);
    }
}
