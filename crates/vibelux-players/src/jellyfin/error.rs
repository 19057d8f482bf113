//! What can go wrong with Jellyfin.

use crate::http::HttpError;
use crate::server_playlist::PlaylistRemains;

/// Why Jellyfin did not do what it was asked for. No message has a password, a token or a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JellyfinError {
    /// Nobody answers, or the connection broke off, or the answer is none that could be used.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// What answers is something else.
    #[error(
        "what answers at {server} is no Jellyfin; give the address that its page has in a browser, such as http://127.0.0.1:8096"
    )]
    NotJellyfin {
        /// Where.
        server: String,
    },
    /// What answers is Jellyfin's older relative.
    #[error(
        "what answers at {server} is Emby {version}, whose playlists cannot be written; only Jellyfin's can"
    )]
    Emby {
        /// Where.
        server: String,
        /// Its version.
        version: String,
    },
    /// It does not know what is needed.
    #[error("Jellyfin at {server} is {version}, and playlists need 10.9 or newer; update it")]
    TooOld {
        /// Where.
        server: String,
        /// Its version.
        version: String,
    },
    /// It does not know who comes.
    #[error(
        "Jellyfin at {server} refuses the credentials; see that the key, the token or the name and password are right"
    )]
    Credentials {
        /// Where.
        server: String,
    },
    /// Whoever comes may not do that.
    #[error(
        "Jellyfin at {server} does not allow {path} to this user; sign in as one who may do that"
    )]
    Rights {
        /// Where.
        server: String,
        /// What was asked for.
        path: String,
    },
    /// A key was given as if it were the token of a user.
    #[error(
        "what was given as a token for Jellyfin at {server} belongs to no user; if it is an API key, say for which user it is used"
    )]
    NoUserOfToken {
        /// Where.
        server: String,
    },
    /// It has no such user.
    #[error("Jellyfin at {server} has no user {user:?}")]
    NoUser {
        /// Where.
        server: String,
        /// Who was named.
        user: String,
    },
    /// Keys may not write playlists, and the way around that is closed.
    #[error(
        "Jellyfin at {server} lets no API key change playlists, and its Quick Connect, by which a key can act for a user, is switched off; \
        switch it on, or give the user's name and password"
    )]
    NoQuickConnect {
        /// Where.
        server: String,
    },
    /// An answer has another shape than Jellyfin's.
    #[error(
        "the answer of Jellyfin at {server} to {path} makes no sense; it is cut off, or something stands in between"
    )]
    Nonsense {
        /// Where.
        server: String,
        /// What was asked for.
        path: String,
    },
    /// The same songs come again and again.
    #[error("Jellyfin at {server} lists the same songs again after {listed}")]
    Repeats {
        /// Where.
        server: String,
        /// So many were listed.
        listed: usize,
    },
    /// A playlist of no songs, or without a name.
    #[error("a playlist needs a name and at least one song")]
    Empty,
    /// It does not know all songs of the playlist.
    #[error(
        "Jellyfin at {server} does not know {missing} of {tried} songs, such as {example:?}; list its songs again"
    )]
    Unknown {
        /// Where.
        server: String,
        /// So many it does not know.
        missing: usize,
        /// Of so many.
        tried: usize,
        /// What one of them was called.
        example: String,
    },
    /// It is not clear which playlist is meant.
    #[error(
        "{count} playlists {name:?} of Jellyfin at {server} belong to this user; rename or delete all but one"
    )]
    Ambiguous {
        /// Where.
        server: String,
        /// What they are called.
        name: String,
        /// How many there are.
        count: usize,
    },
    /// It did not store what it was sent.
    #[error(
        "Jellyfin at {server} did not store the {sent} songs of the playlist {name:?} as they were sent, {remains}"
    )]
    Unverified {
        /// Where.
        server: String,
        /// Which playlist.
        name: String,
        /// So many were sent.
        sent: usize,
        /// What is there now.
        remains: PlaylistRemains,
    },
}
