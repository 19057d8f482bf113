//! What a run was asked for beside its configuration, kept in its folder as `data.toml`, and what differs when it
//! is resumed with other flags.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::RunError;
use super::paths::RunPaths;
use crate::config::{ConfigError, TrainingConfig};

/// Longer values are not quoted.
const QUOTED: usize = 60;

/// Which labels, rows and folds a run uses. Where its data lie is not among it: they may be moved, and a
/// fingerprint tells whether they have changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choices {
    /// Soft labels, if they were named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    labels: Option<PathBuf>,
    /// Conditions on the rows of a table, `COLUMN=VALUE`.
    #[serde(default, rename = "where")]
    conditions: Vec<String>,
    /// Folds to train on.
    train_folds: Vec<String>,
    /// Folds to judge on.
    validation_folds: Vec<String>,
}

impl Choices {
    /// Those of a run that reads `paths`.
    #[must_use]
    pub fn of(paths: &RunPaths) -> Self {
        let conditions = paths.conditions.iter();
        Self {
            labels: paths.labels.as_ref().map(|path| absolute(path)),
            conditions: conditions
                .map(|(column, value)| format!("{column}={value}"))
                .collect(),
            train_folds: paths.train_folds.clone(),
            validation_folds: paths.validation_folds.clone(),
        }
    }

    /// Writes `data.toml`.
    pub(super) fn save(&self, out: &Path) -> Result<(), RunError> {
        let path = out.join("data.toml");
        let text = toml::to_string(self).map_err(|source| ConfigError::Write {
            path: path.clone(),
            source: Box::new(source),
        })?;
        vibelux::atomic::write(&path, text.as_bytes())
            .map_err(|source| RunError::Io { path, source })
    }

    /// Reads `data.toml`; `None` where an older program has left none.
    fn load(out: &Path) -> Result<Option<Self>, RunError> {
        let path = out.join("data.toml");
        if !path.is_file() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(&path).map_err(|source| RunError::Io {
            path: path.clone(),
            source,
        })?;
        let choices = toml::from_str(&text).map_err(|source| ConfigError::Parse {
            path,
            source: Box::new(source),
        })?;
        Ok(Some(choices))
    }
}

/// The paths that a resumed run reads: what was left out is as when the run began. What was asked for
/// otherwise is named in the list.
///
/// # Errors
/// If the run's `data.toml` cannot be read.
pub fn resumed_paths(mut paths: RunPaths, out: &Path) -> Result<(RunPaths, Vec<String>), RunError> {
    let Some(saved) = Choices::load(out)? else {
        return Ok((paths, Vec::new()));
    };
    let asked = Choices::of(&paths);
    let mut differences = Vec::new();
    let mut compare = |name: &str, asked: &[String], saved: &[String]| {
        if !asked.is_empty() && asked != saved {
            differences.push(difference(name, &asked.join(","), &saved.join(",")));
        }
    };
    let text = |path: &Option<PathBuf>| -> Vec<String> {
        path.iter().map(|path| path.display().to_string()).collect()
    };
    compare("--labels", &text(&asked.labels), &text(&saved.labels));
    compare("--where", &asked.conditions, &saved.conditions);
    compare("--train-folds", &asked.train_folds, &saved.train_folds);
    compare(
        "--validation-folds",
        &asked.validation_folds,
        &saved.validation_folds,
    );
    let conditions = saved.conditions.iter();
    let conditions = conditions.filter_map(|text| text.split_once('='));
    paths.labels = saved.labels;
    paths.conditions = conditions
        .map(|(c, v)| (c.to_owned(), v.to_owned()))
        .collect();
    paths.train_folds = saved.train_folds;
    paths.validation_folds = saved.validation_folds;
    Ok((paths, differences))
}

