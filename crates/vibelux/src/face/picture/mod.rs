//! Picture files to [`GreyImage`]: the way in for a photograph or a frame sent by a browser.

use std::fs::File;
use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use image::error::{ImageError, LimitErrorKind};
use image::metadata::Orientation;
use image::{
    DynamicImage, GrayImage, ImageDecoder, ImageFormat, ImageReader, Limits, Rgba, RgbaImage,
};

use super::limits::{MAX_DECODER_BYTES, MAX_FILE_BYTES, MAX_PIXELS};
use super::{FaceError, GreyImage, grey_rec601};

/// Reads a JPEG or PNG file of any kind: grey, RGB, palette, CMYK, 8 or 16 bits, with alpha (laid
/// over white), turned upright as its EXIF orientation says.
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
    // The decoders are safe Rust, but index and unwrap: a crafted file must not end the program.
    catch_unwind(AssertUnwindSafe(|| decode(bytes, name))).unwrap_or_else(|_| {
        Err(FaceError::DamagedPicture {
            path: name.to_owned(),
            reason: "the decoder gave up".to_owned(),
        })
    })
}

fn decode(bytes: &[u8], name: &Path) -> Result<GreyImage, FaceError> {
    let unsupported = || FaceError::UnsupportedPicture {
        path: name.to_owned(),
    };
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|_| unsupported())?;
    let format = reader.format();
    if !matches!(format, Some(ImageFormat::Jpeg | ImageFormat::Png)) {
        return Err(unsupported());
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    reader.limits(limits);
    let failed = |error, size: (u32, u32)| picture_error(name, &error, size);
    let mut decoder = reader.into_decoder().map_err(|e| failed(e, (0, 0)))?;
    let size = decoder.dimensions();
    if u64::from(size.0) * u64::from(size.1) > MAX_PIXELS
        || decoder.total_bytes() > MAX_DECODER_BYTES
    {
        return Err(FaceError::PictureTooLarge {
            path: name.to_owned(),
            width: size.0,
            height: size.1,
        });
    }
    if format == Some(ImageFormat::Jpeg) && !jpeg_is_complete(bytes) {
        return Err(FaceError::DamagedPicture {
            path: name.to_owned(),
            reason: "its end is missing".to_owned(),
        });
    }
    // A broken EXIF block is no reason to refuse the picture beside it.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let picture = DynamicImage::from_decoder(decoder).map_err(|e| failed(e, size))?;
    Ok(upright(to_grey(picture), orientation))
}

fn picture_error(name: &Path, error: &ImageError, (width, height): (u32, u32)) -> FaceError {
    match error {
        ImageError::Limits(limit)
            if matches!(
                limit.kind(),
                LimitErrorKind::DimensionError | LimitErrorKind::InsufficientMemory
            ) && width > 0 =>
        {
            FaceError::PictureTooLarge {
                path: name.to_owned(),
                width,
                height,
            }
        }
        _ => FaceError::DamagedPicture {
            path: name.to_owned(),
            reason: error.to_string(),
        },
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

fn to_grey(picture: DynamicImage) -> GreyImage {
    let width = picture.width();
    let height = picture.height();
    match picture {
        DynamicImage::ImageLuma8(grey) => GreyImage {
            width,
            height,
            pixels: grey.into_raw(),
        },
        other if other.color().has_alpha() => {
            let mut rgba = other.into_rgba8();
            lay_over_white(&mut rgba);
            grey_rec601(&DynamicImage::ImageRgba8(rgba).into_rgb8())
        }
        other => grey_rec601(&other.into_rgb8()),
    }
}

/// What is transparent shows white, as in most viewers, not the colour that happens to lie below.
fn lay_over_white(picture: &mut RgbaImage) {
    for Rgba([r, g, b, a]) in picture.pixels_mut() {
        let alpha = u32::from(*a);
        for channel in [r, g, b] {
            let mixed = u32::from(*channel) * alpha + 255 * (255 - alpha);
            *channel = ((mixed + 127) / 255) as u8;
        }
    }
}

fn upright(grey: GreyImage, orientation: Orientation) -> GreyImage {
    if orientation == Orientation::NoTransforms {
        return grey;
    }
    let (width, height) = (grey.width, grey.height);
    let Some(buffer) = GrayImage::from_raw(width, height, grey.pixels) else {
        return GreyImage {
            width: 0,
            height: 0,
            pixels: Vec::new(),
        };
    };
    let mut picture = DynamicImage::ImageLuma8(buffer);
    picture.apply_orientation(orientation);
    let turned = picture.into_luma8();
    GreyImage {
        width: turned.width(),
        height: turned.height(),
        pixels: turned.into_raw(),
    }
}
