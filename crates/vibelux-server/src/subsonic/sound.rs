//! `stream`, `download` and `getCoverArt`: a song's sound, as it is or converted, and the picture in its file.

use std::io::Cursor;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};
use image::{ImageFormat, ImageReader, Limits};
use tokio::sync::Semaphore;
use vibelux::library::read_cover;

use super::call::{Call, Item};
use super::refusal::Refusal;
use crate::blocking::blocking;
use crate::http::sending::send;
use crate::media::{self, Playable};
use crate::security::Role;

/// A picture is not decoded beyond that, so that no file makes the server grow.
const MOST_PIXELS: u32 = 8000;
const MOST_BYTES: u64 = 256 << 20;

/// The smallest and largest size that is made.
const SIZES: std::ops::RangeInclusive<u32> = 16..=1200;

/// `stream`: as it is if the player does not ask otherwise and the format is one that players know, else through ffmpeg.
///
/// # Errors
/// [`Refusal::NotFound`]; what the rest of the server says.
pub async fn stream(call: Call, method: &Method, headers: &HeaderMap) -> Result<Response, Refusal> {
    let at = call.song(call.sent.required("id")?)?;
    let most_kbit: u32 = call.sent.number("maxBitRate", 0)?;
    let start: f64 = call.sent.number("timeOffset", 0.0)?;
    if !(0.0..=1e6).contains(&start) {
        return Err(Refusal::Wrong {
            name: "timeOffset",
            value: start.to_string(),
        });
    }
    let format = call.sent.get("format").map(str::to_owned);
    let app = call.app.clone();
    let (file, mime, target) = blocking(move || {
        let song = call.catalogue.song(at);
        let stored = song.format();
        let file = media::open(&call.catalogue, song)?;
        let kbit = song
            .duration_seconds()
            .filter(|seconds| *seconds > 0.0)
            .map(|seconds| file.length_bytes as f64 * 8.0 / seconds / 1000.0);
        let too_much = most_kbit > 0 && kbit.is_none_or(|kbit| kbit > f64::from(most_kbit));
        let other = format.as_deref().is_some_and(|name| name != stored.name);
        let transcoder = call.app.transcoder.as_ref();
        let target = match (format.as_deref(), transcoder) {
            (Some("raw"), _) | (_, None) => None,
            (name, Some(transcoder)) => {
                let is_unknown = stored.playable(true) == Playable::Transcode;
                (is_unknown || other || too_much || start > 0.0).then(|| {
                    let target = transcoder.of_players(name);
                    if most_kbit > 0 {
                        target.at_most(most_kbit)
                    } else {
                        target
                    }
                })
            }
        };
        Ok::<_, Refusal>((file, stored.mime, target))
    })
    .await??;
    match (target, &app.transcoder) {
        (Some(target), Some(transcoder)) => {
            let body = if *method == Method::HEAD {
                Body::empty()
            } else {
                let path = &file.path;
                transcoder
                    .transcode_to(target, path, start, Role::Owner)
                    .await?
            };
            Ok(([(CONTENT_TYPE, target.mime())], body).into_response())
        }
        _ => Ok(send(file, mime, headers).await?),
    }
}

/// `download`: the file as it is.
///
/// # Errors
/// [`Refusal::NotFound`]; what the rest of the server says.
pub async fn download(call: Call, headers: &HeaderMap) -> Result<Response, Refusal> {
    let at = call.song(call.sent.required("id")?)?;
    let (file, mime) = blocking(move || {
        let song = call.catalogue.song(at);
        Ok::<_, Refusal>((media::open(&call.catalogue, song)?, song.format().mime))
    })
    .await??;
    Ok(send(file, mime, headers).await?)
}

/// `getCoverArt`: the picture of a song, or of the first song of an album or artist that has one; smaller if asked for.
///
/// # Errors
/// [`Refusal::NotFound`] if none has one.
pub async fn cover(call: Call, places: &Arc<Semaphore>) -> Result<Response, Refusal> {
    let size: Option<u32> = call.sent.optional("size")?;
    // Players ask for a screen of them, and each may take a lot of memory. Goes with the work.
    let place = Arc::clone(places).acquire_owned().await;
    let (mime, bytes) = blocking(move || {
        let _place = place;
        let item = call.item(call.sent.required("id")?)?;
        // Of a long list the first few say whether there are pictures at all.
        let songs = Call::songs_of(&item).iter().take(8);
        let songs = songs.map(|&at| call.catalogue.song(at));
        let mut covers = songs.filter_map(|song| {
            let file = media::open(&call.catalogue, song).ok()?;
            read_cover(&file.path)
        });
        let cover = covers.next().ok_or(Refusal::NotFound(match item {
            Item::Song(_) => "picture in this song",
            Item::Album(_) => "picture in this album",
            Item::Artist(_) => "picture of this artist",
        }))?;
        let small = size.and_then(|size| smaller(&cover.bytes, size));
        Ok::<_, Refusal>(match small {
            Some(jpeg) => ("image/jpeg", jpeg),
            None => (cover.mime, cover.bytes),
        })
    })
    .await??;
    let headers = [
        (CONTENT_TYPE, mime),
        (CACHE_CONTROL, "private, max-age=3600"),
    ];
    Ok((headers, Bytes::from(bytes)).into_response())
}

/// The picture as a JPEG whose longer side is `size`; `None` if it is no larger, or is not to be decoded: then it is sent as it is.
fn smaller(bytes: &[u8], size: u32) -> Option<Vec<u8>> {
    let size = size.clamp(*SIZES.start(), *SIZES.end());
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .ok()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_PIXELS);
    limits.max_image_height = Some(MOST_PIXELS);
    limits.max_alloc = Some(MOST_BYTES);
    reader.limits(limits);
    let picture = reader.decode().ok()?;
    if picture.width().max(picture.height()) <= size {
        return None;
    }
    let small = picture.thumbnail(size, size).into_rgb8();
    let mut jpeg = Cursor::new(Vec::new());
    small.write_to(&mut jpeg, ImageFormat::Jpeg).ok()?;
    Some(jpeg.into_inner())
}
