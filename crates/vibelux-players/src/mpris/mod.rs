//! The music players of a Linux desktop, by MPRIS 2 (specifications.freedesktop.org/mpris-spec) over the session's D-Bus.
//!
//! ```text
//! link (zbus) -> value -> info, track -> bus (which players) -> player, track_list (one of them) -> queue -> follow, enqueue
//!                                                                                               +-> one_by_one
//! ```
//!
//! A player that lets others edit its track list is filled as an MPD is: [`Mpris`] is a [`crate::PlayerQueue`]. Most cannot; those are given one song
//! at a time, each when the one before has ended: [`OneByOne`].

mod bus;
mod call;
mod choose;
mod error;
mod info;
#[cfg_attr(not(unix), path = "link_elsewhere.rs")]
mod link;
mod movement;
mod one_by_one;
mod player;
mod queue;
mod track;
mod track_list;
mod uri;
mod value;

pub use bus::{MprisBus, MprisListing};
pub use error::MprisError;
pub use info::PlayerInfo;
pub use one_by_one::OneByOne;
pub use player::MprisPlayer;
pub use queue::Mpris;
pub use track::Track;
pub use uri::{file_of_uri, file_uri, same_uri};
