//! [`Command`]: what somebody wants, read out of a message that anybody in the house may send.

use serde_json::Value;

/// The longest message, in bytes.
pub(super) const MOST_BYTES: usize = 1024;

/// So much of a wrong word is repeated.
const MOST_SHOWN: usize = 40;

/// What somebody wants of the player.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Play; what fits this mood if one is named, as it was written (`sad`, `happy=0.7,sad=0.3`).
    Play(Option<String>),
    /// Pause.
    Pause,
    /// Go on to the next song.
    Next,
    /// Stop.
    Stop,
}

/// Why a message is no command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandFault {
    /// Too much.
    #[error("a command has at most 1024 bytes, not {bytes}")]
    TooLong {
        /// So many bytes it has.
        bytes: usize,
    },
    /// Bytes that are no text.
    #[error("the command is no UTF-8 text")]
    NotText,
    /// Nothing.
    #[error("the command is empty; send play, pause, next or stop")]
    Empty,
    /// Signs that nobody sees.
    #[error("the command has a control character in it")]
    Control,
    /// A word that is no command.
    #[error(
        "there is no command {word:?}; send play, a mood with it if you like (play sad), pause, next or stop"
    )]
    Unknown {
        /// Its beginning.
        word: String,
    },
    /// More than the command takes.
    #[error("{command} takes nothing after it")]
    Superfluous {
        /// Which command.
        command: &'static str,
    },
    /// JSON that is broken.
    #[error("the command begins as JSON and is none (line {line}, column {column})")]
    Json {
        /// Where it breaks, from 1.
        line: usize,
        /// Where it breaks, from 1.
        column: usize,
    },
    /// JSON of another shape.
    #[error(
        "as JSON a command is {{\"command\": \"play\", \"mood\": \"sad\"}}, where mood may be missing"
    )]
    Shape,
}

impl Command {
    /// Reads `play`, `play sad`, `play happy=0.7,sad=0.3`, `pause`, `next`, `stop`, or `{"command": "play", "mood": "sad"}`. What the mood means
    /// is not looked at.
    ///
    /// # Errors
    /// [`CommandFault`].
    pub fn parse(message: &[u8]) -> Result<Self, CommandFault> {
        if message.len() > MOST_BYTES {
            let bytes = message.len();
            return Err(CommandFault::TooLong { bytes });
        }
        let text = std::str::from_utf8(message).map_err(|_| CommandFault::NotText)?;
        let text = text.trim();
        if text.is_empty() {
            return Err(CommandFault::Empty);
        }
        if text.starts_with('{') {
            return Self::from_json(text);
        }
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        Self::new(word, rest)
    }

    fn from_json(text: &str) -> Result<Self, CommandFault> {
        let value: Value = serde_json::from_str(text).map_err(|error| CommandFault::Json {
            line: error.line(),
            column: error.column(),
        })?;
        let Value::Object(fields) = value else {
            return Err(CommandFault::Shape);
        };
        let mut word = None;
        let mut mood = "";
        for (name, value) in &fields {
            match (name.as_str(), value) {
                ("command", Value::String(value)) => word = Some(value.trim()),
                ("mood", Value::String(value)) => mood = value,
                ("mood", Value::Null) => {}
                // A misspelt mood would be played as none.
                _ => return Err(CommandFault::Shape),
            }
        }
        Self::new(word.ok_or(CommandFault::Shape)?, mood)
    }

