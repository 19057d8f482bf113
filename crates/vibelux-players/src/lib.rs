//! The players people already have, and what they are told to play.
//!
//! ```text
//! mood -> vibelux::recommend::queue -> names of songs -> follow, enqueue -> queue -+-> mpd   -> MPD
//!                                   |                                              +-> mpris -> players of a Linux desktop
//!                                   \-> matching (ids of a server) -> subsonic, jellyfin, music_assistant -> playlists there
//! mood -> mqtt -> a broker -> home automation, and its commands back
//! ```
//!
//! Knows nothing of emotions: what comes next is asked of a [`NextSongs`].

mod enqueue;
mod follow;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod http;
pub mod jellyfin;
mod matching;
pub mod mpd;
#[cfg(feature = "mpris")]
pub mod mpris;
pub mod mqtt;
pub mod music_assistant;
mod plain_text;
mod queue;
mod recent;
mod server_playlist;
mod server_song;
pub mod subsonic;

pub use enqueue::{Enqueued, enqueue};
pub use follow::{Follower, NextSongs, Tick};
pub use http::HttpError;
pub use matching::{LocalSong, Matches, match_songs};
pub use queue::{PlayState, PlayerQueue, QueueStatus, QueuedSong};
pub use server_playlist::{PlaylistChange, PlaylistRemains, WrittenPlaylist};
pub use server_song::ServerSong;
