//! What fuzz targets reach of the players: the code that reads the answers of music servers, without the sockets.
//! Only with the feature `fuzzing`; no part of the interface.

use serde_json::Value;

use crate::server_song::ServerSong;
use crate::{jellyfin, music_assistant, subsonic};

/// The songs in an answer of an OpenSubsonic server to a search.
#[must_use]
pub fn subsonic_songs(answer: &[u8]) -> Vec<ServerSong> {
    subsonic::songs_found(answer)
}

/// The songs in a list, as Jellyfin has it.
#[must_use]
pub fn jellyfin_songs(answer: &[u8]) -> Vec<ServerSong> {
    listed(answer, jellyfin::song)
}

/// The songs in a list, as Music Assistant has it.
#[must_use]
pub fn music_assistant_songs(answer: &[u8]) -> Vec<ServerSong> {
    listed(answer, music_assistant::song)
}

fn listed(answer: &[u8], song: fn(&Value) -> Option<ServerSong>) -> Vec<ServerSong> {
    let Ok(Value::Array(items)) = serde_json::from_slice(answer) else {
        return Vec::new();
    };
    items.iter().filter_map(song).collect()
}
