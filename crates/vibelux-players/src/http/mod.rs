//! HTTP as the servers of players speak it: with limits on time and length, and tried again where that may help.
//!
//! ```text
//! subsonic, jellyfin, music_assistant -> Ask -> HttpServer -> Reply
//! ```
//!
//! Knows nothing of songs.

mod ask;
mod error;
mod server;

pub(crate) use ask::{Ask, Payload};
pub use error::HttpError;
pub(crate) use server::{HttpServer, Opened, Reply};
