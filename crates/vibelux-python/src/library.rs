//! Libraries: files and databases that `vibelux embed` made.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use numpy::PyArray2;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use vibelux::EmotionVector;
use vibelux::library::filter::Filter;
use vibelux::library::{Inclusion, LibraryAddress, SongStore, SongTable, parquet, unix_seconds};
use vibelux::recommend::{Mode, Query, SongIndex};

use crate::arguments;
use crate::error::library;
use crate::vectors::rows;

/// A song that was found.
#[pyclass(frozen, get_all, module = "vibelux")]
pub struct Match {
    /// Its file.
    path: PathBuf,
    /// Its title, or the name of the file.
    title: String,
    /// Who made it.
    artist: Option<String>,
    /// The cosine with what was asked for.
    cosine: f32,
}

#[pymethods]
impl Match {
    fn __repr__(&self) -> String {
        format!("Match({:?}, cosine={:.3})", self.title, self.cosine)
    }
}

/// A library of songs: a file, or `postgres://USER@HOST/DATABASE`. Songs that failed are not in it.
#[pyclass(frozen, module = "vibelux")]
pub struct Library {
    open: Mutex<Open>,
}

struct Open {
    store: SongStore,
    table: SongTable,
}

impl Open {
    fn read(store: SongStore) -> Result<Self, vibelux::library::LibraryError> {
        let table = SongTable::heard(&store)?;
        Ok(Self { store, table })
    }
}

impl Library {
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Library {
    /// Opens a library; an empty one is made where there is none.
    #[new]
    fn new(py: Python<'_>, address: PathBuf) -> PyResult<Self> {
        let address = LibraryAddress::parse(address.as_os_str());
        let address = address.map_err(|error| PyValueError::new_err(error.to_string()))?;
        let open = py
            .detach(|| Open::read(SongStore::open_soon(address)?))
            .map_err(library)?;
        Ok(Self {
            open: Mutex::new(open),
        })
    }

    /// Reads what others have written since.
    fn refresh(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| {
            let mut open = self.lock();
            open.table = SongTable::heard(&open.store)?;
            Ok(())
        })
        .map_err(|error: vibelux::library::LibraryError| library(error))
    }

    fn __len__(&self) -> usize {
        self.lock().table.len()
    }

    /// The files of all songs, in the order of `vectors`.
    #[getter]
    fn paths(&self) -> Vec<PathBuf> {
        let table = &self.lock().table;
        (0..table.len()).map(|at| table.path(at)).collect()
    }

    /// What all songs sound like: a row of seven numbers each, as the listener has corrected them.
    #[getter]
    fn vectors<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let vectors = std::sync::Arc::clone(self.lock().table.vectors());
        rows(py, vectors.iter().copied().map(Some))
    }

    /// The `k` songs that fit a mood best, best first. `r#where` is a filter such as `not genre:christmas and happy>0.4`; `include`
    /// takes in what is no music (`speech,effects,jingle`).
    #[pyo3(signature = (mood, k = 10, *, r#where = "", include = "", centred = false))]
    fn rank(
        &self,
        py: Python<'_>,
        mood: &Bound<'_, PyAny>,
        k: usize,
        r#where: &str,
        include: &str,
        centred: bool,
    ) -> PyResult<Vec<Match>> {
        let value = |error: &dyn std::fmt::Display| PyValueError::new_err(error.to_string());
        let vector = arguments::mood(mood)?;
        let filter = Filter::parse(r#where, unix_seconds()).map_err(|error| value(&error))?;
        let include: Inclusion = include.parse().map_err(|error| value(&error))?;
        let mode = if centred { Mode::Centred } else { Mode::Plain };
        py.detach(|| {
            let open = self.lock();
            best(&open, vector, k, &filter, include, mode)
        })
        .map_err(library)
    }

    /// Puts the songs of a Parquet file, or of a folder of them, into the library; returns how many are new. Raises LibraryError
    /// if rows were refused: the others are in.
    #[pyo3(signature = (place, *, base = PathBuf::from(".")))]
    fn import_parquet(&self, py: Python<'_>, place: PathBuf, base: PathBuf) -> PyResult<usize> {
        let imported = py.detach(|| parquet::import(&mut self.lock().store, &place, &base));
        let summary = imported.map_err(library)?;
        self.refresh(py)?;
        if let Some((song, reason)) = summary.described.first() {
            let refused = summary.bad;
            return Err(library(format!(
                "{refused} rows were refused, the first is {song}: {reason}"
            )));
        }
        match summary.broken_off {
            Some(reason) => Err(library(reason)),
            None => Ok(summary.imported),
        }
    }

    fn __repr__(&self) -> String {
        let open = self.lock();
        format!(
            "Library({:?}, {} songs)",
            open.store.path().display().to_string(),
            open.table.len()
        )
    }
}

fn best(
    open: &Open,
    vector: EmotionVector,
    k: usize,
    filter: &Filter,
    include: Inclusion,
    mode: Mode,
) -> Result<Vec<Match>, vibelux::library::LibraryError> {
    let table = &open.table;
    let meant = table.meant(filter, &open.store)?;
    let mut allowed = meant.unwrap_or_else(|| vec![true; table.len()]);
    table.keep_at_hand(&mut allowed);
    for (at, allowed) in allowed.iter_mut().enumerate() {
        *allowed &= include.takes(table.class(at));
    }
    let vectors = table.vectors();
    let of_allowed = vectors
        .iter()
        .zip(&allowed)
        .filter(|&(_, &allowed)| allowed);
    let mean = EmotionVector::mean(of_allowed.map(|(vector, _)| vector));
    let index = SongIndex::around(std::sync::Arc::clone(vectors), mean, mode);
    let query = Query {
        vector,
        reference: EmotionVector::UNIFORM,
    };
    let found = index.top_k_among(&query, k, &allowed);
    let matches = found.into_iter().map(|found| Match {
        path: table.path(found.index),
        title: table.title(found.index).into_owned(),
        artist: table.artist(found.index).map(std::borrow::Cow::into_owned),
        cosine: found.cosine,
    });
    Ok(matches.collect())
}
