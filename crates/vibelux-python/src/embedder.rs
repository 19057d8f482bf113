//! Songs to vectors.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use numpy::{PyArray1, PyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rayon::prelude::*;
use vibelux::EmotionVector;
use vibelux::audio::SoundShares;
use vibelux::library::{Depth, Failure, FileStamp, SongEmbedder, look_guarded};
use vibelux::media;
use vibelux::model::{MusicModel, SongEmbedding};

use crate::error::{SongError, other};
use crate::vectors::{array, rows};

/// A music model, ready to embed songs on several cores. What an actor of a cluster holds.
#[pyclass(frozen, module = "vibelux")]
pub struct Embedder {
    model: MusicModel,
    pool: rayon::ThreadPool,
}

/// What `embed_many` does about songs that have no vector.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OnError {
    Raise,
    NotANumber,
}

impl OnError {
    fn named(name: &str) -> PyResult<Self> {
        match name {
            "raise" => Ok(Self::Raise),
            "nan" => Ok(Self::NotANumber),
            _ => Err(PyValueError::new_err(format!(
                "errors is \"raise\" or \"nan\", not {name:?}"
            ))),
        }
    }
}

impl Embedder {
    fn with(model: Option<&Path>, jobs: Option<NonZeroUsize>) -> PyResult<Self> {
        let model = match model {
            Some(path) => MusicModel::load(path),
            None => MusicModel::shipped(),
        };
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(jobs.map_or(0, NonZeroUsize::get))
            .build();
        Ok(Self {
            model: model.map_err(other)?,
            pool: pool.map_err(other)?,
        })
    }

    /// A decoder or a model that panics costs the one song.
    fn one(&self, path: &Path) -> Result<SongEmbedding, Failure> {
        vibelux::library::embed_guarded(&self.model, path, Depth::Full)
    }

    fn all(&self, paths: &[PathBuf]) -> Vec<Result<SongEmbedding, Failure>> {
        self.pool
            .install(|| paths.par_iter().map(|path| self.one(path)).collect())
    }
}

fn song_error(path: &Path, failure: &Failure) -> PyErr {
    let reason = vibelux::error_text::without_path(path, &failure.reason);
    SongError::new_err(format!("{}: {reason}", path.display()))
}

#[pymethods]
impl Embedder {
    /// Loads a model: the one inside the package, or an ONNX file with its .toml beside it. `jobs` is how many songs to work on
    /// at once [default: one per core].
    #[new]
    #[pyo3(signature = (model = None, *, jobs = None))]
    fn new(py: Python<'_>, model: Option<PathBuf>, jobs: Option<NonZeroUsize>) -> PyResult<Self> {
        py.detach(|| Self::with(model.as_deref(), jobs))
    }

    /// The name of the model. Vectors of different models do not compare well.
    #[getter]
    fn name(&self) -> &str {
        SongEmbedder::name(&self.model)
    }