    fn new(word: &str, rest: &str) -> Result<Self, CommandFault> {
        let rest = rest.trim();
        if rest.chars().any(char::is_control) {
            return Err(CommandFault::Control);
        }
        let alone = |command, name| match rest {
            "" => Ok(command),
            _ => Err(CommandFault::Superfluous { command: name }),
        };
        match word.to_ascii_lowercase().as_str() {
            "play" => Ok(Self::Play(Some(rest.to_owned()).filter(|m| !m.is_empty()))),
            "pause" => alone(Self::Pause, "pause"),
            "next" => alone(Self::Next, "next"),
            "stop" => alone(Self::Stop, "stop"),
            _ => Err(CommandFault::Unknown {
                word: word.chars().take(MOST_SHOWN).collect(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn play(mood: &str) -> Command {
        Command::Play(Some(mood.to_owned()))
    }

    #[test]
    fn text_and_json_say_the_same() {
        for (message, command) in [
            ("play", Command::Play(None)),
            ("  Play \n", Command::Play(None)),
            ("play sad", play("sad")),
            ("play happy=0.7, sad=0.3", play("happy=0.7, sad=0.3")),
            ("pause", Command::Pause),
            ("NEXT", Command::Next),
            ("stop\r\n", Command::Stop),
            (r#"{"command":"play","mood":"sad"}"#, play("sad")),
            (r#" {"mood":null,"command":"play"}"#, Command::Play(None)),
            (r#"{"command":"play","mood":""}"#, Command::Play(None)),
            (r#"{"command":" stop "}"#, Command::Stop),
        ] {
            assert_eq!(Command::parse(message.as_bytes()), Ok(command), "{message}");
        }
    }

    #[test]
    fn nonsense_is_named() {
        let superfluous = |command| CommandFault::Superfluous { command };
        for (message, fault) in [
            (&b""[..], CommandFault::Empty),
            (b" \n", CommandFault::Empty),
            (b"\xff\xfe", CommandFault::NotText),
            (b"stop now", superfluous("stop")),
            (br#"{"command":"next","mood":"sad"}"#, superfluous("next")),
            (b"play sa\x07d", CommandFault::Control),
            (
                br#"{"command":"play","mood":"a\u0000b"}"#,
                CommandFault::Control,
            ),
            (
                b"{\"command\":",
                CommandFault::Json {
                    line: 1,
                    column: 11,
                },
            ),
            (br#"{"command":"play","moood":"sad"}"#, CommandFault::Shape),
            (
                br#"{"command":"play","mood":{"sad":1}}"#,
                CommandFault::Shape,
            ),
            (br#"{"mood":"sad"}"#, CommandFault::Shape),
            (&[b'x'; 1025], CommandFault::TooLong { bytes: 1025 }),
        ] {
            assert_eq!(Command::parse(message), Err(fault));
        }
        let Err(CommandFault::Unknown { word }) = Command::parse(&[b'x'; 1000]) else {
            panic!("a long word is no command");
        };
        assert_eq!(word.len(), 40);
    }

    proptest! {
        #[test]
        fn no_bytes_crash_it(message in proptest::collection::vec(any::<u8>(), 0..1200)) {
            match Command::parse(&message) {
                Ok(Command::Play(Some(mood))) => {
                    prop_assert!(!mood.is_empty() && mood.len() <= MOST_BYTES);
                }
                Ok(_) => {}
                Err(fault) => prop_assert!(fault.to_string().len() < 500),
            }
        }

        /// Near to commands, where random bytes hardly come.
        #[test]
        fn what_looks_like_a_command_is_one_or_says_why(
            message in r#"(play|pause|Next|stop|\{"command": ?"(play|stop|x)"(, ?"mood": ?("[a-z=,.0-9]*"|null|1|\{\}))?\}?)[ a-z=.0-9,\\"\x00-\x1f]{0,20}"#
        ) {
            match Command::parse(message.as_bytes()) {
                Ok(Command::Play(Some(mood))) => {
                    prop_assert_eq!(mood.trim(), &mood);
                    prop_assert!(!mood.chars().any(char::is_control));
                    let is_json = message.starts_with('{');
                    prop_assert!(is_json || message.contains(&mood));
                }
                Ok(command) => {
                    let word = format!("{command:?}").to_lowercase();
                    prop_assert!(message.to_lowercase().contains(word.trim_end_matches("(none)")));
                }
                Err(fault) => prop_assert!(!fault.to_string().contains(char::is_control)),
            }
        }

        #[test]
        fn a_mood_comes_through_as_it_is(mood in "[a-z]{1,12}(=0\\.[0-9]{1,3})?(,[a-z]{1,12}=[01])*") {
            let text = Command::parse(format!("play {mood}").as_bytes());
            let json = serde_json::json!({"command": "play", "mood": mood}).to_string();
            prop_assert_eq!(&text, &Ok(play(&mood)));
            prop_assert_eq!(Command::parse(json.as_bytes()), text);
        }
    }
}
