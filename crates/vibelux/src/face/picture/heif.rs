//! HEIC and AVIF: pictures in the container of phones (ISO/IEC 23008-12), whole or in tiles.
//!
//! `heifer` reads the container and decodes HEVC; the pictures of AVIF are decoded by [`super::av1`] and put together
//! here, with its colours and turns. How a picture is to be turned says the container; an EXIF block beside it says
//! the same and is not asked.

use heifer::color::{ColorParams, frame_to_rgba_sized};
use heifer::heifer_isobmff::boxes::{ColorInfo, Property};
use heifer::heifer_isobmff::{self as container, HeifFile, ItemId};
use heifer::{Image, Options};
use image::{DynamicImage, RgbImage, RgbaImage};

use super::av1;
use super::refused::{Refused, check_size};
use crate::face::limits::MAX_PIXELS;

/// Brands of files that hold still pictures, or sequences of them with a still one.
const BRANDS: [&[u8; 4]; 9] = [
    b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis",
];

/// Whether the file says that it is such a container.
pub(super) fn is_heif(bytes: &[u8]) -> bool {
    let (Some(length), Some(b"ftyp")) = (bytes.first_chunk(), bytes.get(4..8)) else {
        return false;
    };
    let end = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    let listed = bytes.get(8..end.min(bytes.len())).unwrap_or_default();
    // Between the main brand and the others is a version.
    let brands = listed.as_chunks::<4>().0.iter().enumerate();
    brands
        .filter(|(i, _)| *i != 1)
        .any(|(_, brand)| BRANDS.contains(&brand))
}

pub(super) fn decode(bytes: &[u8]) -> Result<DynamicImage, Refused> {
    let file = HeifFile::parse(bytes).map_err(of_container)?;
    let item = file.primary_item().map_err(of_container)?;
    let (item, kind) = (item.id, item.item_type.0);
    if let Some((width, height)) = file.image_size(item).map_err(of_container)? {
        check_size([width, height])?;
    }
    let first_part = file.referenced_items(item, b"dimg").first();
    let coded = if kind == *b"grid" {
        first_part.and_then(|&part| file.item(part).ok())
    } else {
        file.item(item).ok()
    };
    let picture = if coded.is_some_and(|coded| coded.item_type.0 == *b"av01") {
        av1_item(&file, item)?
    } else {
        let options = Options {
            max_threads: 0,
            max_pixels: MAX_PIXELS,
        };
        heifer::decode_rgba8(bytes, &options).map_err(|error| match error {
            heifer::Error::Unsupported(_) => Refused::Unsupported,
            error => Refused::Damaged(error.to_string()),
        })?
    };
    let Image { width, height, .. } = picture;
    // Nothing is laid over white where nothing is transparent.
    let pixels = if picture.has_alpha {
        RgbaImage::from_raw(width, height, picture.data).map(DynamicImage::ImageRgba8)
    } else {
        let colours = picture.data.as_chunks::<4>().0.iter();
        let colours = colours.flat_map(|&[r, g, b, _]| [r, g, b]).collect();
        RgbImage::from_raw(width, height, colours).map(DynamicImage::ImageRgb8)
    };
    pixels.ok_or_else(|| Refused::Damaged("pixels are missing".to_owned()))
}

fn of_container(error: container::Error) -> Refused {
    Refused::Damaged(error.to_string())
}

/// The picture of an AVIF file, with its transparency and turned as it is to be.
fn av1_item(file: &HeifFile<'_>, item: ItemId) -> Result<Image<u8>, Refused> {
    let mut picture = av1_parts(file, item)?;
    for auxiliary in file.referencing_items(item, b"auxl") {
        if is_alpha(file, auxiliary)? {
            let alpha = av1_parts(file, auxiliary)?;
            lay_in_alpha(&mut picture, &alpha)?;
            break;
        }
    }
    for property in file.item_properties(item).map_err(of_container)? {
        picture = match *property {
            Property::CleanAperture {
                width,
                height,
                horiz_offset,
                vert_offset,
            } => {
                let (x, w) = aperture(picture.width, width, horiz_offset)?;
                let (y, h) = aperture(picture.height, height, vert_offset)?;
                picture.crop(x, y, w, h)
            }
            Property::Rotation(quarters) if quarters > 0 => picture.rotate_ccw(quarters),
            Property::Mirror(top_bottom) => picture.mirror(top_bottom),
            _ => picture,
        };
    }
    Ok(picture)
}

/// Start and length of what is shown of one side of a picture, around its middle.
fn aperture(side: u32, length: (u32, u32), offset: (i32, u32)) -> Result<(u32, u32), Refused> {
    let wrong = || Refused::Damaged("its frame lies outside of it".to_owned());
    if length.1 == 0 || offset.1 == 0 {
        return Err(wrong());
    }
    let length = f64::from(length.0) / f64::from(length.1);
    let middle = f64::from(side) / 2.0 + f64::from(offset.0) / f64::from(offset.1);
    let start = (middle - length / 2.0).round();
    if start < 0.0 || length < 1.0 || start + length.floor() > f64::from(side) {
        return Err(wrong());
    }
    Ok((start as u32, length as u32))
}

