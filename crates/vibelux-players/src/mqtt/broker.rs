//! [`Broker`]: one connection, from the greeting to its end. The rules of the protocol are mqtt-protocol-core's, which moves no bytes itself.

use std::collections::HashMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use mqtt_protocol_core::mqtt::common::Cursor;
use mqtt_protocol_core::mqtt::connection::{ConnectionOptions, Event, TimerKind};
use mqtt_protocol_core::mqtt::packet::v3_1_1::{Disconnect, Publish, Subscribe};
use mqtt_protocol_core::mqtt::packet::{GenericPacketTrait, Packet, Qos, SubEntry, SubOpts};
use mqtt_protocol_core::mqtt::result_code::{
    ConnectReturnCode, MqttError as ProtocolError, SubackReturnCode,
};
use mqtt_protocol_core::mqtt::{Connection, Version, role};
use tokio::time::Instant;

use super::address::MqttAddress;
use super::error::MqttError;
use super::greeting::{connect, refusal};
use super::settings::MqttSettings;
use super::stream::Stream;

/// For so long a silent broker may take to answer when it is asked whether it is there.
const PONG: Duration = Duration::from_secs(10);

/// For so long the broker may keep quiet about a message.
const ACKNOWLEDGE: Duration = Duration::from_secs(20);

/// The largest message. Commands are far shorter; longer ones are answered up to here.
const MOST_BYTES: u32 = 1 << 20;

/// So many messages may be without an answer.
const MOST_UNACKNOWLEDGED: usize = 200;

/// An open connection.
pub(super) struct Broker {
    address: MqttAddress,
    /// The one topic that is listened to.
    topic: String,
    stream: Stream,
    protocol: Connection<role::Client>,
    ping_at: Option<Instant>,
    pong_until: Option<Instant>,
    /// Until when each message is to be acknowledged.
    unacknowledged: HashMap<u16, Instant>,
}

/// What came from the broker.
pub(super) enum Incoming {
    /// It lets us in, or says why not.
    Welcome(ConnectReturnCode),
    /// It lets us listen, or does not.
    Listening(bool),
    /// A message.
    Message(Message),
}

/// A message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// Its number; none for those that are sent only once.
    pub(super) id: Option<u16>,
    pub(super) payload: Vec<u8>,
    /// The broker kept it for who comes later.
    pub(super) is_kept: bool,
    /// It may have come before.
    pub(super) is_repeated: bool,
}

/// A connection that is greeted, and what came with the greeting.
pub(super) struct Greeted {
    pub(super) broker: Broker,
    /// Whether commands may be listened to.
    pub(super) is_heard: bool,
    pub(super) messages: Vec<Message>,
}

impl Broker {
    /// Calls, says who we are, and listens to the topic of commands.
    pub(super) async fn greet(settings: &MqttSettings, client: &str) -> Result<Greeted, MqttError> {
        let stream = Stream::open(&settings.address, settings.tls.as_ref()).await?;
        let options = ConnectionOptions::new().maximum_packet_size_recv(MOST_BYTES);
        let mut protocol = Connection::with_options(Version::V3_1_1, options);
        protocol.set_auto_pub_response(true);
        protocol.set_pingresp_recv_timeout(PONG.as_millis() as u64);
        let mut broker = Self {
            address: settings.address.clone(),
            topic: settings.topics.command.clone(),
            stream,
            protocol,
            ping_at: None,
            pong_until: None,
            unacknowledged: HashMap::new(),
        };
        let greeting = connect(settings, client).map_err(|error| broker.broken(error))?;
        let events = broker.protocol.checked_send(greeting);
        broker.obey(events).await?;
        let mut bytes = broker.read().await.map_err(MqttError::before_greeting)?;
        // Other protocols may look like a long message that is not yet whole.
        if !b"\x20\x02".starts_with(&bytes[..bytes.len().min(2)]) {
            let address = broker.address;
            return Err(MqttError::Nonsense { address });
        }
        let mut messages = Vec::new();
        loop {
            let mut listening = None;
            for incoming in broker.take_in(&bytes).await? {
                match incoming {
                    Incoming::Welcome(code) => match refusal(code) {
                        None => broker.listen().await?,
                        Some(refusal) => {
                            return Err(MqttError::Refused {
                                address: broker.address,
                                refusal,
                            });
                        }
                    },
                    Incoming::Listening(is_heard) => listening = Some(is_heard),
                    Incoming::Message(message) => messages.push(message),
                }
            }
            if let Some(is_heard) = listening {
                return Ok(Greeted {
                    broker,
                    is_heard,
                    messages,
                });
            }
            bytes = broker.read().await?;
        }
    }

