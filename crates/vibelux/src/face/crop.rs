//! A face cut out of a picture, turned, framed and scaled as the pictures of FER2013 are.

use super::scale::cut;
use super::{Face, GreyImage, Square};

/// Pixels along each side of a [`FaceImage`].
pub const FACE_SIDE: usize = 48;

/// The widest crop, in longest sides of the picture: beyond it a box is nonsense and would only
/// cost time.
const MAX_SIDE_IN_PICTURES: f64 = 4.0;

/// What a face model reads: 48 x 48 Rec.601 grey values, row by row from the top left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaceImage(pub [u8; FACE_SIDE * FACE_SIDE]);

impl FaceImage {
    /// Cuts out [`Face::square`], turns it upright and scales it to 48 x 48.
    ///
    /// Any face is accepted; one that is not finite takes the whole picture.
    #[must_use]
    pub fn crop(image: &GreyImage, face: &Face) -> Self {
        Self::cut(image, &face.square())
    }

    /// The picture itself as a face, for pictures that are face crops already: its largest centred
    /// square, scaled. A 48 x 48 picture stays as it is.
    #[must_use]
    pub fn whole(image: &GreyImage) -> Self {
        let (width, height) = (f64::from(image.width), f64::from(image.height));
        let square = Square {
            centre: (width / 2.0, height / 2.0),
            side: width.min(height),
            tilt: 0.0,
        };
        Self::cut(image, &square)
    }

    /// Left and right exchanged.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        let mut pixels = self.0;
        for row in pixels.chunks_exact_mut(FACE_SIDE) {
            row.reverse();
        }
        Self(pixels)
    }

    /// Cuts out a square and scales it to 48 x 48.
    ///
    /// Where the square sticks out of the picture, the picture's border is repeated: a mirrored
    /// one could show a second mouth, and black would be an edge that no training picture has. One that is
    /// not finite takes the whole picture, one outside of it the nearest border. A picture without pixels gives
    /// black.
    #[must_use]
    pub fn cut(image: &GreyImage, square: &Square) -> Self {
        let (x, y) = square.centre;
        if [x, y, square.side, square.tilt]
            .iter()
            .any(|v| !v.is_finite())
        {
            return Self::whole(image);
        }
        let mut face = [0; FACE_SIDE * FACE_SIDE];
        if !image.is_blank() {
            let (width, height) = (f64::from(image.width), f64::from(image.height));
            let square = Square {
                centre: (x.clamp(0.0, width), y.clamp(0.0, height)),
                side: square
                    .side
                    .clamp(1.0, MAX_SIDE_IN_PICTURES * width.max(height)),
                tilt: square.tilt,
            };
            cut(image, &square, FACE_SIDE, &mut face);
        }
        Self(face)
    }
}

#[cfg(test)]
mod tests {
    use super::super::scale::resized;
    use super::*;
    use proptest::prelude::*;

    fn image(width: u32, height: u32, value: impl Fn(u32, u32) -> u8) -> GreyImage {
        let pixels = (0..height)
            .flat_map(|y| (0..width).map(move |x| (x, y)))
            .map(|(x, y)| value(x, y))
            .collect();
        GreyImage::new(width, height, pixels).unwrap()
    }

    fn any_f32() -> impl Strategy<Value = f32> {
        prop_oneof![
            -2000.0_f32..2000.0,
            prop::num::f32::ANY,
            Just(f32::NAN),
            Just(f32::INFINITY),
            Just(f32::MAX),
            Just(f32::MIN),
            Just(0.0),
        ]
    }

    proptest! {
        #[test]
        fn any_box_gives_a_crop_within_the_values_of_the_picture(
            width in 1_u32..70, height in 1_u32..70, low in 0_u8..200, span in 0_u8..55,
            x in any_f32(), y in any_f32(), w in any_f32(), h in any_f32(),
        ) {
            let picture = image(width, height, |x, y| low + ((x * 7 + y * 13) % (u32::from(span) + 1)) as u8);
            let square = Square { centre: (x.into(), y.into()), side: w.into(), tilt: h.into() };
            let crop = FaceImage::cut(&picture, &square);
            prop_assert!(crop.0.iter().all(|&v| (low..=low + span).contains(&v)));
        }

        #[test]
        fn a_flat_picture_stays_flat_at_any_size(
            value: u8, width in 1_u32..200, height in 1_u32..200, to in 1_u32..100,
        ) {
            let flat = image(width, height, |_, _| value);
            prop_assert!(resized(&flat, to, to).pixels.iter().all(|&v| v == value));
        }

        #[test]
        fn mirroring_the_picture_mirrors_the_crop(
            x in 20.0_f64..80.0, y in 20.0_f64..60.0, side in 10.0_f64..80.0, seed in 0_u32..1000,
            tilt in prop_oneof![Just(0.0), -1.5_f64..1.5],
        ) {
            let value = |x: u32, y: u32| (x * x * 31 + y * 17 + x * y * seed) as u8;
            let picture = image(100, 80, value);
            let mirror = image(100, 80, |x, y| value(99 - x, y));
            let square = Square { centre: (x, y), side, tilt };
            let mirrored = Square { centre: (100.0 - x, y), tilt: -tilt, ..square };
            let (a, b) = (FaceImage::cut(&picture, &square), FaceImage::cut(&mirror, &mirrored));
            prop_assert!(a.0.iter().zip(&b.mirrored().0).all(|(&p, &q)| p.abs_diff(q) <= 1));
        }
    }

