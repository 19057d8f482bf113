//! [`Link`]: the connection to a session bus, by zbus. Nothing else here knows zbus.

use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use zbus::export::futures_core::Stream;
use zbus::message::{Message, Type};
use zbus::{Connection, MatchRule, MessageStream, ObjectPath, Structure, Variant, connection, fdo};

use super::call::{Arguments, CallError};
use super::error::MprisError;
use super::value::Value;

/// So many signals are kept until they are looked at; a bus whose signals nobody looks at stands still.
const MOST_SIGNALS: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

/// Where every player has its interfaces.
const PLAYER_PATH: &str = "/org/mpris/MediaPlayer2";

/// An open connection.
#[derive(Debug, Clone)]
pub(super) struct Link {
    connection: Connection,
    patience: Duration,
}

impl Link {
    /// Connects to the first of some addresses that answers.
    pub(super) fn open(addresses: &str, patience: Duration) -> Result<Self, MprisError> {
        let mut reason = "the address is empty".to_owned();
        for address in addresses.split(';').filter(|address| !address.is_empty()) {
            match open(address.to_owned(), patience) {
                Ok(connection) => {
                    return Ok(Self {
                        connection,
                        patience,
                    });
                }
                Err(why) => reason = why,
            }
        }
        Err(MprisError::NoBus {
            address: addresses.to_owned(),
            reason,
        })
    }

    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// Calls a method of the bus itself.
    pub(super) fn ask_bus(
        &self,
        method: &str,
        arguments: Arguments<'_>,
    ) -> Result<Vec<Value>, CallError> {
        let name = "org.freedesktop.DBus";
        self.call(name, "/org/freedesktop/DBus", name, method, arguments)
    }

    /// Calls a method of a player.
    pub(super) fn ask(
        &self,
        owner: &str,
        interface: &str,
        method: &str,
        arguments: Arguments<'_>,
    ) -> Result<Vec<Value>, CallError> {
        self.call(owner, PLAYER_PATH, interface, method, arguments)
    }

    fn call(
        &self,
        name: &str,
        path: &str,
        interface: &str,
        method: &str,
        arguments: Arguments<'_>,
    ) -> Result<Vec<Value>, CallError> {
        let object = |path| ObjectPath::try_from(path).map_err(|_| CallError::Nonsense);
        let answer = zbus::block_on(async {
            macro_rules! call {
                ($body:expr) => {
                    self.connection
                        .call_method(Some(name), path, Some(interface), method, $body)
                        .await
                        .map_err(why)
                };
            }
            match arguments {
                Arguments::None => call!(&()),
                Arguments::Text(text) => call!(&(text,)),
                Arguments::Texts(one, other) => call!(&(one, other)),
                Arguments::Path(path) => call!(&(object(path)?,)),
                Arguments::Paths(paths) => {
                    let paths = paths.iter().map(|path| object(path));
                    call!(&(paths.collect::<Result<Vec<_>, _>>()?,))
                }
                Arguments::Track(uri, after, at_once) => {
                    call!(&(uri, object(after)?, at_once))
                }
            }
        })?;
        values(&answer)
    }

    /// Listens for a signal of a player, whatever interface it says that it is of.
    pub(super) fn listen(&self, owner: &str, member: &str) -> Result<Listener, CallError> {
        let rule = MatchRule::builder()
            .msg_type(Type::Signal)
            .sender(owner)
            .path(PLAYER_PATH)
            .member(member)
            .build()
            .map_err(|_| CallError::Nonsense)?;
        let stream = MessageStream::for_match_rule(rule, &self.connection, Some(MOST_SIGNALS));
        let stream = zbus::block_on(stream).map_err(why)?;
        Ok(Listener { stream })
    }
}

/// What listens for signals as long as it is there.
#[derive(Debug)]
pub(super) struct Listener {
    stream: MessageStream,
}

impl Listener {
    /// What the signals said that have come so far.
    pub(super) fn heard(&mut self) -> Vec<Vec<Value>> {
        let mut heard = Vec::new();
        let mut context = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(signal)) = Pin::new(&mut self.stream).poll_next(&mut context) {
            heard.extend(signal.ok().and_then(|signal| values(&signal).ok()));
        }
        heard
    }
}

/// Connects within the time: what takes the call may be silent for ever.
fn open(address: String, patience: Duration) -> Result<Connection, String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let builder = connection::Builder::address(address.as_str()).method_timeout(patience);
        let _ = sender.send(zbus::block_on(builder.build()));
    });
    match receiver.recv_timeout(patience) {
        Ok(connection) => connection.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer in {} seconds", patience.as_secs())),
    }
}

fn why(error: zbus::Error) -> CallError {
    match error {
        zbus::Error::InputOutput(error) if error.kind() == std::io::ErrorKind::TimedOut => {
            CallError::Slow
        }
        zbus::Error::InputOutput(error) => CallError::Lost(error.to_string()),
        zbus::Error::FDO(error) => why_of_bus(*error),
        zbus::Error::MethodError(name, message, _) => {
            CallError::Refused(message.unwrap_or_else(|| name.to_string()))
        }
        _ => CallError::Nonsense,
    }
}

fn why_of_bus(error: fdo::Error) -> CallError {
    match error {
        // The bus says the last one of who leaves before the answer, and nobody else says it.
        fdo::Error::ServiceUnknown(_) | fdo::Error::NameHasNoOwner(_) | fdo::Error::NoReply(_) => {
            CallError::Gone
        }
        fdo::Error::Disconnected(message) => CallError::Lost(message),
        fdo::Error::ZBus(error) => why(error),
        error => {
            let name = zbus::DBusError::name(&error).to_string();
            let message = zbus::DBusError::description(&error);
            CallError::Refused(message.map_or(name, str::to_owned))
        }
    }
}

fn values(message: &Message) -> Result<Vec<Value>, CallError> {
    let body = message.body();
    if body.is_empty() {
        return Ok(Vec::new());
    }
    let structure: Structure<'_> = body.deserialize().map_err(|_| CallError::Nonsense)?;
    Ok(structure.fields().iter().map(value).collect())
}

fn value(variant: &Variant<'_>) -> Value {
    match variant {
        Variant::Bool(flag) => Value::Flag(*flag),
        Variant::U8(number) => Value::Integer((*number).into()),
        Variant::I16(number) => Value::Integer((*number).into()),
        Variant::U16(number) => Value::Integer((*number).into()),
        Variant::I32(number) => Value::Integer((*number).into()),
        Variant::U32(number) => Value::Integer((*number).into()),
        Variant::I64(number) => Value::Integer(*number),
        Variant::U64(number) => Value::Integer(i64::try_from(*number).unwrap_or(i64::MAX)),
        Variant::F64(number) => Value::Real(*number),
        Variant::Str(text) => Value::Text(text.to_string()),
        Variant::ObjectPath(path) => Value::Text(path.to_string()),
        Variant::Variant(inner) => value(inner),
        Variant::Array(list) => Value::List(list.inner().iter().map(value).collect()),
        Variant::Dict(dict) => {
            let entries = dict.iter().filter_map(|(key, inner)| match key {
                Variant::Str(key) => Some((key.to_string(), value(inner))),
                _ => None,
            });
            Value::Fields(entries.collect())
        }
        _ => Value::Other,
    }
}
