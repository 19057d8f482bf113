//! [`ServerPlaylist`]: the playlists of a server that the user sees.

use serde_json::{Map, Value};

use super::answer::{integer, is_true, text};
use super::client::Subsonic;
use super::error::SubsonicError;

/// A playlist of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerPlaylist {
    /// What the server calls it; another one of the same name has another id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Whose it is.
    pub owner: Option<String>,
    /// Whether it is the user's own; `None` if the server does not say clearly whose it is.
    pub is_own: Option<bool>,
    /// Whether others see it.
    pub is_public: bool,
    /// Whether it cannot be changed, such as one that the server fills itself.
    pub is_read_only: bool,
    /// What it says about itself.
    pub note: Option<String>,
    /// How many songs it has.
    pub song_count: Option<u64>,
}

impl ServerPlaylist {
    pub(super) fn read(fields: &Map<String, Value>, user: Option<&str>) -> Option<Self> {
        let owner = text(fields, "owner");
        let is_own = owner.as_deref().zip(user).and_then(|(owner, user)| {
            // To some servers these are one user, to others two.
            let is_nearly = owner != user && owner.to_lowercase() == user.to_lowercase();
            (!is_nearly).then_some(owner == user)
        });
        Some(Self {
            id: text(fields, "id")?,
            name: text(fields, "name")?,
            is_own,
            owner,
            is_public: is_true(fields, "public"),
            is_read_only: is_true(fields, "readonly"),
            note: text(fields, "comment"),
            song_count: integer(fields, "songCount").and_then(|count| u64::try_from(count).ok()),
        })
    }
}

impl Subsonic {
    /// The playlists that the user sees: the own ones and those that others share.
    ///
    /// # Errors
    /// [`SubsonicError`].
    pub fn playlists(&self) -> Result<Vec<ServerPlaylist>, SubsonicError> {
        let user = self.user()?;
        let answer = self.ask("getPlaylists", &[])?;
        let playlists = answer.list("playlists", "playlist");
        let playlists = playlists.iter();
        Ok(playlists
            .filter_map(|fields| ServerPlaylist::read(fields, user))
            .collect())
    }

    /// The ids of the songs of a playlist, in their order.
    ///
    /// # Errors
    /// [`SubsonicError`]; [`SubsonicError::is_absent`] if there is none with this id.
    pub fn playlist_songs(&self, id: &str) -> Result<Vec<String>, SubsonicError> {
        let answer = self.ask("getPlaylist", &[("id", id)])?;
        let entries = answer.list("playlist", "entry");
        Ok(entries
            .iter()
            .filter_map(|fields| text(fields, "id"))
            .collect())
    }
}
