//! From what the cells of the grids say to faces, each once.
//!
//! As OpenCV's `FaceDetectorYN` has it, with which `scripts/compare/opencv_faces.py` compares.

use super::network::CELL;
use crate::face::{Face, FaceBox, Landmarks};

/// Where in a cell's values its parts begin.
const CLASS: usize = 0;
const BOUNDS: usize = 1;
const PRESENCE: usize = 5;
const POINTS: usize = 6;

/// More candidates are not compared with each other; the best come first.
const MAX_CANDIDATES: usize = 1000;

/// Of two faces that overlap more (intersection over union), the one with the lower score is dropped.
const MOST_OVERLAP: f64 = 0.3;

/// One grid's cells, row by row.
pub(super) struct Grid<'a> {
    /// Pixels from cell to cell.
    pub stride: usize,
    /// Cells of a row.
    pub width: usize,
    /// `[cell][CELL]`.
    pub cells: &'a [f32],
}

/// The logarithm of the odds.
fn log_odds(share: f64) -> f64 {
    (share / (1.0 - share)).ln()
}

fn sigmoid(value: f32) -> f64 {
    1.0 / (1.0 + (-f64::from(value)).exp())
}

/// Adds the faces of a grid whose score is at least `least`, in pixels of the picture that the network saw.
///
/// The score is the geometric mean of two probabilities: that there is a face, and that the cell lies well in
/// it.
pub(super) fn decode(grid: &Grid<'_>, least: f64, faces: &mut Vec<Face>) {
    let stride = grid.stride as f32;
    // Neither probability can be lower than the square of their mean.
    let least_value = log_odds(least * least) as f32;
    let (cells, _) = grid.cells.as_chunks::<CELL>();
    for (i, cell) in cells.iter().enumerate() {
        // A NaN is neither, and no face.
        let likely = |value: f32| value >= least_value;
        if !likely(cell[CLASS]) || !likely(cell[PRESENCE]) {
            continue;
        }
        let score = (sigmoid(cell[CLASS]) * sigmoid(cell[PRESENCE])).sqrt();
        if score < least {
            continue;
        }
        let (column, row) = ((i % grid.width) as f32, (i / grid.width) as f32);
        let at = |first: usize| {
            [
                (column + cell[first]) * stride,
                (row + cell[first + 1]) * stride,
            ]
        };
        let [x, y] = at(BOUNDS);
        let [width, height] = [BOUNDS + 2, BOUNDS + 3].map(|i| cell[i].exp() * stride);
        let [left_eye, right_eye, nose, left_corner, right_corner] =
            std::array::from_fn(|i| at(POINTS + 2 * i));
        let face = Face {
            bounds: FaceBox {
                x: x - width / 2.0,
                y: y - height / 2.0,
                width,
                height,
                score,
            },
            landmarks: Landmarks {
                eyes: [left_eye, right_eye],
                nose,
                mouth: [left_corner, right_corner],
            },
        };
        let numbers = face.landmarks.points().into_iter().flatten();
        if numbers.chain([x, y, width, height]).all(f32::is_finite) {
            faces.push(face);
        }
    }
}

/// Of faces that are one face, the one with the best score; the best first.
pub(super) fn suppress(mut faces: Vec<Face>) -> Vec<Face> {
    faces.sort_by(|a, b| b.bounds.score.total_cmp(&a.bounds.score));
    faces.truncate(MAX_CANDIDATES);
    let mut kept: Vec<Face> = Vec::new();
    for face in faces {
        let same = |other: &Face| other.bounds.intersection_over_union(&face.bounds) > MOST_OVERLAP;
        if !kept.iter().any(same) {
            kept.push(face);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(cells: &[f32], width: usize) -> Grid<'_> {
        Grid {
            stride: 8,
            width,
            cells,
        }
    }

    #[test]
    fn a_cell_says_where_its_face_is() {
        // Two rows of three cells, a face in the last: 1 right, 2 down.
        let mut cells = vec![0.0; 6 * CELL];
        let cell: &mut [f32] = &mut cells[5 * CELL..];
        cell[CLASS] = 3.0;
        cell[PRESENCE] = 3.0;
        cell[BOUNDS..BOUNDS + 4].copy_from_slice(&[0.5, -0.5, 2.0_f32.ln(), 3.0_f32.ln()]);
        for (i, v) in cell[POINTS..].iter_mut().enumerate() {
            *v = i as f32;
        }
        let mut faces = Vec::new();
        decode(&grid(&cells, 3), 0.6, &mut faces);
        let [face] = faces[..] else {
            panic!("{faces:?}");
        };
        // The middle at cell (2.5, 0.5), 2 by 3 cells large.
        let bounds = face.bounds;
        let close = |a: f32, b: f32| (a - b).abs() < 1e-4;
        assert!(close(bounds.x, 12.0) && close(bounds.y, -8.0));
        assert!(close(bounds.width, 16.0) && close(bounds.height, 24.0));
        assert!((bounds.score - 0.9526).abs() < 1e-4);
        assert_eq!(face.landmarks.eyes, [[16.0, 16.0], [32.0, 32.0]]);
        assert_eq!(face.landmarks.nose, [48.0, 48.0]);
        assert_eq!(face.landmarks.mouth, [[64.0, 64.0], [80.0, 80.0]]);
    }

    #[test]
    fn what_is_unlikely_or_no_number_is_no_face() {
        let decoded = |class: f32, presence: f32, size: f32| {
            let mut cell = [0.0; CELL];
            (cell[CLASS], cell[PRESENCE], cell[BOUNDS + 2]) = (class, presence, size);
            let mut faces = Vec::new();
            decode(&grid(&cell, 1), 0.6, &mut faces);
            faces.len()
        };
        assert_eq!(decoded(3.0, 3.0, 0.0), 1);
        assert_eq!(decoded(0.3, 0.3, 0.0), 0);
        assert_eq!(decoded(9.0, -1.0, 0.0), 0);
        for nothing in [f32::NAN, f32::INFINITY] {
            assert_eq!(decoded(3.0, 3.0, nothing), 0);
        }
        assert_eq!(decoded(f32::NAN, 3.0, 0.0), 0);
        assert_eq!(decoded(3.0, f32::NEG_INFINITY, 0.0), 0);
    }

    #[test]
    fn of_faces_that_overlap_the_best_stays() {
        let face = |x: f32, score: f64| Face {
            bounds: FaceBox {
                x,
                y: 0.0,
                width: 10.0,
                height: 10.0,
                score,
            },
            landmarks: Landmarks {
                eyes: [[0.0; 2]; 2],
                nose: [0.0; 2],
                mouth: [[0.0; 2]; 2],
            },
        };
        let kept = suppress(vec![face(0.0, 0.7), face(2.0, 0.9), face(30.0, 0.8)]);
        let places: Vec<f32> = kept.iter().map(|face| face.bounds.x).collect();
        assert_eq!(places, [2.0, 30.0]);
    }
}
