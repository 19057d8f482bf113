//! What can go wrong with a Subsonic server.

use crate::http::HttpError;

/// Why a server did not do what it was asked for. No password, token or key is in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubsonicError {
    /// No answer that could be used.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// What answers does not speak as such servers do.
    #[error(
        "what answers at {server} to {method} is no Subsonic server; give the address of its web page, without /rest"
    )]
    Nonsense {
        /// Where.
        server: String,
        /// What was asked.
        method: String,
    },
    /// It does not know this user, password or key (its errors 40, 43, 44).
    #[error(
        "{server} refuses the account: {message}; see that user and password, or the API key, are right"
    )]
    Account {
        /// Where.
        server: String,
        /// In its words.
        message: String,
    },
    /// It cannot check tokens (its error 41): it does not know the password itself, as with LDAP.
    #[error(
        "{server} takes no tokens for this user; make an API key there and give that, or, if it makes none, let the password itself be sent (over https)"
    )]
    NoTokens {
        /// Where.
        server: String,
    },
    /// It does not take this way of signing in (its error 42), mostly API keys.
    #[error(
        "{server} does not take this way of signing in: {message}; give user and password if it was an API key, and else an API key"
    )]
    NoSuchSignIn {
        /// Where.
        server: String,
        /// In its words.
        message: String,
    },
    /// The user may not do that (its error 50).
    #[error("{server} does not allow this user to {method}: {message}; an administrator of it can")]
    Forbidden {
        /// Where.
        server: String,
        /// What was asked.
        method: String,
        /// In its words.
        message: String,
    },
    /// It wants to be paid for (its error 60).
    #[error("the trial of {server} is over: {message}")]
    TrialOver {
        /// Where.
        server: String,
        /// In its words.
        message: String,
    },
    /// That is not there (its error 70).
    #[error("{server} does not find what {method} is asked of: {message}")]
    NotFound {
        /// Where.
        server: String,
        /// What was asked.
        method: String,
        /// In its words.
        message: String,
    },
    /// It speaks an older version of the API than is needed.
    #[error("{server} speaks version {version} of the Subsonic API, which is too old; update it")]
    TooOld {
        /// Where.
        server: String,
        /// Which version.
        version: String,
    },
    /// It wants a newer version of the API than is spoken here.
    #[error(
        "{server} speaks version {version} of the Subsonic API, which this program is too old for: {message}"
    )]
    TooNew {
        /// Where.
        server: String,
        /// Which version.
        version: String,
        /// In its words.
        message: String,
    },
    /// It refuses for another reason.
    #[error("{server} refuses {method}: {message} (its error {code})")]
    Refused {
        /// Where.
        server: String,
        /// What was asked.
        method: String,
        /// Its number for that.
        code: i64,
        /// In its words.
        message: String,
    },
    /// A playlist without a name or without songs.
    #[error("a playlist needs a name and at least one song; {name:?} has {songs}")]
    EmptyPlaylist {
        /// Its name.
        name: String,
        /// How many songs it would have.
        songs: usize,
    },
    /// There is a playlist of that name that must not be replaced.
    #[error(
        "{server} has a playlist {name:?} already that {why}; delete it there or take another name"
    )]
    Untouchable {
        /// Where.
        server: String,
        /// Its name.
        name: String,
        /// Why not.
        why: &'static str,
    },
    /// It kept something else than it was given. The playlist of that name is as it was before, unless `is_replaced`.
    #[error(
        "{server} keeps {kept} of the {given} songs of the playlist {name:?}, the first difference at {first_difference}{}; let it scan its library, and match the songs again",
        if *.is_replaced { "" } else { ", so it was not put in place" }
    )]
    Differs {
        /// Where.
        server: String,
        /// The playlist's name.
        name: String,
        /// How many songs it was given.
        given: usize,
        /// How many it keeps.
        kept: usize,
        /// The first place, from 1, at which they are not the same.
        first_difference: usize,
        /// Whether it stands in the old one's place by now.
        is_replaced: bool,
    },
    /// It calls a playlist otherwise than it was told to.
    #[error(
        "{server} calls the playlist {name:?} {kept:?}, so it was not put in place; take a name that it keeps"
    )]
    Renamed {
        /// Where.
        server: String,
        /// As it was to be called.
        name: String,
        /// As it calls it.
        kept: String,
    },
    /// The old playlist of that name and the new one may both be there.
    #[error(
        "{server} may have the playlist {name:?} twice now, the old one and the new one: {source}; put it there again, and it is tidied up"
    )]
    Twice {
        /// Where.
        server: String,
        /// Its name.
        name: String,
        /// Why.
        source: Box<SubsonicError>,
    },
    /// The system gives no random numbers, which tokens and names need.
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
}

impl SubsonicError {
    /// Whether the same may go well a moment later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Http(error) => error.is_passing(),
            Self::Twice { source, .. } => source.is_passing(),
            _ => false,
        }
    }

    /// Whether it says that something is not there.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }

    /// Whether the server heard what it was asked for, and did nothing.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Forbidden { .. } | Self::NotFound { .. } | Self::Refused { .. }
        )
    }
}
