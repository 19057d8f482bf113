//! Songs judged by training runs instead of a model: what each run's `predictions.csv` says of the songs
//! that it was not trained on. With a run per fold, every song of a table is judged unheard.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::judgement::{Judged, Judgement};
use crate::config::ConfigError;
use crate::dataset::{DatasetError, TableRow, load_table};

/// Why runs cannot be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunsError {
    /// A run's predictions cannot be read.
    #[error(transparent)]
    Predictions(#[from] DatasetError),
    /// A run's configuration cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// Looks the rows' songs up in the runs' predictions. Songs that no run judged are among the failed; of
/// several runs the last counts.
///
/// # Errors
/// If a run has no `predictions.csv`, or one without the seven emotions.
pub fn predicted_songs(rows: &[TableRow], runs: &[PathBuf]) -> Result<Judgement, DatasetError> {
    let mut vectors = HashMap::new();
    for run in runs {
        // What a run says of its songs is a table of songs itself.
        for said in load_table(&run.join("predictions.csv"), &[])? {
            vectors.extend(
                said.target
                    .map(|vector| (same_everywhere(&said.path), vector)),
            );
        }
    }
    let judged = |row: &TableRow| {
        let vector = vectors.get(&same_everywhere(&row.path)).copied();
        Judged::song(
            row,
            vector.ok_or("none of the runs has judged it".to_owned()),
        )
    };
    Ok(Judgement::collect(rows.iter().map(judged).collect()))
}

/// The path that a file has from any folder.
pub(super) fn same_everywhere(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use vibelux::{Emotion, EmotionVector};

    #[test]
    fn songs_are_found_in_the_run_that_judged_them() {
        let dir = tempfile::tempdir().unwrap();
        let song = |name: &str| {
            let path = dir.path().join(name);
            fs::write(&path, "").unwrap();
            path
        };
        let (a, b, c) = (song("a.ogg"), song("b.ogg"), song("c.ogg"));
        let header = "path,p_angry,p_disgusted,p_fearful,p_happy,p_neutral,p_sad,p_surprised,x";
        let runs: Vec<PathBuf> = [("1", &a, "0,0,0,1,0,0,0,9"), ("2", &b, "0,0,0,0,0,1,0,9")]
            .into_iter()
            .map(|(name, path, values)| {
                let run = dir.path().join(name);
                fs::create_dir(&run).unwrap();
                // Another way to write the same path.
                let path = path
                    .parent()
                    .unwrap()
                    .join(".")
                    .join(path.file_name().unwrap());
                let text = format!("{header}\n{},{values}\n", path.display());
                fs::write(run.join("predictions.csv"), text).unwrap();
                run
            })
            .collect();
        let row = |path: &Path| TableRow {
            path: path.to_owned(),
            target: Some(EmotionVector::one_hot(Emotion::Happy)),
            quadrant: Some(0),
            fold: None,
            folder: PathBuf::new(),
            values: std::collections::BTreeMap::new(),
        };
        let judgement = predicted_songs(&[row(&a), row(&b), row(&c)], &runs).unwrap();
        let strongest = judgement.judged.iter().map(|j| j.vector.strongest());
        assert_eq!(
            strongest.collect::<Vec<_>>(),
            [Emotion::Happy, Emotion::Sad]
        );
        assert_eq!(judgement.failed.len(), 1);
        assert_eq!(judgement.failed[0].0, c);

        let nowhere = [dir.path().join("nowhere")];
        let error = predicted_songs(&[], &nowhere).unwrap_err().to_string();
        assert!(error.contains("nowhere"), "{error}");
    }
}
