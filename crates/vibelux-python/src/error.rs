//! What goes wrong, as Python exceptions: all are a `VibeluxError`, and their text is the sentence that the program would say.

use pyo3::exceptions::PyException;
use pyo3::{PyErr, create_exception};

create_exception!(
    vibelux,
    VibeluxError,
    PyException,
    "What can go wrong in vibelux."
);
create_exception!(vibelux, SongError, VibeluxError, "A song has no vector.");
create_exception!(
    vibelux,
    PictureError,
    VibeluxError,
    "A picture cannot be read."
);
create_exception!(
    vibelux,
    LibraryError,
    VibeluxError,
    "A library cannot be read or written."
);

/// Anything else.
pub fn other(error: impl std::fmt::Display) -> PyErr {
    VibeluxError::new_err(error.to_string())
}

/// Of a picture.
pub fn picture(error: impl std::fmt::Display) -> PyErr {
    PictureError::new_err(error.to_string())
}

/// Of a library.
pub fn library(error: impl std::fmt::Display) -> PyErr {
    LibraryError::new_err(error.to_string())
}
