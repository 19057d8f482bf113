//! [`MpdAddress`]: where an MPD is, as its clients are told (`MPD_HOST`, `MPD_PORT`).

use std::fmt;
use std::path::PathBuf;

/// Where an MPD is, and its password.
#[derive(Clone, PartialEq, Eq)]
pub struct MpdAddress {
    place: MpdPlace,
    password: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum MpdPlace {
    Host(String, u16),
    Socket(PathBuf),
}

impl MpdAddress {
    /// Reads what `MPD_HOST` may be: a host, or the path of a socket (one that begins with `/`), with a password and `@` before it if it has
    /// one. A socket has no port.
    #[must_use]
    pub fn new(host: &str, port: u16) -> Self {
        // A path may have such a sign in it, an abstract socket begins with one; a password is never empty.
        let (password, place) = match host.split_once('@') {
            Some((password, place)) if !password.is_empty() && !password.starts_with('/') => {
                (Some(password.to_owned()), place)
            }
            _ => (None, host),
        };
        Self {
            place: if place.starts_with('/') {
                MpdPlace::Socket(place.into())
            } else {
                MpdPlace::Host(place.to_owned(), port)
            },
            password,
        }
    }

    pub(super) fn place(&self) -> &MpdPlace {
        &self.place
    }

    pub(super) fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    /// Whether it is reached by a socket of this machine, over which it takes whole paths too.
    #[must_use]
    pub fn is_socket(&self) -> bool {
        matches!(self.place, MpdPlace::Socket(_))
    }
}

impl fmt::Display for MpdAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            MpdPlace::Host(host, port) => write!(f, "{host}:{port}"),
            MpdPlace::Socket(path) => write!(f, "{}", path.display()),
        }
    }
}

impl fmt::Debug for MpdAddress {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_sockets_and_passwords_are_told_apart() {
        for (text, place, password) in [
            ("localhost", "localhost:6600", None),
            ("secret@nas.local", "nas.local:6600", Some("secret")),
            ("/run/mpd/socket", "/run/mpd/socket", None),
            ("secret@/run/mpd/socket", "/run/mpd/socket", Some("secret")),
            ("/run/a@b/socket", "/run/a@b/socket", None),
        ] {
            let address = MpdAddress::new(text, 6600);
            assert_eq!(address.to_string(), place);
            assert_eq!(address.password(), password);
            assert!(!format!("{address:?}").contains("secret"));
        }
    }
}
