//! What happened in each epoch: written by the training loop, read by [`crate::plots`] and people.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize};

use vibelux::atomic;

/// The columns of the CSV file, in order.
const COLUMNS: [&str; 8] = [
    "epoch",
    "train_loss",
    "train_accuracy",
    "validation_loss",
    "validation_accuracy",
    "learning_rate",
    "seconds",
    "images_per_second",
];

/// One epoch of training. A measure that was not taken or diverged is NaN (`null` in JSON).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochMetrics {
    /// Counted from 1.
    pub epoch: usize,
    /// Mean training loss in nats.
    #[serde(deserialize_with = "number_or_nan")]
    pub train_loss: f64,
    /// Share of training examples that were right, 0..=1.
    #[serde(deserialize_with = "number_or_nan")]
    pub train_accuracy: f64,
    /// Mean validation loss in nats.
    #[serde(deserialize_with = "number_or_nan")]
    pub validation_loss: f64,
    /// Share of validation examples that were right, 0..=1.
    #[serde(deserialize_with = "number_or_nan")]
    pub validation_accuracy: f64,
    /// The learning rate at the end of the epoch.
    #[serde(deserialize_with = "number_or_nan")]
    pub learning_rate: f64,
    /// Wall-clock seconds that the epoch took.
    #[serde(deserialize_with = "number_or_nan")]
    pub seconds: f64,
    /// Training throughput.
    #[serde(deserialize_with = "number_or_nan")]
    pub images_per_second: f64,
}

/// JSON has no NaN: serde_json writes `null`, which is read back as NaN here.
fn number_or_nan<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

/// What can go wrong with a history file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// The file cannot be read.
    #[error("cannot read {path}; check that it exists and may be read")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write {path}; check the folder's permissions and free space")]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The JSON is not a list of epochs.
    #[error("{path} is not a training history; delete it or train again")]
    Json {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// A line of the CSV is not an epoch.
    #[error("{path}, line {line}: {text:?} is not an epoch; delete the line or train again")]
    Csv {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What it says.
        text: String,
    },
}

/// Writes the epochs as CSV with a header line, atomically.
///
/// # Errors
/// [`HistoryError::Write`].
pub fn write_csv(path: &Path, epochs: &[EpochMetrics]) -> Result<(), HistoryError> {
    let mut text = COLUMNS.join(",") + "\n";
    for e in epochs {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{},{},{},{},{},{},{},{}",
            e.epoch,
            e.train_loss,
            e.train_accuracy,
            e.validation_loss,
            e.validation_accuracy,
            e.learning_rate,
            e.seconds,
            e.images_per_second,
        );
    }
    write(path, text.as_bytes())
}

/// Reads what [`write_csv`] wrote.
///
/// # Errors
/// [`HistoryError::Read`], [`HistoryError::Csv`].
pub fn read_csv(path: &Path) -> Result<Vec<EpochMetrics>, HistoryError> {
    let text = read(path)?;
    let bad = |line: usize, text: &str| HistoryError::Csv {
        path: path.to_owned(),
        line,
        text: text.to_owned(),
    };
    let mut lines = text.lines().enumerate();
    match lines.next() {
        Some((_, header)) if header.trim() == COLUMNS.join(",") => {}
        other => return Err(bad(1, other.map_or("", |(_, header)| header))),
    }
    lines
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(i, line)| parse_line(line).ok_or_else(|| bad(i + 1, line)))
        .collect()
}

fn parse_line(line: &str) -> Option<EpochMetrics> {
    let (epoch, rest) = line.split_once(',')?;
    let numbers: Vec<f64> = rest
        .split(',')
        .map(|field| field.trim().parse().ok())
        .collect::<Option<_>>()?;
    let [
        train_loss,
        train_accuracy,
        validation_loss,
        validation_accuracy,
        learning_rate,
        seconds,
        images_per_second,
    ] = <[f64; 7]>::try_from(numbers).ok()?;
    Some(EpochMetrics {
        epoch: epoch.trim().parse().ok()?,
        train_loss,
        train_accuracy,
        validation_loss,
        validation_accuracy,
        learning_rate,
        seconds,
        images_per_second,
    })
}

/// Writes the epochs as a JSON array, atomically; NaN and infinity become `null`.
///
/// # Errors
/// [`HistoryError::Write`], [`HistoryError::Json`].
pub fn write_json(path: &Path, epochs: &[EpochMetrics]) -> Result<(), HistoryError> {
    let json = serde_json::to_string_pretty(epochs).map_err(|source| HistoryError::Json {
        path: path.to_owned(),
        source,
    })?;
    write(path, (json + "\n").as_bytes())
}

/// Reads what [`write_json`] wrote; `null` becomes NaN.
///
/// # Errors
/// [`HistoryError::Read`], [`HistoryError::Json`].
pub fn read_json(path: &Path) -> Result<Vec<EpochMetrics>, HistoryError> {
    serde_json::from_str(&read(path)?).map_err(|source| HistoryError::Json {
        path: path.to_owned(),
        source,
    })
}

fn read(path: &Path) -> Result<String, HistoryError> {
    fs::read_to_string(path).map_err(|source| HistoryError::Read {
        path: path.to_owned(),
        source,
    })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), HistoryError> {
    atomic::write(path, bytes).map_err(|source| HistoryError::Write {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epochs() -> Vec<EpochMetrics> {
        let epoch = |epoch, loss| EpochMetrics {
            epoch,
            train_loss: loss,
            train_accuracy: 0.1 + 0.2,
            validation_loss: 1.0 / 3.0,
            validation_accuracy: 0.5,
            learning_rate: 1e-5,
            seconds: 12.25,
            images_per_second: 1e4,
        };
        vec![epoch(1, 1.9), epoch(2, f64::NAN)]
    }

    fn same(read: &[EpochMetrics]) {
        assert_eq!(read[0], epochs()[0]);
        assert!(read[1].train_loss.is_nan() && read.len() == 2);
    }

    #[test]
    fn both_formats_round_trip_exactly_and_keep_nan() {
        let dir = tempfile::tempdir().unwrap();
        let csv = dir.path().join("new/history.csv");
        write_csv(&csv, &epochs()).unwrap();
        same(&read_csv(&csv).unwrap());
        let json = dir.path().join("history.json");
        write_json(&json, &epochs()).unwrap();
        same(&read_json(&json).unwrap());
        let left: Vec<_> = fs::read_dir(dir.path().join("new")).unwrap().collect();
        assert_eq!(left.len(), 1, "no partial file stays behind");
    }

    #[test]
    fn broken_files_are_named_with_their_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("history.csv");
        assert!(matches!(read_csv(&path), Err(HistoryError::Read { .. })));
        fs::write(&path, format!("{}\n1,2,3\n", COLUMNS.join(","))).unwrap();
        assert!(matches!(
            read_csv(&path),
            Err(HistoryError::Csv { line: 2, .. })
        ));
        fs::write(&path, "").unwrap();
        assert!(matches!(
            read_csv(&path),
            Err(HistoryError::Csv { line: 1, .. })
        ));
        fs::write(&path, "{").unwrap();
        assert!(matches!(read_json(&path), Err(HistoryError::Json { .. })));
    }
}
