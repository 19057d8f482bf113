//! The songs of the library: lists, one song with its curve and cover, likes, what the user says is music.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use vibelux::library::filter::Filter;
use vibelux::library::{Verdict, VerdictKind, read_cover};
use vibelux::{Emotion, EmotionVector, by_emotion};

use super::song_json::SongJson;
use crate::blocking::blocking;
use crate::http::assets::cached;
use crate::http::error::ApiError;
use crate::http::extract::{ApiJson, ApiQuery, SongPath, inclusion};
use crate::library::catalogue::{Catalogue, Entry, Wanted};
use crate::library::filtered;
use crate::library::song_id::SongId;
use crate::media;
use crate::security::Role;
use crate::state::{App, Shared};

/// The most songs of one answer.
const MAX_LIMIT: usize = 500;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    search: Option<String>,
    emotion: Option<String>,
    artist: Option<String>,
    include: Option<String>,
    filter: Option<String>,
    #[serde(default)]
    offset: usize,
    limit: Option<usize>,
}

#[derive(Debug, Serialize)]
pub struct SongList {
    total: usize,
    songs: Vec<SongJson>,
}

#[derive(Debug, Serialize)]
pub struct SongWindows {
    windows: Vec<Window>,
}

#[derive(Debug, Serialize)]
struct Window {
    start_seconds: f64,
    #[serde(serialize_with = "by_emotion::serialize")]
    vector: EmotionVector,
}

/// Does `work` with one song, where waiting is allowed.
pub async fn with_song<T: Send + 'static>(
    app: Shared,
    id: SongId,
    work: impl FnOnce(&App, &Arc<Catalogue>, Entry<'_>) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    blocking(move || {
        let catalogue = app.library.catalogue()?;
        let song = catalogue
            .get(id)
            .ok_or(ApiError::NotFound("song with this id"))?;
        work(&app, &catalogue, song)
    })
    .await?
}

/// What the fields of a query ask for.
///
/// # Errors
/// [`ApiError::BadRequest`] if there is no such emotion or class.
pub fn wanted(
    search: Option<String>,
    emotion: Option<String>,
    artist: Option<String>,
    include: Option<String>,
) -> Result<Wanted, ApiError> {
    // An empty field of a form says nothing.
    let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let emotion = given(emotion)
        .map(|name| name.parse::<Emotion>())
        .transpose()
        .map_err(|error| ApiError::BadRequest(error.to_string()))?;
    Ok(Wanted {
        search: given(search),
        emotion,
        artist: given(artist),
        include: inclusion(include)?,
    })
}

/// A filter of what both ask for; it means all songs if neither asks for anything.
pub fn joined(wanted: &Wanted, filter: Filter) -> Filter {
    let both = [wanted.filter(), filter].into_iter();
    Filter::All(both.filter(|filter| !filter.is_all()).collect())
}

