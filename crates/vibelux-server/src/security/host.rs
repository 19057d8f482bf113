//! [`Authority`]: the host that a request names, and whether an origin is the same.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::HOST;

/// The longest name that DNS allows, and a port.
const MAX_LENGTH: usize = 253 + 6;

/// A host and perhaps a port, in lower case, of harmless characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority(String);

impl Authority {
    /// Reads `host`, `host:port`, `[v6]` or `[v6]:port`.
    fn parse(text: &str) -> Option<Self> {
        let harmless = |c: u8| c.is_ascii_alphanumeric() || b"-._:[]".contains(&c);
        let ok = !text.is_empty() && text.len() <= MAX_LENGTH && text.bytes().all(harmless);
        let authority = ok.then(|| Self(text.to_ascii_lowercase()))?;
        let port_is_one = authority
            .port()
            .is_none_or(|port| port.parse::<u16>().is_ok());
        (port_is_one && !authority.name().is_empty()).then_some(authority)
    }

    /// `name`, `127.0.0.1` or `[::1]`.
    fn name(&self) -> &str {
        match self.0.rfind(']') {
            Some(end) => &self.0[..=end],
            None => self.0.split(':').next().unwrap_or_default(),
        }
    }

    fn port(&self) -> Option<&str> {
        self.0.get(self.name().len()..)?.strip_prefix(':')
    }

    /// Whether only this computer is meant by the name. The port may be another, as through an SSH
    /// tunnel.
    pub fn is_loopback(&self) -> bool {
        let name = self.name();
        let bare = name.strip_prefix('[').and_then(|n| n.strip_suffix(']'));
        name == "localhost"
            || bare
                .unwrap_or(name)
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }

    /// Whether an `Origin` header is a page of this host and port.
    pub fn is_origin(&self, origin: &HeaderValue) -> bool {
        let Ok(origin) = origin.to_str() else {
            return false;
        };
        let (rest, default_port) = if let Some(rest) = origin.strip_prefix("http://") {
            (rest, "80")
        } else if let Some(rest) = origin.strip_prefix("https://") {
            (rest, "443")
        } else {
            return false;
        };
        Self::parse(rest).is_some_and(|other| {
            other.name() == self.name()
                && other.port().unwrap_or(default_port) == self.port().unwrap_or(default_port)
        })
    }

    /// As it stands in an address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The host that a request names: exactly one, and the same everywhere.
pub fn of(request: &Request) -> Option<Authority> {
    let mut named = request.headers().get_all(HOST).iter();
    let host = Authority::parse(named.next()?.to_str().ok()?)?;
    if named.next().is_some() {
        return None;
    }
    match request.uri().authority() {
        Some(target) => (Authority::parse(target.as_str())? == host).then_some(host),
        None => Some(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Option<Authority> {
        Authority::parse(text)
    }

    #[test]
    fn names_of_this_computer_are_told_from_others() {
        for own in [
            "localhost",
            "LOCALHOST:80",
            "127.0.0.1:8437",
            "127.1.2.3",
            "[::1]:9",
            "[::1]",
        ] {
            assert!(host(own).unwrap().is_loopback(), "{own}");
        }
        for other in [
            "evil.example",
            "localhost.evil.example:8437",
            "127.0.0.1.evil.example",
            "192.168.0.2",
            "[fe80::1]:80",
            "0.0.0.0:8437",
            "localhost.",
        ] {
            assert!(!host(other).unwrap().is_loopback(), "{other}");
        }
        for none in [
            "",
            ":80",
            "a b",
            "a/b",
            "user@localhost",
            "localhost:x",
            "a:1:2",
            "a;b",
            "é",
        ] {
            assert!(host(none).is_none(), "{none}");
        }
    }

    #[test]
    fn an_origin_is_the_same_host_and_port() {
        let own = host("localhost:8437").unwrap();
        let is = |text: &'static str| own.is_origin(&HeaderValue::from_static(text));
        assert!(is("http://localhost:8437") && is("https://LOCALHOST:8437"));
        for other in [
            "http://localhost:3000",
            "http://localhost",
            "http://127.0.0.1:8437",
            "http://localhost:8437.evil.example",
            "http://localhost:8437/",
            "null",
            "",
            "file://",
            "chrome-extension://abc",
        ] {
            assert!(!is(other), "{other}");
        }
        let proxied = host("music.example").unwrap();
        assert!(proxied.is_origin(&HeaderValue::from_static("https://music.example")));
        assert!(proxied.is_origin(&HeaderValue::from_static("https://music.example:443")));
        assert!(!proxied.is_origin(&HeaderValue::from_static("https://music.example:80")));
    }
}
