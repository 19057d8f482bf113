//! Servers that speak the Subsonic API or OpenSubsonic (Navidrome, Gonic, Ampache, Airsonic, LMS, supysonic, Nextcloud Music):
//! their songs are listed and matched with ours, playlists are put there, songs are fetched.
//!
//! ```text
//! account -> client -> songs -> crate::matching -> ids -> put_playlist
//!                           \-> download (what we do not have)
//! ```
//!
//! `account.rs` says who asks, `client.rs` asks, `answer.rs` reads what any answer has in common and `error.rs` says what it may fail with;
//! `song.rs` and `songs.rs` are the server's songs, `playlists.rs` lists playlists and `put_playlist.rs` writes them; `download.rs` fetches
//! songs' files.

mod account;
mod answer;
mod client;
mod download;
mod error;
mod playlists;
mod put_playlist;
mod song;
mod songs;

pub use account::SubsonicAccount;
pub use client::{ServerInfo, Subsonic};
pub use download::Download;
pub use error::SubsonicError;
pub use playlists::ServerPlaylist;
pub use songs::Songs;
#[cfg(feature = "fuzzing")]
pub(crate) use songs::songs_found;