    /// The vector of a song: seven numbers that add up to 1, in the order of EMOTIONS. Raises SongError.
    fn embed<'py>(&self, py: Python<'py>, path: PathBuf) -> PyResult<Bound<'py, PyArray1<f32>>> {
        let embedding = py.detach(|| self.one(&path));
        let embedding = embedding.map_err(|failure| song_error(&path, &failure))?;
        Ok(array(py, &embedding.vector))
    }

    /// The vectors of many songs, a row each. Raises SongError for the first that has none, or with errors="nan" leaves its row
    /// without numbers.
    #[pyo3(signature = (paths, *, errors = "raise"))]
    fn embed_many<'py>(
        &self,
        py: Python<'py>,
        paths: Vec<PathBuf>,
        errors: &str,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let on_error = OnError::named(errors)?;
        let embeddings = py.detach(|| self.all(&paths));
        let mut vectors: Vec<Option<EmotionVector>> = Vec::with_capacity(paths.len());
        for (path, embedding) in paths.iter().zip(embeddings) {
            match embedding {
                Ok(embedding) => vectors.push(Some(embedding.vector)),
                Err(failure) if on_error == OnError::Raise => {
                    return Err(song_error(path, &failure));
                }
                Err(_) => vectors.push(None),
            }
        }
        rows(py, vectors.into_iter())
    }

    /// All that is learnt of many songs, as columns: a dict of lists, and an array under "vector". What `vibelux import parquet`
    /// understands once it is in a Parquet file. A song without a vector has its reason under "error".
    fn table<'py>(&self, py: Python<'py>, paths: Vec<PathBuf>) -> PyResult<Bound<'py, PyDict>> {
        let learnt = py.detach(|| {
            let look = |path: &PathBuf| {
                let stamp = media::facts(path).ok().map(FileStamp::of);
                (stamp, look_guarded(&self.model, path), self.one(path))
            };
            self.pool
                .install(|| paths.par_iter().map(look).collect::<Vec<_>>())
        });
        let table = PyDict::new(py);
        let names: Vec<String> = paths
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        table.set_item("path", names)?;
        let vectors = learnt
            .iter()
            .map(|(_, _, e)| e.as_ref().ok().map(|e| e.vector));
        table.set_item("vector", rows(py, vectors)?)?;
        table.set_item("model", vec![SongEmbedder::name(&self.model); paths.len()])?;
        let embeddings = || learnt.iter().map(|(_, _, embedding)| embedding.as_ref());
        column(
            &table,
            "duration_seconds",
            embeddings().map(|e| e.ok().map(|e| e.duration_seconds)),
        )?;
        column(
            &table,
            "loudness_lufs",
            embeddings().map(|e| e.ok().and_then(|e| e.loudness_lufs)),
        )?;
        let sound = |e: &SongEmbedding| {
            e.sound
                .map(SoundShares::kind)
                .map(vibelux::audio::SoundKind::name)
        };
        column(
            &table,
            "sound",
            embeddings().map(|e| e.ok().and_then(sound)),
        )?;
        let failures = || embeddings().map(Result::err);
        column(
            &table,
            "error",
            failures().map(|f| f.map(|f| f.reason.clone())),
        )?;
        column(
            &table,
            "failure",
            failures().map(|f| f.map(|f| f.kind.name())),
        )?;
        let stamps = || learnt.iter().map(|(stamp, _, _)| stamp.as_ref());
        column(
            &table,
            "size_bytes",
            stamps().map(|s| s.map(|s| s.size_bytes)),
        )?;
        column(
            &table,
            "modified_nanoseconds",
            stamps().map(|s| s.map(|s| s.modified_nanoseconds)),
        )?;
        let told = || learnt.iter().map(|(_, facts, _)| &facts.told);
        column(&table, "title", told().map(|told| told.tags.title.clone()))?;
        column(
            &table,
            "artist",
            told().map(|told| told.tags.artist.clone()),
        )?;
        column(&table, "album", told().map(|told| told.tags.album.clone()))?;
        column(&table, "genre", told().map(|told| told.tags.genre.clone()))?;
        column(&table, "year", told().map(|told| told.tags.year))?;
        column(
            &table,
            "lossless",
            told().map(|told| told.encoding.lossless),
        )?;
        column(
            &table,
            "bitrate_kbps",
            told().map(|told| told.encoding.bitrate_kbps),
        )?;
        Ok(table)
    }

    fn __repr__(&self) -> String {
        let jobs = self.pool.current_num_threads();
        format!(
            "Embedder({:?}, jobs={jobs})",
            SongEmbedder::name(&self.model)
        )
    }
}

fn column<'py, T: IntoPyObject<'py>>(
    table: &Bound<'py, PyDict>,
    name: &str,
    values: impl Iterator<Item = T>,
) -> PyResult<()> {
    table.set_item(name, values.collect::<Vec<T>>())
}

/// The embedder of `embed` and `embed_many`, made when it is first needed.
fn shared() -> PyResult<&'static Embedder> {
    static SHARED: OnceLock<Embedder> = OnceLock::new();
    if let Some(shared) = SHARED.get() {
        return Ok(shared);
    }
    let embedder = Embedder::with(None, None)?;
    Ok(SHARED.get_or_init(|| embedder))
}

/// The vector of a song, by the model inside the package. Raises SongError.
#[pyfunction]
pub fn embed(py: Python<'_>, path: PathBuf) -> PyResult<Bound<'_, PyArray1<f32>>> {
    py.detach(shared)?.embed(py, path)
}

/// The vectors of many songs, a row each, on all cores; see `Embedder.embed_many`.
#[pyfunction]
#[pyo3(signature = (paths, *, errors = "raise"))]
pub fn embed_many<'py>(
    py: Python<'py>,
    paths: Vec<PathBuf>,
    errors: &str,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
    py.detach(shared)?.embed_many(py, paths, errors)
}
