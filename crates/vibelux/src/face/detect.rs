//! Where the faces in a picture are: the SeetaFace cascade, run by the `rustface` crate.
//!
//! Wu, Kan, He, Shan, Chen: Funnel-structured cascade for multi-view face detection with
//! alignment-awareness, Neurocomputing 221 (2017). Frontal faces, upright within some 30 degrees.
//!
//! The crate looks for faces from 40 px up and cannot be told otherwise (`set_min_face_size` does
//! nothing in 0.1.7), so speed is chosen by scaling the picture: its cost is that of its pixels.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rustface::{ImageData, Model};

use super::scale::resized;
use super::{FaceBox, FaceError, GreyImage};

/// The detector's model, BSD-2-Clause; see `models/seetaface/README.md`.
const SEETAFACE: &[u8] = include_bytes!("../../../../models/seetaface/seeta_fd_frontal_v1.0.bin");

/// The window of the cascade: no face with a smaller side is found.
const WINDOW: u32 = 40;

/// One way of looking for faces.
struct Look {
    /// The picture is scaled down to this longest side, in pixels.
    longest_side: u32,
    /// From one level of the image pyramid to the next, 0..1: near 1 looks at more sizes.
    pyramid_scale_factor: f32,
}

/// Tried in turn until there is a certain face; the one with the most certain face counts. On 200 faces of FER2013 in 640x480 frames the first finds 171
/// in 30 ms, the second 182 in 54 ms, neither any that is not there. The third is for people far away
/// in a photograph.
const LOOKS: [Look; 3] = [
    Look {
        longest_side: 640,
        pyramid_scale_factor: 0.8,
    },
    Look {
        longest_side: 640,
        pyramid_scale_factor: 0.9,
    },
    Look {
        longest_side: 1280,
        pyramid_scale_factor: 0.8,
    },
];

/// Pictures with a shorter side below this are enlarged to it, so that the face that fills a small
/// picture is larger than the window.
const SHORTEST_SIDE: u32 = 80;

/// The crate's own default of 3.85 misses a good part of expressive faces.
const SCORE_THRESHOLD: f64 = 2.0;

/// A look that finds a face this certain is the last. Below it may be a pattern of several small faces
/// that a finer look takes apart.
const CERTAIN_SCORE: f64 = 5.0;

/// Finds faces. Keep one per thread and reuse it: reading its model takes some milliseconds.
pub struct FaceDetector {
    model: Model,
}

impl std::fmt::Debug for FaceDetector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FaceDetector").finish_non_exhaustive()
    }
}

impl FaceDetector {
    /// A detector with the built-in model.
    ///
    /// # Errors
    /// [`FaceError::DetectorModel`] if the program was built with a broken model.
    pub fn new() -> Result<Self, FaceError> {
        let model = rustface::read_model(SEETAFACE)
            .map_err(|source| FaceError::DetectorModel { source })?;
        Ok(Self { model })
    }

    /// The faces in a picture, the largest first; none if there are none.
    ///
    /// The smallest face found is a sixteenth of the picture's longest side, a thirty-second if there
    /// is none as large, and never below 40 px. A picture of which a side is below 80 px is enlarged.
    #[must_use]
    pub fn detect(&mut self, image: &GreyImage) -> Vec<FaceBox> {
        if image.is_blank() {
            return Vec::new();
        }
        let mut best = Vec::new();
        let mut best_score = 0.0;
        let mut last_size = 0;
        for look in &LOOKS {
            let size = look.longest_side.min(image.width.max(image.height));
            // The third look would see no more than the second.
            if size == last_size && look.pyramid_scale_factor <= LOOKS[0].pyramid_scale_factor {
                break;
            }
            last_size = size;
            let faces = self.detect_with(image, look);
            let score = faces.iter().map(|face| face.score).fold(0.0, f64::max);
            if score > best_score {
                best = faces;
                best_score = score;
            }
            if best_score >= CERTAIN_SCORE {
                break;
            }
        }
        best
    }

    fn detect_with(&self, image: &GreyImage, look: &Look) -> Vec<FaceBox> {
        let (longest, shortest) = (image.width.max(image.height), image.width.min(image.height));
        let shrink = f64::from(look.longest_side) / f64::from(longest);
        let enlarge = f64::from(SHORTEST_SIDE) / f64::from(shortest);
        // A narrow strip cannot be both; it then stays within the longest side.
        let scale = enlarge.max(1.0).min(shrink);
        let to = |side: u32| ((f64::from(side) * scale).round() as u32).max(1);
        let (width, height) = (to(image.width), to(image.height));
        if width.min(height) < WINDOW {
            return Vec::new();
        }
        let found = if (width, height) == (image.width, image.height) {
            self.search(image, look)
        } else {
            self.search(&resized(image, width, height), look)
        };
        let mut faces: Vec<_> = found
            .into_iter()
            .map(|face| FaceBox {
                x: (f64::from(face.x) / scale) as f32,
                y: (f64::from(face.y) / scale) as f32,
                width: (f64::from(face.width) / scale) as f32,
                height: (f64::from(face.height) / scale) as f32,
                score: face.score,
            })
            .collect();
        faces.sort_by(|a, b| b.side().total_cmp(&a.side()));
        faces
    }

    /// Runs the cascade over a picture of at least the window's size.
    fn search(&self, image: &GreyImage, look: &Look) -> Vec<FaceBox> {
        // The crate's detector cannot be sent between threads, its model can: a detector made anew
        // costs a copy of the model: 0.3 ms beside the 30 of the search.
        let search = || {
            let mut detector = rustface::create_detector_with_model(self.model.clone());
            detector.set_score_thresh(SCORE_THRESHOLD);
            detector.set_pyramid_scale_factor(look.pyramid_scale_factor);
            detector.set_slide_window_step(4, 4);
            detector.detect(&ImageData::new(&image.pixels, image.width, image.height))
        };
        // The crate's arithmetic on boxes near the border is unchecked; a frame lost is better than
        // a program ended.
        let found = catch_unwind(AssertUnwindSafe(search)).unwrap_or_default();
        found
            .iter()
            .map(|face| FaceBox {
                x: face.bbox().x() as f32,
                y: face.bbox().y() as f32,
                width: face.bbox().width() as f32,
                height: face.bbox().height() as f32,
                score: face.score(),
            })
            .filter(|face| face.width > 0.0 && face.height > 0.0)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn assert_send<T: Send>() {}
    const _: () = assert_send::<FaceDetector>();

    /// `rustface` subtracts the window from each level's size without a check: a level smaller than
    /// the window would read out of bounds. This repeats its arithmetic for every size we let in.
    #[test]
    fn no_level_of_the_pyramid_is_smaller_than_the_window() {
        for look in &LOOKS {
            for side in WINDOW..=look.longest_side {
                let smallest = WINDOW as f32 / side as f32;
                let mut scale = 1.0_f32;
                while scale >= smallest {
                    assert!((side as f32 * scale) as u32 >= WINDOW, "{side} at {scale}");
                    scale *= look.pyramid_scale_factor;
                }
            }
        }
    }

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
                prop_assert!(face.side() > 0.0 && face.score >= SCORE_THRESHOLD);
            }
        }
    }
}
