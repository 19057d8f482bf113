//! `GET audio-features/{id}`: what is measured of a song's sound, in the shape of the endpoint that Spotify withdrew in 2024.
//!
//! Measured when it is asked for, on the middle of the song, and kept in memory as long as file and vector are the same.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use serde::Serialize;
use vibelux::audio::{WindowPlan, decode_windows};
use vibelux::features::{AudioFeatures, measure};

use super::songs::with_song;
use crate::http::error::ApiError;
use crate::http::extract::SongPath;
use crate::library::catalogue::Entry;
use crate::library::song_id::SongId;
use crate::media;
use crate::security::Role;
use crate::state::Shared;

/// What is listened to: the middle of the song, at a rate that has all that is measured.
const PLAN: WindowPlan = WindowPlan {
    count: 1,
    window_seconds: 90.0,
    sample_rate_hz: 16_000,
};

#[derive(Debug, Serialize)]
pub struct AudioFeaturesJson {
    /// As Spotify's have it.
    #[serde(rename = "type")]
    kind: &'static str,
    id: SongId,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<u64>,
    /// By EBU R128, in LUFS.
    #[serde(skip_serializing_if = "Option::is_none")]
    loudness: Option<f32>,
    #[serde(flatten)]
    measured: AudioFeatures,
}

/// Answers `GET audio-features/{id}`.
pub async fn audio_features(
    State(app): State<Shared>,
    Extension(role): Extension<Role>,
    SongPath(id): SongPath,
) -> Result<Json<AudioFeaturesJson>, ApiError> {
    let known = with_song(app.clone(), id, |app, catalogue, song| {
        let key = (song.id(), media::open(catalogue, song)?.tag);
        let features = app.features.get(&key, &song.analysed());
        Ok(features.map(|measured| AudioFeaturesJson::of(song, measured)))
    });
    if let Some(known) = known.await? {
        return Ok(Json(known));
    }
    // Goes with the work, which goes on when the client is gone.
    let place = Arc::clone(app.measuring(role)).acquire_owned().await;
    with_song(app, id, move |app, catalogue, song| {
        let _place = place;
        let file = media::open(catalogue, song)?;
        let audio = decode_windows(&file.path, &PLAN).map_err(|_| ApiError::Unmeasurable)?;
        let vector = song.analysed();
        let first = audio.windows.first();
        let features = first.map(|waveform| measure(waveform, Some(&vector)));
        let features = features.unwrap_or_default();
        app.features.keep((song.id(), file.tag), vector, features);
        Ok(Json(AudioFeaturesJson::of(song, features)))
    })
    .await
}

impl AudioFeaturesJson {
    fn of(song: Entry<'_>, measured: AudioFeatures) -> Self {
        let milliseconds = |seconds: f64| (seconds * 1000.0).round() as u64;
        Self {
            kind: "audio_features",
            id: song.id(),
            duration_ms: song.duration_seconds().map(milliseconds),
            loudness: song.loudness_lufs(),
            measured,
        }
    }
}
