//! `POST playlist`: songs as a playlist file, with their paths, to be saved by the page.

use std::borrow::Cow;

use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse;
use serde::Deserialize;
use vibelux::playlist::{PlaylistEntry, m3u_text};

use crate::blocking::blocking;
use crate::http::error::ApiError;
use crate::http::extract::ApiJson;
use crate::library::song_id::SongId;
use crate::state::Shared;

/// As many as a day has songs.
const MAX_SONGS: usize = 2000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaylistRequest {
    song_ids: Vec<SongId>,
}

/// Answers `POST playlist`.
pub async fn playlist(
    State(app): State<Shared>,
    ApiJson(request): ApiJson<PlaylistRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let ids = request.song_ids;
    if ids.is_empty() || ids.len() > MAX_SONGS {
        let message = format!("name from 1 to {MAX_SONGS} songs");
        return Err(ApiError::BadRequest(message));
    }
    let text = blocking(move || {
        let catalogue = app.library.catalogue()?;
        // A song that has left the library since it played is left out.
        let songs = ids.into_iter().filter_map(|id| catalogue.get(id));
        let entries: Vec<PlaylistEntry> = songs
            .map(|song| PlaylistEntry {
                path: song.path(),
                duration_seconds: song.duration_seconds(),
                artist: song.artist().map(Cow::into_owned),
                title: Some(song.title().into_owned()),
            })
            .collect();
        if entries.is_empty() {
            return Err(ApiError::NotFound("song with one of these ids"));
        }
        let (text, left_out) =
            m3u_text(&entries).map_err(|error| ApiError::BadRequest(error.to_string()))?;
        if left_out.len() == entries.len() {
            let message =
                "no playlist holds these songs: their paths are no UTF-8 or have a line break";
            return Err(ApiError::BadRequest(message.to_owned()));
        }
        Ok(text)
    })
    .await??;
    Ok((
        [
            (CONTENT_TYPE, "audio/x-mpegurl; charset=utf-8"),
            (CONTENT_DISPOSITION, "attachment; filename=\"vibelux.m3u8\""),
        ],
        text,
    ))
}
