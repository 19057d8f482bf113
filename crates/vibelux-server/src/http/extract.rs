//! What handlers take out of a request, with refusals that are JSON like every other error.

use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::{RequestExt, body::Bytes};
use serde::de::DeserializeOwned;
use vibelux::library::{Inclusion, UnknownSongClass};

use crate::http::error::ApiError;
use crate::library::song_id::SongId;
use crate::state::Shared;

/// The most bytes of a JSON request.
pub const MAX_JSON_BYTES: usize = 256 << 10;

/// A JSON body. The header is demanded, because another site's page cannot send it unasked.
pub struct ApiJson<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Shared> for ApiJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, ApiError> {
        let is_json = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
        if !is_json {
            return Err(ApiError::JsonNeeded);
        }
        let body = read_body(request, app, MAX_JSON_BYTES).await?;
        serde_json::from_slice(&body)
            .map(Self)
            .map_err(|error| ApiError::BadRequest(format!("the JSON cannot be used: {error}")))
    }
}

/// The whole body, within its limits of size and time.
///
/// # Errors
/// [`ApiError::TooLarge`], [`ApiError::TooSlow`], or [`ApiError::BadRequest`] if it breaks off.
pub async fn read_body(
    request: Request,
    app: &Shared,
    limit_bytes: usize,
) -> Result<Bytes, ApiError> {
    let announced = request.headers().get(CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit_bytes as u64) {
        return Err(ApiError::TooLarge { limit_bytes });
    }
    let mut request = request;
    DefaultBodyLimit::max(limit_bytes).apply(&mut request);
    match tokio::time::timeout(app.limits.body, request.extract::<Bytes, _>()).await {
        Err(_) => Err(ApiError::TooSlow),
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(BytesRejection::FailedToBufferBody(error)))
            if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE =>
        {
            Err(ApiError::TooLarge { limit_bytes })
        }
        Ok(Err(_)) => Err(ApiError::BadRequest(
            "the request broke off; send it again".to_owned(),
        )),
    }
}

/// The query of the address.
pub struct ApiQuery<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Shared> for ApiQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, ApiError> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(query)| Self(query))
            .map_err(|error| {
                ApiError::BadRequest(format!("the query cannot be used: {}", error.body_text()))
            })
    }
}

/// The classes that the `include` of a query names, with commas between them; music alone if it is not there.
///
/// # Errors
/// [`ApiError::BadRequest`] if there is no such class.
pub fn inclusion(text: Option<String>) -> Result<Inclusion, ApiError> {
    let classes = text.unwrap_or_default().parse();
    classes.map_err(|error: UnknownSongClass| ApiError::BadRequest(error.to_string()))
}

/// The song that the address names.
pub struct SongPath(pub SongId);

impl FromRequestParts<Shared> for SongPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        let Path(text) = Path::<String>::from_request_parts(parts, app)
            .await
            .map_err(|_| ApiError::NotFound("song with this id"))?;
        text.parse()
            .map(Self)
            .map_err(|_| ApiError::NotFound("song with this id"))
    }
}
