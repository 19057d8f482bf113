//! A camera's frame made around a face crop: what [`super::through_the_detector`] looks at.
//!
//! There is no photograph in it. The background is smooth noise on a gradient; the crop is enlarged
//! linearly and its border goes on, mirrored, while it fades into the background, because a real head
//! goes on beyond the crop and a hard edge would be a feature of its own.

use vibelux::face::{FACE_SIDE, FaceError, FaceImage, GreyImage, Square};

use super::pixels::{sample, to_byte, to_unit};
use crate::nn::Random;

/// Width and height of the frame in pixels, as a webcam gives them.
pub(super) const FRAME: (usize, usize) = (640, 480);

/// Smallest and largest side of the crop in the frame, in pixels.
const SIDE: (f32, f32) = (110.0, 180.0);

/// How far beyond the crop its mirrored border can be seen, in sides of the crop.
const FADE: f32 = 0.25;

/// Distances between the knots of the background's noise in pixels, and its amplitudes.
const OCTAVES: [(f32, f32); 2] = [(160.0, 0.15), (53.0, 0.05)];

/// Where a crop lies in its frame, in pixels; the crop is a square.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    pub left: f32,
    pub top: f32,
    pub side: f32,
    /// Clockwise, in radians, about its middle.
    pub tilt: f32,
}

impl Place {
    /// The same as a square to cut out.
    pub fn square(&self) -> Square {
        let [left, top, side] = [self.left, self.top, self.side].map(f64::from);
        Square {
            centre: (left + side / 2.0, top + side / 2.0),
            side,
            tilt: self.tilt.into(),
        }
    }
}

/// A frame with the face somewhere in it, tilted by so many degrees; the seed says to which side, where, how large, and
/// before what.
pub(super) fn frame(
    face: &FaceImage,
    tilt_degrees: f64,
    seed: u64,
) -> Result<(GreyImage, Place), FaceError> {
    let mut random = Random::new(seed, 0x5ce_0e00, 0);
    let side = random.uniform(SIDE.0, SIDE.1);
    let place = Place {
        left: random.uniform(0.0, FRAME.0 as f32 - side),
        top: random.uniform(0.0, FRAME.1 as f32 - side),
        side,
        tilt: tilt_degrees.to_radians() as f32 * if seed.is_multiple_of(2) { 1.0 } else { -1.0 },
    };
    let mut values = background(&mut random);
    paste(&to_unit(face), place, &mut values);
    let pixels = values.into_iter().map(to_byte).collect();
    let frame = GreyImage::new(FRAME.0 as u32, FRAME.1 as u32, pixels)?;
    Ok((frame, place))
}

/// Value noise (interpolated random knots) of two scales on a gradient.
fn background(random: &mut Random) -> Vec<f32> {
    let base = random.uniform(0.3, 0.7);
    let (across, down) = (random.uniform(-0.2, 0.2), random.uniform(-0.2, 0.2));
    let (width, height) = (FRAME.0 as f32, FRAME.1 as f32);
    let mut values: Vec<f32> = (0..FRAME.0 * FRAME.1)
        .map(|i| {
            let (x, y) = ((i % FRAME.0) as f32 / width, (i / FRAME.0) as f32 / height);
            base + across * (x - 0.5) + down * (y - 0.5)
        })
        .collect();
    for (pitch, amplitude) in OCTAVES {
        let columns = (width / pitch) as usize + 2;
        let rows = (height / pitch) as usize + 2;
        let knots: Vec<f32> = (0..columns * rows)
            .map(|_| amplitude * random.uniform(-1.0, 1.0))
            .collect();
        for (i, value) in values.iter_mut().enumerate() {
            let x = (i % FRAME.0) as f32 / pitch;
            let y = (i / FRAME.0) as f32 / pitch;
            let at = |column: usize, row: usize| knots[row * columns + column];
            let (column, row) = (x as usize, y as usize);
            let (fx, fy) = (smooth(x.fract()), smooth(y.fract()));
            let top = at(column, row) * (1.0 - fx) + at(column + 1, row) * fx;
            let bottom = at(column, row + 1) * (1.0 - fx) + at(column + 1, row + 1) * fx;
            *value += top * (1.0 - fy) + bottom * fy;
        }
    }
    values
}

