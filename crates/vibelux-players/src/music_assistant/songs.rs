//! All songs of the library, page by page.

use std::ops::ControlFlow;

use serde_json::{Value, json};

use super::error::MusicAssistantError;
use super::reference::{address_of, file_of};
use super::server::MusicAssistant;
use crate::server_song::{Listed, ServerSong};

/// Songs in a page.
const PAGE: usize = 500;

impl MusicAssistant {
    /// Gives all songs of the library to `each`, in pages, until it breaks; how many were given. The oldest come first, so that songs that are
    /// added meanwhile come last. Paths are those below the folder of the provider that has the file.
    ///
    /// # Errors
    /// [`MusicAssistantError`]; [`MusicAssistantError::Repeats`] if the same songs come again and again.
    pub fn songs(
        &self,
        mut each: impl FnMut(Vec<ServerSong>) -> ControlFlow<()>,
    ) -> Result<usize, MusicAssistantError> {
        let command = "music/tracks/library_items";
        let mut listed = Listed::default();
        let mut offset = 0;
        loop {
            // Newer versions leave out whose the songs are unless the items are wanted whole.
            let arguments = json!({
                "limit": PAGE, "offset": offset, "order_by": "timestamp_added", "summary": false,
            });
            let items = self.list(command, &arguments)?;
            let songs: Option<Vec<ServerSong>> = items.iter().map(song).collect();
            let songs = songs.ok_or_else(|| self.nonsense(command))?;
            if songs.is_empty() {
                return Ok(listed.count());
            }
            offset += songs.len();
            let Some(fresh) = listed.fresh(songs) else {
                return Err(MusicAssistantError::Repeats {
                    server: self.address(),
                    listed: listed.count(),
                });
            };
            if each(fresh).is_break() {
                return Ok(listed.count());
            }
        }
    }
}

/// An object of the answer (`Track`) as a song.
pub(crate) fn song(item: &Value) -> Option<ServerSong> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let artists = item["artists"].as_array();
    let artists = artists.into_iter().flatten();
    let artists: Vec<&str> = artists
        .filter_map(|artist| artist["name"].as_str())
        .collect();
    let mut ids = item["external_ids"].as_array().into_iter().flatten();
    let recording = ids.find(|id| id[0] == "musicbrainz_recordingid");
    let version = item["version"]
        .as_str()
        .filter(|version| !version.is_empty());
    let title = match version {
        // It takes "(live)" out of the title.
        Some(version) => format!("{} ({version})", text(&item["name"])),
        None => text(&item["name"]),
    };
    Some(ServerSong {
        id: address_of(item)?,
        title,
        artist: artists.join(", "),
        album: text(&item["album"]["name"]),
        path: file_of(item).and_then(|mapping| mapping["item_id"].as_str().map(str::to_owned)),
        duration_seconds: item["duration"].as_f64().filter(|&seconds| seconds > 0.0),
        musicbrainz_id: recording.and_then(|id| id[1].as_str().map(str::to_owned)),
        ..ServerSong::default()
    })
}
