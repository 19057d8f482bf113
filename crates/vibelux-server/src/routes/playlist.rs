//! `POST playlist`: songs as a playlist file, with their paths, to be saved by the page.

use std::borrow::Cow;

use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse;
use serde::Deserialize;
use vibelux::playlist::{Naming, Playlist, PlaylistEntry, PlaylistFormat};

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
    #[serde(default)]
    format: FormatRequest,
}

/// [`PlaylistFormat`] in a request: those that need no folder to be named below.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum FormatRequest {
    #[default]
    M3u8,
    Xspf,
    Jspf,
}

impl From<FormatRequest> for PlaylistFormat {
    fn from(format: FormatRequest) -> Self {
        match format {
            FormatRequest::M3u8 => Self::M3u,
            FormatRequest::Xspf => Self::Xspf,
            FormatRequest::Jspf => Self::Jspf,
        }
    }
}

/// Answers `POST playlist`.
pub async fn playlist(
    State(app): State<Shared>,
    ApiJson(request): ApiJson<PlaylistRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let ids = request.song_ids;
    let format = PlaylistFormat::from(request.format);
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
                album: song.album().map(Cow::into_owned),
            })
            .collect();
        if entries.is_empty() {
            return Err(ApiError::NotFound("song with one of these ids"));
        }
        let count = entries.len();
        let list = Playlist {
            name: None,
            entries,
        };
        let (text, left_out) = list
            .text(format, &Naming::default())
            .map_err(|error| ApiError::BadRequest(error.to_string()))?;
        if left_out.len() == count {
            let message =
                "no playlist holds these songs: their paths are no UTF-8 or have a line break";
            return Err(ApiError::BadRequest(message.to_owned()));
        }
        Ok(text)
    })
    .await??;
    Ok((
        [
            (CONTENT_TYPE, format.media_type().to_owned()),
            (
                CONTENT_DISPOSITION,
                format!("attachment; filename=\"vibelux.{}\"", format.extension()),
            ),
        ],
        text,
    ))
}
