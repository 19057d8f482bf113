//! `POST analyse`: the faces of a picture.

use axum::Json;
use axum::extract::{Request, State};

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
