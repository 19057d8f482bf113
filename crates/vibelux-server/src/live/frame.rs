//! A frame's JPEG to the grey picture that faces are looked for in.

use std::io::Cursor;
use std::path::Path;

use image::{ImageFormat, ImageReader};
use vibelux::face::{GreyImage, decode_picture};

use super::message::{Frame, LiveError};
use crate::http::error::picture_kind;

/// More pixels than any camera's 1080p. A small JPEG can claim a thousand times as many.
const MAX_PIXELS: u64 = 1920 * 1200;

/// Decodes the frame.
///
/// # Errors
/// [`LiveError`] if it is no JPEG, is damaged, or has too many pixels.
pub fn decode(frame: &Frame) -> Result<GreyImage, LiveError> {
    let refuse = |code, message: &str| LiveError::about(frame.sequence, code, message);
    let size = ImageReader::with_format(Cursor::new(&frame.jpeg), ImageFormat::Jpeg)
        .into_dimensions()
        .map_err(|_| refuse("bad_frame", "the frame is not a JPEG picture"))?;
    if u64::from(size.0) * u64::from(size.1) > MAX_PIXELS {
        let message = format!(
            "the frame has {} x {} pixels; send a smaller one",
            size.0, size.1
        );
        return Err(refuse("frame_too_large", &message));
    }
    decode_picture(&frame.jpeg, Path::new("the frame"))
        .map_err(|error| refuse(picture_kind(&error).1, &error.to_string()))
}
