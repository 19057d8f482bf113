//! What client and server say to each other on the live socket.

use serde::{Deserialize, Serialize};
use vibelux::mood::RestingFace;
use vibelux::{Emotion, EmotionVector, by_emotion};

use super::advice::Quality;
use crate::analysis::{Area, Timings};
use crate::http::error::ErrorReason;

/// The most bytes of a frame's JPEG.
pub const MAX_FRAME_BYTES: usize = 512 << 10;

/// Bytes of the sequence number before the JPEG.
const SEQUENCE_BYTES: usize = 4;

/// A camera frame as it came.
#[derive(Debug)]
pub struct Frame {
    /// The client's number for it.
    pub sequence: u32,
    /// The picture; a JPEG if all is well.
    pub jpeg: axum::body::Bytes,
}

impl Frame {
    /// Splits a binary message: a big-endian number, then the JPEG.
    ///
    /// # Errors
    /// [`LiveError`] if it is too short or too long.
    pub fn parse(message: axum::body::Bytes) -> Result<Self, LiveError> {
        let Some(number) = message.first_chunk::<SEQUENCE_BYTES>() else {
            return Err(LiveError::new(
                "bad_frame",
                "a frame is a 4-byte number and a JPEG; this message is shorter",
            ));
        };
        let sequence = u32::from_be_bytes(*number);
        if message.len() > SEQUENCE_BYTES + MAX_FRAME_BYTES {
            let message = "the frame is too large; send a smaller JPEG";
            return Err(LiveError::about(sequence, "frame_too_large", message));
        }
        let jpeg = message.slice(SEQUENCE_BYTES..);
        Ok(Self { sequence, jpeg })
    }
}

/// Whose face counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(untagged)]
pub enum FaceChoice {
    /// By a rule.
    Rule(FaceRule),
    /// This one.
    Track(u32),
    /// Nothing was said.
    #[default]
    #[serde(skip)]
    Unsaid,
}

/// How a face is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FaceRule {
    /// The largest.
    Largest,
    /// All, as one.
    Mean,
}

/// A text message of the client. What settings leave out stays as it is.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientMessage {
    /// How faces are chosen and smoothed.
    Settings {
        /// Whose face counts.
        #[serde(default)]
        face: FaceChoice,
        /// Above 1 evens vectors out, below 1 sharpens them.
        temperature: Option<f32>,
        /// Time constant of the mood.
        mood_seconds: Option<f64>,
        /// Time constant of the bars.
        bars_seconds: Option<f64>,
        /// How much expressions count beside the face at rest.
        expression: Option<f32>,
    },
    /// From now on the face is at rest.
    Baseline {
        /// For how long.
        #[serde(default = "usual_baseline_seconds")]
        duration_seconds: f64,
    },
    /// Forget what the face at rest looks like.
    ResetBaseline,
    /// A song that was chosen for the mood has begun.
    Song,
}

fn usual_baseline_seconds() -> f64 {
    3.0
}

impl ClientMessage {
    /// Reads a text message.
    ///
    /// # Errors
    /// [`LiveError`] if it is none of these, or a number is out of its range.
    pub fn parse(text: &str) -> Result<Self, LiveError> {
        let message: Self = serde_json::from_str(text).map_err(|error| {
            LiveError::new(
                "bad_message",
                &format!("the message cannot be used: {error}"),
            )
        })?;
        let refuse = |what: &str| Err(LiveError::new("bad_message", what));
        match message {
            Self::Settings {
                temperature: Some(t),
                ..
            } if !(0.1..=10.0).contains(&t) => refuse("temperature must be between 0.1 and 10"),
            Self::Settings {
                mood_seconds: Some(s),
                ..
            } if !(0.0..=120.0).contains(&s) => refuse("mood_seconds must be between 0 and 120"),
            Self::Settings {
                bars_seconds: Some(s),
                ..
            } if !(0.0..=20.0).contains(&s) => refuse("bars_seconds must be between 0 and 20"),
            Self::Settings {
                expression: Some(e),
                ..
            } if !(0.0..=2.0).contains(&e) => refuse("expression must be between 0 and 2"),
            Self::Baseline { duration_seconds } if !(0.5..=30.0).contains(&duration_seconds) => {
                refuse("duration_seconds must be between 0.5 and 30")
            }
            message => Ok(message),
        }
    }
}

/// The first message of the server.
#[derive(Debug, Serialize)]
pub struct Hello {
    #[serde(rename = "type")]
    kind: &'static str,
    emotions: [&'static str; 7],
    max_frame_bytes: usize,
}

impl Default for Hello {
    fn default() -> Self {
        Self {
            kind: "hello",
            emotions: Emotion::ALL.map(Emotion::name),
            max_frame_bytes: MAX_FRAME_BYTES,
        }
    }
}

/// Something in a message could not be used; the socket stays open.
#[derive(Debug, PartialEq, Serialize)]
pub struct LiveError {
    #[serde(rename = "type")]
    kind: &'static str,
    /// What is wrong.
    pub error: ErrorReason,
    /// Which frame, if it was one.
    pub sequence: Option<u32>,
}

impl LiveError {
    /// An error that is about no particular frame.
    pub fn new(code: &'static str, message: &str) -> Self {
        Self {
            kind: "error",
            error: ErrorReason::new(code, message),
            sequence: None,
        }
    }

