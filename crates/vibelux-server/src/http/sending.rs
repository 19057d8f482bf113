//! A song's file on its way to a client: whole, or the part of it that is asked for (RFC 9110, section 14).

use std::io::{self, Read, Seek, SeekFrom};

use axum::body::{Body, Bytes};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    IF_RANGE, RANGE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;
use futures_util::stream::try_unfold;
use vibelux::media::MediaFile;

use crate::http::error::ApiError;
use crate::media::{Requested, SongFile, requested};

/// Read from the file at once.
const CHUNK_BYTES: usize = 64 << 10;

/// The file, or the part of it that is asked for.
///
/// # Errors
/// [`ApiError::BadRange`] if it has no such part, [`ApiError::Io`] if it cannot be read.
pub async fn send(
    song: SongFile,
    mime: &'static str,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let is_same = |tags: &str| tags.split(',').any(|tag| tag.trim() == song.tag);
    if text(IF_NONE_MATCH).is_some_and(is_same) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, song.tag)]).into_response());
    }
    // The part of a file that has changed meanwhile would not fit to the parts before it.
    let range = text(RANGE).filter(|_| text(IF_RANGE).is_none_or(|tag| tag == song.tag));
    let length_bytes = song.length_bytes;
    let (status, first, count) = match requested(range, length_bytes) {
        Requested::Whole => (StatusCode::OK, 0, length_bytes),
        Requested::Part(part) => {
            let count = part.end() - part.start() + 1;
            (StatusCode::PARTIAL_CONTENT, *part.start(), count)
        }
        Requested::Nothing => return Err(ApiError::BadRange { length_bytes }),
    };
    let mut file = song.file;
    // Within a file this is but a number.
    file.seek(SeekFrom::Start(first)).map_err(ApiError::Io)?;
    let mut response = (
        status,
        [
            (CONTENT_TYPE, mime.to_owned()),
            (CONTENT_LENGTH, count.to_string()),
            (ACCEPT_RANGES, "bytes".to_owned()),
            (CACHE_CONTROL, "private, no-cache".to_owned()),
            (ETAG, song.tag),
        ],
        Body::from_stream(chunks(file, count)),
    )
        .into_response();
    if status == StatusCode::PARTIAL_CONTENT {
        let last = first + count - 1;
        let value = HeaderValue::try_from(format!("bytes {first}-{last}/{length_bytes}"));
        if let Ok(value) = value {
            response.headers_mut().insert(CONTENT_RANGE, value);
        }
    }
    Ok(response)
}

/// The next bytes of a file, up to so many, as they are sent.
fn chunks(file: MediaFile, count: u64) -> impl Stream<Item = io::Result<Bytes>> {
    try_unfold((file, count), |(mut file, left)| async move {
        // A disk may have to wake up, and a server elsewhere to answer.
        let read = tokio::task::spawn_blocking(move || {
            let most = usize::try_from(left).map_or(CHUNK_BYTES, |left| left.min(CHUNK_BYTES));
            let mut chunk = vec![0; most];
            let read = file.read(&mut chunk)?;
            chunk.truncate(read);
            let rest = (file, left - read as u64);
            Ok((read > 0).then(|| (Bytes::from(chunk), rest)))
        });
        read.await.map_err(io::Error::other)?
    })
}