/// Lays the face over the frame, whole within its square, fading out beyond.
fn paste(face: &[f32], place: Place, frame: &mut [f32]) {
    let (sin, cos) = place.tilt.sin_cos();
    for (i, pixel) in frame.iter_mut().enumerate() {
        // Shares of the square's side, at the pixel's middle.
        let x = ((i % FRAME.0) as f32 + 0.5 - place.left) / place.side - 0.5;
        let y = ((i / FRAME.0) as f32 + 0.5 - place.top) / place.side - 0.5;
        let (x, y) = (x * cos + y * sin + 0.5, y * cos - x * sin + 0.5);
        let beyond = |share: f32| (-share).max(share - 1.0).max(0.0);
        let distance = beyond(x).hypot(beyond(y)) / FADE;
        if distance < 1.0 {
            let side = FACE_SIDE as f32;
            let value = sample(face, x * side - 0.5, y * side - 0.5);
            *pixel += (value - *pixel) * (1.0 - smooth(distance));
        }
    }
}

/// From 0 to 1 without a corner at either end.
fn smooth(share: f32) -> f32 {
    share * share * (3.0 - 2.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture() -> FaceImage {
        // Smooth, as faces are: what enlarging and shrinking keep.
        FaceImage(std::array::from_fn(|i| {
            let (x, y) = ((i % FACE_SIDE) as f32, (i / FACE_SIDE) as f32);
            (128.0 + 60.0 * (x / 6.0).sin() + 50.0 * (y / 8.0).cos()) as u8
        }))
    }

    #[test]
    fn the_crop_at_its_place_is_the_face_again() {
        for (seed, tilt_degrees) in [
            (0, 0.0),
            (1, 0.0),
            (2, 0.0),
            (3, 20.0),
            (4, 45.0),
            (5, 30.0),
        ] {
            let (frame, place) = frame(&picture(), tilt_degrees, seed).unwrap();
            let crop = FaceImage::cut(&frame, &place.square());
            let difference = |(a, b): (&u8, &u8)| f64::from(a.abs_diff(*b));
            let mean =
                crop.0.iter().zip(&picture().0).map(difference).sum::<f64>() / crop.0.len() as f64;
            assert!(mean < 2.0, "seed {seed}: {mean}");
        }
    }

    #[test]
    fn frames_follow_the_seed_and_hold_the_whole_crop() {
        let (a, _) = frame(&picture(), 0.0, 1).unwrap();
        assert_eq!(a, frame(&picture(), 0.0, 1).unwrap().0);
        assert_ne!(a, frame(&picture(), 0.0, 2).unwrap().0);
        for seed in 0..20 {
            let (_, place) = frame(&picture(), 0.0, seed).unwrap();
            assert!(place.left >= 0.0 && place.left + place.side <= FRAME.0 as f32);
            assert!(place.top >= 0.0 && place.top + place.side <= FRAME.1 as f32);
            assert!((SIDE.0..=SIDE.1).contains(&place.side));
        }
    }

    #[test]
    fn far_from_the_face_there_is_background_alone() {
        let (dark, place) = frame(&FaceImage([0; FACE_SIDE * FACE_SIDE]), 0.0, 3).unwrap();
        let (light, _) = frame(&FaceImage([255; FACE_SIDE * FACE_SIDE]), 0.0, 3).unwrap();
        let reach = place.side * (1.0 + 2.0 * FADE);
        let touched = dark
            .pixels
            .iter()
            .zip(&light.pixels)
            .filter(|(a, b)| a != b);
        let touched = touched.count() as f32;
        assert!(touched >= place.side * place.side * 0.98);
        assert!(touched <= reach * reach);
    }
}
