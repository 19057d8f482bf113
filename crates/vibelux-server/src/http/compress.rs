//! Gzip for text: the map of a large library is megabytes of JSON. Songs and pictures are left as they
//! are, they are compressed already and read in ranges.

use std::io::Write;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::blocking::blocking;

/// Less fits into a packet anyway.
const LEAST_BYTES: u64 = 1400;

/// More takes long enough to hold others up.
const QUICK_BYTES: usize = 64 << 10;

/// Compresses a text answer for a client that takes it.
pub async fn compress(request: Request, next: Next) -> Response {
    let wanted = request.method() != Method::HEAD && accepts_gzip(request.headers());
    let response = next.run(request).await;
    // Only a body whose length is known lies in memory as a whole.
    let long = response
        .body()
        .size_hint()
        .exact()
        .is_some_and(|n| n >= LEAST_BYTES);
    if !long || !is_text(response.headers()) || response.headers().contains_key(CONTENT_ENCODING) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    parts
        .headers
        .append(VARY, HeaderValue::from_static("accept-encoding"));
    if !wanted {
        return Response::from_parts(parts, body);
    }
    let Ok(plain) = axum::body::to_bytes(body, usize::MAX).await else {
        return Response::from_parts(parts, Body::empty());
    };
    let packed = if plain.len() <= QUICK_BYTES {
        gzip(&plain)
    } else {
        let plain = plain.clone();
        blocking(move || gzip(&plain)).await.unwrap_or_default()
    };
    if packed.is_empty() {
        return Response::from_parts(parts, Body::from(plain));
    }
    parts
        .headers
        .insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(packed))
}

/// Empty if it cannot be done.
fn gzip(plain: &Bytes) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder
        .write_all(plain)
        .and_then(|()| encoder.finish())
        .unwrap_or_default()
}

fn is_text(headers: &HeaderMap) -> bool {
    const KINDS: [&str; 4] = [
        "application/json",
        "text/",
        "image/svg",
        "application/manifest",
    ];
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| KINDS.iter().any(|known| kind.starts_with(known)))
}

/// Whether `Accept-Encoding` names gzip, or anything, and does not rule it out with `q=0`.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let weight = parts.find_map(|part| part.strip_prefix("q="));
            let refused = weight.is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q == 0.0));
            (name.eq_ignore_ascii_case("gzip") || name == "*") && !refused
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_taken_where_it_is_named_and_not_ruled_out() {
        let accepts = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(text));
            accepts_gzip(&headers)
        };
        for yes in ["gzip", "br, GZIP;q=0.5", "*", "deflate, gzip"] {
            assert!(accepts(yes), "{yes}");
        }
        for no in ["", "br", "gzip;q=0", "identity, gzip; q=0.0"] {
            assert!(!accepts(no), "{no}");
        }
    }
}
