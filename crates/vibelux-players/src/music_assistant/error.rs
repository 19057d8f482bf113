//! What can go wrong with Music Assistant.

use crate::http::HttpError;
use crate::server_playlist::PlaylistRemains;

/// Why Music Assistant did not do what it was asked for. No message has a password or a token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MusicAssistantError {
    /// Nobody answers, or the connection broke off, or the answer is none that could be used.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// What answers is something else.
    #[error(
        "what answers at {server} is no Music Assistant; give the address that its page has in a browser, such as http://127.0.0.1:8095"
    )]
    NotMusicAssistant {
        /// Where.
        server: String,
    },
    /// It takes no commands over HTTP.
    #[error("Music Assistant at {server} is {version}, and 2.7 or newer is needed; update it")]
    TooOld {
        /// Where.
        server: String,
        /// Its version.
        version: String,
    },
    /// It does not know who comes.
    #[error(
        "Music Assistant at {server} refuses the credentials; see that the token (its settings, Profile) or the name and password are right"
    )]
    Credentials {
        /// Where.
        server: String,
    },
    /// Whoever comes may not do that.
    #[error(
        "Music Assistant at {server} does not allow {command} to this user; use the token of one who may do that"
    )]
    Rights {
        /// Where.
        server: String,
        /// What was asked for.
        command: String,
    },
    /// It cannot do that.
    #[error("Music Assistant at {server} answers {status} to {command}; its log says why")]
    Refused {
        /// Where.
        server: String,
        /// What was asked for.
        command: String,
        /// The answer's number.
        status: u16,
    },
    /// An answer has another shape than Music Assistant's.
    #[error(
        "the answer of Music Assistant at {server} to {command} makes no sense; it is cut off, or something stands in between"
    )]
    Nonsense {
        /// Where.
        server: String,
        /// What was asked for.
        command: String,
    },
    /// The same songs come again and again.
    #[error("Music Assistant at {server} lists the same items again after {listed}")]
    Repeats {
        /// Where.
        server: String,
        /// So many were listed.
        listed: usize,
    },
    /// A playlist of no songs, or without a name, or nothing to play.
    #[error("a playlist needs a name and at least one song")]
    Empty,
    /// A name that it takes for a path.
    #[error(
        "Music Assistant has no playlists with \"/\", \"\\\" or \"..\" in their names, such as {name:?}"
    )]
    Name {
        /// The name.
        name: String,
    },
    /// It does not have all songs of the playlist.
    #[error(
        "Music Assistant at {server} does not know {missing} of {tried} songs, such as {example:?}; list its songs again"
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
        "Music Assistant at {server} has {count} playlists {name:?} of its own; rename or delete all but one"
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
        "Music Assistant at {server} did not store the {sent} songs of the playlist {name:?} as they were sent, {remains}"
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
    /// Something went wrong after the songs of a playlist were taken out.
    #[error(
        "the playlist {name:?} was not finished: {cause}. All its new songs are in the playlist {draft:?} until it is written again"
    )]
    Interrupted {
        /// Which playlist.
        name: String,
        /// What the playlist with all its new songs is called.
        draft: String,
        /// What went wrong.
        #[source]
        cause: Box<MusicAssistantError>,
    },
    /// A playlist is written, and what it was written by is still there.
    #[error(
        "the playlist {name:?} is written, but its draft {draft:?} could not be taken away: {cause}"
    )]
    DraftStays {
        /// Which playlist.
        name: String,
        /// What its draft is called.
        draft: String,
        /// Why.
        #[source]
        cause: Box<MusicAssistantError>,
    },
}