/// One coded picture, or tiles put together.
fn av1_parts(file: &HeifFile<'_>, item: ItemId) -> Result<Image<u8>, Refused> {
    if file.item(item).map_err(of_container)?.item_type.0 != *b"grid" {
        return coded(file, item);
    }
    let grid = file.grid(item).map_err(of_container)?;
    check_size([grid.output_width, grid.output_height])?;
    let tiles = file.referenced_items(item, b"dimg");
    let columns = usize::from(grid.columns);
    if tiles.len() != columns * usize::from(grid.rows) {
        return Err(Refused::Damaged("tiles are missing".to_owned()));
    }
    let mut canvas = Image::filled_samples(grid.output_width, grid.output_height, 8, [0; 4]);
    let mut size = None;
    for (i, &tile) in tiles.iter().enumerate() {
        let tile = coded(file, tile)?;
        let (width, height) = *size.get_or_insert((tile.width, tile.height));
        if (tile.width, tile.height) != (width, height) {
            return Err(Refused::Damaged("its tiles differ in size".to_owned()));
        }
        let (column, row) = ((i % columns) as i64, (i / columns) as i64);
        canvas.draw(&tile, column * i64::from(width), row * i64::from(height));
    }
    // What is drawn on glass leaves glass.
    canvas
        .data
        .as_chunks_mut::<4>()
        .0
        .iter_mut()
        .for_each(|pixel| pixel[3] = u8::MAX);
    Ok(canvas)
}

/// A picture that AV1 coded.
fn coded(file: &HeifFile<'_>, item: ItemId) -> Result<Image<u8>, Refused> {
    if file.item(item).map_err(of_container)?.item_type.0 != *b"av01" {
        return Err(Refused::Unsupported);
    }
    let data = file.item_data(item).map_err(of_container)?;
    let frame = av1::decode(&data, MAX_PIXELS).map_err(Refused::Damaged)?;
    let mut properties = file.item_properties(item).map_err(of_container)?;
    let colours = properties.find_map(|property| match property {
        Property::Color(ColorInfo::Nclx {
            matrix, full_range, ..
        }) => Some(ColorParams {
            matrix: *matrix,
            full_range: *full_range,
        }),
        _ => None,
    });
    let colours = colours.unwrap_or_else(|| ColorParams::from_frame(&frame));
    let size = file.image_size(item).map_err(of_container)?;
    let (width, height) = size.unwrap_or((frame.widths[0], frame.heights[0]));
    Ok(frame_to_rgba_sized(&frame, colours, width, height))
}

fn is_alpha(file: &HeifFile<'_>, item: ItemId) -> Result<bool, Refused> {
    let mut properties = file.item_properties(item).map_err(of_container)?;
    Ok(properties.any(|property| {
        matches!(property, Property::AuxiliaryType(kind)
            if kind == "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha")
    }))
}

/// Takes the brightness of one picture for the transparency of another.
fn lay_in_alpha(picture: &mut Image<u8>, alpha: &Image<u8>) -> Result<(), Refused> {
    if (alpha.width, alpha.height) != (picture.width, picture.height) {
        return Err(Refused::Damaged(
            "its transparency has another size".to_owned(),
        ));
    }
    let pixels = picture.data.as_chunks_mut::<4>().0.iter_mut();
    for (pixel, alpha) in pixels.zip(alpha.data.as_chunks::<4>().0) {
        pixel[3] = alpha[0];
    }
    picture.has_alpha = true;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_lies_around_the_middle() {
        assert_eq!(aperture(100, (50, 1), (0, 1)), Ok((25, 50)));
        assert_eq!(aperture(101, (51, 1), (-25, 1)), Ok((0, 51)));
        assert_eq!(aperture(100, (100, 2), (25, 1)), Ok((50, 50)));
        for (length, offset) in [
            ((0, 1), (0, 1)),
            ((50, 0), (0, 1)),
            ((50, 1), (30, 1)),
            ((101, 1), (0, 1)),
        ] {
            assert!(aperture(100, length, offset).is_err());
        }
    }

    #[test]
    fn containers_are_told_by_any_of_their_brands() {
        let file = |brands: &[u8]| {
            let mut bytes = (8 + brands.len() as u32).to_be_bytes().to_vec();
            bytes.extend(b"ftyp");
            bytes.extend(brands);
            bytes.extend(b"rest");
            bytes
        };
        assert!(is_heif(&file(b"heic\0\0\0\0")));
        assert!(is_heif(&file(b"else\0\0\0\0mif1avif")));
        // A film; a version that looks like a brand; nothing.
        assert!(!is_heif(&file(b"isom\0\0\0\0mp42")));
        assert!(!is_heif(&file(b"isomheicmp42")));
        assert!(
            !is_heif(b"\0\0\0\x08ftyp")
                && !is_heif(b"")
                && !is_heif(b"\0\0\0\x20ftypheic"[..9].as_ref())
        );
    }
}
