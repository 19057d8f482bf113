//! The first words to a broker, and what its answer means.

use mqtt_protocol_core::mqtt::packet::Qos;
use mqtt_protocol_core::mqtt::packet::v3_1_1::Connect;
use mqtt_protocol_core::mqtt::result_code::{ConnectReturnCode, MqttError as ProtocolError};

use super::error::Refusal;
use super::settings::MqttSettings;

/// A connection is tried when nothing was said for so long.
const KEEP_ALIVE_SECONDS: u16 = 30;

/// What Home Assistant expects where nothing else is set.
pub(super) const ONLINE: &[u8] = b"online";
pub(super) const OFFLINE: &[u8] = b"offline";

/// Who comes, and what is to be said when the connection breaks: the last will.
pub(super) fn connect(settings: &MqttSettings, client: &str) -> Result<Connect, ProtocolError> {
    let will = settings.topics.availability.as_str();
    let mut connect = Connect::builder()
        .client_id(client)?
        // Commands that were sent while nobody was here are not obeyed later.
        .clean_session(true)
        .keep_alive(KEEP_ALIVE_SECONDS)
        .will_message(will, OFFLINE.to_vec(), Qos::AtLeastOnce, true)?;
    if let Some(user) = settings.address.user() {
        connect = connect.user_name(user)?;
    }
    if let Some(password) = settings.address.password() {
        connect = connect.password(password.as_bytes().to_vec())?;
    }
    connect.build()
}

/// What the answer to that means.
pub(super) fn refusal(code: ConnectReturnCode) -> Option<Refusal> {
    match code {
        ConnectReturnCode::Accepted => None,
        ConnectReturnCode::BadUserNameOrPassword => Some(Refusal::Password),
        ConnectReturnCode::NotAuthorized => Some(Refusal::NotAuthorised),
        ConnectReturnCode::ServerUnavailable => Some(Refusal::NotReady),
        ConnectReturnCode::IdentifierRejected => Some(Refusal::Client),
        ConnectReturnCode::UnacceptableProtocolVersion => Some(Refusal::Version),
    }
}
