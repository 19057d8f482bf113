//! What can go wrong with MPD.

use super::address::MpdAddress;

/// Why MPD did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MpdError {
    /// Nobody answers there.
    #[error("no MPD at {address}: {source}; see that it runs")]
    Connect {
        /// Where.
        address: MpdAddress,
        /// Why.
        source: std::io::Error,
    },
    /// The connection broke off, or no answer came in time.
    #[error("the connection to MPD at {address} broke off: {source}")]
    Lost {
        /// Where.
        address: MpdAddress,
        /// Why.
        source: std::io::Error,
    },
    /// What answers does not speak as MPD does.
    #[error("what answers at {address} is no MPD")]
    Nonsense {
        /// Where.
        address: MpdAddress,
    },
    /// It wants another password, or one at all.
    #[error("MPD at {address} refuses {command}: {message}")]
    Password {
        /// Where.
        address: MpdAddress,
        /// Which command.
        command: String,
        /// In its words.
        message: String,
    },
    /// A password that no line of the protocol holds.
    #[error("the password for MPD at {address} has a line break")]
    BadPassword {
        /// Where.
        address: MpdAddress,
    },
    /// It refuses.
    #[error("MPD at {address} refuses {command}: {message}")]
    Refused {
        /// Where.
        address: MpdAddress,
        /// Which command.
        command: String,
        /// Its number for that (`enum ack` of the protocol).
        code: u64,
        /// In its words.
        message: String,
    },
    /// It knows none of the songs that it is told to play.
    #[error(
        "MPD at {address} knows none of {tried} songs, such as {example:?}; let it update its database (mpc update)"
    )]
    Unknown {
        /// Where.
        address: MpdAddress,
        /// So many songs were tried.
        tried: usize,
        /// What one of them was called.
        example: String,
    },
}

/// The number of the protocol for something that is not there.
pub(super) const NO_EXIST: u64 = 50;

impl MpdError {
    /// Whether it says that a song is not there.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Refused { code: NO_EXIST, .. })
    }

    /// Whether the same may go well a moment later, over a new connection.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Connect { .. } | Self::Lost { .. })
    }
}
