//! The client of Subsonic servers.
//!
//! - `real.rs`: a real server, supysonic (skipped aloud where it is not installed).
//! - `made_up.rs`, `made_up_playlists.rs` and `made_up_slow.rs`: servers that are not as they should be, or have what supysonic has not (tokens, API keys, forms,
//!   100,000 songs): `answering.rs` gives answers that were made by hand.
//! - `matching.rs`: songs matched with songs, without any server.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

mod answering;
mod made_up;
mod made_up_playlists;
mod made_up_slow;
mod matching;
mod real;
