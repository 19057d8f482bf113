//! The detector in the loop: what a picture of a face loses on its way through detection and crop.
//!
//! Each face is laid into a made frame ([`super::scene`]) and read as the product reads a picture:
//! [`FaceDetector`], the largest box, [`FaceImage::crop`], the model. The same faces taken directly,
//! as crops, say what could have been had; a head may be tilted in its frame. A real camera shows all of the
//! head, in finer detail than an enlarged 48x48 picture has, so the share of faces found is no measurement of a
//! camera.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use vibelux::detect::FaceDetector;
use vibelux::face::{Face, FaceImage, Square};

use super::faces::{FaceEnsemble, FaceFile, FaceFiles};
use super::intervals::{Share, share};
use super::scene::{self, Place};

/// Faces per detector: reading its model takes a tenth of a face's time.
const FACES_PER_DETECTOR: usize = 16;

/// A crop whose middle is further from the right one's, in sides of that, is of something else.
const FARTHEST: f64 = 0.5;

/// What the detector's route does to accuracy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DetectorReport {
    /// How far the heads are tilted, in degrees, half of them to either side.
    pub tilt_degrees: f64,
    /// How many faces.
    pub faces: usize,
    /// Share of them for which the detector gave a box.
    pub found_share: Share,
    /// How many faces that were used lie on something else than the face; they count as found.
    pub misplaced: usize,
    /// Accuracy of the direct route on all faces.
    pub direct_on_all: Share,
    /// The figures on the faces that were found; `None` if there is none.
    pub on_found: Option<OnFound>,
}

/// Both routes on the faces that the detector has found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OnFound {
    /// How many.
    pub faces: usize,
    /// Accuracy through the detector.
    pub through: Share,
    /// Accuracy of the same faces taken as crops.
    pub direct: Share,
    /// Through the detector, but not turned upright.
    pub unaligned: Share,
    /// Through the detector less direct, paired by face: -0.02 is two points lost.
    pub difference: Share,
    /// Median side of the detector's crop over the side of the crop that was laid into the frame.
    pub median_side_ratio: f64,
    /// Median distance between the middles of both, in sides of the latter.
    pub median_offset: f64,
    /// Median of the same to the right and down, signed: what is left when the scatter cancels out.
    pub median_shift: [f64; 2],
    /// Median difference between the tilt that was seen and the true one, in degrees.
    pub median_tilt_error_degrees: f64,
}

/// What happened to one face.
struct Seen {
    direct: bool,
    through: Option<Through>,
}

struct Through {
    right: bool,
    right_unaligned: bool,
    tilt_error_degrees: f64,
    misplaced: bool,
    side_ratio: f64,
    /// To the right and down, in sides of the pasted crop.
    shift: [f64; 2],
}

/// Sends every face through the detector, its head tilted by so many degrees to one side or the other, and takes it
/// directly beside it. `done` counts up as faces are finished. `None` if no face could be judged; the failures come
/// with their reasons.
#[must_use]
pub fn through_the_detector(
    model: &FaceEnsemble,
    files: &FaceFiles,
    tilt_degrees: f64,
    seed: u64,
    done: &AtomicUsize,
) -> (Option<DetectorReport>, Vec<(PathBuf, String)>) {
    let rows: Vec<Result<Seen, (PathBuf, String)>> = files
        .faces()
        .par_chunks(FACES_PER_DETECTOR)
        .flat_map_iter(|faces| {
            let mut detector = FaceDetector::new().map_err(|e| e.to_string());
            faces.iter().map(move |face| {
                let seen = detector
                    .as_mut()
                    .map_err(|e| e.clone())
                    .and_then(|detector| look(model, detector, face, tilt_degrees));
                done.fetch_add(1, Ordering::Relaxed);
                seen.map_err(|reason| (face.file.path.clone(), reason))
            })
        })
        .collect();
    let (mut seen, mut failed) = (Vec::new(), Vec::new());
    for row in rows {
        match row {
            Ok(face) => seen.push(face),
            Err(failure) => failed.push(failure),
        }
    }
    let report = (!seen.is_empty()).then(|| report(&seen, tilt_degrees, seed));
    (report, failed)
}

fn look(
    model: &FaceEnsemble,
    detector: &mut FaceDetector,
    face: &FaceFile,
    tilt_degrees: f64,
) -> Result<Seen, String> {
    let crop = face.load()?;
    let (frame, place) =
        scene::frame(&crop, tilt_degrees, face.seed()).map_err(|e| e.to_string())?;
    // The largest comes first, and is the one that the product takes.
    let found = detector.detect(&frame).first().copied();
    let mut images = vec![crop];
    if let Some(found) = &found {
        let square = found.square();
        images.push(FaceImage::cut(&frame, &square));
        images.push(FaceImage::cut(
            &frame,
            &Square {
                tilt: 0.0,
                ..square
            },
        ));
    }
    let vectors = model.classify(&images).map_err(|e| e.to_string())?;
    let right = |i: usize| {
        vectors
            .get(i)
            .is_some_and(|vector| vector.strongest() == face.file.class)
    };
    Ok(Seen {
        direct: right(0),
        through: found.map(|found| through(&found, place, [right(1), right(2)])),
    })
}

