//! Jellyfin, by its HTTP API: `login.rs` says who comes, `caller.rs` asks as that one, `session.rs` signs in and out, `server.rs` is what the rest
//! of the program holds, `songs.rs` lists the songs, `playlist.rs` writes playlists.
//!
//! The shapes are those of Jellyfin 10.9 to 12.0, read from its sources (`PlaylistsController`, `ItemsController`, `UserController`,
//! `QuickConnectController`). Emby is told apart and refused: it has no request that replaces the songs of a playlist.

mod caller;
mod error;
mod login;
mod playlist;
mod server;
mod session;
mod songs;

pub use error::JellyfinError;
pub use login::JellyfinLogin;
pub use server::Jellyfin;
#[cfg(feature = "fuzzing")]
pub(crate) use songs::song;
