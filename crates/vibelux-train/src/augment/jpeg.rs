//! What JPEG compression leaves of a face: a change in training, and a corruption in judging.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageError, ImageFormat};
use vibelux::face::{FACE_SIDE, FaceImage};

/// The face as a JPEG of this quality (1..=100), decoded again.
///
/// # Errors
/// If the coder fails.
pub fn recompressed(face: &FaceImage, quality: u8) -> Result<FaceImage, ImageError> {
    let side = FACE_SIDE as u32;
    let mut bytes = Cursor::new(Vec::new());
    JpegEncoder::new_with_quality(&mut bytes, quality).encode(
        &face.0,
        side,
        side,
        ExtendedColorType::L8,
    )?;
    let decoded = image::load_from_memory_with_format(bytes.get_ref(), ImageFormat::Jpeg)?;
    let mut copy = *face;
    for (pixel, value) in copy.0.iter_mut().zip(decoded.into_luma8().into_raw()) {
        *pixel = value;
    }
    Ok(copy)
}
