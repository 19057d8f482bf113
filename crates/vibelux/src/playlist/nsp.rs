//! Smart playlists of Navidrome (`.nsp`): JSON with rules, which Navidrome follows at each look. Ours has one rule for each song: its file is
//! this one, by its path below Navidrome's library. Navidrome puts the songs into an order of its own.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::entry::{Listed, Playlist, PlaylistEntry};
use super::error::NotAPlaylist;
use super::naming::{Place, without_dots};

#[derive(Debug, Serialize, Deserialize)]
struct Document {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default)]
    any: Vec<Rule>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sort: Option<String>,
    /// What other rules there are.
    #[serde(default, skip_serializing)]
    all: Option<serde_json::Value>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Rule {
    #[serde(default)]
    is: Option<FileRule>,
}

#[derive(Debug, Serialize, Deserialize)]
struct FileRule {
    #[serde(default)]
    filepath: Option<String>,
}

/// The path below Navidrome's library; `None` if it is elsewhere, or no text.
pub(super) fn file_path(place: &Place) -> Option<String> {
    match place {
        Place::Relative(path) => Some(path.to_str()?.to_owned()),
        // Not in Navidrome's library.
        Place::Address(_) | Place::Absolute(_) => None,
    }
}

pub(super) fn text(name: Option<&str>, listed: &[Listed<'_>]) -> String {
    let rule = |listed: &Listed<'_>| Rule {
        is: Some(FileRule {
            filepath: Some(listed.location.clone()),
        }),
    };
    let document = Document {
        name: name.map(str::to_owned),
        any: listed.iter().map(rule).collect(),
        sort: Some("random".to_owned()),
        all: None,
    };
    // Texts: nothing in them that JSON has no way to write.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

pub(super) fn parse(bytes: &[u8], folder: &Path) -> Result<Playlist, NotAPlaylist> {
    let document: Document = serde_json::from_slice(bytes).map_err(NotAPlaylist::Nsp)?;
    if document.all.is_some() {
        return Err(NotAPlaylist::Rules);
    }
    let file = |rule: Rule| rule.is.and_then(|is| is.filepath);
    let files: Option<Vec<String>> = document.any.into_iter().map(file).collect();
    let files = files.ok_or(NotAPlaylist::Rules)?;
    let entry = |file: String| PlaylistEntry::at(without_dots(&folder.join(file)));
    Ok(Playlist {
        name: document.name,
        entries: files.into_iter().map(entry).collect(),
    })
}