    async fn listen(&mut self) -> Result<(), MqttError> {
        let subscribe = self.subscribe().map_err(|error| self.broken(error))?;
        let events = self.protocol.checked_send(subscribe);
        self.obey(events).await.map(drop)
    }

    fn subscribe(&mut self) -> Result<Subscribe, ProtocolError> {
        let options = SubOpts::new().set_qos(Qos::AtLeastOnce);
        Subscribe::builder()
            .packet_id(self.protocol.acquire_packet_id()?)
            .entries(vec![SubEntry::new(self.topic.as_str(), options)?])
            .build()
    }

    /// Says something, to be acknowledged under the number that comes back.
    pub(super) async fn publish(
        &mut self,
        topic: &str,
        message: Vec<u8>,
        keep: bool,
    ) -> Result<u16, MqttError> {
        let id = self.protocol.acquire_packet_id();
        let publish = id.and_then(|id| {
            let publish = Publish::builder().topic_name(topic)?.packet_id(id);
            let publish = publish.qos(Qos::AtLeastOnce).retain(keep);
            Ok((id, publish.payload(message).build()?))
        });
        let (id, publish) = publish.map_err(|error| self.broken(error))?;
        let events = self.protocol.checked_send(publish);
        self.obey(events).await?;
        self.unacknowledged.insert(id, Instant::now() + ACKNOWLEDGE);
        Ok(id)
    }

    /// Whether a message with this number is still on its way.
    pub(super) fn is_on_its_way(&self, id: u16) -> bool {
        self.unacknowledged.contains_key(&id)
    }

    /// Whether all that was said has been heard.
    pub(super) fn is_quiet(&self) -> bool {
        self.unacknowledged.is_empty()
    }

    /// Whether the broker keeps up with what it is told.
    pub(super) fn keeps_up(&self) -> bool {
        self.unacknowledged.len() < MOST_UNACKNOWLEDGED
    }

    /// The bytes that come next; nothing is lost if this is not waited for to its end.
    pub(super) async fn read(&mut self) -> Result<Vec<u8>, MqttError> {
        let read = self.stream.read().await;
        read.map(<[u8]>::to_vec).map_err(|source| MqttError::Lost {
            address: self.address.clone(),
            source,
        })
    }

    /// What bytes mean, which are whatever the broker sent. After an error this connection is of no use.
    pub(super) async fn take_in(&mut self, bytes: &[u8]) -> Result<Vec<Incoming>, MqttError> {
        let mut cursor = Cursor::new(bytes);
        let mut incoming = Vec::new();
        while cursor.position() < bytes.len() as u64 {
            // mqtt-protocol-core 0.7.9 unwraps packet identifiers, and a broker may send the 0, which is none.
            let events = catch_unwind(AssertUnwindSafe(|| self.protocol.recv(&mut cursor)));
            let events = events.map_err(|_| self.broken(ProtocolError::MalformedPacket))?;
            incoming.extend(self.obey(events).await?);
        }
        Ok(incoming)
    }

    /// When [`Self::tick`] has something to do.
    pub(super) fn next_tick(&self) -> Option<Instant> {
        let times = [self.ping_at, self.pong_until].into_iter().flatten();
        times.chain(self.unacknowledged.values().copied()).min()
    }

    /// Tries the connection if it was silent, and gives it up if it stays so.
    pub(super) async fn tick(&mut self) -> Result<(), MqttError> {
        let now = Instant::now();
        let is_over = |time: &Instant| *time <= now;
        if self.pong_until.as_ref().is_some_and(is_over)
            || self.unacknowledged.values().any(is_over)
        {
            let source = io::Error::new(io::ErrorKind::TimedOut, "the broker does not answer");
            return Err(MqttError::Lost {
                address: self.address.clone(),
                source,
            });
        }
        if self.ping_at.as_ref().is_some_and(is_over) {
            self.ping_at = None;
            let events = self.protocol.notify_timer_fired(TimerKind::PingreqSend);
            self.obey(events).await?;
        }
        Ok(())
    }

