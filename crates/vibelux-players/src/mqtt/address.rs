//! [`MqttAddress`]: where a broker is, and who comes there.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use url::Url;

/// The port of brokers, and the one for TLS.
const PORT: u16 = 1883;
const TLS_PORT: u16 = 8883;

/// The longest name, password: their lengths have 16 bits in the protocol.
const MOST_BYTES: usize = u16::MAX as usize;

/// Where a broker is, with the user's name and password if it wants them: `mqtt://user:password@host:1883`, or `mqtts://` for TLS. A host alone
/// is one by `mqtt://`.
///
/// ```
/// use vibelux_players::mqtt::MqttAddress;
///
/// let address: MqttAddress = "mqtt://vibelux:secret@nas.local".parse()?;
/// assert_eq!(address.to_string(), "mqtt://nas.local:1883");
/// # Ok::<(), vibelux_players::mqtt::AddressFault>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct MqttAddress {
    is_tls: bool,
    host: String,
    port: u16,
    user: Option<String>,
    password: Option<String>,
}

/// What is wrong with the address of a broker. It does not repeat the address, which may have a password in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressFault {
    /// No address at all, or a password with signs that end a host.
    #[error(
        "the broker's address is not understood; write mqtt://host or mqtt://user@host:1883, and signs such as / # ? @ : in a password as %2F %23 %3F %40 %3A"
    )]
    Syntax,
    /// Another protocol.
    #[error("a broker's address begins with mqtt:// or, for TLS, with mqtts://")]
    Scheme,
    /// A path, a query or a fragment.
    #[error(
        "a broker's address ends with its host or port; the topics are set elsewhere, and signs such as / # ? in a password are written %2F %23 %3F"
    )]
    Path,
    /// A name or password that is no text.
    #[error("the user's name or password in the broker's address is no UTF-8")]
    NotText,
    /// A password, but nobody whose it is.
    #[error("there is a password for the broker, but no user's name; name the user too")]
    NoUser,
    /// A name or password that the protocol cannot carry.
    #[error("the user's name or password for the broker is longer than 65535 bytes")]
    TooLong,
}

impl MqttAddress {
    /// The same with a user's name, which takes the place of the address's.
    #[must_use]
    pub fn with_user(mut self, user: &str) -> Self {
        self.user = Some(user.to_owned());
        self
    }

    /// The same with a password from elsewhere, such as a file: one in the address can be read in the list of processes.
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        self.password = Some(password.to_owned());
        self
    }

    /// Whether it is reached over TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// The user's name, if one is known.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    pub(super) fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Whether the protocol can carry what it says of the user.
    pub(super) fn check(&self) -> Result<(), AddressFault> {
        if self.password.is_some() && self.user.is_none() {
            return Err(AddressFault::NoUser);
        }
        let mut texts = [&self.user, &self.password].into_iter().flatten();
        if texts.any(|text| text.len() > MOST_BYTES) {
            return Err(AddressFault::TooLong);
        }
        Ok(())
    }
}

impl FromStr for MqttAddress {
    type Err = AddressFault;

    fn from_str(text: &str) -> Result<Self, AddressFault> {
        let text = text.trim();
        let whole = if text.contains("://") {
            text.to_owned()
        } else {
            format!("mqtt://{text}")
        };
        let url = Url::parse(&whole).map_err(|_| AddressFault::Syntax)?;
        let is_tls = match url.scheme() {
            "mqtt" => false,
            "mqtts" => true,
            _ => return Err(AddressFault::Scheme),
        };
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(AddressFault::Path);
        }
        let host = url.host_str().filter(|host| !host.is_empty());
        let decode = |text: &str| {
            let text = percent_decode_str(text).decode_utf8();
            text.map(String::from).map_err(|_| AddressFault::NotText)
        };
        let user = Some(url.username()).filter(|user| !user.is_empty());
        Ok(Self {
            is_tls,
            // An IPv6 address has brackets here, and none where it is looked up.
            host: host
                .map(|host| host.trim_start_matches('[').trim_end_matches(']'))
                .ok_or(AddressFault::Syntax)
                .and_then(decode)
                .and_then(|host| is_host(&host).then_some(host).ok_or(AddressFault::Syntax))?,
            port: url.port().unwrap_or(if is_tls { TLS_PORT } else { PORT }),
            user: user.map(decode).transpose()?,
            password: url.password().map(decode).transpose()?,
        })
    }
}

