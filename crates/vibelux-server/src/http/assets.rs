//! The page: the files of `web/`, packed and embedded into the program.
//!
//! A development build reads them from the source tree instead, so that a change shows after a reload.

use std::borrow::Cow;
use std::convert::Infallible;

use axum::body::Body;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use crate::hex::hex;
use crate::http::error::ApiError;

#[derive(RustEmbed)]
#[cfg_attr(debug_assertions, folder = "web/")]
#[cfg_attr(not(debug_assertions), folder = "$OUT_DIR/web/")]
struct Web;

/// What the page is made of, by extension. Anything else in the folder is not served.
const KINDS: [(&str, &str); 10] = [
    ("html", "text/html; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("mjs", "text/javascript; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("json", "application/json"),
    ("webmanifest", "application/manifest+json"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("ico", "image/x-icon"),
    ("woff2", "font/woff2"),
];

/// `GET /`.
pub async fn index(headers: HeaderMap) -> Result<Response, ApiError> {
    serve("index.html", &headers)
}

/// `GET /sw.js`: at the root, as it may look after no address above its own.
pub async fn worker(headers: HeaderMap) -> Result<Response, ApiError> {
    serve("sw.js", &headers)
}

/// `GET /assets/...`.
pub async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    serve(&path, &headers)
}

fn serve(path: &str, headers: &HeaderMap) -> Result<Response, ApiError> {
    let absent = ApiError::NotFound("file of this name");
    let plain = |part: &str| {
        !part.is_empty() && !part.starts_with('.') && !part.contains(['\\', ':', '\0'])
    };
    if !path.split('/').all(plain) {
        return Err(absent);
    }
    let extension = path.rsplit_once('.').map(|(_, extension)| extension);
    let kind = KINDS.iter().find(|(known, _)| Some(*known) == extension);
    let (Some((_, kind)), Some(file)) = (kind, Web::get(path)) else {
        return Err(absent);
    };
    let hash = file.metadata.sha256_hash();
    let body = || plain_bytes(file.data).ok_or(ApiError::Broken);
    cached_with(kind, &hash, body, headers)
}

/// The bytes of a file of the page; `None` if the program is damaged.
fn plain_bytes(embedded: Cow<'static, [u8]>) -> Option<Vec<u8>> {
    if cfg!(debug_assertions) {
        Some(embedded.into_owned())
    } else {
        vibelux_packed::unpack(&embedded).ok()
    }
}

/// An answer that the browser keeps and asks about again: `304 Not Modified` if it has this very one.
pub fn cached(
    kind: &'static str,
    hash: &[u8],
    body: impl Into<Body>,
    headers: &HeaderMap,
) -> Response {
    let Ok(response) = cached_with(kind, hash, || Ok::<_, Infallible>(body), headers);
    response
}

/// The same of a body that is made only if the browser does not have it.
fn cached_with<B: Into<Body>, E>(
    kind: &'static str,
    hash: &[u8],
    body: impl FnOnce() -> Result<B, E>,
    headers: &HeaderMap,
) -> Result<Response, E> {
    // Weak, as the same file may travel compressed.
    let tag = format!("W/\"{}\"", hex(&hash[..hash.len().min(12)]));
    let known = headers.get_all(IF_NONE_MATCH).iter().any(|value| {
        value
            .to_str()
            .is_ok_and(|tags| tags.split(',').any(|t| t.trim() == tag))
    });
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        (
            [(CONTENT_TYPE, HeaderValue::from_static(kind))],
            body()?.into(),
        )
            .into_response()
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(ETAG, tag);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A packaged program has these; a development build, as of this test, the folder itself.
    #[test]
    fn the_packed_page_is_the_page() {
        let packed = std::path::Path::new(concat!(env!("OUT_DIR"), "/web"));
        let mut packed_files = 0;
        let mut folders = vec![packed.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                packed_files += 1;
                let bytes = vibelux_packed::unpack(&std::fs::read(&path).unwrap()).unwrap();
                let name = path.strip_prefix(packed).unwrap().to_str().unwrap();
                let file = Web::get(&name.replace('\\', "/")).unwrap();
                assert!(bytes == *file.data, "{name}");
            }
        }
        assert_eq!(packed_files, Web::iter().count());
    }
}
