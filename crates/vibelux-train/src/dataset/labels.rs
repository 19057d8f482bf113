//! `labels.csv`: softer labels than a class folder can give.
//!
//! A column `file` (or `path`) names the file relative to the data set's folder; columns named after
//! emotions (in any spelling that [`Emotion`] reads, with or without a leading `p_`) hold votes or
//! probabilities. A column `nf` ("not a face"), if there is one, counts the votes for dropping a row; a
//! column `train_similarity` (0..=1) tells files that have a twin among the training files.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use vibelux::{Emotion, EmotionVector};

use super::folders::DatasetError;

/// From this similarity on, a file is the same picture as one that was trained on.
const TWIN_SIMILARITY: f32 = 0.995;

/// Votes per file.
#[derive(Debug, Clone, Default)]
pub struct SoftLabels {
    rows: HashMap<String, Option<EmotionVector>>,
    twins: HashSet<String>,
}

impl SoftLabels {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, is not CSV, or has no column that names the file.
    pub fn load(path: &Path) -> Result<Self, DatasetError> {
        let csv = |source| DatasetError::Csv {
            path: path.to_owned(),
            source: Box::new(source),
        };
        let mut reader = csv::Reader::from_path(path).map_err(csv)?;
        let headers = reader.headers().map_err(csv)?.clone();
        let position = |names: &[&str]| {
            headers
                .iter()
                .position(|h| names.contains(&h.trim().to_ascii_lowercase().as_str()))
        };
        let file = position(&["file", "path"]).ok_or(DatasetError::NoColumn {
            path: path.to_owned(),
            expected: "file".to_owned(),
        })?;
        let no_face = position(&["nf"]);
        let similarity = position(&["train_similarity"]);
        let emotions: Vec<(usize, Emotion)> = headers
            .iter()
            .enumerate()
            .filter_map(|(i, h)| {
                let name = h.trim().trim_start_matches("p_");
                name.parse::<Emotion>().ok().map(|e| (i, e))
            })
            .collect();
        let (mut rows, mut twins) = (HashMap::new(), HashSet::new());
        for record in reader.records() {
            let record = record.map_err(csv)?;
            let number = |i: usize| record.get(i).and_then(|v| v.trim().parse::<f32>().ok());
            let mut votes = [0.0; 7];
            for &(i, emotion) in &emotions {
                votes[emotion.index()] += number(i).unwrap_or(0.0);
            }
            let against = no_face.and_then(number).unwrap_or(0.0);
            let vector = EmotionVector::from_weights(votes)
                .ok()
                .filter(|_| against <= votes.iter().copied().fold(0.0, f32::max));
            if let Some(name) = record.get(file) {
                rows.insert(name.to_owned(), vector);
                if similarity
                    .and_then(number)
                    .is_some_and(|s| s >= TWIN_SIMILARITY)
                {
                    twins.insert(name.to_owned());
                }
            }
        }
        Ok(Self { rows, twins })
    }

    /// The distribution of a file; `Some(None)` if its row says that there is nothing to see in it.
    #[must_use]
    pub fn get(&self, relative_path: &str) -> Option<Option<EmotionVector>> {
        self.rows.get(relative_path).copied()
    }

    /// Whether the same picture is among the training files.
    #[must_use]
    pub fn has_twin(&self, relative_path: &str) -> bool {
        self.twins.contains(relative_path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn votes_become_distributions() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("labels.csv");
        std::fs::write(
            &path,
            "file,happiness,p_sad,contempt,NF\na.png,3,1,6,0\nb.png,0,1,0,9\nc.png,,,,\n",
        )
        .unwrap();
        let labels = SoftLabels::load(&path).unwrap();
        let a = labels.get("a.png").unwrap().unwrap();
        assert!((a.get(Emotion::Happy) - 0.75).abs() < 1e-6);
        assert_eq!(labels.get("b.png"), Some(None));
        assert_eq!(labels.get("c.png"), Some(None));
        assert_eq!(labels.get("d.png"), None);
        std::fs::write(&path, "name,happy\nx,1\n").unwrap();
        assert!(matches!(
            SoftLabels::load(&path),
            Err(DatasetError::NoColumn { .. })
        ));
    }
}
