//! What can go wrong with a broker.

use std::io;

use super::address::{AddressFault, MqttAddress};
use super::topics::TopicFault;

/// Why there is no link to a broker, or why it broke.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MqttError {
    /// The address does not do.
    #[error(transparent)]
    Address(#[from] AddressFault),
    /// Topics cannot begin so.
    #[error("topics cannot begin with {prefix:?}: {fault}; take a prefix such as home/vibelux")]
    Prefix {
        /// How they should begin.
        prefix: String,
        /// What is wrong with that.
        fault: TopicFault,
    },
    /// A mood cannot be called so.
    #[error("Home Assistant cannot be told of a mood {name:?}: letters, digits and _ name it")]
    MoodName {
        /// How it should be called.
        name: String,
    },
    /// A file of authorities that has none.
    #[error("what is given as the broker's authority is no certificate in PEM")]
    Authority,
    /// Nobody answers there.
    #[error("no MQTT broker at {address}: {source}; see that it runs and listens there")]
    Connect {
        /// Where.
        address: MqttAddress,
        /// Why.
        source: io::Error,
    },
    /// Somebody answers, but TLS does not come about.
    #[error(
        "no TLS with the MQTT broker at {address}: {source}; see that the port is its port for TLS, and name its own authority if it has one"
    )]
    Tls {
        /// Where.
        address: MqttAddress,
        /// Why.
        source: io::Error,
    },
    /// It takes the connection and says nothing.
    #[error(
        "what listens at {address} does not answer as an MQTT broker does (waited {seconds} s)"
    )]
    Silent {
        /// Where.
        address: MqttAddress,
        /// How long it was waited for.
        seconds: u64,
    },
    /// What answers does not speak as a broker does.
    #[error("what answers at {address} is no MQTT broker")]
    Nonsense {
        /// Where.
        address: MqttAddress,
    },
    /// It does not let us in.
    #[error("the MQTT broker at {address} refuses the connection: {refusal}")]
    Refused {
        /// Where.
        address: MqttAddress,
        /// Why.
        refusal: Refusal,
    },
    /// The connection broke off.
    #[error("the connection to the MQTT broker at {address} broke off: {source}")]
    Lost {
        /// Where.
        address: MqttAddress,
        /// Why.
        source: io::Error,
    },
    /// A message that is larger than all that anybody could mean.
    #[error(
        "the MQTT broker at {address} sends a message of more than {most} bytes; if one is kept there, remove it: mosquitto_pub -r -n -t {topic}"
    )]
    TooLarge {
        /// Where.
        address: MqttAddress,
        /// So many are taken.
        most: u32,
        /// The one topic that is listened to.
        topic: String,
    },
    /// It hangs up before it has said a word.
    #[error(
        "what listens at {address} hangs up on an MQTT client ({source}); a broker's port for TLS wants mqtts://"
    )]
    HangsUp {
        /// Where.
        address: MqttAddress,
        /// How.
        source: io::Error,
    },
    /// The system has no thread for it.
    #[error("no thread for the link to the MQTT broker: {0}")]
    Thread(#[source] io::Error),
}

/// Why a broker lets nobody in (the return codes of MQTT 3.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Code 4.
    #[error("the user's name or password is wrong")]
    Password,
    /// Code 5, which some also send for a wrong password.
    #[error(
        "not authorised; the user's name or password is missing or wrong, or the user may not connect"
    )]
    NotAuthorised,
    /// Code 3.
    #[error("it is not ready")]
    NotReady,
    /// Code 2.
    #[error("it does not take the client's name")]
    Client,
    /// Code 1.
    #[error("it does not speak MQTT 3.1.1")]
    Version,
}

impl MqttError {
    /// The same, if it came before the broker had said anything.
    pub(super) fn before_greeting(self) -> Self {
        match self {
            Self::Lost { address, source } => Self::HangsUp { address, source },
            other => other,
        }
    }

    /// Whether only a person can change that: another password, another user.
    #[must_use]
    pub fn is_refused_user(&self) -> bool {
        let Self::Refused { refusal, .. } = self else {
            return false;
        };
        matches!(refusal, Refusal::Password | Refusal::NotAuthorised)
    }
}
