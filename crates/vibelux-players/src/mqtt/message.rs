//! [`MoodMessage`] and [`SongMessage`]: what is said, as JSON.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, SecondsFormat};
use serde_json::{Map, Value, json};

/// The longest title or artist, in characters.
const MOST_SIGNS: usize = 500;

/// A mood, as the caller names it.
#[derive(Debug, Clone, PartialEq)]
pub struct MoodMessage {
    /// The strongest of the emotions.
    pub strongest: String,
    /// Each emotion and its share, from 0 to 1.
    pub emotions: Vec<(String, f64)>,
    /// When the face looked so.
    pub time: SystemTime,
}

/// What plays. It has no place for a path: what files are called is nobody's business.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SongMessage {
    /// Its title.
    pub title: Option<String>,
    /// Whose it is.
    pub artist: Option<String>,
}

impl MoodMessage {
    /// `{"strongest":"happy","emotions":{"angry":0.02,...},"time":"2026-03-01T12:00:00.000Z"}`.
    pub(super) fn to_json(&self) -> Vec<u8> {
        let share = |share: f64| (share * 10_000.0).round() / 10_000.0;
        let emotions = self.emotions.iter();
        let emotions: Map<String, Value> = emotions
            .map(|(name, value)| (name.clone(), json!(share(*value))))
            .collect();
        let mood = json!({
            "strongest": self.strongest,
            "emotions": emotions,
            "time": rfc3339(self.time),
        });
        mood.to_string().into_bytes()
    }
}

/// That there is no mood.
pub(super) fn no_mood(time: SystemTime) -> Vec<u8> {
    let mood = json!({"strongest": null, "emotions": {}, "time": rfc3339(time)});
    mood.to_string().into_bytes()
}

/// What plays, or that nothing does.
pub(super) fn song_json(song: Option<&SongMessage>) -> Vec<u8> {
    let short = |text: &Option<String>| -> Option<String> {
        text.as_ref()
            .map(|text| text.chars().take(MOST_SIGNS).collect())
    };
    let song = json!({
        "playing": song.is_some(),
        "title": song.and_then(|song| short(&song.title)),
        "artist": song.and_then(|song| short(&song.artist)),
    });
    song.to_string().into_bytes()
}

/// What became of a command.
pub(super) fn answer_json(done: &Result<(), String>) -> Vec<u8> {
    let answer = match done {
        Ok(()) => json!({"ok": true}),
        Err(error) => json!({"error": error}),
    };
    answer.to_string().into_bytes()
}

/// In UTC, to the millisecond; `None` for what no calendar has.
fn rfc3339(time: SystemTime) -> Option<String> {
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    let seconds = i64::try_from(since.as_secs()).ok()?;
    let time = DateTime::from_timestamp(seconds, since.subsec_nanos())?;
    Some(time.to_rfc3339_opts(SecondsFormat::Millis, true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn text(json: Vec<u8>) -> String {
        String::from_utf8(json).unwrap()
    }

    #[test]
    fn a_mood_is_rounded_and_dated() {
        let mood = MoodMessage {
            strongest: "happy".to_owned(),
            emotions: vec![
                ("happy".to_owned(), 2.0 / 3.0),
                ("sad".to_owned(), f64::NAN),
            ],
            time: UNIX_EPOCH + Duration::from_millis(1_772_366_400_250),
        };
        assert_eq!(
            text(mood.to_json()),
            r#"{"emotions":{"happy":0.6667,"sad":null},"strongest":"happy","time":"2026-03-01T12:00:00.250Z"}"#
        );
        assert_eq!(
            text(no_mood(UNIX_EPOCH - Duration::from_secs(1))),
            r#"{"emotions":{},"strongest":null,"time":null}"#
        );
    }

    #[test]
    fn a_song_is_its_title_and_its_artist() {
        let song = SongMessage {
            title: Some("x".repeat(10_000)),
            artist: None,
        };
        assert!(song_json(Some(&song)).len() < 600);
        assert_eq!(
            text(song_json(None)),
            r#"{"artist":null,"playing":false,"title":null}"#
        );
    }
}
