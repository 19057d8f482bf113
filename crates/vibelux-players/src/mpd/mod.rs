//! The Music Player Daemon (MPD, musicpd.org), by its protocol: `address.rs` says where it is, `client.rs` talks to it, `enqueue.rs` puts songs into its queue, `follow.rs`
//! keeps that filled.

mod address;
mod client;
mod enqueue;
mod error;
mod follow;
mod stream;

pub use address::MpdAddress;
pub use client::{Mpd, MpdState, MpdStatus, QueuedSong};
pub use enqueue::{Enqueued, enqueue};
pub use error::MpdError;
pub use follow::{Follower, NextSongs, Tick};
