//! The formats of the `image` crate: pixels, and how they are to be turned.

use std::io::Cursor;

use image::error::{ImageError, LimitErrorKind};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use super::refused::{Refused, check_size};
use crate::face::limits::MAX_DECODER_BYTES;

/// What is read; the crate knows more.
const FORMATS: [ImageFormat; 6] = [
    ImageFormat::Jpeg,
    ImageFormat::Png,
    ImageFormat::WebP,
    ImageFormat::Gif,
    ImageFormat::Bmp,
    ImageFormat::Tiff,
];

pub(super) fn decode(bytes: &[u8]) -> Result<(DynamicImage, Orientation), Refused> {
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|_| Refused::Unsupported)?;
    let format = reader.format().ok_or(Refused::Unsupported)?;
    if !FORMATS.contains(&format) {
        return Err(Refused::Unsupported);
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|e| refused(&e, [0, 0]))?;
    let size = <[u32; 2]>::from(decoder.dimensions());
    check_size(size)?;
    if decoder.total_bytes() > MAX_DECODER_BYTES {
        return Err(Refused::TooLarge(size));
    }
    if format == ImageFormat::Jpeg && !jpeg_is_complete(bytes) {
        return Err(Refused::Damaged("its end is missing".to_owned()));
    }
    // A broken EXIF block is no reason to refuse the picture beside it.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let picture = DynamicImage::from_decoder(decoder).map_err(|e| refused(&e, size))?;
    Ok((picture, orientation))
}

fn refused(error: &ImageError, size: [u32; 2]) -> Refused {
    match error {
        ImageError::Limits(limit)
            if matches!(
                limit.kind(),
                LimitErrorKind::DimensionError | LimitErrorKind::InsufficientMemory
            ) && size[0] > 0 =>
        {
            Refused::TooLarge(size)
        }
        _ => Refused::Damaged(error.to_string()),
    }
}

/// Whether a JPEG has its end-of-image marker.
///
/// The decoder fills what is missing from a cut file with grey and says nothing; half a face would
/// then be read as an emotion. Segments before the scan are stepped over, because an EXIF thumbnail
/// has an end marker of its own; within the scan `FF` is escaped, so `FF D9` there is the real one.
fn jpeg_is_complete(bytes: &[u8]) -> bool {
    let mut at = 2_usize;
    while let Some(&[0xFF, marker]) = bytes.get(at..at.saturating_add(2)) {
        match marker {
            0xFF => at += 1,
            0xDA => {
                return bytes
                    .get(at..)
                    .is_some_and(|scan| scan.windows(2).any(|pair| pair == [0xFF, 0xD9]));
            }
            0x01 | 0xD0..=0xD8 => at += 2,
            _ => {
                let Some(&[high, low]) = bytes.get(at + 2..at + 4) else {
                    return false;
                };
                at += 2 + usize::from(u16::from_be_bytes([high, low]));
            }
        }
    }
    // Stray bytes between segments: leave the verdict to the decoder.
    at < bytes.len()
}
