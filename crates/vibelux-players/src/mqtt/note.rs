//! [`MqttNote`]: what the caller may want to tell the user while the link goes on.

use std::fmt;

use super::address::MqttAddress;
use super::error::MqttError;

/// Something worth a line.
#[derive(Debug)]
#[non_exhaustive]
pub enum MqttNote {
    /// The broker is there again.
    Connected {
        /// Where.
        address: MqttAddress,
    },
    /// The broker is gone; it is called until it is there again. Comes once, not for each call.
    Lost {
        /// Why.
        why: MqttError,
    },
    /// The broker does not let us in any more, so it is not called any more.
    GaveUp {
        /// Why.
        why: MqttError,
    },
    /// The broker lets nobody listen for commands.
    NotHeard {
        /// The topic of commands.
        topic: String,
    },
    /// A command that the broker keeps was not obeyed: it would be again at each start.
    Kept {
        /// The topic of commands.
        topic: String,
    },
}

impl fmt::Display for MqttNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected { address } => write!(f, "connected to the MQTT broker at {address}"),
            Self::Lost { why } => write!(f, "{why}; it is called until it answers"),
            Self::GaveUp { why } => write!(f, "{why}; it is not called any more"),
            Self::NotHeard { topic } => write!(
                f,
                "the MQTT broker lets this user not listen to {topic}, so no commands come; allow it to read the topic"
            ),
            Self::Kept { topic } => write!(
                f,
                "a command that the MQTT broker keeps was ignored, as it would come at each start; send commands without the flag \"retain\", and remove it: mosquitto_pub -r -n -t {topic}"
            ),
        }
    }
}
