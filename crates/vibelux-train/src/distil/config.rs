//! [`DistilConfig`]: who teaches, and how much it counts.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::config::ConfigError;

/// Which pixels the teachers see of what the student is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TeacherView {
    /// The same, at full size even where the student's are smaller (see
    /// [`crate::config::SizeStage`]): the teachers are at their best there.
    #[default]
    Changed,
    /// Exactly the same: quicker on smaller images.
    ChangedSmall,
    /// Each training image and its mirror image as they are, once, when the run starts or resumes.
    /// Costs next to nothing, and tells a student that sees noise and blur what is behind them.
    Unchanged,
}

/// Who teaches, and how much it counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DistilConfig {
    /// Run folders of finished face runs, or weights files with their `config.toml` beside them.
    pub runs: Vec<PathBuf>,
    /// Share of the target that comes from the teachers, above 0 and at most 1.
    #[serde(default = "default_weight")]
    pub weight: f32,
    /// What the teachers are shown.
    #[serde(default)]
    pub view: TeacherView,
    /// 64 bits of FNV-1a of each teacher's weights file, as hexadecimal digits. [`super::pin`] fills it in
    /// where it is empty, so that a run cannot go on with other teachers than it began with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fingerprints: Vec<String>,
}

impl DistilConfig {
    /// These teachers, not yet pinned, with the default weight.
    #[must_use]
    pub fn new(runs: Vec<PathBuf>) -> Self {
        Self {
            runs,
            weight: default_weight(),
            view: TeacherView::default(),
            fingerprints: Vec::new(),
        }
    }

    /// Checks that every value is in its range; reads no files.
    ///
    /// # Errors
    /// [`ConfigError::Range`].
    pub fn check(&self) -> Result<(), ConfigError> {
        let checks = [
            (
                "distil.runs",
                !self.runs.is_empty(),
                self.runs.len(),
                "at least one run folder",
            ),
            (
                "distil.fingerprints",
                self.fingerprints.is_empty() || self.fingerprints.len() == self.runs.len(),
                self.fingerprints.len(),
                "one per run, or left out",
            ),
        ];
        for (field, good, count, expected) in checks {
            if !good {
                return Err(ConfigError::Range {
                    field,
                    value: format!("a list of {count}"),
                    expected,
                });
            }
        }
        if self.weight > 0.0 && self.weight <= 1.0 {
            return Ok(());
        }
        Err(ConfigError::Range {
            field: "distil.weight",
            value: self.weight.to_string(),
            expected: "above 0 and at most 1",
        })
    }
}

fn default_weight() -> f32 {
    0.7
}
