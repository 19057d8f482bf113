//! All songs of a user's libraries, page by page.

use std::ops::ControlFlow;

use serde_json::Value;

use super::caller::id_of;
use super::error::JellyfinError;
use super::server::Jellyfin;
use crate::server_song::{Listed, ServerSong};

/// Songs in a page.
const PAGE: usize = 500;

/// Jellyfin counts time in pieces of 100 nanoseconds.
const TICKS_PER_SECOND: f64 = 1e7;

impl Jellyfin {
    /// Gives all songs to `each`, in pages, until it breaks; how many were given. The oldest come first, so that songs that are added meanwhile
    /// come last.
    ///
    /// # Errors
    /// [`JellyfinError`]; [`JellyfinError::Repeats`] if the same songs come again and again.
    pub fn songs(
        &self,
        mut each: impl FnMut(Vec<ServerSong>) -> ControlFlow<()>,
    ) -> Result<usize, JellyfinError> {
        let (caller, user) = self.reader();
        let mut listed = Listed::default();
        let mut start = 0;
        loop {
            let (from, limit) = (start.to_string(), PAGE.to_string());
            let query = [
                ("userId", user),
                ("recursive", "true"),
                ("includeItemTypes", "Audio"),
                ("fields", "Path,ProviderIds"),
                ("enableImages", "false"),
                ("enableUserData", "false"),
                ("sortBy", "DateCreated,SortName"),
                ("startIndex", &from),
                ("limit", &limit),
            ];
            let answer = caller.get("Items", &query)?;
            let items = answer["Items"].as_array();
            let items = items.ok_or_else(|| caller.nonsense("Items"))?;
            let songs: Option<Vec<ServerSong>> = items.iter().map(song).collect();
            let songs = songs.ok_or_else(|| caller.nonsense("Items"))?;
            if songs.is_empty() {
                return Ok(listed.count());
            }
            start += songs.len();
            let Some(fresh) = listed.fresh(songs) else {
                return Err(JellyfinError::Repeats {
                    server: caller.server(),
                    listed: listed.count(),
                });
            };
            let is_last = answer["TotalRecordCount"]
                .as_u64()
                .is_some_and(|total| total > 0 && start as u64 >= total);
            if each(fresh).is_break() || is_last {
                return Ok(listed.count());
            }
        }
    }
}

/// An object of the answer (`BaseItemDto`) as a song.
pub(crate) fn song(item: &Value) -> Option<ServerSong> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let known = |value: &Value| {
        value
            .as_str()
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let artists = item["Artists"].as_array();
    let artists: Vec<&str> = artists
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let artist = if artists.is_empty() {
        text(&item["AlbumArtist"])
    } else {
        artists.join(", ")
    };
    Some(ServerSong {
        id: id_of(item)?,
        title: text(&item["Name"]),
        artist,
        album: text(&item["Album"]),
        path: known(&item["Path"]),
        duration_seconds: item["RunTimeTicks"]
            .as_f64()
            .map(|ticks| ticks / TICKS_PER_SECOND),
        // "MusicBrainzTrack" is another number: that of the recording on one release.
        musicbrainz_id: known(&item["ProviderIds"]["MusicBrainzRecording"]),
        ..ServerSong::default()
    })
}
