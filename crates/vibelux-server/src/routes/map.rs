//! The mood map: `GET map`, every song as a point between unpleasant and pleasant, calm and excited; `GET map/song`, which song a
//! point is; `GET map/matching`, which points are wanted.
//!
//! A million points are 5 MB. What they are called is asked for one by one, as nobody reads a million names.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use vibelux::EmotionVector;
use vibelux::emotion::EMOTION_COUNT;
use vibelux::library::Inclusion;

use super::song_json::SongJson;
use super::songs::{joined, wanted};
use crate::blocking::blocking;
use crate::http::assets::cached;
use crate::http::error::ApiError;
use crate::http::extract::{ApiQuery, inclusion};
use crate::library::catalogue::Catalogue;
use crate::library::filtered;
use crate::security::Role;
use crate::state::Shared;

/// Valence and arousal of each emotion, -1..=1, about where Russell's circumplex (1980) has them.
const PLACES: [(f32, f32); EMOTION_COUNT] = [
    (-0.8, 0.8),
    (-0.7, 0.3),
    (-0.7, 0.7),
    (0.9, 0.6),
    (0.2, -0.6),
    (-0.6, -0.6),
    (0.3, 0.9),
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapQuery {
    include: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointQuery {
    include: Option<String>,
    state: String,
    at: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatchingQuery {
    include: Option<String>,
    state: String,
    search: Option<String>,
    emotion: Option<String>,
    artist: Option<String>,
    filter: Option<String>,
}

/// Answers `GET map`.
pub async fn map(
    State(app): State<Shared>,
    ApiQuery(query): ApiQuery<MapQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let include = inclusion(query.include)?;
    blocking(move || {
        let catalogue = app.library.catalogue()?;
        let points = catalogue.map(include, || encode(&catalogue, include));
        let hash = Sha256::digest(&points);
        Ok(cached("application/octet-stream", &hash, points, &headers))
    })
    .await?
}

/// Answers `GET map/song`.
pub async fn song(
    State(app): State<Shared>,
    Extension(role): Extension<Role>,
    ApiQuery(query): ApiQuery<PointQuery>,
) -> Result<Json<SongJson>, ApiError> {
    let include = inclusion(query.include)?;
    blocking(move || {
        let catalogue = app.library.catalogue()?;
        check(&catalogue, &query.state)?;
        let position = catalogue.positions(include).nth(query.at);
        let position = position.ok_or(ApiError::NotFound("point with this number"))?;
        Ok(Json(SongJson::of(catalogue.song(position), &app, role)))
    })
    .await?
}

/// Answers `GET map/matching`.
pub async fn matching(
    State(app): State<Shared>,
    Extension(role): Extension<Role>,
    ApiQuery(query): ApiQuery<MatchingQuery>,
) -> Result<Response, ApiError> {
    let wanted = wanted(query.search, query.emotion, query.artist, query.include)?;
    let filter = joined(&wanted, filtered::parse(query.filter.as_deref())?);
    blocking(move || {
        let catalogue = app.library.catalogue()?;
        check(&catalogue, &query.state)?;
        let meant = filtered::meant(&catalogue, filter, role, &app.library);
        let points = catalogue.positions(wanted.include);
        let points = points.map(|at| meant.as_ref().is_none_or(|meant| meant[at]));
        let kind = [(CONTENT_TYPE, "application/octet-stream")];
        Ok((kind, Bytes::from(bits(points))).into_response())
    })
    .await?
}

/// The state of the library that a map is of, as its first bytes say it, in hexadecimal digits.
fn check(catalogue: &Catalogue, state: &str) -> Result<(), ApiError> {
    let now = catalogue.table().revision().0.cast_unsigned();
    match u64::from_str_radix(state, 16) {
        Ok(state) if state == now => Ok(()),
        Ok(_) => Err(ApiError::MapChanged),
        Err(_) => Err(ApiError::BadRequest(
            "state is what the first 8 bytes of the map say, in hexadecimal digits".to_owned(),
        )),
    }
}

/// Little-endian: the state of the library, 8 bytes; the number of points, 4 bytes; the valence of each, then the arousal of
/// each, 2 bytes, 0 for -1 and 65535 for 1; then the number of the strongest emotion of each, 1 byte.
fn encode(catalogue: &Catalogue, include: Inclusion) -> Bytes {
    let (mut valences, mut arousals, mut strongest) = (Vec::new(), Vec::new(), Vec::new());
    for at in catalogue.positions(include) {
        let vector = catalogue.table().vectors()[at];
        let [valence, arousal] =
            place(&vector).map(|value| ((value + 1.0) * 32767.5).round() as u16);
        valences.extend(valence.to_le_bytes());
        arousals.extend(arousal.to_le_bytes());
        strongest.push(vector.strongest().index() as u8);
    }
    let state = catalogue.table().revision().0.to_le_bytes();
    let count = (strongest.len() as u32).to_le_bytes();
    [&state[..], &count, &valences, &arousals, &strongest]
        .concat()
        .into()
}

/// Valence and arousal of a vector, each from -1 to 1.
fn place(vector: &EmotionVector) -> [f32; 2] {
    let (mut x, mut y) = (0.0, 0.0);
    for (value, (valence, arousal)) in vector.values().iter().zip(PLACES) {
        x += value * valence;
        y += value * arousal;
    }
    [x, y].map(|value: f32| value.clamp(-1.0, 1.0))
}

/// A bit for each, the first in the lowest bit of the first byte.
fn bits(each: impl Iterator<Item = bool>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (at, bit) in each.enumerate() {
        if at % 8 == 0 {
            bytes.push(0);
        }
        if let Some(byte) = bytes.last_mut() {
            *byte |= u8::from(bit) << (at % 8);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use vibelux::Emotion;

    #[test]
    fn emotions_are_where_they_belong() {
        assert_eq!(place(&EmotionVector::one_hot(Emotion::Happy)), [0.9, 0.6]);
        assert_eq!(place(&EmotionVector::one_hot(Emotion::Sad)), [-0.6, -0.6]);
        let between = "happy=0.5,sad=0.5".parse().unwrap();
        let [valence, arousal] = place(&between);
        assert!((valence - 0.15).abs() < 1e-6 && arousal.abs() < 1e-6);
    }

    #[test]
    fn bits_are_in_order() {
        assert_eq!(bits([true, false, true].into_iter()), [5]);
        let nine = std::iter::repeat_n(false, 8).chain([true]);
        assert_eq!(bits(nine), [0, 1]);
        assert!(bits(std::iter::empty()).is_empty());
    }
}
