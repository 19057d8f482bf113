//! What can go wrong with the players of a desktop.

fn any(there: &[String]) -> String {
    match there {
        [] => "none".to_owned(),
        there => there.join(", "),
    }
}

/// Why a player did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MprisError {
    /// This system has no such players.
    #[error(
        "players are told what to play over D-Bus (MPRIS) only on Linux and other Unix desktops"
    )]
    Elsewhere,
    /// There is no session bus.
    #[error(
        "no D-Bus session at {address}: {reason}; run this within the desktop session, set DBUS_SESSION_BUS_ADDRESS to that of the player, or \
        start both by dbus-run-session"
    )]
    NoBus {
        /// Where it was looked for.
        address: String,
        /// Why it is not there.
        reason: String,
    },
    /// The session bus broke off.
    #[error("the connection to the D-Bus session at {address} broke off: {reason}")]
    Lost {
        /// Where.
        address: String,
        /// Why.
        reason: String,
    },
    /// No player is there.
    #[error("no music player is on the D-Bus session; start one that speaks MPRIS, such as VLC")]
    NoPlayer,
    /// None of the players is called so.
    #[error("no player is called {wanted:?}; there is {}", any(.there))]
    NotFound {
        /// What was asked for.
        wanted: String,
        /// The players that are there.
        there: Vec<String>,
    },
    /// It could be any of these.
    #[error("say which player is meant: {}", .there.join(", "))]
    Ambiguous {
        /// The players that it could be.
        there: Vec<String>,
    },
    /// It lets nobody control it.
    #[error("{player} lets nobody control it (CanControl is false); choose another player")]
    NotControllable {
        /// Which player.
        player: String,
    },
    /// Its track list is not for others.
    #[error(
        "{player} lets nobody put songs into its track list; it can be given one song at a time, each when the one before has ended"
    )]
    CannotQueue {
        /// Which player.
        player: String,
    },
    /// It does not play what has such an address.
    #[error("{player} does not play {uri:?}: it takes {}", .takes.join(", "))]
    Scheme {
        /// Which player.
        player: String,
        /// What it was to play.
        uri: String,
        /// The kinds of addresses that it takes.
        takes: Vec<String>,
    },
    /// It was told to take a song, and has not.
    #[error("{player} does not take {uri:?}; see that it can read and play the file")]
    NotTaken {
        /// Which player.
        player: String,
        /// What it was to play.
        uri: String,
    },
    /// It takes none of the songs that it is told to play.
    #[error(
        "{player} takes none of {tried} songs, such as {example:?}; see that it can read and play the files"
    )]
    TakesNone {
        /// Which player.
        player: String,
        /// So many songs were tried.
        tried: usize,
        /// What one of them is called.
        example: String,
    },
    /// It refuses.
    #[error("{player} refuses {method}: {message}")]
    Refused {
        /// Which player.
        player: String,
        /// What it was asked for.
        method: String,
        /// In its words.
        message: String,
    },
    /// It has ended, or left the bus.
    #[error("{player} has gone; start it again")]
    Gone {
        /// Which player.
        player: String,
    },
    /// No answer came in time.
    #[error("{player} has not answered {method} for {seconds} seconds; see whether it hangs")]
    Slow {
        /// Which player.
        player: String,
        /// What it was asked for.
        method: String,
        /// How long was waited.
        seconds: u64,
    },
    /// It does not answer as the specification has it.
    #[error("{player} answers {method} with what MPRIS does not know")]
    Nonsense {
        /// Which player.
        player: String,
        /// What it was asked for.
        method: String,
    },
}

impl MprisError {
    /// Whether it says that a player does not take a song.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Scheme { .. } | Self::NotTaken { .. })
    }

    /// Whether the same may go well a moment later, when the player is there again.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::NoBus { .. }
                | Self::Lost { .. }
                | Self::NoPlayer
                | Self::NotFound { .. }
                | Self::Gone { .. }
                | Self::Slow { .. }
        )
    }
}