    #[derive(serde::Deserialize)]
    struct PilCrop {
        left: f32,
        top: f32,
        side: f32,
        grey: Vec<u8>,
    }

    /// `scripts/golden/face_pictures.py` draws the same picture and lets PIL cut and scale it.
    #[test]
    fn crops_are_pils() {
        let picture = image(200, 150, |x, y| (x * x / 9 + y * 3 + (x * y) / 16) as u8);
        let golden = include_str!("../../tests/golden/face/crops.json");
        let crops: Vec<PilCrop> = serde_json::from_str(golden).unwrap();
        assert_eq!(crops.len(), 5);
        for crop in crops {
            let side = f64::from(crop.side);
            let (x, y) = (f64::from(crop.left), f64::from(crop.top));
            let square = Square {
                centre: (x + side / 2.0, y + side / 2.0),
                side,
                tilt: 0.0,
            };
            let got = FaceImage::cut(&picture, &square);
            let worst = got
                .0
                .iter()
                .zip(&crop.grey)
                .map(|(&a, &b)| a.abs_diff(b))
                .max();
            assert!(worst <= Some(1), "side {side}: off by {worst:?}");
        }
    }

    #[test]
    fn a_48_pixel_picture_stays_as_it_is() {
        let picture = image(48, 48, |x, y| (x * 5 + y * 3) as u8);
        assert_eq!(FaceImage::whole(&picture).0.as_slice(), picture.pixels);
    }

    #[test]
    fn the_crop_is_the_square() {
        // A ramp: the value tells the column it came from.
        let ramp = image(200, 200, |x, _| x as u8);
        let side = 104.6;
        let square = Square {
            centre: (98.0, 108.0),
            side,
            tilt: 0.0,
        };
        let crop = FaceImage::cut(&ramp, &square);
        for i in 0..48 {
            let expected = 98.0 - side / 2.0 + (f64::from(i) + 0.5) * side / 48.0 - 0.5;
            let got = f64::from(crop.0[24 * 48 + i as usize]);
            assert!((got - expected).abs() <= 0.6, "{i}: {got} for {expected}");
        }
    }

    #[test]
    fn a_turned_square_sees_the_turned_picture() {
        // Waves along a direction, and the same direction made level.
        for side in [30.0, 120.0] {
            for tilt in [-1.2_f64, 0.02, 0.3, 0.8] {
                let wave = |across: f64| (128.0 + 100.0 * (across / 9.0).sin()) as u8;
                let from_middle = |x: u32, y: u32| (f64::from(x) - 99.5, f64::from(y) - 99.5);
                let level = image(200, 200, |x, y| wave(from_middle(x, y).0));
                let turned = image(200, 200, |x, y| {
                    let (x, y) = from_middle(x, y);
                    wave(x * tilt.cos() + y * tilt.sin())
                });
                let square = |tilt| Square {
                    centre: (100.0, 100.0),
                    side,
                    tilt,
                };
                let a = FaceImage::cut(&level, &square(0.0));
                let b = FaceImage::cut(&turned, &square(tilt));
                let worst = a.0.iter().zip(&b.0).map(|(&a, &b)| a.abs_diff(b)).max();
                assert!(worst <= Some(6), "side {side}, {tilt}: {worst:?}");
            }
        }
    }

    #[test]
    fn a_fine_pattern_shrinks_to_its_mean() {
        // Stripes one pixel wide: a kernel that skips pixels would show black or white.
        let stripes = image(800, 800, |x, _| if x % 2 == 0 { 0 } else { 255 });
        let face = FaceImage::whole(&stripes);
        assert!(face.0.iter().all(|&v| (118..=138).contains(&v)));
    }

    #[test]
    fn beyond_the_border_the_border_is_repeated() {
        let picture = image(100, 100, |x, _| if x < 60 { 10 } else { 200 });
        for tilt in [0.0, 0.5] {
            let square = Square {
                centre: (-60.0, 50.0),
                side: 80.0,
                tilt,
            };
            let crop = FaceImage::cut(&picture, &square);
            assert!(crop.0.iter().all(|&v| v == 10));
        }
    }

    #[test]
    fn no_pixels_give_black() {
        let empty = GreyImage::new(0, 0, Vec::new()).unwrap();
        assert_eq!(FaceImage::whole(&empty).0, [0; 48 * 48]);
        let inconsistent = GreyImage {
            width: 9,
            height: 9,
            pixels: vec![1],
        };
        assert_eq!(FaceImage::whole(&inconsistent).0, [0; 48 * 48]);
    }

    #[test]
    fn mirrored_twice_is_the_same() {
        let face = FaceImage::whole(&image(48, 48, |x, y| (x * 3 + y) as u8));
        assert_ne!(face.mirrored(), face);
        assert_eq!(face.mirrored().mirrored(), face);
    }
}
