//! [`Track`]: what a teacher said of a song while it plays, from a file that the table names.
//!
//! A column about a whole song says the same of its every window. A teacher that heard the song piece by
//! piece says more: [`crate::dataset::MusicSet`] gives each window what was said of that stretch.

use std::path::{Path, PathBuf};

use vibelux::model::weights::{Weights, WeightsError};

/// The array that says how many seconds lie between two rows: one value, above 0.
const HOP_SECONDS: &str = "hop_seconds";

/// Why a track cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrackError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] WeightsError),
    /// Something in it cannot be.
    #[error("{path}: {name} must be {expected}")]
    Content {
        /// Which file.
        path: PathBuf,
        /// Which array.
        name: String,
        /// What it must be.
        expected: &'static str,
    },
    /// It says another number of values than the files of other songs.
    #[error("{path}: {array} has {got} values in a row, those of other songs {expected}")]
    Width {
        /// Which file.
        path: PathBuf,
        /// Which array.
        array: String,
        /// How many values a row has.
        got: usize,
        /// How many the head has.
        expected: usize,
    },
}

/// Values over the time of a song: a row each `hop_seconds`, which holds from its moment to the next.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    path: PathBuf,
    array: String,
    hop_seconds: f64,
    names: usize,
    /// `[row][name]`.
    values: Vec<f32>,
}

impl Track {
    /// Reads the array `[rows][names]` of this name, and `hop_seconds`, from a safetensors file of f32.
    ///
    /// # Errors
    /// [`TrackError`].
    pub fn load(path: &Path, array: &str) -> Result<Self, TrackError> {
        let content = |name: &str, expected| TrackError::Content {
            path: path.to_owned(),
            name: name.to_owned(),
            expected,
        };
        let mut file = Weights::load(path)?;
        let hop = file.0.get(HOP_SECONDS).map(|hop| hop.data.as_slice());
        let Some([hop_seconds]) = hop else {
            return Err(content(HOP_SECONDS, "one value"));
        };
        let hop_seconds = f64::from(*hop_seconds);
        if !(hop_seconds.is_finite() && hop_seconds > 0.0) {
            return Err(content(HOP_SECONDS, "above 0"));
        }
        let values = file.0.remove(array);
        let Some([rows, names]) = values.as_ref().map(|v| v.shape.as_slice()) else {
            return Err(content(array, "there, with rows and columns"));
        };
        if *rows == 0 || *names == 0 {
            return Err(content(array, "not empty"));
        }
        let names = *names;
        let values = values.map(|v| v.data).unwrap_or_default();
        if values.iter().any(|v| !v.is_finite()) {
            return Err(content(array, "finite"));
        }
        Ok(Self {
            path: path.to_owned(),
            array: array.to_owned(),
            hop_seconds,
            names,
            values,
        })
    }

    /// How many values a row has.
    #[must_use]
    pub fn names(&self) -> usize {
        self.names
    }

    /// Refuses a track that says another number of values.
    pub(super) fn check_names(&self, names: usize) -> Result<(), TrackError> {
        if self.names == names {
            return Ok(());
        }
        Err(TrackError::Width {
            path: self.path.clone(),
            array: self.array.clone(),
            got: self.names,
            expected: names,
        })
    }

    /// Refuses values that are no shares.
    pub(super) fn check_shares(&self) -> Result<(), TrackError> {
        if self.values.iter().all(|v| (0.0..=1.0).contains(v)) {
            return Ok(());
        }
        Err(TrackError::Content {
            path: self.path.clone(),
            name: self.array.clone(),
            expected: "from 0 to 1",
        })
    }