/// Answers `GET songs`.
pub async fn list(
    State(app): State<Shared>,
    Extension(role): Extension<Role>,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> Result<Json<SongList>, ApiError> {
    let wanted = wanted(query.search, query.emotion, query.artist, query.include)?;
    let filter = joined(&wanted, filtered::parse(query.filter.as_deref())?);
    let limit = query.limit.unwrap_or(50).min(MAX_LIMIT);
    blocking(move || {
        let catalogue = app.library.catalogue()?;
        let meant = filtered::meant(&catalogue, filter, role, &app.library);
        let found = catalogue.list(&wanted, meant.as_deref());
        let shown = found.iter().skip(query.offset).take(limit);
        let shown = shown.map(|&at| SongJson::of(catalogue.song(at), &app, role));
        Ok(Json(SongList {
            total: found.len(),
            songs: shown.collect(),
        }))
    })
    .await?
}

/// Answers `GET songs/{id}`.
pub async fn one(
    State(app): State<Shared>,
    Extension(role): Extension<Role>,
    SongPath(id): SongPath,
) -> Result<Json<SongJson>, ApiError> {
    with_song(app, id, move |app, _, song| {
        Ok(Json(SongJson::of(song, app, role)))
    })
    .await
}

/// Answers `GET songs/{id}/curve`.
pub async fn curve(
    State(app): State<Shared>,
    SongPath(id): SongPath,
) -> Result<Json<SongWindows>, ApiError> {
    with_song(app, id, |app, _, song| {
        let windows = app.library.windows(&song.path())?.into_iter();
        let windows = windows.map(|(start_seconds, vector)| Window {
            start_seconds,
            vector,
        });
        Ok(Json(SongWindows {
            windows: windows.collect(),
        }))
    })
    .await
}

/// Answers `GET songs/{id}/cover`. That a song has none is usual and no error: `204 No Content`.
pub async fn cover(
    State(app): State<Shared>,
    SongPath(id): SongPath,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    with_song(app, id, move |_, catalogue, song| {
        let file = media::open(catalogue, song)?;
        let Some(cover) = read_cover(&file.path) else {
            return Ok(StatusCode::NO_CONTENT.into_response());
        };
        let hash = Sha256::digest(&cover.bytes);
        Ok(cached(cover.mime, &hash, cover.bytes, &headers))
    })
    .await
}

/// Answers `PUT songs/{id}/like`.
pub async fn like(app: State<Shared>, song: SongPath) -> Result<Json<SongJson>, ApiError> {
    set_liked(app, song, true).await
}

/// Answers `DELETE songs/{id}/like`.
pub async fn unlike(app: State<Shared>, song: SongPath) -> Result<Json<SongJson>, ApiError> {
    set_liked(app, song, false).await
}

async fn set_liked(
    State(app): State<Shared>,
    SongPath(id): SongPath,
    liked: bool,
) -> Result<Json<SongJson>, ApiError> {
    with_song(app, id, move |app, _, song| {
        app.library.set_liked(song, liked)?;
        Ok(Json(SongJson::of(song, app, Role::Owner)))
    })
    .await
}

/// Answers `PUT songs/{id}/music`.
pub async fn declare_music(app: State<Shared>, song: SongPath) -> Result<Json<SongJson>, ApiError> {
    set_declared_music(app, song, true).await
}

/// Answers `DELETE songs/{id}/music`.
pub async fn retract_music(app: State<Shared>, song: SongPath) -> Result<Json<SongJson>, ApiError> {
    set_declared_music(app, song, false).await
}

async fn set_declared_music(
    State(app): State<Shared>,
    SongPath(id): SongPath,
    is_music: bool,
) -> Result<Json<SongJson>, ApiError> {
    with_song(Arc::clone(&app), id, move |app, _, song| {
        Ok(app.library.set_declared_music(song, is_music)?)
    })
    .await?;
    one(State(app), Extension(Role::Owner), SongPath(id)).await
}

/// Answers `POST songs/{id}/not-now`.
pub async fn not_now(
    State(app): State<Shared>,
    SongPath(id): SongPath,
) -> Result<StatusCode, ApiError> {
    with_song(app, id, |app, _, song| {
        app.library.say(song, Verdict::Skipped)?;
        app.library.set_not_now(song.id());
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoundsRequest {
    #[serde(deserialize_with = "by_emotion::deserialize")]
    vector: EmotionVector,
}

/// Answers `PUT songs/{id}/sounds`.
pub async fn correct(
    State(app): State<Shared>,
    SongPath(id): SongPath,
    ApiJson(request): ApiJson<SoundsRequest>,
) -> Result<Json<SongJson>, ApiError> {
    with_song(Arc::clone(&app), id, move |app, _, song| {
        Ok(app.library.say(song, Verdict::Sounds(request.vector))?)
    })
    .await?;
    one(State(app), Extension(Role::Owner), SongPath(id)).await
}

/// Answers `DELETE songs/{id}/sounds`.
pub async fn retract_correction(
    State(app): State<Shared>,
    SongPath(id): SongPath,
) -> Result<Json<SongJson>, ApiError> {
    with_song(Arc::clone(&app), id, move |app, _, song| {
        Ok(app.library.unsay(&song.path(), VerdictKind::Sounds)?)
    })
    .await?;
    one(State(app), Extension(Role::Owner), SongPath(id)).await
}

/// A song that is left before this, in seconds and as a share of it, was skipped; one of which so much was heard was heard to
/// its end.
const SKIPPED_SECONDS: f64 = 30.0;
const SKIPPED_SHARE: f64 = 0.5;
const FINISHED_SHARE: f64 = 0.8;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeardRequest {
    /// How far, in seconds of the song.
    heard_seconds: f64,
    /// How the listener's face changed meanwhile, by emotion, each -1 to 1.
    reaction: Option<BTreeMap<Emotion, f32>>,
}

#[derive(Debug, Serialize)]
pub struct HeardAnswer {
    verdict: Option<&'static str>,
}

/// Answers `POST songs/{id}/heard`.
pub async fn heard(
    State(app): State<Shared>,
    SongPath(id): SongPath,
    ApiJson(request): ApiJson<HeardRequest>,
) -> Result<Json<HeardAnswer>, ApiError> {
    if !(0.0..=1e6).contains(&request.heard_seconds) {
        return Err(ApiError::BadRequest(
            "heard_seconds must be from 0 to 1,000,000".to_owned(),
        ));
    }
    let reaction = request.reaction.as_ref();
    if reaction.is_some_and(|all| all.values().any(|x| !(-1.0..=1.0).contains(x))) {
        return Err(ApiError::BadRequest(
            "each change of a reaction must be from -1 to 1".to_owned(),
        ));
    }
    with_song(app, id, move |app, _, song| {
        let share = song
            .duration_seconds()
            .map_or(0.0, |all| request.heard_seconds / all);
        let verdict = if share >= FINISHED_SHARE {
            Some(Verdict::Finished)
        } else if request.heard_seconds < SKIPPED_SECONDS && share < SKIPPED_SHARE {
            Some(Verdict::Skipped)
        } else {
            None
        };
        if let Some(verdict) = verdict {
            app.library.say(song, verdict)?;
        }
        if let Some(reaction) = request.reaction {
            let change = Emotion::ALL.map(|e| reaction.get(&e).copied().unwrap_or(0.0));
            app.library.say(song, Verdict::Reaction(change))?;
        }
        let verdict = verdict.map(|verdict| verdict.kind().name());
        Ok(Json(HeardAnswer { verdict }))
    })
    .await
}
