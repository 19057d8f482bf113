//! JSPF (`.jspf`): XSPF in JSON, as ListenBrainz and web players have it.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::entry::{Listed, Playlist, PlaylistEntry, tag};
use super::error::NotAPlaylist;
use super::location;

#[derive(Debug, Serialize, Deserialize)]
struct Document {
    playlist: Body,
}

#[derive(Debug, Serialize, Deserialize)]
struct Body {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(default)]
    track: Vec<Track>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Track {
    #[serde(default)]
    location: OneOrMany,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    creator: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    album: Option<String>,
    /// In milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    duration: Option<serde_json::Value>,
}

/// A list; some write its only member without one.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Many(Vec<String>),
    One(String),
}

impl Default for OneOrMany {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl OneOrMany {
    fn as_slice(&self) -> &[String] {
        match self {
            Self::Many(texts) => texts,
            Self::One(text) => std::slice::from_ref(text),
        }
    }
}

pub(super) fn text(name: Option<&str>, listed: &[Listed<'_>]) -> String {
    let document = Document {
        playlist: Body {
            title: name.map(str::to_owned),
            track: listed.iter().map(track).collect(),
        },
    };
    // Texts and numbers: nothing in them that JSON has no way to write.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn track(listed: &Listed<'_>) -> Track {
    let Listed { entry, location } = listed;
    Track {
        location: OneOrMany::Many(vec![location.clone()]),
        title: tag(&entry.title),
        creator: tag(&entry.artist),
        album: tag(&entry.album),
        duration: entry.milliseconds().map(Into::into),
    }
}

pub(super) fn parse(bytes: &[u8], folder: &Path) -> Result<Playlist, NotAPlaylist> {
    let document: Document = serde_json::from_slice(bytes).map_err(NotAPlaylist::Jspf)?;
    let entry = |track: Track| {
        let mut places = track.location.as_slice().iter();
        let path = places.find_map(|uri| location::path(uri, folder))?;
        // A number, or one written as text.
        let milliseconds = track.duration.and_then(|length| match length {
            serde_json::Value::String(text) => text.trim().parse::<f64>().ok(),
            number => number.as_f64(),
        });
        let milliseconds = milliseconds.filter(|length| length.is_finite() && *length >= 0.0);
        Some(PlaylistEntry {
            path,
            duration_seconds: milliseconds.map(|length| length / 1000.0),
            artist: tag(&track.creator),
            title: tag(&track.title),
            album: tag(&track.album),
        })
    };
    Ok(Playlist {
        name: tag(&document.playlist.title),
        entries: document
            .playlist
            .track
            .into_iter()
            .filter_map(entry)
            .collect(),
    })
}
