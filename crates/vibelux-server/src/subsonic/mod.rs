//! `--subsonic`: the library for the music players of phones and desktops, by the OpenSubsonic API (version 1.16.1 of Subsonic's, with
//! the extensions that [`system`] names).
//!
//! ```text
//! request -> parameters -> account (who asks) -> call -> system, browse, lists, search, similar, moods, own -> answer (JSON, XML)
//!                                                    \-> sound (a song, a cover)
//! ```
//!
//! An endpoint of its own, because it has an account of its own: these players know nothing of the page's tokens. Artists and albums are
//! made of the songs' tags (`shelves.rs`); only music is shown.
//!
//! Source: the documentation of the OpenSubsonic API (opensubsonic.netlify.app) and the Subsonic API 1.16.1.

mod account;
mod answer;
mod browse;
mod call;
pub mod error;
mod items;
mod lists;
mod moods;
mod own;
mod parameters;
mod refusal;
mod routes;
mod search;
mod shelves;
mod similar;
mod sound;
mod system;

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

pub use account::SubsonicAccount;
use error::SubsonicError;
pub use routes::router;

/// All that the endpoint for players needs.
#[derive(Debug)]
pub struct SubsonicAccess {
    /// Where to listen.
    pub(crate) listen: IpAddr,
    /// The port; `None` for the usual one, or any that is free where that is taken.
    pub(crate) port: Option<u16>,
    pub(crate) account: SubsonicAccount,
}

impl SubsonicAccess {
    /// Reads the account in `folder`, or makes one.
    ///
    /// # Errors
    /// [`SubsonicError`] if it cannot be read or kept.
    pub fn open(folder: &Path, listen: IpAddr, port: Option<u16>) -> Result<Self, SubsonicError> {
        Ok(Self {
            listen,
            port,
            account: SubsonicAccount::open(folder)?,
        })
    }
}

/// What a player must be told.
#[derive(Debug, Clone)]
pub struct SubsonicReady {
    /// Where the endpoint listens.
    pub address: SocketAddr,
    /// Who may ask.
    pub account: SubsonicAccount,
}
