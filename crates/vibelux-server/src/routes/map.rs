//! `GET map`: every song as a point between unpleasant and pleasant, calm and excited.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use vibelux::emotion::EMOTION_COUNT;
use vibelux::{Emotion, EmotionVector};

use crate::blocking::blocking;
use crate::http::assets::cached;
use crate::http::error::ApiError;
use crate::http::extract::{ApiQuery, inclusion};
use crate::library::catalogue::Entry;
use crate::library::song_id::SongId;
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

/// Columns, as they are shorter than rows.
#[derive(Debug, Serialize)]
struct Map<'a> {
    count: usize,
    ids: Vec<SongId>,
    titles: Vec<&'a str>,
    artists: Vec<Option<&'a str>>,
    strongest: Vec<Emotion>,
    valence: Vec<f32>,
    arousal: Vec<f32>,
}

#[derive(Debug, Deserialize)]
pub struct MapQuery {
    include: Option<String>,
}

/// Answers `GET map`.
pub async fn map(
    State(app): State<Shared>,
    ApiQuery(query): ApiQuery<MapQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let include = inclusion(query.include)?;
    blocking(move || {
        let json = app.library.catalogue()?.map(include, encode);
        let hash = Sha256::digest(&json);
        Ok(cached("application/json", &hash, json, &headers))
    })
    .await?
}

fn encode(songs: &[&Entry]) -> Bytes {
    let places: Vec<_> = songs.iter().map(|song| place(&song.vector)).collect();
    let map = Map {
        count: songs.len(),
        ids: songs.iter().map(|song| song.id).collect(),
        titles: songs.iter().map(|song| song.title.as_str()).collect(),
        artists: songs.iter().map(|song| song.artist.as_deref()).collect(),
        strongest: songs.iter().map(|song| song.vector.strongest()).collect(),
        valence: places.iter().map(|place| place.0).collect(),
        arousal: places.iter().map(|place| place.1).collect(),
    };
    // Numbers and strings can always be written.
    serde_json::to_vec(&map).unwrap_or_default().into()
}

/// Valence and arousal of a vector, to a thousandth: a screen has no more.
fn place(vector: &EmotionVector) -> (f32, f32) {
    let (mut x, mut y) = (0.0, 0.0);
    for (value, (valence, arousal)) in vector.values().iter().zip(PLACES) {
        x += value * valence;
        y += value * arousal;
    }
    let rounded = |v: f32| (v * 1000.0).round() / 1000.0;
    (rounded(x), rounded(y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emotions_are_where_they_belong() {
        assert_eq!(place(&EmotionVector::one_hot(Emotion::Happy)), (0.9, 0.6));
        assert_eq!(place(&EmotionVector::one_hot(Emotion::Sad)), (-0.6, -0.6));
        let between = "happy=0.5,sad=0.5".parse().unwrap();
        assert_eq!(place(&between), (0.15, 0.0));
    }
}
