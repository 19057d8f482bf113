//! Music Assistant, by the commands of its API over HTTP (`POST /api`): `login.rs` says who comes, `server.rs` sends commands, `songs.rs` lists the
//! songs, `reference.rs` says which of them an item is, `playlist.rs` writes playlists, `queue.rs` puts songs into the queues of its players.
//!
//! The shapes are those of Music Assistant 2.7 to 2.10 (API schema 28 and later), read from its sources, from `music-assistant-client` 1.5 and
//! from `music-assistant-models`. Older versions take the same commands over a WebSocket only, and ask nobody who they are; they are refused.

mod error;
mod login;
mod playlist;
mod queue;
mod reference;
mod server;
mod songs;

pub use error::MusicAssistantError;
pub use login::MusicAssistantLogin;
pub use queue::{PlayerQueue, QueueOption};
pub use server::MusicAssistant;
#[cfg(feature = "fuzzing")]
pub(crate) use songs::song;
