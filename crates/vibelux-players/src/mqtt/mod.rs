//! A broker of MQTT (mqtt.org), by which home automation hears of the mood and of what plays, and says what to play.
//!
//! ```text
//! caller -> message.rs -> outbox.rs -> link.rs, visit.rs -> broker.rs -> stream.rs -> the broker
//! caller <- workroom.rs <- command.rs <--------/
//! ```
//!
//! [`MqttLink`] is a thread of its own, as this is of use to programs with and without a runtime. `address.rs` says where the broker is,
//! `topics.rs` what the topics are called, `discovery.rs` what Home Assistant is told of them. MQTT 3.1.1, which all brokers speak.

mod address;
mod broker;
mod command;
mod discovery;
mod error;
mod greeting;
mod link;
mod message;
mod note;
mod outbox;
mod settings;
mod stream;
mod topics;
mod visit;
mod workroom;

pub use address::{AddressFault, MqttAddress};
pub use command::{Command, CommandFault};
pub use discovery::HomeAssistant;
pub use error::{MqttError, Refusal};
pub use link::MqttLink;
pub use message::{MoodMessage, SongMessage};
pub use note::MqttNote;
pub use outbox::MqttState;
pub use settings::MqttSettings;
pub use topics::TopicFault;
