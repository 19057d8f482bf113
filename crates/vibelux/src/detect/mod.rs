//! Where the faces in a picture are, and how they are held: the network YuNet.
//!
//! ```text
//! GreyImage -> scaled, or cut out and turned -> network -> three grids of cells -> decode -> faces, each once
//! ```
//!
//! The network finds heads that are about upright and takes tilts for half of what they are. So a face that
//! seems tilted is looked at once more, turned upright, and a picture without faces is looked at turned.

mod decode;
mod network;

use std::borrow::Cow;

use vibelux_kernels::{InstructionSet, Precision};

use crate::face::{Face, FaceBox, FaceError, GreyImage, Square, cut, halved, resized};
use decode::{Grid, decode, suppress};
use network::{Buffers, Network, STRIDES, framed};

/// The detector's weights, Apache-2.0; see `models/yunet/README.md`.
const YUNET: &[u8] = include_bytes!("../../../../models/yunet/yunet_s.onnx");

/// A face is one from this score on.
const LEAST_SCORE: f64 = 0.7;

/// Where a face was a moment ago, this is enough.
const LEAST_SCORE_NEAR: f64 = 0.5;

/// The picture is looked at with these longest sides, in pixels, or its own if it is smaller: with the first for
/// faces near by, which fill the picture, with the second for people far away in a photograph. No size sees both: a face that is seen with some
/// 60 to 200 pixels is found best (`scripts/compare/detectors.py`).
const LOOKS: [u32; 2] = [640, 2048];

/// How far the picture is turned where no upright head was found, in degrees.
pub const TURNS: [f64; 2] = [40.0, -40.0];

/// The surroundings in which a known face is looked for: a square of so many of its sides, in so many pixels.
const SURROUNDINGS: f64 = 2.2;
const SURROUNDINGS_PX: usize = 160;

/// A face that is found overlaps so much (intersection over union) with the one it was looked for.
const LEAST_OVERLAP: f64 = 0.3;

/// A smaller tilt is none, in radians: 4 degrees.
const SMALL_TILT: f64 = 0.07;

/// How much of the tilt that is seen is taken away in a round: mostly it is seen as half of what it is, never as less.
const TILT_GAIN: f64 = 1.8;

/// Rounds of turning a tilted face upright.
const TILT_ROUNDS: usize = 3;

/// More faces are not turned upright; the largest come first.
const MAX_TURNED: usize = 8;

/// Finds faces. Keep one per thread and reuse it: it keeps the memory that a search needs.
#[derive(Debug)]
pub struct FaceDetector {
    network: Network,
    buffers: Buffers,
}

impl FaceDetector {
    /// A detector with the built-in weights.
    ///
    /// # Errors
    /// [`FaceError::DetectorModel`] if the program was built with broken ones.
    pub fn new() -> Result<Self, FaceError> {
        let isa = InstructionSet::detect(Precision::F32);
        let network = Network::new(isa, YUNET).ok_or(FaceError::DetectorModel)?;
        Ok(Self {
            network,
            buffers: Buffers::default(),
        })
    }

    /// The faces in a picture, the largest first; none if there are none.
    ///
    /// Faces from some 50 px on are found reliably, or where the picture's longest side has more than 2048 px, from 2 % of it on; the smallest
    /// that are found at all are about 10 px wide, or 0.5 %. Where no head is about upright, tilted ones are looked for, which takes three times as long.
    #[must_use]
    pub fn detect(&mut self, image: &GreyImage) -> Vec<Face> {
        let upright = self.detect_upright(image);
        if !upright.is_empty() {
            return upright;
        }
        let mut turned = TURNS
            .iter()
            .map(|turn| self.detect_tilted(image, turn.to_radians()));
        turned.find(|faces| !faces.is_empty()).unwrap_or_default()
    }

    /// The same without looking for heads that are tilted by more than some 30 degrees.
    #[must_use]
    pub fn detect_upright(&mut self, image: &GreyImage) -> Vec<Face> {
        if image.is_blank() {
            return Vec::new();
        }
        let longest = |image: &GreyImage| image.width.max(image.height);
        let mut seen = Cow::Borrowed(image);
        let mut shrunk = 1.0;
        while longest(&seen) >= 2 * LOOKS[1] && seen.width.min(seen.height) >= 2 {
            seen = Cow::Owned(halved(&seen));
            shrunk *= 2.0;
        }
        let longest = longest(&seen);
        let mut faces = Vec::new();
        for (i, &look) in LOOKS.iter().enumerate() {
            // A second look at as many pixels would see the same.
            if i == 0 || longest > LOOKS[i - 1] {
                self.look(&seen, look.min(longest), &mut faces);
            }
        }
        for face in &mut faces {
            *face = face.scaled(shrunk, shrunk);
        }
        self.finish(image, faces)
    }

    /// What the network says of a picture in its own size, the most certain first: nothing is scaled or turned, or looked at
    /// again. For comparison with other programs that run it.
    #[must_use]
    pub fn detect_as_is(&mut self, image: &GreyImage) -> Vec<Face> {
        let mut faces = Vec::new();
        if !image.is_blank() {
            self.search(image, LEAST_SCORE, &mut faces);
        }
        suppress(faces)
    }