    /// An error about a frame.
    pub fn about(sequence: u32, code: &'static str, message: &str) -> Self {
        Self {
            sequence: Some(sequence),
            ..Self::new(code, message)
        }
    }
}

/// What a frame shows.
#[derive(Debug, Serialize)]
pub struct Answer {
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The client's number of the frame.
    pub sequence: u32,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// The largest first.
    pub faces: Vec<FaceAnswer>,
    /// Whose mood counts; `None` while nobody's does.
    pub chosen: Option<Chosen>,
    /// Whether the resting face is known.
    pub baseline: Baseline,
    /// What is known of the face at rest of the one whose mood counts.
    pub rest: Option<Rest>,
    /// The face has not been seen for long enough to choose a first song for it.
    pub looking: bool,
    /// There is a mood now, or it has really become another: it is time to ask for songs.
    pub rank: bool,
    /// It has become another while a song was young: cross over to one that fits.
    pub cross: bool,
    /// How long each stage took.
    pub timings_seconds: FrameTimings,
}

/// One face of a frame.
#[derive(Debug, Serialize)]
pub struct FaceAnswer {
    /// The same number as long as it is the same face.
    pub track: u32,
    /// Where it is.
    #[serde(rename = "box")]
    pub area: Area,
    /// As the model sees it in this frame.
    #[serde(serialize_with = "by_emotion::serialize")]
    pub vector: EmotionVector,
    /// Smoothed a little.
    #[serde(serialize_with = "by_emotion::serialize")]
    pub bars: EmotionVector,
    /// Smoothed much.
    #[serde(serialize_with = "by_emotion::serialize")]
    pub mood: EmotionVector,
    /// Whether it can be seen well.
    pub quality: Quality,
}

/// Whose mood counts.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Chosen {
    /// Whose; `None` for the mean of all.
    pub track: Option<u32>,
    /// Smoothed a little.
    #[serde(serialize_with = "by_emotion::serialize")]
    pub bars: EmotionVector,
    /// Smoothed much.
    #[serde(serialize_with = "by_emotion::serialize")]
    pub mood: EmotionVector,
}

/// What is known of a face at rest.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Rest {
    /// How well it is known, 0 to 1.
    certainty: f32,
    /// What it looks like; `None` while nothing is known.
    #[serde(serialize_with = "by_emotion::option::serialize")]
    vector: Option<EmotionVector>,
    /// How many times larger this person's expressions are made.
    gain: f32,
}

impl Rest {
    /// What `rest` knows.
    pub fn of(rest: &RestingFace) -> Self {
        Self {
            certainty: rest.certainty(),
            vector: rest.vector(),
            gain: rest.gain(),
        }
    }
}

/// Whether the resting face is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Baseline {
    /// No.
    None,
    /// It is being looked at.
    Taking,
    /// As far as could be seen so far.
    Learnt,
    /// It was shown on purpose.
    Set,
}

/// How long each stage took, in seconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct FrameTimings {
    /// The stages.
    #[serde(flatten)]
    pub stages: Timings,
    /// From the message to the answer, waiting included.
    pub total: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_message_is_read_or_refused(text in ".{0,80}", bytes: Vec<u8>) {
            let _ = ClientMessage::parse(&text);
            let _ = ClientMessage::parse(&format!("{{\"type\":\"settings\",{text}}}"));
            prop_assert_eq!(Frame::parse(bytes.clone().into()).is_ok(), bytes.len() >= 4);
        }
    }

    #[test]
    fn client_messages_are_read() {
        let settings = r#"{"type":"settings","face":"mean","temperature":1.5}"#;
        assert_eq!(
            ClientMessage::parse(settings).unwrap(),
            ClientMessage::Settings {
                face: FaceChoice::Rule(FaceRule::Mean),
                temperature: Some(1.5),
                mood_seconds: None,
                bars_seconds: None,
                expression: None,
            }
        );
        let track = ClientMessage::parse(r#"{"type":"settings","face":3}"#).unwrap();
        assert!(matches!(
            track,
            ClientMessage::Settings {
                face: FaceChoice::Track(3),
                ..
            }
        ));
        let baseline = ClientMessage::parse(r#"{"type":"baseline"}"#).unwrap();
        assert_eq!(
            baseline,
            ClientMessage::Baseline {
                duration_seconds: 3.0
            }
        );
        assert_eq!(
            ClientMessage::parse(r#"{"type":"reset_baseline"}"#),
            Ok(ClientMessage::ResetBaseline)
        );
        assert_eq!(
            ClientMessage::parse(r#"{"type":"song"}"#),
            Ok(ClientMessage::Song)
        );
    }

    #[test]
    fn other_messages_are_refused() {
        for bad in [
            "",
            "[]",
            "{}",
            r#"{"type":"shutdown"}"#,
            r#"{"type":"settings","face":"smallest"}"#,
            r#"{"type":"settings","face":-1}"#,
            r#"{"type":"settings","temperature":0}"#,
            r#"{"type":"settings","mood_seconds":1e9}"#,
            r#"{"type":"settings","bars_seconds":-1}"#,
            r#"{"type":"settings","expression":3}"#,
            r#"{"type":"baseline","duration_seconds":1e300}"#,
        ] {
            assert_eq!(
                ClientMessage::parse(bad).unwrap_err().error.code,
                "bad_message",
                "{bad}"
            );
        }
    }

    #[test]
    fn frames_are_split_and_their_size_is_checked() {
        let frame = Frame::parse(vec![0, 0, 1, 2, 9, 8].into()).unwrap();
        assert_eq!(
            (frame.sequence, frame.jpeg.as_ref()),
            (258, [9, 8].as_slice())
        );
        assert_eq!(
            Frame::parse(vec![1, 2, 3].into()).unwrap_err().error.code,
            "bad_frame"
        );
        let largest = vec![0; 4 + MAX_FRAME_BYTES];
        assert!(Frame::parse(largest.into()).is_ok());
        let larger = Frame::parse(vec![7; 5 + MAX_FRAME_BYTES].into()).unwrap_err();
        assert_eq!(
            (larger.error.code, larger.sequence),
            ("frame_too_large", Some(0x0707_0707))
        );
    }
}
