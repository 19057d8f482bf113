//! [`read_song`]: a song of a server, as its answers have it.

use serde_json::{Map, Value};

use super::answer::{integer, is_true, number, text};
use crate::server_song::ServerSong;

/// `None` for folders, videos and what has no id.
pub(super) fn read_song(fields: &Map<String, Value>) -> Option<ServerSong> {
    if is_true(fields, "isDir") || is_true(fields, "isVideo") {
        return None;
    }
    let value = |name| text(fields, name).unwrap_or_default();
    Some(ServerSong {
        id: text(fields, "id")?,
        title: value("title"),
        artist: value("artist"),
        album: value("album"),
        path: text(fields, "path"),
        duration_seconds: number(fields, "duration").filter(|seconds| *seconds > 0.0),
        musicbrainz_id: text(fields, "musicBrainzId"),
        suffix: text(fields, "suffix"),
        size_bytes: integer(fields, "size").and_then(|size| u64::try_from(size).ok()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<ServerSong> {
        read_song(serde_json::from_str::<Value>(json).unwrap().as_object()?)
    }

    #[test]
    fn what_a_server_does_not_tell_is_missing() {
        let bare = read(r#"{"id": 7, "size": -1, "duration": 0}"#).unwrap();
        let expected = ServerSong {
            id: "7".to_owned(),
            ..ServerSong::default()
        };
        assert_eq!(bare, expected);
        assert_eq!(read(r#"{"id": "a", "isDir": true}"#), None);
        assert_eq!(read(r#"{"id": "a", "isVideo": true}"#), None);
        assert_eq!(read(r#"{"title": "a"}"#), None);
    }
}
