//! What the API is, for programs (`openapi.json`) and for people (`/api/docs`, made from it).

mod document;
mod page;

use axum::http::HeaderMap;
use axum::response::Response;
use sha2::{Digest, Sha256};

use crate::http::assets::cached;
use crate::http::error::ApiError;

/// How the page for people looks.
const STYLE: &str = include_str!("docs.css");

/// Answers `GET openapi.json`.
pub async fn document(headers: HeaderMap) -> Result<Response, ApiError> {
    let document = document::assemble().map_err(|_| ApiError::Broken)?;
    Ok(text("application/json", document.to_string(), &headers))
}

/// Answers `GET /api/docs`.
pub async fn page(headers: HeaderMap) -> Result<Response, ApiError> {
    let document = document::assemble().map_err(|_| ApiError::Broken)?;
    let html = page::render(&document);
    Ok(text("text/html; charset=utf-8", html, &headers))
}

/// Answers `GET /api/docs.css`.
pub async fn style(headers: HeaderMap) -> Response {
    text("text/css; charset=utf-8", STYLE.to_owned(), &headers)
}

fn text(kind: &'static str, body: String, headers: &HeaderMap) -> Response {
    cached(kind, &Sha256::digest(&body), body, headers)
}
