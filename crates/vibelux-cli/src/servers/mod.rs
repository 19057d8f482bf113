//! Songs of music servers: what `vibelux subsonic`, `jellyfin` and `music-assistant` share.
//!
//! ```text
//! flags -> library -> matched with the server's songs -> crate::sought (what fits) -> ids -> a playlist or a queue there
//! ```

mod known;
mod matched;
mod playlist;
mod secret;

use std::ops::ControlFlow;

use vibelux_players::ServerSong;

pub use known::{KnownSongs, PickedSongs};
pub use matched::matched;
pub use playlist::ServerPlaylistArgs;
pub use secret::secret;

/// A server that has songs and takes playlists.
pub trait MusicServer {
    /// What and where it is, for people.
    fn called(&self) -> String;

    /// All its songs; `progress` is told how many there are so far.
    fn songs(&self, progress: &mut dyn FnMut(usize)) -> anyhow::Result<Vec<ServerSong>>;

    /// Puts a playlist there, in the place of the user's own one of that name.
    fn put(&self, name: &str, ids: &[String]) -> anyhow::Result<()>;
}

/// All songs of a server that `list` gives in pages; `progress` is told how many there are so far.
///
/// # Errors
/// What `list` says.
pub fn collected<E>(
    progress: &mut dyn FnMut(usize),
    list: impl FnOnce(&mut dyn FnMut(Vec<ServerSong>) -> ControlFlow<()>) -> Result<usize, E>,
) -> Result<Vec<ServerSong>, E> {
    let mut all = Vec::new();
    list(&mut |page| {
        all.extend(page);
        progress(all.len());
        ControlFlow::Continue(())
    })?;
    Ok(all)
}