/// What differs between the configuration that was asked for and the run's, by the names of the
/// configuration file.
///
/// # Errors
/// If one cannot be written as TOML.
pub fn config_differences(
    asked: &TrainingConfig,
    saved: &TrainingConfig,
) -> Result<Vec<String>, RunError> {
    let table = |config: &TrainingConfig| {
        toml::Value::try_from(config).map_err(|source| ConfigError::Write {
            path: PathBuf::from("config.toml"),
            source: Box::new(source),
        })
    };
    let mut differences = Vec::new();
    compare(
        "",
        Some(&table(asked)?),
        Some(&table(saved)?),
        &mut differences,
    );
    Ok(differences)
}

fn compare(
    name: &str,
    asked: Option<&toml::Value>,
    saved: Option<&toml::Value>,
    differences: &mut Vec<String>,
) {
    if let (Some(toml::Value::Table(asked)), Some(toml::Value::Table(saved))) = (asked, saved) {
        let mut keys: Vec<&String> = asked.keys().chain(saved.keys()).collect();
        keys.sort();
        keys.dedup();
        for key in keys {
            let inner = if name.is_empty() {
                key.clone()
            } else {
                format!("{name}.{key}")
            };
            compare(&inner, asked.get(key), saved.get(key), differences);
        }
    } else if asked != saved {
        let text = |value: Option<&toml::Value>| value.map_or(String::new(), ToString::to_string);
        differences.push(difference(name, &text(asked), &text(saved)));
    }
}

fn difference(name: &str, asked: &str, saved: &str) -> String {
    if asked.len().max(saved.len()) > QUOTED {
        return format!("{name} is not the run's");
    }
    let quoted = |text: &str| {
        if text.is_empty() {
            "nothing".to_owned()
        } else {
            text.to_owned()
        }
    };
    format!("{name} is {}, the run has {}", quoted(asked), quoted(saved))
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::preset;

    fn paths(folds: &[&str]) -> RunPaths {
        RunPaths {
            data: PathBuf::from("songs.csv"),
            labels: None,
            conditions: vec![("dataset".to_owned(), "x".to_owned())],
            train_folds: folds.iter().map(|&fold| fold.to_owned()).collect(),
            validation_folds: vec!["3".to_owned()],
            spectrograms: None,
        }
    }

    #[test]
    fn what_is_left_out_is_as_it_was_and_what_differs_is_named() {
        let dir = tempfile::tempdir().unwrap();
        Choices::of(&paths(&["0", "1"])).save(dir.path()).unwrap();
        let (same, differences) = resumed_paths(paths(&["0", "1"]), dir.path()).unwrap();
        assert!(differences.is_empty());
        assert_eq!(same.conditions, paths(&[]).conditions);
        let mut bare = paths(&[]);
        bare.conditions.clear();
        bare.validation_folds.clear();
        let (taken, differences) = resumed_paths(bare, dir.path()).unwrap();
        assert!(differences.is_empty());
        assert_eq!(Choices::of(&taken), Choices::of(&paths(&["0", "1"])));
        let mut other = paths(&["2"]);
        other.labels = Some(PathBuf::from("/votes.csv"));
        let (_, differences) = resumed_paths(other, dir.path()).unwrap();
        assert_eq!(
            differences,
            [
                "--labels is /votes.csv, the run has nothing",
                "--train-folds is 2, the run has 0,1"
            ]
        );
        let none = tempfile::tempdir().unwrap();
        assert!(
            resumed_paths(paths(&["2"]), none.path())
                .unwrap()
                .1
                .is_empty()
        );
    }

    #[test]
    fn configurations_differ_by_the_names_of_their_file() {
        let saved = preset::face("default").unwrap();
        assert!(config_differences(&saved, &saved).unwrap().is_empty());
        let mut asked = saved.clone();
        asked.seed = 77;
        asked.optimiser.weight_decay += 0.5;
        asked.architecture.layers.pop();
        let differences = config_differences(&asked, &saved).unwrap();
        let names: Vec<&str> = differences
            .iter()
            .filter_map(|d| d.split(' ').next())
            .collect();
        assert_eq!(
            names,
            ["architecture.layers", "optimiser.weight_decay", "seed"]
        );
        assert_eq!(
            differences[2],
            format!("seed is 77, the run has {}", saved.seed)
        );
    }
}
