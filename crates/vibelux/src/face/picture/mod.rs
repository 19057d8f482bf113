//! Picture files to [`GreyImage`]: the way in for a photograph or a frame sent by a browser.
//!
//! ```text
//! bytes --+--> raster (JPEG, PNG, WebP, GIF, BMP, TIFF) --+
//!         |                                                +--> grey, upright
//!         +--> heif (HEIC) ------------------------------+
//!               +--> av1 (AVIF) --------------------------+
//! ```
//!
//! Which it is says the content, never the name. Sizes are looked at before anything is decoded: a small file can
//! claim more than any memory holds.

use std::fs::File;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use self::refused::Refused;
use super::limits::MAX_FILE_BYTES;
use super::{FaceError, GreyImage};

mod av1;
mod grey;
mod heif;
mod raster;
mod refused;

/// Reads a picture file: JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF; grey, RGB, palette or CMYK, of 8 bits or more,
/// with alpha (laid over white), turned upright as the file says. Of a moving picture, the first frame.
///
/// The format is told from the content; the file's name does not matter.
///
/// # Errors
/// [`FaceError::Io`] if the file cannot be read, and those of [`decode_picture`].
pub fn load_picture(path: &Path) -> Result<GreyImage, FaceError> {
    let io = |source| FaceError::Io {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(io)?;
    let mut bytes = Vec::new();
    // One byte more than allowed, so that a pipe or a growing file is caught as well.
    file.take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(io)?;
    decode_picture(&bytes, path)
}

/// The same for a picture in memory; `name` is what errors call it.
///
/// # Errors
/// [`FaceError::EmptyPicture`], [`FaceError::UnsupportedPicture`], [`FaceError::DamagedPicture`],
/// [`FaceError::PictureTooLarge`] or [`FaceError::PictureFileTooLarge`].
pub fn decode_picture(bytes: &[u8], name: &Path) -> Result<GreyImage, FaceError> {
    if bytes.is_empty() {
        return Err(FaceError::EmptyPicture {
            path: name.to_owned(),
        });
    }
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(FaceError::PictureFileTooLarge {
            path: name.to_owned(),
            bytes: bytes.len() as u64,
            limit: MAX_FILE_BYTES,
        });
    }
    // The decoders index and unwrap: a crafted file must not end the program.
    let decoded = catch_unwind(AssertUnwindSafe(|| decode(bytes)));
    decoded
        .unwrap_or_else(|_| Err(Refused::Damaged("the decoder gave up".to_owned())))
        .map_err(|refused| refused.named(name))
}

fn decode(bytes: &[u8]) -> Result<GreyImage, Refused> {
    if heif::is_heif(bytes) {
        heif::decode(bytes).map(grey::to_grey)
    } else {
        let (picture, orientation) = raster::decode(bytes)?;
        Ok(grey::upright(grey::to_grey(picture), orientation))
    }
}
