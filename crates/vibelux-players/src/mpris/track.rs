//! [`Track`]: what a player knows of a song.

use super::value::{Fields, Value};

/// A song, as a player tells of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Track {
    /// The player's name of it, the path of an object; empty if it has none.
    pub id: String,
    /// Its title, if it has one.
    pub title: Option<String>,
    /// Who plays it; empty if nobody knows.
    pub artists: Vec<String>,
    /// Where it lies, as the player writes it.
    pub url: Option<String>,
    /// How long it is, in seconds.
    pub length_seconds: Option<f64>,
}

/// What stands in the place of a track where there is none.
pub(super) const NO_TRACK: &str = "/org/mpris/MediaPlayer2/TrackList/NoTrack";

impl Track {
    /// Reads metadata; `None` if there is no song.
    pub(super) fn read(metadata: &Fields) -> Option<Self> {
        let text = |key: &str| {
            let text = metadata.get(key).and_then(Value::text);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let id = text("mpris:trackid").filter(|id| id != NO_TRACK);
        let url = text("xesam:url");
        let title = text("xesam:title");
        if id.is_none() && url.is_none() && title.is_none() {
            return None;
        }
        let length = metadata.get("mpris:length").and_then(Value::number);
        Some(Self {
            id: id.unwrap_or_default(),
            title,
            artists: metadata
                .get("xesam:artist")
                .map(Value::texts)
                .unwrap_or_default(),
            url,
            length_seconds: length
                .filter(|length| *length > 0.0)
                .map(|length| length / 1e6),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(entries: &[(&str, Value)]) -> Fields {
        let entries = entries.iter();
        entries.map(|(k, v)| ((*k).to_owned(), v.clone())).collect()
    }

    #[test]
    fn what_players_write_is_read_leniently() {
        let text = |text: &str| Value::Text(text.to_owned());
        let track = Track::read(&fields(&[
            ("mpris:trackid", text("/a/1")),
            ("xesam:artist", text("One")),
            ("mpris:length", Value::Real(2_500_000.0)),
            ("xesam:title", text("")),
        ]))
        .unwrap();
        assert_eq!((track.id.as_str(), track.title), ("/a/1", None));
        assert_eq!(
            (track.artists, track.length_seconds),
            (vec!["One".to_owned()], Some(2.5))
        );
        let none = fields(&[
            ("mpris:trackid", text(NO_TRACK)),
            ("mpris:length", Value::Integer(0)),
        ]);
        assert_eq!(Track::read(&none), None);
    }
}