    /// Ends it in good order: the broker does not say on our behalf that we are gone.
    pub(super) async fn close(mut self) {
        if let Ok(goodbye) = Disconnect::builder().build() {
            let events = self.protocol.checked_send(goodbye);
            // It ends either way.
            let _ = self.obey(events).await;
        }
        self.stream.close().await;
    }

    /// Does what the protocol asks for; what is to be known of it.
    async fn obey(&mut self, events: Vec<Event>) -> Result<Vec<Incoming>, MqttError> {
        let mut incoming = Vec::new();
        for event in events {
            match event {
                Event::RequestSendPacket { packet, .. } => {
                    let bytes = packet.to_continuous_buffer();
                    let written = self.stream.write(&bytes).await;
                    written.map_err(|source| MqttError::Lost {
                        address: self.address.clone(),
                        source,
                    })?;
                }
                Event::NotifyPacketReceived(packet) => incoming.extend(self.known(&packet)),
                Event::NotifyPacketIdReleased(id) => {
                    self.unacknowledged.remove(&id);
                }
                Event::RequestTimerReset { kind, duration_ms } => {
                    let time = Instant::now() + Duration::from_millis(duration_ms);
                    self.set_timer(kind, Some(time));
                }
                Event::RequestTimerCancel(kind) => self.set_timer(kind, None),
                Event::NotifyError(error) => return Err(self.broken(error)),
                // After it there is a word about why, or it is we who end it.
                Event::RequestClose => {}
            }
        }
        Ok(incoming)
    }

    fn known(&self, packet: &Packet) -> Option<Incoming> {
        match packet {
            Packet::V3_1_1Connack(welcome) => Some(Incoming::Welcome(welcome.return_code())),
            Packet::V3_1_1Suback(suback) => {
                let codes = suback.return_codes();
                Some(Incoming::Listening(
                    codes.iter().all(SubackReturnCode::is_success),
                ))
            }
            Packet::V3_1_1Publish(publish) if publish.topic_name() == self.topic => {
                Some(Incoming::Message(Message {
                    id: publish.packet_id(),
                    payload: publish.payload().as_slice().to_vec(),
                    is_kept: publish.retain(),
                    is_repeated: publish.dup(),
                }))
            }
            _ => None,
        }
    }

    fn set_timer(&mut self, kind: TimerKind, time: Option<Instant>) {
        match kind {
            TimerKind::PingreqSend => self.ping_at = time,
            TimerKind::PingrespRecv => self.pong_until = time,
            // Brokers have that one.
            TimerKind::PingreqRecv => {}
        }
    }

