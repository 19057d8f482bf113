//! What the API is, for programs (`openapi.json`) and for people (`/api/docs`, made from it).

mod document;
mod page;

use std::sync::LazyLock;

use axum::http::HeaderMap;
use axum::response::Response;
use sha2::{Digest, Sha256};

use crate::http::assets::cached;
use crate::http::error::ApiError;

/// How the page for people looks.
const STYLE: &str = include_str!("docs.css");

/// The document and the page for people; `None` if the program was built wrongly.
static TEXTS: LazyLock<Option<(String, String)>> = LazyLock::new(|| {
    let document = document::assemble().ok()?;
    Some((document.to_string(), page::render(&document)))
});

/// Answers `GET openapi.json`.
pub async fn document(headers: HeaderMap) -> Result<Response, ApiError> {
    let (document, _) = TEXTS.as_ref().ok_or(ApiError::Broken)?;
    Ok(text("application/json", document, &headers))
}

/// Answers `GET /api/docs`.
pub async fn page(headers: HeaderMap) -> Result<Response, ApiError> {
    let (_, html) = TEXTS.as_ref().ok_or(ApiError::Broken)?;
    Ok(text("text/html; charset=utf-8", html, &headers))
}

/// Answers `GET /api/docs.css`.
pub async fn style(headers: HeaderMap) -> Response {
    text("text/css; charset=utf-8", STYLE, &headers)
}

fn text(kind: &'static str, body: &'static str, headers: &HeaderMap) -> Response {
    cached(kind, &Sha256::digest(body), body, headers)
}