/// Whether it can be a name or an IP address. What was escaped in a URL could be anything, say a line break
/// in what is shown.
fn is_host(host: &str) -> bool {
    let in_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_');
    host.chars().all(in_name) || host.parse::<Ipv6Addr>().is_ok()
}

impl fmt::Display for MqttAddress {
    /// Without the user and the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "mqtts" } else { "mqtt" };
        if self.host.contains(':') {
            return write!(f, "{scheme}://[{}]:{}", self.host, self.port);
        }
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for MqttAddress {
    /// Without the user and the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_ports_and_users_are_told_apart() {
        for (text, shown, user, password) in [
            ("mqtt://nas.local", "mqtt://nas.local:1883", None, None),
            ("nas.local", "mqtt://nas.local:1883", None, None),
            ("192.168.1.2:1884", "mqtt://192.168.1.2:1884", None, None),
            ("mqtts://nas/", "mqtts://nas:8883", None, None),
            ("mqtt://[::1]:1885", "mqtt://[::1]:1885", None, None),
            ("mqtt://me@nas", "mqtt://nas:1883", Some("me"), None),
            (
                "mqtt://me:s%2Fcr%40t@nas:1",
                "mqtt://nas:1",
                Some("me"),
                Some("s/cr@t"),
            ),
        ] {
            let address: MqttAddress = text.parse().unwrap();
            assert_eq!(address.to_string(), shown, "{text}");
            assert_eq!((address.user(), address.password()), (user, password));
            assert_eq!(address.is_tls(), text.starts_with("mqtts"));
            let debug = format!("{address:?}");
            assert_eq!(debug, shown, "no user, no password");
        }
        let address: MqttAddress = "mqtt://[::1]".parse().unwrap();
        assert_eq!(address.host(), "::1", "as it is looked up");
    }

    #[test]
    fn what_is_no_address_says_so_without_the_password() {
        for (text, fault) in [
            ("", AddressFault::Syntax),
            ("mqtt://", AddressFault::Syntax),
            ("mqtt://host:99999", AddressFault::Syntax),
            ("mqtt://me:secret/word@host", AddressFault::Syntax),
            ("mqtt://host/home/topic", AddressFault::Path),
            ("mqtt://host?secret", AddressFault::Path),
            ("http://host", AddressFault::Scheme),
            ("ws://host", AddressFault::Scheme),
            ("mqtt://%FF:secret@host", AddressFault::NotText),
        ] {
            let error = text.parse::<MqttAddress>().unwrap_err();
            assert_eq!(error, fault, "{text}");
            assert!(!format!("{error} {error:?}").contains("secret"));
        }
        let address: MqttAddress = "mqtt://host".parse().unwrap();
        let address = address.with_password("secret");
        assert_eq!(address.check(), Err(AddressFault::NoUser));
        assert_eq!(address.clone().with_user("me").check(), Ok(()));
        let long = address.with_user(&"x".repeat(65_536));
        assert_eq!(long.check(), Err(AddressFault::TooLong));
    }

    #[test]
    fn hosts_that_are_none_are_refused() {
        for text in ["%2.E%0a%", "a%3Ab", "a%2Fb", "a%00b", "m%m%2", ";jmy"] {
            assert!(text.parse::<MqttAddress>().is_err(), "{text}");
        }
        let address: MqttAddress = "küche_1.local".parse().unwrap();
        assert_eq!(address.to_string(), "mqtt://küche_1.local:1883");
    }
}
