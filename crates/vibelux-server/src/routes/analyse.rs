//! `POST analyse`: the faces of a picture. `POST preview`: the picture itself, for browsers that cannot show it.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::analysis::Analysis;
use crate::blocking::blocking;
use crate::http::error::ApiError;
use crate::http::extract::read_body;
use crate::state::Shared;

/// The largest picture.
pub const MAX_PICTURE_BYTES: usize = 12 << 20;

/// Answers `POST analyse`. The type is told from the content, so no header is needed.
pub async fn analyse(
    State(app): State<Shared>,
    request: Request,
) -> Result<Json<Analysis>, ApiError> {
    let picture = read_body(request, &app, MAX_PICTURE_BYTES).await?;
    blocking(move || app.pictures.read(&picture).map(Json)).await?
}

/// Answers `POST preview`: a JPEG of what the program sees, grey and upright.
pub async fn preview(State(app): State<Shared>, request: Request) -> Result<Response, ApiError> {
    let picture = read_body(request, &app, MAX_PICTURE_BYTES).await?;
    let jpeg = blocking(move || app.pictures.preview(&picture)).await??;
    Ok(([(CONTENT_TYPE, "image/jpeg")], jpeg).into_response())
}
