//! Songs by how well they fit a mood.

use numpy::{AllowTypeChange, PyArray1, PyArrayLike2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use vibelux::EmotionVector;
use vibelux::emotion::EMOTION_COUNT;
use vibelux::recommend::{Mode, Query, SongIndex};

use crate::arguments;

/// Indices and cosines.
type Ranking<'py> = (Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<f32>>);

/// The `k` songs that fit a mood best: their rows, and the cosine of each with the mood, best first; the lower row first among
/// equals.
///
/// `songs` has a row of seven numbers for each song. With `centred` what sets the mood apart from an even one is compared
/// with what sets each song apart from the others.
#[pyfunction]
#[pyo3(signature = (mood, songs, k = 10, *, centred = false))]
pub fn rank<'py>(
    py: Python<'py>,
    mood: &Bound<'py, PyAny>,
    songs: PyArrayLike2<'py, f32, AllowTypeChange>,
    k: usize,
    centred: bool,
) -> PyResult<Ranking<'py>> {
    let vector = arguments::mood(mood)?;
    let songs = songs.as_array();
    let columns = songs.ncols();
    if columns != EMOTION_COUNT {
        let message = format!("songs have {EMOTION_COUNT} numbers each, not {columns}");
        return Err(PyValueError::new_err(message));
    }
    let mut vectors = Vec::with_capacity(songs.nrows());
    for (number, row) in songs.rows().into_iter().enumerate() {
        let values = std::array::from_fn(|at| row[at]);
        let vector = EmotionVector::from_weights(values);
        vectors.push(
            vector.map_err(|error| PyValueError::new_err(format!("song {number}: {error}")))?,
        );
    }
    let mode = if centred { Mode::Centred } else { Mode::Plain };
    let query = Query {
        vector,
        reference: EmotionVector::UNIFORM,
    };
    let found = py.detach(|| SongIndex::new(vectors, mode).top_k(&query, k));
    let rows = found.iter().map(|found| found.index as i64);
    let cosines = found.iter().map(|found| found.cosine);
    Ok((
        PyArray1::from_iter(py, rows),
        PyArray1::from_iter(py, cosines),
    ))
}
