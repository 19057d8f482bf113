//! `GET status`: what this server is and has.

use axum::extract::State;
use axum::{Extension, Json};
use serde::Serialize;
use vibelux::Emotion;

use crate::blocking::blocking;
use crate::http::error::ApiError;
use crate::library::catalogue::SongCounts;
use crate::library::scan::ScanState;
use crate::security::Role;
use crate::state::Shared;

#[derive(Debug, Serialize)]
pub struct Status {
    version: &'static str,
    role: Role,
    emotions: [&'static str; 7],
    face_model: String,
    music_model: String,
    songs: SongCounts,
    ffmpeg: bool,
    lan: bool,
    home: bool,
    scan: Option<ScanState>,
}

/// Answers `GET status`.
pub async fn status(
    State(app): State<Shared>,
    Extension(role): Extension<Role>,
) -> Result<Json<Status>, ApiError> {
    blocking(move || {
        Ok(Json(Status {
            version: env!("CARGO_PKG_VERSION"),
            role,
            emotions: Emotion::ALL.map(Emotion::name),
            face_model: app.face_model.name().to_owned(),
            music_model: app.embedder.name().to_owned(),
            songs: app.library.catalogue()?.counts(),
            ffmpeg: app.transcoder.is_some(),
            lan: app.invitations.is_some(),
            // A guest's page is not asked.
            home: role == Role::Owner && app.home.is_some(),
            // It names files.
            scan: match role {
                Role::Owner => app.scanner.state(),
                Role::Guest => None,
            },
        }))
    })
    .await?
}
