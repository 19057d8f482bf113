//! Whether a face is worth reading: too small, blurred or dark ones mislead a model.

use super::crop::FACE_SIDE;
use super::{Face, FaceImage, GreyImage};

/// A head that is turned by less looks into the camera, in degrees; one that is turned by more than the second shows too
/// little of its face. Between them a reading counts less and less.
const LOOKING_DEGREES: f32 = 25.0;
const AWAY_DEGREES: f32 = 60.0;

/// How good a face crop is, before anything is concluded from it.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct FaceQuality {
    /// Side of the square that was cut out, in pixels of the picture. Below 48 it was enlarged.
    pub side_px: f32,
    /// Variance of the Laplacian (4 neighbours) of the 48 x 48 crop, in squared grey steps: the usual
    /// measure of focus (Pech-Pacheco et al. 2000). Taken on the crop, so that it compares between
    /// faces of any size.
    pub sharpness: f32,
    /// Mean of the crop, 0 (black) ..= 255 (white).
    pub brightness: f32,
    /// How far the head is tilted clockwise, in degrees; the crop is upright again.
    pub tilt_degrees: f32,
    /// How far the head is turned to the picture's right, in degrees, roughly: 0 looks into the camera.
    pub turn_degrees: f32,
}

impl FaceQuality {
    /// Measures the crop of `face` out of `image`.
    #[must_use]
    pub fn measure(image: &GreyImage, face: &Face) -> Self {
        Self::of_crop(&FaceImage::crop(image, face), face)
    }

    /// How much of a reading counts, 0 (the head is turned away) to 1 (it looks into the camera). Only that: small, blurred
    /// and dark faces make the models themselves less sure, by as much as they are wrong more often (`models/face.md`).
    #[must_use]
    pub fn weight(&self) -> f32 {
        let beyond = AWAY_DEGREES - self.turn_degrees.abs();
        (beyond / (AWAY_DEGREES - LOOKING_DEGREES)).clamp(0.0, 1.0)
    }

    /// The same where the crop is at hand already.
    #[must_use]
    pub fn of_crop(crop: &FaceImage, face: &Face) -> Self {
        Self {
            side_px: face.square().side as f32,
            sharpness: crop.sharpness(),
            brightness: crop.brightness(),
            tilt_degrees: face.landmarks.tilt().to_degrees() as f32,
            turn_degrees: face.landmarks.turn().to_degrees() as f32,
        }
    }
}

impl FaceImage {
    /// Its mean, 0 (black) ..= 255 (white).
    #[must_use]
    pub fn brightness(&self) -> f32 {
        mean(&self.0)
    }

    /// Variance of the Laplacian, see [`FaceQuality::sharpness`].
    #[must_use]
    pub fn sharpness(&self) -> f32 {
        laplacian_variance(self)
    }
}

fn mean(pixels: &[u8]) -> f32 {
    let sum: u64 = pixels.iter().map(|&p| u64::from(p)).sum();
    (sum as f64 / pixels.len().max(1) as f64) as f32
}

fn laplacian_variance(crop: &FaceImage) -> f32 {
    let at = |x: usize, y: usize| f64::from(crop.0[y * FACE_SIDE + x]);
    let (mut sum, mut squares) = (0.0, 0.0);
    for y in 1..FACE_SIDE - 1 {
        for x in 1..FACE_SIDE - 1 {
            let value = at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1) - 4.0 * at(x, y);
            sum += value;
            squares += value * value;
        }
    }
    let count = ((FACE_SIDE - 2) * (FACE_SIDE - 2)) as f64;
    (squares / count - (sum / count).powi(2)).max(0.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::{FaceBox, Landmarks};

    fn quality(value: impl Fn(u32, u32) -> u8) -> FaceQuality {
        let pixels = (0..96 * 96).map(|i| value(i % 96, i / 96)).collect();
        let image = GreyImage::new(96, 96, pixels).unwrap();
        let face = Face {
            bounds: FaceBox {
                x: 8.0,
                y: 8.0,
                width: 80.0,
                height: 80.0,
                score: 0.9,
            },
            landmarks: Landmarks {
                eyes: [[33.0, 38.0], [63.0, 38.0]],
                nose: [48.0, 53.0],
                mouth: [[36.0, 68.0], [60.0, 68.0]],
            },
        };
        FaceQuality::measure(&image, &face)
    }

    #[test]
    fn a_flat_face_has_no_sharpness_and_its_own_brightness() {
        let flat = quality(|_, _| 77);
        assert_eq!(flat.sharpness, 0.0);
        assert_eq!(flat.brightness, 77.0);
        assert!((flat.side_px - 80.0 * 1.06).abs() < 0.01);
        assert_eq!((flat.tilt_degrees, flat.turn_degrees), (0.0, 0.0));
    }

    #[test]
    fn sharp_edges_measure_higher_than_soft_ones() {
        let sharp = quality(|x, _| if x / 12 % 2 == 0 { 40 } else { 200 });
        let soft = quality(|x, _| {
            let phase = f64::from(x) / 12.0 * std::f64::consts::PI;
            (120.0 + 80.0 * phase.sin()) as u8
        });
        assert!(sharp.sharpness > 2.0 * soft.sharpness, "{sharp:?} {soft:?}");
    }

    #[test]
    fn a_head_that_is_turned_away_counts_less() {
        let of = |turn_degrees| FaceQuality {
            side_px: 120.0,
            sharpness: 500.0,
            brightness: 120.0,
            tilt_degrees: 40.0,
            turn_degrees,
        };
        let weights = [0.0, 24.0, -42.5, 59.0, 75.0].map(|turn| of(turn).weight());
        assert_eq!(&weights[..3], &[1.0, 1.0, 0.5]);
        assert!(weights[3] > 0.0 && weights[4] == 0.0);
    }
}
