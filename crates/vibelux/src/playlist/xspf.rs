//! XSPF (`.xspf`), version 1 (xspf.org, 2006): what VLC, Kodi, Audacious and MPD read, with names that any file may have.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::entry::{Listed, Playlist, PlaylistEntry, tag};
use super::error::NotAPlaylist;
use super::location;

const NAMESPACE: &str = "http://xspf.org/ns/0/";

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename = "playlist")]
struct Document {
    #[serde(rename = "@version", default)]
    version: String,
    #[serde(rename = "@xmlns", default)]
    namespace: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(rename = "trackList", default)]
    track_list: TrackList,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct TrackList {
    #[serde(default)]
    track: Vec<Track>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Track {
    /// The same song at several places, of which the first is taken.
    #[serde(default)]
    location: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    creator: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    album: Option<String>,
    /// In milliseconds. As text, as a file may say anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<String>,
}

pub(super) fn text(name: Option<&str>, listed: &[Listed<'_>]) -> String {
    let document = Document {
        version: "1".to_owned(),
        namespace: NAMESPACE.to_owned(),
        title: name.map(str::to_owned),
        track_list: TrackList {
            track: listed.iter().map(track).collect(),
        },
    };
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let mut writer = quick_xml::se::Serializer::new(&mut text);
    writer.indent(' ', 2);
    // Texts and lists of texts: nothing in them that XML has no way to write.
    let _ = document.serialize(writer);
    text.push('\n');
    text
}

fn track(listed: &Listed<'_>) -> Track {
    let Listed { entry, location } = listed;
    Track {
        location: vec![location.clone()],
        title: tag(&entry.title),
        creator: tag(&entry.artist),
        album: tag(&entry.album),
        duration: entry.milliseconds().map(|length| length.to_string()),
    }
}

pub(super) fn parse(bytes: &[u8], folder: &Path) -> Result<Playlist, NotAPlaylist> {
    let text = std::str::from_utf8(bytes).map_err(|_| NotAPlaylist::Encoding)?;
    let document: Document = quick_xml::de::from_str(text)?;
    let entry = |track: Track| {
        let mut places = track.location.iter();
        let path = places.find_map(|uri| location::path(uri, folder))?;
        let milliseconds = track
            .duration
            .and_then(|text| text.trim().parse::<u64>().ok());
        Some(PlaylistEntry {
            path,
            duration_seconds: milliseconds.map(|length| length as f64 / 1000.0),
            artist: tag(&track.creator),
            title: tag(&track.title),
            album: tag(&track.album),
        })
    };
    Ok(Playlist {
        name: tag(&document.title),
        entries: document
            .track_list
            .track
            .into_iter()
            .filter_map(entry)
            .collect(),
    })
}
