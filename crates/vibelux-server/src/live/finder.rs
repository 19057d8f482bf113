//! [`FaceFinder`]: the faces of one frame after the other, with as little searching as possible.
//!
//! The detector's cost is that of the pixels it looks at. Where a face was a moment ago it is looked for
//! in a small picture of its surroundings; the whole frame is searched twice a second for people who
//! come, and at once when somebody is no longer where he was.

use image::GrayImage;
use image::imageops::thumbnail;
use vibelux::face::{FaceBox, FaceDetector, FaceError, GreyImage};

/// The whole frame is searched when the last time is so long ago, in seconds.
const WHOLE_EVERY_SECONDS: f64 = 0.5;

/// The surroundings of a face: a square of so many of its sides.
const SURROUNDINGS: f64 = 2.2;

/// The face is scaled down to this side in its surroundings, in pixels; the detector needs 40. At 64 the
/// search takes two thirds of the time, but the boxes of a face that glides by tremble by 10 px of 200
/// instead of 4.
const SEARCHED_SIDE_PX: f64 = 80.0;

/// With more faces, one search of the whole frame costs no more.
const MAX_SEPARATE: usize = 3;

/// A box that overlaps less with where the face was is another face.
const LEAST_OVERLAP: f64 = 0.3;

/// More faces are not followed; the largest come first.
const MAX_FACES: usize = 8;

/// Finds the faces of a stream of frames.
#[derive(Debug)]
pub struct FaceFinder {
    detector: FaceDetector,
    whole_at: Option<f64>,
}

impl FaceFinder {
    /// A finder that has seen nothing yet.
    ///
    /// # Errors
    /// If the program was built with a broken detector.
    pub fn new() -> Result<Self, FaceError> {
        Ok(Self {
            detector: FaceDetector::new()?,
            whole_at: None,
        })
    }

    /// The faces of a frame at `seconds`, the largest first, given those of the frame before it.
    pub fn find(&mut self, seconds: f64, frame: &GreyImage, before: &[FaceBox]) -> Vec<FaceBox> {
        let due = self
            .whole_at
            .is_none_or(|at| seconds - at >= WHOLE_EVERY_SECONDS || seconds < at);
        if !due && !before.is_empty() && before.len() <= MAX_SEPARATE {
            let mut found: Vec<FaceBox> = Vec::new();
            for last in before {
                // Two faces that have moved together are one now.
                let near = self
                    .look_near(frame, last)
                    .filter(|near| !is_among(&found, near));
                found.extend(near);
            }
            if found.len() == before.len() {
                return largest_first(found);
            }
        }
        self.whole_at = Some(seconds);
        let mut found = self.detector.detect(frame);
        for last in before {
            // The search of the whole frame is coarser: it may miss who is still there.
            if found.len() < MAX_FACES && !is_among(&found, last) {
                let near = self
                    .look_near(frame, last)
                    .filter(|near| !is_among(&found, near));
                found.extend(near);
            }
        }
        largest_first(found)
    }

    /// The face that was at `last`, if it is still near there.
    fn look_near(&mut self, frame: &GreyImage, last: &FaceBox) -> Option<FaceBox> {
        let side = last.side() * SURROUNDINGS;
        let (x, y) = last.centre();
        let edge = |value: f64, end: u32| value.clamp(0.0, f64::from(end)) as u32;
        let (left, right) = (
            edge(x - side / 2.0, frame.width),
            edge(x + side / 2.0, frame.width),
        );
        let (top, bottom) = (
            edge(y - side / 2.0, frame.height),
            edge(y + side / 2.0, frame.height),
        );
        let (width, height) = (right.checked_sub(left)?, bottom.checked_sub(top)?);
        if width == 0 || height == 0 {
            return None;
        }
        let cut = cut(frame, (left, top), (width, height))?;
        let scale = (SEARCHED_SIDE_PX / last.side()).min(1.0);
        let to = |side: u32| ((f64::from(side) * scale).round() as u32).max(1);
        let (small_width, small_height) = (to(width), to(height));
        let small = if scale < 1.0 {
            thumbnail(&cut, small_width, small_height)
        } else {
            cut
        };
        let small = GreyImage::new(small_width, small_height, small.into_raw()).ok()?;
        // Each axis was rounded by itself.
        let scale_x = f64::from(width) / f64::from(small_width);
        let scale_y = f64::from(height) / f64::from(small_height);
        let back = |face: FaceBox| FaceBox {
            x: (f64::from(left) + f64::from(face.x) * scale_x) as f32,
            y: (f64::from(top) + f64::from(face.y) * scale_y) as f32,
            width: (f64::from(face.width) * scale_x) as f32,
            height: (f64::from(face.height) * scale_y) as f32,
            score: face.score,
        };
        let overlap = |face: &FaceBox| face.intersection_over_union(last);
        self.detector
            .detect(&small)
            .into_iter()
            .map(back)
            .filter(|face| overlap(face) >= LEAST_OVERLAP)
            .max_by(|a, b| overlap(a).total_cmp(&overlap(b)))
    }
}

/// A part of the frame; `None` if it is not within it.
fn cut(frame: &GreyImage, (x, y): (u32, u32), (width, height): (u32, u32)) -> Option<GrayImage> {
    let mut pixels = Vec::with_capacity(width as usize * height as usize);
    for row in y..y + height {
        let start = row as usize * frame.width as usize + x as usize;
        pixels.extend_from_slice(frame.pixels.get(start..start + width as usize)?);
    }
    GrayImage::from_raw(width, height, pixels)
}

fn is_among(faces: &[FaceBox], face: &FaceBox) -> bool {
    faces
        .iter()
        .any(|other| other.intersection_over_union(face) >= LEAST_OVERLAP)
}

fn largest_first(mut faces: Vec<FaceBox>) -> Vec<FaceBox> {
    faces.sort_by(|a, b| b.side().total_cmp(&a.side()));
    faces.truncate(MAX_FACES);
    faces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_earlier_box_is_looked_near_without_harm() {
        let frame = GreyImage::new(64, 48, vec![90; 64 * 48]).unwrap();
        let mut finder = FaceFinder::new().unwrap();
        for (x, y, side) in [
            (0.0, 0.0, 40.0),
            (-500.0, 10.0, 40.0),
            (60.0, 44.0, 0.0),
            (f32::NAN, 0.0, 10.0),
            (0.0, 0.0, f32::INFINITY),
            (1e30, -1e30, 1e30),
            (10.0, 10.0, -5.0),
        ] {
            let last = FaceBox {
                x,
                y,
                width: side,
                height: side,
                score: 9.0,
            };
            assert_eq!(finder.find(0.1, &frame, &[last]), []);
        }
    }
}
