//! `GET songs/{id}/audio`: the sound of a song, in ranges, or through ffmpeg.

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::songs::with_song;
use crate::http::error::ApiError;
use crate::http::extract::{ApiQuery, SongPath};
use crate::http::sending::send;
use crate::media;
use crate::security::Role;
use crate::state::Shared;

#[derive(Debug, Deserialize)]
pub struct AudioQuery {
    transcode: Option<String>,
    /// Where a transcoded song begins, as it cannot be read in ranges.
    start_seconds: Option<f64>,
}

/// Answers `GET songs/{id}/audio`.
pub async fn audio(
    State(app): State<Shared>,
    Extension(role): Extension<Role>,
    SongPath(id): SongPath,
    ApiQuery(query): ApiQuery<AudioQuery>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (file, mime) = with_song(app.clone(), id, |_, catalogue, song| {
        Ok((media::open(catalogue, song)?, song.format().mime))
    })
    .await?;
    if query.transcode.is_none_or(|flag| flag == "0") {
        return send(file, mime, &headers).await;
    }
    let start_seconds = query.start_seconds.unwrap_or(0.0);
    if !(0.0..=1e6).contains(&start_seconds) {
        let message = "start_seconds is where to begin, in seconds from 0";
        return Err(ApiError::BadRequest(message.to_owned()));
    }
    let transcoder = app.transcoder.as_ref().ok_or(ApiError::NoFfmpeg)?;
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        transcoder
            .transcode(&file.path, start_seconds, role)
            .await?
    };
    Ok(([(CONTENT_TYPE, transcoder.mime())], body).into_response())
}
