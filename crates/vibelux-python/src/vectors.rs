//! Vectors as numpy arrays.

use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use vibelux::EmotionVector;
use vibelux::emotion::EMOTION_COUNT;

/// A vector as an array of seven.
pub fn array<'py>(py: Python<'py>, vector: &EmotionVector) -> Bound<'py, PyArray1<f32>> {
    PyArray1::from_slice(py, vector.values())
}

/// Vectors as an array of a row each; NaN where there is none.
pub fn rows<'py>(
    py: Python<'py>,
    vectors: impl ExactSizeIterator<Item = Option<EmotionVector>>,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
    let count = vectors.len();
    let none = [f32::NAN; EMOTION_COUNT];
    let flat: Vec<f32> = vectors
        .flat_map(|vector| vector.map_or(none, |vector| *vector.values()))
        .collect();
    PyArray1::from_vec(py, flat).reshape([count, EMOTION_COUNT])
}
