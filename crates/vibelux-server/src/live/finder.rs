//! [`FaceFinder`]: the faces of one frame after the other, with as little searching as possible.
//!
//! The detector's cost is that of the pixels it looks at. Where a face was a moment ago it is looked for
//! in a small picture of its surroundings; the whole frame is searched twice a second for people who
//! come, and at once when somebody is no longer where he was. With nobody there, every other frame is searched
//! for a head that is tilted.

use vibelux::detect::{FaceDetector, TURNS};
use vibelux::face::{Face, FaceError, GreyImage};

/// The whole frame is searched when the last time is so long ago, in seconds.
const WHOLE_EVERY_SECONDS: f64 = 0.5;

/// With more faces, one search of the whole frame costs no more.
const MAX_SEPARATE: usize = 3;

/// A box that overlaps more with another (intersection over union) is the same face.
const LEAST_OVERLAP: f64 = 0.3;

/// More faces are not followed; the largest come first.
const MAX_FACES: usize = 8;

/// How heads are sought where nobody was: by their tilt in degrees, one a frame.
const TILTS: [f64; 4] = [0.0, TURNS[0], 0.0, TURNS[1]];

/// Finds the faces of a stream of frames.
#[derive(Debug)]
pub struct FaceFinder {
    detector: FaceDetector,
    whole_at: Option<f64>,
    /// Frames without anybody, one after the other.
    empty: usize,
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
            empty: 0,
        })
    }

    /// The faces of a frame at `seconds`, the largest first, given those of the frame before it.
    pub fn find(&mut self, seconds: f64, frame: &GreyImage, before: &[Face]) -> Vec<Face> {
        let due = self
            .whole_at
            .is_none_or(|at| seconds - at >= WHOLE_EVERY_SECONDS || seconds < at);
        if !due && !before.is_empty() && before.len() <= MAX_SEPARATE {
            let mut found: Vec<Face> = Vec::new();
            for last in before {
                self.add_near(frame, last, &mut found);
            }
            if found.len() == before.len() {
                return largest_first(found);
            }
        }
        self.whole_at = Some(seconds);
        let tilt = TILTS[self.empty % TILTS.len()];
        let mut found = if tilt == 0.0 {
            self.detector.detect_upright(frame)
        } else {
            self.detector.detect_tilted(frame, tilt.to_radians())
        };
        for last in before {
            // The search of the whole frame is coarser: it may miss who is still there.
            if found.len() < MAX_FACES && !is_among(&found, last) {
                self.add_near(frame, last, &mut found);
            }
        }
        self.empty = if found.is_empty() { self.empty + 1 } else { 0 };
        largest_first(found)
    }

    /// Adds the face that was at `last`, if it is still near there. Two faces that have moved together are one now.
    fn add_near(&mut self, frame: &GreyImage, last: &Face, found: &mut Vec<Face>) {
        let near = self.detector.detect_near(frame, last);
        found.extend(near.filter(|near| !is_among(found, near)));
    }
}

fn is_among(faces: &[Face], face: &Face) -> bool {
    faces
        .iter()
        .any(|other| other.bounds.intersection_over_union(&face.bounds) >= LEAST_OVERLAP)
}

fn largest_first(mut faces: Vec<Face>) -> Vec<Face> {
    faces.sort_by(|a, b| b.bounds.side().total_cmp(&a.bounds.side()));
    faces.truncate(MAX_FACES);
    faces
}
