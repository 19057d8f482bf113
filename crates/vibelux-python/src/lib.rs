//! VibeluX for Python (`import vibelux`): faces and songs as vectors, libraries, rankings. A thin layer over the crate `vibelux`:
//! every call that takes time lets other Python threads run.
//!
//! `python/vibelux/` is the package around this module, with its types in `__init__.pyi`; `docs/guide/python.md` shows what it is for.

mod arguments;
mod embedder;
mod error;
mod face;
mod library;
mod rank;
mod vectors;

/// What the package `vibelux` is made of.
#[pyo3::pymodule]
mod _vibelux {
    use pyo3::prelude::*;
    use vibelux::Emotion;

    #[pymodule_export]
    use super::embedder::{Embedder, embed, embed_many};
    #[pymodule_export]
    use super::error::{LibraryError, PictureError, SongError, VibeluxError};
    #[pymodule_export]
    use super::face::{Face, read_face};
    #[pymodule_export]
    use super::library::{Library, Match};
    #[pymodule_export]
    use super::rank::rank;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let names = Emotion::ALL.map(Emotion::name);
        module.add("EMOTIONS", pyo3::types::PyTuple::new(module.py(), names)?)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
