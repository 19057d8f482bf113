//! What the listener has said of songs and done with them: listed, taken back one by one or all.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;
use vibelux::emotion::EMOTION_COUNT;
use vibelux::library::{Said, VerdictKind};
use vibelux::{EmotionVector, by_emotion};

use super::song_json::SongJson;
use crate::blocking::blocking;
use crate::http::error::ApiError;
use crate::library::catalogue::Catalogue;
use crate::library::song_id::SongId;
use crate::security::Role;
use crate::state::{App, Shared};

#[derive(Debug, Serialize)]
pub struct TasteJson {
    verdicts: Vec<VerdictJson>,
}

#[derive(Debug, Serialize)]
struct VerdictJson {
    id: SongId,
    /// `None` where the library no longer holds it.
    song: Option<SongJson>,
    verdict: &'static str,
    times: u32,
    /// `None` where it is not known when.
    unix_seconds: Option<u64>,
    #[serde(serialize_with = "by_emotion::option::serialize")]
    vector: Option<EmotionVector>,
    #[serde(serialize_with = "by_emotion::option::serialize")]
    change: Option<[f32; EMOTION_COUNT]>,
}

#[derive(Debug, Serialize)]
pub struct Forgotten {
    forgotten: usize,
}

/// Answers `GET taste`.
pub async fn list(State(app): State<Shared>) -> Result<Json<TasteJson>, ApiError> {
    blocking(move || {
        let catalogue = app.library.catalogue()?;
        let said = app.library.said();
        let mut all: Vec<&Said> = said.iter().filter(|said| said.is_taste()).collect();
        all.sort_by_key(|said| std::cmp::Reverse(said.seconds));
        let verdicts = all.into_iter().map(|said| verdict(said, &app, &catalogue));
        Ok(Json(TasteJson {
            verdicts: verdicts.collect(),
        }))
    })
    .await?
}

fn verdict(said: &Said, app: &App, catalogue: &Catalogue) -> VerdictJson {
    let id = SongId::of(&said.path);
    VerdictJson {
        id,
        song: catalogue
            .get(id)
            .map(|song| SongJson::of(song, app, Role::Owner)),
        verdict: said.verdict.kind().name(),
        times: said.times,
        unix_seconds: said.unix_seconds(),
        vector: said.verdict.vector(),
        change: said.verdict.change(),
    }
}

/// Answers `DELETE taste`.
pub async fn forget_all(State(app): State<Shared>) -> Result<Json<Forgotten>, ApiError> {
    blocking(move || {
        let forgotten = app.library.unsay_all(&VerdictKind::TASTE)?;
        Ok(Json(Forgotten { forgotten }))
    })
    .await?
}

/// Answers `DELETE taste/{id}/{verdict}`.
pub async fn forget(
    State(app): State<Shared>,
    Path((id, verdict)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let id: SongId = id
        .parse()
        .map_err(|_| ApiError::NotFound("song with this id"))?;
    let kind = VerdictKind::TASTE
        .into_iter()
        .find(|kind| kind.name() == verdict)
        .ok_or(ApiError::NotFound("verdict of this name"))?;
    blocking(move || {
        // By what was said: the library may no longer hold the song.
        let said = app.library.said();
        let said = said
            .iter()
            .find(|said| said.verdict.kind() == kind && SongId::of(&said.path) == id)
            .ok_or(ApiError::NotFound("verdict on this song"))?;
        app.library.unsay(&said.path, kind)?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await?
}
