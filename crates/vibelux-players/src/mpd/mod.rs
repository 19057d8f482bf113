//! The Music Player Daemon (MPD, musicpd.org), by its protocol: `address.rs` says where it is, `client.rs` talks to it, `queue.rs` is how `follow` and
//! `enqueue` fill its queue.

mod address;
mod client;
mod error;
mod queue;
mod stream;

pub use crate::enqueue::{Enqueued, enqueue};
pub use crate::follow::{Follower, NextSongs, Tick};
pub use crate::queue::{PlayState as MpdState, QueueStatus as MpdStatus, QueuedSong};
pub use address::MpdAddress;
pub use client::Mpd;
pub use error::MpdError;
