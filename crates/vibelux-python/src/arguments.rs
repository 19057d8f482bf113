//! What callers may give for a mood.

use numpy::{AllowTypeChange, PyArrayLike1};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use vibelux::emotion::EMOTION_COUNT;
use vibelux::{Emotion, EmotionVector};

use crate::face::Face;

/// A mood: a text such as `happy=0.6,sad=0.4`, a dict of emotions, seven numbers, or a face.
pub fn mood(value: &Bound<'_, PyAny>) -> PyResult<EmotionVector> {
    if let Ok(face) = value.cast::<Face>() {
        return Ok(face.get().emotion_vector());
    }
    if let Ok(text) = value.cast::<PyString>() {
        let parsed = text.to_cow()?.parse::<EmotionVector>();
        return parsed.map_err(|error| PyValueError::new_err(error.to_string()));
    }
    let weights = match value.cast::<PyDict>() {
        Ok(dict) => of_dict(dict)?,
        Err(_) => of_numbers(value)?,
    };
    EmotionVector::from_weights(weights).map_err(|error| PyValueError::new_err(error.to_string()))
}

fn of_dict(dict: &Bound<'_, PyDict>) -> PyResult<[f32; EMOTION_COUNT]> {
    let mut weights = [0.0; EMOTION_COUNT];
    for (name, weight) in dict {
        let name: String = name.extract()?;
        let place = Emotion::ALL
            .iter()
            .position(|emotion| emotion.name() == name);
        let place = place.ok_or_else(|| {
            let names = Emotion::ALL.map(Emotion::name).join(", ");
            PyValueError::new_err(format!("{name} is no emotion; there are {names}"))
        })?;
        weights[place] = weight.extract()?;
    }
    Ok(weights)
}

fn of_numbers(value: &Bound<'_, PyAny>) -> PyResult<[f32; EMOTION_COUNT]> {
    let numbers: PyArrayLike1<'_, f32, AllowTypeChange> = value.extract().map_err(|_| {
        PyTypeError::new_err(
            "a mood is a text such as \"happy=0.6,sad=0.4\", a dict of emotions, seven numbers, or a Face",
        )
    })?;
    let numbers: Vec<f32> = numbers.as_array().iter().copied().collect();
    let count = numbers.len();
    numbers
        .try_into()
        .map_err(|_| PyValueError::new_err(format!("a mood has seven numbers, not {count}")))
}
