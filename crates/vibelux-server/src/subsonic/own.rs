//! What a player says of songs: stars are likes, which what follows is ranked by.

use serde_json::{Map, Value};

use super::call::{Call, Item};
use super::refusal::Refusal;

/// `star` and `unstar`: songs, or all songs of albums. An id that is none changes nothing of all.
///
/// # Errors
/// [`Refusal::NotFound`], and [`Refusal::Forbidden`] for artists.
pub fn star(call: &Call, liked: bool) -> Result<Map<String, Value>, Refusal> {
    let names = ["id", "albumId", "artistId"].iter();
    let ids = names.flat_map(|name| call.sent.all(name));
    let mut songs = Vec::new();
    for id in ids {
        let item = call.item(id)?;
        if let Item::Artist(_) = item {
            return Err(Refusal::Forbidden(
                "artists have no stars here; give them to songs or albums",
            ));
        }
        songs.extend_from_slice(Call::songs_of(&item));
    }
    if songs.is_empty() {
        return Err(Refusal::Missing("id"));
    }
    for at in songs {
        let song = call.catalogue.song(at);
        call.app.library.set_liked(song, liked)?;
    }
    Ok(Map::new())
}
