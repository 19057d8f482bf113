//! Filling the queue of a player, once or from now on: what `vibelux mpd` and `vibelux mpris` share.
//!
//! ```text
//! flags, camera, lines -> moods.rs -> follow.rs --+
//!               songs.rs (what comes next) -------+-> vibelux_players -> a player
//! flags -------------------------> put.rs --------+
//! ```

mod follow;
mod moods;
mod names;
mod put;
mod songs;

pub use follow::{FollowFlags, Followed, Trouble};
pub use names::SongNames;
pub use put::PutFlags;
pub use songs::LibrarySongs;
