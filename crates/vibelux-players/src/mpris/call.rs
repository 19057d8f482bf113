//! What methods are called with over D-Bus, and why a call may come to nothing.

use std::time::Duration;

use super::error::MprisError;

/// For so long an answer is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// What a method is called with.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(unix), allow(dead_code, reason = "nobody is called there"))]
pub(super) enum Arguments<'a> {
    None,
    Text(&'a str),
    Texts(&'a str, &'a str),
    Path(&'a str),
    Paths(&'a [String]),
    /// A URI, the track that it comes after, and whether it is played at once.
    Track(&'a str, &'a str, bool),
}

/// Why a call came to nothing.
#[derive(Debug)]
#[cfg_attr(not(unix), allow(dead_code, reason = "nobody is called there"))]
pub(super) enum CallError {
    /// Nobody has that name.
    Gone,
    /// No answer came in time.
    Slow,
    /// The bus broke off.
    Lost(String),
    /// It refuses, in its words.
    Refused(String),
    /// What it answers cannot be read.
    Nonsense,
}

impl CallError {
    /// The same of a player that was asked for this.
    pub(super) fn of(
        self,
        player: &str,
        method: &str,
        address: &str,
        patience: Duration,
    ) -> MprisError {
        let (player, method) = (player.to_owned(), method.to_owned());
        match self {
            Self::Gone => MprisError::Gone { player },
            Self::Slow => MprisError::Slow {
                player,
                method,
                seconds: patience.as_secs(),
            },
            Self::Lost(reason) => MprisError::Lost {
                address: address.to_owned(),
                reason,
            },
            Self::Refused(message) => MprisError::Refused {
                player,
                method,
                message,
            },
            Self::Nonsense => MprisError::Nonsense { player, method },
        }
    }
}
