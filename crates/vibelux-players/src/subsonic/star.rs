//! Stars: songs that the user likes, as all clients of a server show them.

use super::client::Subsonic;
use super::error::SubsonicError;
use super::put_playlist::chunks;

impl Subsonic {
    /// Stars songs, or takes the stars away. A song that has one already keeps it.
    ///
    /// # Errors
    /// [`SubsonicError`]; some of the songs may have got theirs.
    pub fn star(&self, ids: &[impl AsRef<str>], is_starred: bool) -> Result<(), SubsonicError> {
        let method = if is_starred { "star" } else { "unstar" };
        let ids: Vec<&str> = ids.iter().map(AsRef::as_ref).collect();
        for chunk in chunks(&ids, self.sends_forms()) {
            let fields: Vec<_> = chunk.iter().map(|&id| ("id", id)).collect();
            self.ask(method, &fields)?;
        }
        Ok(())
    }
}
