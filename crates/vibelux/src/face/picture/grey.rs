//! Decoded pixels to [`GreyImage`]: transparency over white, Rec.601 grey, turned upright.

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, Rgba, RgbaImage};

use crate::face::{GreyImage, grey_rec601};

pub(super) fn to_grey(picture: DynamicImage) -> GreyImage {
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

pub(super) fn upright(grey: GreyImage, orientation: Orientation) -> GreyImage {
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
