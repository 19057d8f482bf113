//! [`HeadConfig`]: which column of a table teaches a head, and how the column is read.

use serde::{Deserialize, Serialize};
use vibelux::audio::SoundKind;

use super::track::{Track, TrackError};
use crate::config::ConfigError;
use crate::dataset::TableRow;

/// How a column is written, and what is learnt of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeadKind {
    /// One name (`Q1`): softmax, cross-entropy.
    Class,
    /// Names that apply, with `|` between them (`calm|wistful`): a sigmoid each, binary cross-entropy.
    Tags,
    /// Names with values from 0 to 1 (`power=0.02|sadness=0.31`): as tags, with soft targets.
    Scales,
    /// A file with values from 0 to 1 over the time of the song ([`super::Track`]): as scales, for the stretch
    /// that a window is of.
    TagTrack,
    /// The same with values of any size, best of mean 0 and deviation 1: half the squared error.
    ValueTrack,
}

impl HeadKind {
    /// Whether the column names a file of what is said over time.
    #[must_use]
    pub fn is_track(self) -> bool {
        matches!(self, Self::TagTrack | Self::ValueTrack)
    }
}

/// A head beside the seven emotions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadConfig {
    /// The column that teaches it. Rows where it is empty say nothing to this head.
    pub column: String,
    /// How the column is written.
    pub kind: HeadKind,
    /// Only rows with this `COLUMN=VALUE` teach it.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// The array in the files that the column names; of tracks only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub array: Option<String>,
    /// Whether it goes into the model, to say what sort of sound a window is: one head of kind class at most, whose
    /// names are music, speech and effects.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sound_kind: bool,
    /// Weight of its loss beside that of the seven emotions, 1.
    pub weight: f32,
    /// Names that fewer training rows have are left out; not asked of tracks, whose names are numbers.
    #[serde(default = "one")]
    pub least_rows: usize,
    /// Its outputs, in order; [`super::resolve`] fills them in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
}

fn one() -> usize {
    1
}

impl HeadConfig {
    /// Its column, with the array and the condition if it has them: `teacher/tags[dataset=panda4q]`.
    #[must_use]
    pub fn label(&self) -> String {
        let array = self.array.as_ref();
        let array = array.map_or(String::new(), |a| format!("/{a}"));
        let condition = self.condition.as_ref();
        let condition = condition.map_or(String::new(), |c| format!("[{c}]"));
        format!("{}{array}{condition}", self.column)
    }

    /// What the column of a row holds, if it says something to this head.
    fn text<'r>(&self, row: &'r TableRow) -> Option<&'r str> {
        let condition = self.condition.as_ref().and_then(|c| c.split_once('='));
        if condition.is_some_and(|(column, value)| row.get(column) != Some(value)) {
            return None;
        }
        row.get(&self.column).filter(|text| !text.is_empty())
    }

    /// What its outputs mean in the model, in order; `None` if it is not for that, or has no names yet.
    ///
    /// # Errors
    /// [`ConfigError::Range`] if its names are not music, speech and effects.
    pub(crate) fn sound_kinds(&self) -> Result<Option<[SoundKind; 3]>, ConfigError> {
        if !self.sound_kind || self.names.is_empty() {
            return Ok(None);
        }
        let kinds = self.names.iter().map(|name| name.parse().ok());
        let kinds = kinds.collect::<Option<Vec<SoundKind>>>();
        let kinds = kinds.and_then(|kinds| <[SoundKind; 3]>::try_from(kinds).ok());
        let kinds = kinds.filter(|kinds| SoundKind::ALL.iter().all(|kind| kinds.contains(kind)));
        kinds.map(Some).ok_or_else(|| ConfigError::Range {
            field: "heads.names",
            value: self.names.join(", "),
            expected: "music, speech and effects once each where sound_kind is set",
        })
    }

    /// What a teacher said of the row's song; `None` if the row names no file.
    ///
    /// # Errors
    /// If the file cannot be used.
    pub(crate) fn track(&self, row: &TableRow) -> Result<Option<Track>, TrackError> {
        let (Some(array), Some(file)) = (&self.array, self.text(row)) else {
            return Ok(None);
        };
        let track = Track::load(&row.folder.join(file), array)?;
        if self.kind == HeadKind::TagTrack {
            track.check_shares()?;
        }
        Ok(Some(track))
    }

    /// What a row's own text says to this head: names and values; `None` if nothing.
    pub(super) fn read<'r>(&self, row: &'r TableRow) -> Option<Vec<(&'r str, f32)>> {
        let text = self.text(row)?;
        let parts = text.split('|').map(str::trim).filter(|p| !p.is_empty());
        Some(match self.kind {
            HeadKind::Class => vec![(text, 1.0)],
            HeadKind::Tags => parts.map(|name| (name, 1.0)).collect(),
            HeadKind::Scales => parts
                .filter_map(|part| {
                    let (name, value) = part.split_once('=')?;
                    let value: f32 = value.trim().parse().ok()?;
                    (0.0..=1.0).contains(&value).then_some((name.trim(), value))
                })
                .collect(),
            HeadKind::TagTrack | HeadKind::ValueTrack => return None,
        })
    }

    /// Whether a row teaches it anything.
    pub(crate) fn is_taught_by(&self, row: &TableRow) -> bool {
        if self.kind.is_track() {
            return self.text(row).is_some();
        }
        self.read(row).is_some_and(|values| !values.is_empty())
    }
}
