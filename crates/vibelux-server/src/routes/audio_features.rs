//! `GET audio-features/{id}`: what is measured of a song's sound, in the shape of the endpoint that Spotify withdrew in 2024.
//!
//! Measured when it is asked for, on the middle of the song, and kept in memory as long as the file is the same.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use vibelux::audio::{WindowPlan, decode_windows};
use vibelux::features::{AudioFeatures, measure};

use super::songs::with_song;
use crate::http::error::ApiError;
use crate::http::extract::SongPath;
use crate::library::song_id::SongId;
use crate::media;
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
    SongPath(id): SongPath,
) -> Result<Json<AudioFeaturesJson>, ApiError> {
    let _core = app.cores.acquire().await;
    with_song(app.clone(), id, |app, catalogue, song| {
        let file = media::open(catalogue, song)?;
        let key = (song.id(), file.tag);
        let measured = match app.features.get(&key) {
            Some(known) => known,
            None => {
                let audio = decode_windows(&file.path, &PLAN)
                    .map_err(|error| ApiError::Unmeasurable(error.to_string()))?;
                let analysed = song.analysed();
                let first = audio.windows.first();
                let features = first.map(|waveform| measure(waveform, Some(&analysed)));
                let features = features.unwrap_or_default();
                app.features.keep(key, features);
                features
            }
        };
        Ok(Json(AudioFeaturesJson {
            kind: "audio_features",
            id: song.id(),
            duration_ms: song
                .duration_seconds()
                .map(|seconds| (seconds * 1000.0).round() as u64),
            loudness: song.loudness_lufs(),
            measured,
        }))
    })
    .await
}