    fn broken(&self, error: ProtocolError) -> MqttError {
        let address = self.address.clone();
        match error {
            ProtocolError::PacketTooLarge => MqttError::TooLarge {
                address,
                most: MOST_BYTES,
                topic: self.topic.clone(),
            },
            _ => MqttError::Nonsense { address },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tokio::io::AsyncReadExt;

    const WELCOME: &[u8] = b"\x20\x02\x00\x00";

    /// A connection to somebody who hears all and says what the test says.
    fn broker() -> Broker {
        let (near, mut far) = tokio::io::duplex(1 << 16);
        tokio::spawn(async move { while far.read(&mut [0; 1024]).await.is_ok_and(|n| n > 0) {} });
        let options = ConnectionOptions::new().maximum_packet_size_recv(MOST_BYTES);
        let mut protocol = Connection::with_options(Version::V3_1_1, options);
        protocol.set_auto_pub_response(true);
        protocol.set_pingresp_recv_timeout(PONG.as_millis() as u64);
        Broker {
            address: "mqtt://127.0.0.1".parse().unwrap(),
            topic: "vibelux/command".to_owned(),
            stream: Stream::over(near),
            protocol,
            ping_at: None,
            pong_until: None,
            unacknowledged: HashMap::new(),
        }
    }

    /// What a broker makes of bytes after each step of a greeting.
    async fn hear(pieces: &[Vec<u8>]) {
        let settings = MqttSettings::new("127.0.0.1".parse().unwrap(), "vibelux").unwrap();
        for steps in 0..4 {
            let mut broker = broker();
            let greeting = connect(&settings, "test").unwrap();
            let events = broker.protocol.checked_send(greeting);
            broker.obey(events).await.unwrap();
            if steps > 0 {
                broker.take_in(WELCOME).await.unwrap();
            }
            if steps > 1 {
                broker.listen().await.unwrap();
            }
            if steps > 2 {
                broker
                    .publish("vibelux/mood", b"x".to_vec(), false)
                    .await
                    .unwrap();
            }
            for piece in pieces {
                if broker.take_in(piece).await.is_err() {
                    break;
                }
            }
        }
    }

    #[tokio::test]
    async fn a_silent_broker_is_asked_and_then_given_up() {
        let settings = MqttSettings::new("127.0.0.1".parse().unwrap(), "vibelux").unwrap();
        let mut broker = broker();
        let greeting = connect(&settings, "test").unwrap();
        let events = broker.protocol.checked_send(greeting);
        broker.obey(events).await.unwrap();
        broker.take_in(WELCOME).await.unwrap();
        let seconds = |time: Option<Instant>| {
            let time = time.map(|time| time.saturating_duration_since(Instant::now()));
            time.map(|time| time.as_secs_f64().round())
        };
        assert_eq!(seconds(broker.ping_at), Some(30.0));
        broker.ping_at = Some(Instant::now());
        assert!(broker.next_tick().unwrap() <= Instant::now());
        broker.tick().await.unwrap();
        assert_eq!(seconds(broker.pong_until), Some(10.0));
        broker.take_in(b"\xd0\x00").await.unwrap();
        assert_eq!(broker.pong_until, None);
        broker.tick().await.unwrap();
        broker.pong_until = Some(Instant::now());
        let given_up = broker.tick().await;
        assert!(matches!(given_up, Err(MqttError::Lost { .. })));

        // One that answers that, and forgets to say that it has heard.
        broker.pong_until = None;
        let id = broker
            .publish("vibelux/mood", b"x".to_vec(), false)
            .await
            .unwrap();
        assert!(broker.is_on_its_way(id) && !broker.is_quiet());
        assert_eq!(seconds(broker.next_tick()), Some(20.0));
        broker.unacknowledged.insert(id, Instant::now());
        let given_up = broker.tick().await;
        assert!(matches!(given_up, Err(MqttError::Lost { .. })));
        let acknowledged = [0x40, 2, 0, id as u8];
        broker.take_in(&acknowledged).await.unwrap();
        assert!(broker.is_quiet());
        broker.tick().await.unwrap();
    }

    #[tokio::test]
    async fn a_message_whose_number_is_missing_is_nonsense() {
        for kind in [0x32, 0x34] {
            let mut broker = broker();
            let settings = MqttSettings::new("127.0.0.1".parse().unwrap(), "vibelux").unwrap();
            let events = broker
                .protocol
                .checked_send(connect(&settings, "test").unwrap());
            broker.obey(events).await.unwrap();
            broker.take_in(WELCOME).await.unwrap();
            let numbered = broker.take_in(&[kind, 5, 0, 1, b'a', 0, 1]).await;
            assert!(numbered.is_ok());
            let missing = broker.take_in(&[kind, 5, 0, 1, b'a', 0, 0]).await;
            assert!(matches!(missing, Err(MqttError::Nonsense { .. })));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        /// A kind, a length and a content that may or may not fit together.
        #[test]
        fn whatever_a_broker_says_it_crashes_nobody(
            packets in proptest::collection::vec(
                (any::<u8>(), proptest::option::of(any::<u8>()), proptest::collection::vec(prop_oneof![Just(0_u8), Just(1), Just(2), any::<u8>()], 0..40)),
                1..8,
            ),
            cut in 1_usize..50,
        ) {
            let bytes: Vec<u8> = packets.iter().flat_map(|(kind, length, content)| {
                let length = length.unwrap_or(content.len() as u8);
                [&[*kind, length][..], content].concat()
            }).collect();
            let pieces: Vec<Vec<u8>> = bytes.chunks(cut).map(<[u8]>::to_vec).collect();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(hear(&pieces));
        }
    }
}