    /// The mean over `[start, end)`, in seconds from 0, into `mean`: each row counts as long as it holds there.
    /// The last row holds for ever.
    pub fn mean(&self, start: f64, end: f64, mean: &mut [f32]) {
        let rows = self.values.len() / self.names;
        let row_at = |seconds: f64| ((seconds / self.hop_seconds) as usize).min(rows - 1);
        let (first, last) = (row_at(start), row_at(end));
        mean.fill(0.0);
        let mut held = 0.0;
        for row in first..=last {
            let from = start.max(row as f64 * self.hop_seconds);
            let to = if row == last {
                end
            } else {
                (row + 1) as f64 * self.hop_seconds
            };
            // A stretch of no length is the row at its moment.
            let seconds = if first == last {
                1.0
            } else {
                (to - from).max(0.0)
            };
            held += seconds;
            let values = &self.values[row * self.names..(row + 1) * self.names];
            for (m, v) in mean.iter_mut().zip(values) {
                *m += seconds as f32 * v;
            }
        }
        for m in mean {
            *m /= held.max(f64::MIN_POSITIVE) as f32;
        }
    }

    /// The mean over the whole song.
    #[must_use]
    pub fn overall(&self) -> Vec<f32> {
        let mut mean = vec![0.0; self.names];
        let rows = self.values.len() / self.names;
        self.mean(0.0, rows as f64 * self.hop_seconds, &mut mean);
        mean
    }

    /// The values, for fingerprints.
    pub(crate) fn values(&self) -> &[f32] {
        &self.values
    }
}

#[cfg(test)]
mod tests {
    use vibelux::model::weights::Tensor;

    use super::*;

    fn file(path: &Path, hop: f32, rows: &[[f32; 2]]) {
        let mut weights = Weights::default();
        let array = |shape: Vec<usize>, data: Vec<f32>| Tensor { shape, data };
        let values = rows.iter().flatten().copied().collect();
        let arrays = [
            (HOP_SECONDS, array(vec![1], vec![hop])),
            ("tags", array(vec![rows.len(), 2], values)),
        ];
        weights.0 = arrays.map(|(n, a)| (n.to_owned(), a)).into();
        weights.save(path).unwrap();
    }

    #[test]
    fn a_window_gets_what_was_said_of_its_stretch() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.safetensors");
        file(&path, 2.0, &[[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]);
        let track = Track::load(&path, "tags").unwrap();
        for (start, end, expected) in [
            (0.0, 2.0, [1.0, 0.0]),
            (1.0, 3.0, [0.5, 0.5]),
            (1.5, 2.0, [1.0, 0.0]),
            (0.0, 6.0, [1.0 / 3.0, 1.0 / 3.0]),
            (1.0, 5.0, [0.25, 0.5]),
            (3.0, 3.0, [0.0, 1.0]),
            // Beyond the end.
            (3.0, 9.0, [0.0, 1.0 / 6.0]),
            (70.0, 90.0, [0.0, 0.0]),
        ] {
            let mut mean = [9.0; 2];
            track.mean(start, end, &mut mean);
            for (m, e) in mean.iter().zip(expected) {
                assert!(
                    (m - e).abs() < 1e-6,
                    "{start}..{end}: {mean:?} {expected:?}"
                );
            }
        }
        assert_eq!(track.names(), 2);
        assert!((track.overall()[1] - 1.0 / 3.0).abs() < 1e-6);
    }

    #[test]
    fn files_that_are_no_tracks_are_refused_with_their_names() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.safetensors");
        for (hop, rows, array) in [
            (0.0, &[[1.0, 0.0]][..], "tags"),
            (f32::NAN, &[[1.0, 0.0]], "tags"),
            (1.0, &[[1.0, f32::INFINITY]], "tags"),
            (1.0, &[], "tags"),
            (1.0, &[[1.0, 0.0]], "features"),
            (1.0, &[[1.0, 0.0]], HOP_SECONDS),
        ] {
            file(&path, hop, rows);
            let error = Track::load(&path, array).unwrap_err().to_string();
            assert!(error.contains("a.safetensors"), "{error}");
        }
        std::fs::write(&path, "no tensors").unwrap();
        assert!(Track::load(&path, "tags").is_err());
    }
}
