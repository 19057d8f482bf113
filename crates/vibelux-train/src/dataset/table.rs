//! A table of examples: a `labels.csv` that lists files with soft targets, instead of class folders.
//!
//! Columns: `path` (or `file`), relative to the table; `p_angry` ... `p_surprised`, the target
//! distribution (rows without one are left out); optionally `fold` and any others, by which rows can
//! be chosen, and `quadrant` (Q1 to Q4 of valence and arousal).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use vibelux::{Emotion, EmotionVector};

use super::folders::DatasetError;

/// A row of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableRow {
    /// The file.
    pub path: PathBuf,
    /// The target distribution, if the row has one.
    pub target: Option<EmotionVector>,
    /// The quadrant of valence and arousal, 0 (Q1: both high) to 3 (Q4), counter-clockwise.
    pub quadrant: Option<usize>,
    /// Value of the column `fold`.
    pub fold: Option<String>,
    /// The table's folder, from which files in its columns are named.
    pub folder: PathBuf,
    /// Every column by its name in lower case.
    pub values: BTreeMap<String, String>,
}

impl TableRow {
    /// The value of a column; `None` if the table has no such column.
    #[must_use]
    pub fn get(&self, column: &str) -> Option<&str> {
        let value = self.values.get(&column.trim().to_ascii_lowercase());
        value.map(String::as_str)
    }
}

/// A condition on a column: its name and the value it must have.
pub type Condition = (String, String);

/// Reads the rows that meet all conditions and have a target distribution, in the order of the file.
///
/// # Errors
/// If the file cannot be read, lacks a column, or no row is left.
pub fn load_table(path: &Path, conditions: &[Condition]) -> Result<Vec<TableRow>, DatasetError> {
    load_rows(path, conditions, |row| row.target.is_some())
}

/// Reads the rows that meet all conditions and that `wanted` takes, in the order of the file.
///
/// # Errors
/// If the file cannot be read, lacks a column, or no row is left.
pub fn load_rows(
    path: &Path,
    conditions: &[Condition],
    wanted: impl Fn(&TableRow) -> bool,
) -> Result<Vec<TableRow>, DatasetError> {
    let csv = |source| DatasetError::Csv {
        path: path.to_owned(),
        source: Box::new(source),
    };
    let mut reader = csv::Reader::from_path(path).map_err(csv)?;
    let headers = reader.headers().map_err(csv)?.clone();
    let column = |name: &str| {
        headers
            .iter()
            .position(|h| h.trim().eq_ignore_ascii_case(name))
    };
    let missing = |expected: &str| DatasetError::NoColumn {
        path: path.to_owned(),
        expected: expected.to_owned(),
    };
    let file = column("path")
        .or_else(|| column("file"))
        .ok_or_else(|| missing("path"))?;
    let mut targets = [0; 7];
    for (at, emotion) in targets.iter_mut().zip(Emotion::ALL) {
        let name = format!("p_{emotion}");
        *at = column(&name).ok_or_else(|| missing(&name))?;
    }
    let mut chosen = Vec::new();
    for (name, value) in conditions {
        chosen.push((column(name).ok_or_else(|| missing(name))?, value));
    }
    let (fold, quadrant) = (column("fold"), column("quadrant"));
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(csv)?;
        let text = |i: usize| record.get(i).unwrap_or_default().trim();
        if !chosen.iter().all(|(i, value)| text(*i) == value.as_str()) {
            continue;
        }
        let weights = targets.map(|i| text(i).parse::<f32>().unwrap_or(0.0));
        let row = TableRow {
            path: folder.join(text(file)),
            target: EmotionVector::from_weights(weights).ok(),
            quadrant: quadrant.and_then(|i| match text(i) {
                "Q1" => Some(0),
                "Q2" => Some(1),
                "Q3" => Some(2),
                "Q4" => Some(3),
                _ => None,
            }),
            fold: fold.map(|i| text(i).to_owned()),
            folder: folder.to_owned(),
            values: headers
                .iter()
                .enumerate()
                .map(|(i, name)| (name.trim().to_ascii_lowercase(), text(i).to_owned()))
                .collect(),
        };
        if wanted(&row) {
            rows.push(row);
        }
    }
    if rows.is_empty() {
        return Err(DatasetError::NoRows {
            path: path.to_owned(),
        });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_chosen_by_columns() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("labels.csv");
        let text = "path,dataset,p_angry,p_disgusted,p_fearful,p_happy,p_neutral,p_sad,p_surprised,fold,quadrant\n\
                    a.ogg,x,0,0,0,2,0,0,0,1,Q1\nb.ogg,y,0,0,0,1,0,1,0,2,\nc.ogg,x,,,,,,,,1,Q3\n";
        std::fs::write(&path, text).unwrap();
        let all = load_table(&path, &[]).unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].target, Some(EmotionVector::one_hot(Emotion::Happy)));
        assert_eq!(all[0].get("Dataset"), Some("x"));
        let every = load_rows(&path, &[], |_| true).unwrap();
        assert_eq!((every.len(), every[2].target), (3, None));
        assert_eq!((all[0].quadrant, all[1].quadrant), (Some(0), None));
        let condition = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        assert_eq!(
            load_table(&path, &condition("dataset", "y")).unwrap()[0]
                .fold
                .as_deref(),
            Some("2")
        );
        assert!(matches!(
            load_table(&path, &condition("dataset", "z")),
            Err(DatasetError::NoRows { .. })
        ));
        assert!(matches!(
            load_table(&path, &condition("colour", "z")),
            Err(DatasetError::NoColumn { .. })
        ));
    }
}
