//! Grey pictures: the only kind the detector, the crop and the face models see.

use image::RgbImage;

use super::FaceError;

/// A grey picture of Rec.601 luma, 0 (black) to 255 (white).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GreyImage {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// `width * height` values, row by row from the top left.
    pub pixels: Vec<u8>,
}

impl GreyImage {
    /// A picture from its pixels, row by row from the top left.
    ///
    /// # Errors
    /// [`FaceError::PixelCount`] unless there are `width * height` pixels.
    pub fn new(width: u32, height: u32, pixels: Vec<u8>) -> Result<Self, FaceError> {
        let image = Self {
            width,
            height,
            pixels,
        };
        if image.is_consistent() {
            Ok(image)
        } else {
            Err(FaceError::PixelCount {
                width,
                height,
                got: image.pixels.len(),
            })
        }
    }

    /// Whether there are as many pixels as the size says. The fields are public, so what indexes
    /// into `pixels` asks first.
    pub(super) fn is_consistent(&self) -> bool {
        u64::from(self.width) * u64::from(self.height) == self.pixels.len() as u64
    }

    /// Whether there is nothing to look at.
    pub(crate) fn is_blank(&self) -> bool {
        self.pixels.is_empty() || !self.is_consistent()
    }
}

/// Rec.601 luma, `0.299 R + 0.587 G + 0.114 B` rounded to the nearest, of an 8-bit RGB picture.
///
/// This is what OpenCV and PIL mean by grey, and so what FER2013 and the models trained on it mean.
/// The `image` crate's own luma is Rec.709, which makes skin darker. The weights are PIL's, in
/// 1/65536 (`convert("L")`, bit for bit); OpenCV's are in 1/16384 and differ by at most 1.
/// They sum to 65536, so a pixel that is grey already keeps its value.
#[must_use]
pub fn grey_rec601(rgb: &RgbImage) -> GreyImage {
    let pixels = rgb
        .as_raw()
        .chunks_exact(3)
        .map(|p| luma_rec601(p[0], p[1], p[2]))
        .collect();
    GreyImage {
        width: rgb.width(),
        height: rgb.height(),
        pixels,
    }
}

#[inline]
const fn luma_rec601(r: u8, g: u8, b: u8) -> u8 {
    ((r as u32 * 19_595 + g as u32 * 38_470 + b as u32 * 7_471 + 0x8000) >> 16) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `PIL.Image.new("RGB", (1, 1), colour).convert("L")`, PIL 13.0 (`scripts/golden/face_pictures.py`).
    const PIL_L: [([u8; 3], u8); 12] = include!("../../tests/golden/face/pil_l.in");

    #[test]
    fn grey_is_pils_l() {
        for (colour, expected) in PIL_L {
            let rgb = RgbImage::from_pixel(1, 1, image::Rgb(colour));
            assert_eq!(grey_rec601(&rgb).pixels, [expected], "{colour:?}");
        }
    }

    proptest! {
        #[test]
        fn grey_is_within_half_a_step_of_the_definition(r: u8, g: u8, b: u8) {
            let exact = 0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b);
            prop_assert!((f64::from(luma_rec601(r, g, b)) - exact).abs() < 0.51);
        }

        #[test]
        fn grey_stays_grey(v: u8) {
            prop_assert_eq!(luma_rec601(v, v, v), v);
        }
    }

    #[test]
    fn a_size_that_does_not_fit_is_refused() {
        assert!(GreyImage::new(2, 2, vec![0; 4]).is_ok());
        assert!(matches!(
            GreyImage::new(2, 2, vec![0; 3]),
            Err(FaceError::PixelCount { got: 3, .. })
        ));
        assert!(GreyImage::new(u32::MAX, u32::MAX, Vec::new()).is_err());
    }
}