fn through(found: &Face, place: Place, [right, right_unaligned]: [bool; 2]) -> Through {
    let (crop, expected) = (found.square(), place.square());
    let shift = [
        crop.centre.0 - expected.centre.0,
        crop.centre.1 - expected.centre.1,
    ];
    let shift = shift.map(|v| v / expected.side);
    Through {
        right,
        right_unaligned,
        tilt_error_degrees: (found.landmarks.tilt() - expected.tilt).to_degrees().abs(),
        misplaced: shift[0].hypot(shift[1]) > FARTHEST,
        side_ratio: crop.side / expected.side,
        shift,
    }
}

fn report(seen: &[Seen], tilt_degrees: f64, seed: u64) -> DetectorReport {
    let shares = |values: Vec<bool>| {
        let values: Vec<f64> = values.into_iter().map(|v| f64::from(u8::from(v))).collect();
        share(&values, seed)
    };
    let found: Vec<(bool, &Through)> = seen
        .iter()
        .filter_map(|face| face.through.as_ref().map(|through| (face.direct, through)))
        .collect();
    let number = |right: bool| f64::from(u8::from(right));
    let differences: Vec<f64> = found
        .iter()
        .map(|(direct, through)| number(through.right) - number(*direct))
        .collect();
    DetectorReport {
        tilt_degrees,
        faces: seen.len(),
        found_share: shares(seen.iter().map(|face| face.through.is_some()).collect()),
        misplaced: found.iter().filter(|(_, t)| t.misplaced).count(),
        direct_on_all: shares(seen.iter().map(|face| face.direct).collect()),
        on_found: (!found.is_empty()).then(|| OnFound {
            faces: found.len(),
            through: shares(found.iter().map(|(_, t)| t.right).collect()),
            direct: shares(found.iter().map(|(direct, _)| *direct).collect()),
            unaligned: shares(found.iter().map(|(_, t)| t.right_unaligned).collect()),
            difference: share(&differences, seed),
            median_side_ratio: median(found.iter().map(|(_, t)| t.side_ratio)),
            median_offset: median(found.iter().map(|(_, t)| t.shift[0].hypot(t.shift[1]))),
            median_shift: [0, 1].map(|axis| median(found.iter().map(|(_, t)| t.shift[axis]))),
            median_tilt_error_degrees: median(found.iter().map(|(_, t)| t.tilt_error_degrees)),
        }),
    }
}

/// The upper median; 0 of nothing.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vibelux::face::{FaceBox, Landmarks};

    fn seen(direct: bool, through: Option<bool>) -> Seen {
        Seen {
            direct,
            through: through.map(|right| Through {
                right,
                right_unaligned: false,
                tilt_error_degrees: 3.0,
                misplaced: !right,
                side_ratio: 1.0,
                shift: [0.0, -0.1],
            }),
        }
    }

    #[test]
    fn figures_are_those_by_hand() {
        let faces = [
            seen(true, Some(true)),
            seen(true, Some(false)),
            seen(false, Some(false)),
            seen(true, Some(true)),
            seen(false, None),
        ];
        let report = report(&faces, 30.0, 1);
        assert_eq!((report.faces, report.misplaced), (5, 2));
        assert!((report.found_share.mean - 0.8).abs() < 1e-12);
        assert!((report.direct_on_all.mean - 0.6).abs() < 1e-12);
        let found = report.on_found.unwrap();
        assert_eq!(
            (found.faces, found.through.mean, found.direct.mean),
            (4, 0.5, 0.75)
        );
        assert_eq!((found.difference.mean, found.unaligned.mean), (-0.25, 0.0));
        assert_eq!(
            (report.tilt_degrees, found.median_tilt_error_degrees),
            (30.0, 3.0)
        );
        assert_eq!((found.median_side_ratio, found.median_offset), (1.0, 0.1));
        assert_eq!(found.median_shift, [0.0, -0.1]);
    }

    #[test]
    fn without_a_face_found_there_is_no_figure_about_them() {
        let report = report(&[seen(true, None)], 0.0, 1);
        assert_eq!((report.found_share.mean, report.on_found), (0.0, None));
    }

    #[test]
    fn a_face_is_held_against_the_pasted_crop() {
        let place = Place {
            left: 100.0,
            top: 50.0,
            side: 100.0,
            tilt: 0.0,
        };
        // Placed so that its crop is as large as the place.
        let face = |x: f32| {
            let at = |across: f32, down: f32| [x + across, 100.0 + down];
            let (width, height) = (80.0, 111.249_55);
            Face {
                bounds: FaceBox {
                    x: x - width / 2.0,
                    y: 107.0 - height / 2.0,
                    width,
                    height,
                    score: 0.9,
                },
                landmarks: Landmarks {
                    eyes: [at(-20.0, -20.0), at(20.0, -20.0)],
                    nose: at(0.0, 0.0),
                    mouth: [at(-15.0, 20.0), at(15.0, 20.0)],
                },
            }
        };
        let exact = through(&face(150.0), place, [true; 2]);
        assert!(
            (exact.side_ratio - 1.0).abs() < 1e-4,
            "{}",
            exact.side_ratio
        );
        assert!(!exact.misplaced && exact.shift.iter().all(|v| v.abs() < 1e-4));
        let shifted = through(&face(160.0), place, [true; 2]);
        assert!((shifted.shift[0] - 0.1).abs() < 1e-4 && !shifted.misplaced);
        assert!(through(&face(400.0), place, [true; 2]).misplaced);
    }
}