    /// The faces of heads that are tilted clockwise by about `tilt` radians, the largest first.
    #[must_use]
    pub fn detect_tilted(&mut self, image: &GreyImage, tilt: f64) -> Vec<Face> {
        if image.is_blank() || !tilt.is_finite() {
            return Vec::new();
        }
        let (width, height) = (f64::from(image.width), f64::from(image.height));
        let (sin, cos) = (tilt.sin().abs(), tilt.cos().abs());
        let square = Square {
            centre: (width / 2.0, height / 2.0),
            // All of the picture is in it.
            side: (width * cos + height * sin).max(width * sin + height * cos),
            tilt,
        };
        let pixels = (square.side.ceil() as usize).min(LOOKS[0] as usize);
        let faces = self.search_in(image, &square, pixels, LEAST_SCORE);
        self.finish(image, faces)
    }

    /// The face that was at `last` in an earlier picture of the same size, if it is still near there.
    #[must_use]
    pub fn detect_near(&mut self, image: &GreyImage, last: &Face) -> Option<Face> {
        let tilt = last.landmarks.tilt();
        let tilt = if tilt.abs() < SMALL_TILT { 0.0 } else { tilt };
        self.search_near(image, last, tilt)
    }

    /// Each face once and upright, the largest first.
    fn finish(&mut self, image: &GreyImage, faces: Vec<Face>) -> Vec<Face> {
        let mut faces = suppress(faces);
        faces.sort_by(|a, b| b.bounds.side().total_cmp(&a.bounds.side()));
        for face in faces.iter_mut().take(MAX_TURNED) {
            *face = self.turn_upright(image, *face);
        }
        faces
    }

    /// Looks at a tilted face again, turned, until it seems upright: where it is and how tilted is then better known.
    fn turn_upright(&mut self, image: &GreyImage, mut face: Face) -> Face {
        let mut seen_at = 0.0;
        for _ in 0..TILT_ROUNDS {
            let left = face.landmarks.tilt() - seen_at;
            if left.abs() < SMALL_TILT {
                break;
            }
            let next = seen_at + TILT_GAIN * left;
            let Some(found) = self.search_near(image, &face, next) else {
                break;
            };
            (face, seen_at) = (found, next);
        }
        face
    }

    /// A face that overlaps with `last`, of a head that is tilted by about `tilt` radians.
    fn search_near(&mut self, image: &GreyImage, last: &Face, tilt: f64) -> Option<Face> {
        let (x, y) = last.bounds.centre();
        let (width, height) = (f64::from(image.width), f64::from(image.height));
        let side = last.bounds.side() * SURROUNDINGS;
        let near = x + side > 0.0 && x - side < width && y + side > 0.0 && y - side < height;
        let sensible = side >= 1.0 && side <= 2.0 * SURROUNDINGS * width.max(height);
        if image.is_blank() || !near || !sensible || !tilt.is_finite() {
            return None;
        }
        let square = Square {
            centre: (x, y),
            side,
            tilt,
        };
        let pixels = SURROUNDINGS_PX.min(side.ceil() as usize);
        let found = self.search_in(image, &square, pixels, LEAST_SCORE_NEAR);
        let overlap = |face: &Face| face.bounds.intersection_over_union(&last.bounds);
        suppress(found)
            .into_iter()
            .filter(|face| overlap(face) >= LEAST_OVERLAP)
            .max_by(|a, b| overlap(a).total_cmp(&overlap(b)))
    }

    /// What is found in a square of the picture, turned upright and scaled to so many pixels a side.
    fn search_in(
        &mut self,
        image: &GreyImage,
        square: &Square,
        pixels: usize,
        least_score: f64,
    ) -> Vec<Face> {
        let mut part = GreyImage {
            width: pixels as u32,
            height: pixels as u32,
            pixels: vec![0; pixels * pixels],
        };
        cut(image, square, pixels, &mut part.pixels);
        let mut faces = Vec::new();
        self.search(&part, least_score, &mut faces);
        for face in &mut faces {
            *face = out_of(square, pixels, face);
        }
        faces
    }

    /// Adds what is found in the picture when its longest side is scaled down to so many pixels.
    fn look(&mut self, image: &GreyImage, longest: u32, faces: &mut Vec<Face>) {
        let scale = f64::from(longest) / f64::from(image.width.max(image.height));
        let to = |side: u32| ((f64::from(side) * scale).round() as u32).max(1);
        let (width, height) = (to(image.width), to(image.height));
        if (width, height) == (image.width, image.height) {
            self.search(image, LEAST_SCORE, faces);
            return;
        }
        let first = faces.len();
        self.search(&resized(image, width, height), LEAST_SCORE, faces);
        // Each axis was rounded by itself.
        let across = image.width as f32 / width as f32;
        let down = image.height as f32 / height as f32;
        for face in &mut faces[first..] {
            *face = face.scaled(across, down);
        }
    }

