//! The page, the API and the live camera of vibelux, for the browser on the same computer.
//!
//! ```text
//! browser -> endpoint (connections, TLS) -> security (host, origin, token) -> routes -> library, models
//!                                                                         \-> live (camera frames -> moods)
//! players -> endpoint -> subsonic (account, methods) -> library
//! ```
//!
//! The last crate but the program itself in the flow: it asks the library crate and says what came of
//! it in HTTP and JSON. Whatever takes time (decoding, detecting, classifying, SQLite) runs beside the
//! asynchronous threads. No picture, frame or vector of a face is written or logged anywhere.

mod analysis;
mod blocking;
mod config;
mod endpoint;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod hex;
mod home;
mod http;
mod interrupt;
mod lan;
mod library;
mod live;
mod media;
mod openapi;
mod private_file;
mod routes;
mod security;
mod server;
mod state;
mod subsonic;

pub use config::{Limits, ServerConfig, TokenPolicy};
pub use home::{Home, HomeAccess, NoPage, Now, NowSong, Order, Orders};
pub use http::error::ServerError;
pub use lan::error::LanError;
pub use lan::{Identity, Invitations, LanAccess, qr_text};
pub use library::folders::MusicFolders;
pub use security::{Role, Token};
pub use server::{Ready, Server, serve};
pub use subsonic::error::SubsonicError;
pub use subsonic::{SubsonicAccess, SubsonicAccount, SubsonicReady};
