//! Class folders: `DIR/train/<emotion>/*` and `DIR/test/<emotion>/*` (or `validation/`).

use std::path::{Path, PathBuf};

use vibelux::Emotion;
use walkdir::WalkDir;

/// What can be wrong with a data set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// The folder is not there.
    #[error("{path} is not there, or not a folder (of songs: a folder or a table)")]
    NoFolder {
        /// What was given.
        path: PathBuf,
    },
    /// A split is missing.
    #[error("{path} has no folder {expected}; expected train/ and test/ (or validation/) in it")]
    NoSplit {
        /// The data set's folder.
        path: PathBuf,
        /// What was looked for.
        expected: &'static str,
    },
    /// No folder is named after an emotion.
    #[error(
        "{path} has no files in class folders; expected folders named angry, disgusted, fearful, happy, neutral, \
         sad, surprised in it (of a data set, name one split: train, test)"
    )]
    NoClasses {
        /// The split's folder.
        path: PathBuf,
    },
    /// A folder cannot be listed.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// `labels.csv` is not what is expected.
    #[error("{path}: {source}")]
    Csv {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        source: Box<csv::Error>,
    },
    /// `labels.csv` has no column that names the file.
    #[error("{path} has no column {expected:?}")]
    NoColumn {
        /// Which file.
        path: PathBuf,
        /// What was looked for.
        expected: String,
    },
    /// No row of a table is left.
    #[error("{path} has no row with a target distribution that meets the conditions")]
    NoRows {
        /// Which file.
        path: PathBuf,
    },
    /// Every file of a split failed to load.
    #[error("none of the {count} files in {path} could be read; the first: {first}")]
    AllFailed {
        /// The split's folder.
        path: PathBuf,
        /// How many there are.
        count: usize,
        /// What the first one said.
        first: String,
    },
}

/// A file and the class folder it lies in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassFile {
    /// Where it is.
    pub path: PathBuf,
    /// Whose folder it lies in.
    pub class: Emotion,
}

/// All files in the class folders of one split, sorted by class and path; other folders are ignored.
///
/// # Errors
/// If the folder is missing, cannot be listed, or holds no class folder with a file.
pub fn class_files(split: &Path) -> Result<Vec<ClassFile>, DatasetError> {
    let io = |source| DatasetError::Io {
        path: split.to_owned(),
        source,
    };
    if !split.is_dir() {
        return Err(DatasetError::NoFolder {
            path: split.to_owned(),
        });
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(split).map_err(io)? {
        let folder = entry.map_err(io)?.path();
        let name = folder
            .file_name()
            .and_then(|n| n.to_str())
            .unwrap_or_default();
        let Ok(class) = name.parse::<Emotion>() else {
            continue;
        };
        for entry in WalkDir::new(&folder).follow_links(true) {
            let entry = entry.map_err(|e| io(e.into()))?;
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            if entry.file_type().is_file() && !hidden {
                files.push(ClassFile {
                    path: entry.into_path(),
                    class,
                });
            }
        }
    }
    if files.is_empty() {
        return Err(DatasetError::NoClasses {
            path: split.to_owned(),
        });
    }
    files.sort_by(|a, b| (a.class, &a.path).cmp(&(b.class, &b.path)));
    Ok(files)
}

/// The folders of the training and the validation split of a data set.
///
/// # Errors
/// If either is missing.
pub fn splits(dir: &Path) -> Result<(PathBuf, PathBuf), DatasetError> {
    if !dir.is_dir() {
        return Err(DatasetError::NoFolder {
            path: dir.to_owned(),
        });
    }
    let train = dir.join("train");
    if !train.is_dir() {
        return Err(DatasetError::NoSplit {
            path: dir.to_owned(),
            expected: "train",
        });
    }
    ["validation", "test"]
        .map(|name| dir.join(name))
        .into_iter()
        .find(|path| path.is_dir())
        .map(|validation| (train, validation))
        .ok_or(DatasetError::NoSplit {
            path: dir.to_owned(),
            expected: "validation",
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_folders_are_found_in_any_spelling_and_sorted() {
        let dir = tempfile::tempdir().unwrap();
        for (folder, file) in [("Happy", "b.png"), ("anger", "a.png"), ("other", "c.png")] {
            std::fs::create_dir_all(dir.path().join("train").join(folder)).unwrap();
            std::fs::write(dir.path().join("train").join(folder).join(file), b"").unwrap();
        }
        let files = class_files(&dir.path().join("train")).unwrap();
        let classes: Vec<_> = files.iter().map(|f| f.class).collect();
        assert_eq!(classes, [Emotion::Angry, Emotion::Happy]);
        assert!(matches!(
            splits(dir.path()),
            Err(DatasetError::NoSplit { .. })
        ));
        std::fs::create_dir(dir.path().join("test")).unwrap();
        assert!(splits(dir.path()).unwrap().1.ends_with("test"));
        assert!(matches!(
            class_files(&dir.path().join("test")),
            Err(DatasetError::NoClasses { .. })
        ));
        assert!(matches!(
            splits(&dir.path().join("no")),
            Err(DatasetError::NoFolder { .. })
        ));
    }
}