    fn search(&mut self, image: &GreyImage, least_score: f64, faces: &mut Vec<Face>) {
        self.network.run(image, &mut self.buffers);
        let [_, width] = framed(image);
        for (cells, stride) in self.buffers.cells.iter().zip(STRIDES) {
            let grid = Grid {
                stride,
                width: width / stride,
                cells,
            };
            decode(&grid, least_score, faces);
        }
    }
}

/// A face of a square that was turned upright and scaled to so many pixels, in the picture it was cut from. The box keeps
/// the size that it has for the upright head, about the same middle.
fn out_of(square: &Square, pixels: usize, face: &Face) -> Face {
    let scale = square.side / pixels as f64;
    let (sin, cos) = square.tilt.sin_cos();
    let to = |(x, y): (f64, f64)| {
        let middle = pixels as f64 / 2.0;
        let (across, down) = ((x - middle) * scale, (y - middle) * scale);
        [
            (square.centre.0 + across * cos - down * sin) as f32,
            (square.centre.1 + across * sin + down * cos) as f32,
        ]
    };
    let [x, y] = to(face.bounds.centre());
    let [width, height] = [face.bounds.width, face.bounds.height].map(|side| side * scale as f32);
    Face {
        bounds: FaceBox {
            x: x - width / 2.0,
            y: y - height / 2.0,
            width,
            height,
            score: face.bounds.score,
        },
        landmarks: face.landmarks.map(|[x, y]| to((x.into(), y.into()))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::face::Landmarks;

    const fn assert_send<T: Send>() {}
    const _: () = assert_send::<FaceDetector>();

    #[test]
    fn pictures_without_a_face_give_none() {
        let mut detector = FaceDetector::new().unwrap();
        for (width, height) in [
            (0, 0),
            (1, 1),
            (1, 500),
            (39, 39),
            (40, 40),
            (640, 480),
            (3000, 2),
        ] {
            let grey = vec![128; width as usize * height as usize];
            let image = GreyImage::new(width, height, grey).unwrap();
            assert_eq!(detector.detect(&image), [], "{width} x {height}");
        }
    }

    #[test]
    fn what_is_found_in_a_turned_square_lies_in_the_picture() {
        let square = Square {
            centre: (200.0, 100.0),
            side: 80.0,
            tilt: std::f64::consts::FRAC_PI_2,
        };
        // The middle of the upper side of 40 px, which is on the right in the picture.
        let point = [20.0, 0.0];
        let face = Face {
            bounds: FaceBox {
                x: 15.0,
                y: -5.0,
                width: 10.0,
                height: 10.0,
                score: 0.8,
            },
            landmarks: Landmarks {
                eyes: [point; 2],
                nose: point,
                mouth: [point; 2],
            },
        };
        let found = out_of(&square, 40, &face);
        let close = |(x, y): (f64, f64)| (x - 240.0).abs() < 1e-4 && (y - 100.0).abs() < 1e-4;
        assert!(close(found.bounds.centre()), "{found:?}");
        assert_eq!((found.bounds.width, found.bounds.height), (20.0, 20.0));
        assert!(close((
            found.landmarks.nose[0].into(),
            found.landmarks.nose[1].into()
        )));
    }

    #[test]
    fn any_earlier_face_is_looked_near_without_harm() {
        let image = GreyImage::new(64, 48, vec![90; 64 * 48]).unwrap();
        let mut detector = FaceDetector::new().unwrap();
        for (x, y, side) in [
            (0.0, 0.0, 40.0),
            (-500.0, 10.0, 40.0),
            (60.0, 44.0, 0.0),
            (f32::NAN, 0.0, 10.0),
            (0.0, 0.0, f32::INFINITY),
            (1e30, -1e30, 1e30),
            (10.0, 10.0, -5.0),
        ] {
            let last = Face {
                bounds: FaceBox {
                    x,
                    y,
                    width: side,
                    height: side,
                    score: 0.9,
                },
                landmarks: Landmarks {
                    eyes: [[x, y], [x + side, y]],
                    nose: [x, y],
                    mouth: [[side, x], [y, x]],
                },
            };
            assert_eq!(detector.detect_near(&image, &last), None);
        }
        assert_eq!(detector.detect_tilted(&image, f64::NAN), []);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn any_noise_is_searched(width in 1_u32..200, height in 1_u32..200, seed: u32, coarse in 1_u32..9) {
            let noise = |i: u32| {
                let (x, y) = (i % width / coarse, i / width / coarse);
                (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(seed | 1)).wrapping_mul(seed | 1) >> 24
            };
            let pixels = (0..width * height).map(|i| noise(i) as u8).collect();
            let image = GreyImage::new(width, height, pixels).unwrap();
            for face in FaceDetector::new().unwrap().detect(&image) {
                prop_assert!(face.bounds.side() > 0.0 && (LEAST_SCORE..=1.0).contains(&face.bounds.score));
            }
        }
    }
}
