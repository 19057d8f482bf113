//! [`PlayerInfo`]: what a player says of itself.

use super::track::Track;
use super::value::{Fields, Value, is_set};
use crate::queue::PlayState;

/// What all players' names on the bus begin with.
pub(super) const PREFIX: &str = "org.mpris.MediaPlayer2.";

/// A player, as it is at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct PlayerInfo {
    /// Its name on the bus, such as `org.mpris.MediaPlayer2.vlc`.
    pub bus_name: String,
    /// What people call it.
    pub identity: String,
    /// Whether it plays.
    pub state: PlayState,
    /// Whether it lets others control it.
    pub can_control: bool,
    /// Whether it says that it has a track list.
    pub has_track_list: bool,
    /// Whether others may put songs into that.
    pub can_edit_tracks: bool,
    /// What the addresses of what it plays begin with; empty if it does not say.
    pub uri_schemes: Vec<String>,
    /// The song that plays, pauses or was stopped.
    pub track: Option<Track>,
    /// How far that has been played, in seconds.
    pub position_seconds: Option<f64>,
    /// Whether songs come in an order of its own.
    pub is_random: bool,
}

impl PlayerInfo {
    pub(super) fn read(bus_name: &str, root: &Fields, player: &Fields, list: &Fields) -> Self {
        let mut info = Self {
            bus_name: bus_name.to_owned(),
            identity: root
                .get("Identity")
                .and_then(Value::text)
                .map_or_else(|| short(bus_name).to_owned(), str::to_owned),
            state: PlayState::Stop,
            can_control: false,
            has_track_list: is_set(root, "HasTrackList"),
            can_edit_tracks: is_set(list, "CanEditTracks"),
            uri_schemes: root
                .get("SupportedUriSchemes")
                .map(Value::texts)
                .unwrap_or_default(),
            track: None,
            position_seconds: None,
            is_random: false,
        };
        info.update(player);
        info
    }

    /// Reads what changes while a player plays.
    pub(super) fn update(&mut self, player: &Fields) {
        self.state = match player.get("PlaybackStatus").and_then(Value::text) {
            Some("Playing") => PlayState::Play,
            Some("Paused") => PlayState::Pause,
            _ => PlayState::Stop,
        };
        self.can_control = is_set(player, "CanControl");
        self.is_random = is_set(player, "Shuffle");
        let position = player.get("Position").and_then(Value::number);
        self.position_seconds = position.map(|position| (position / 1e6).max(0.0));
        let metadata = player.get("Metadata").and_then(Value::fields);
        self.track = metadata.and_then(Track::read);
    }

    /// Whether songs can be put behind others in it. VLC 3 says that it has no track list, and takes songs into it all the same.
    #[must_use]
    pub fn can_queue(&self) -> bool {
        self.can_control && self.can_edit_tracks && (self.has_track_list || self.is_vlc())
    }

    /// How long its song will still play, in seconds.
    #[must_use]
    pub fn left_seconds(&self) -> Option<f64> {
        let length = self.track.as_ref()?.length_seconds?;
        Some((length - self.position_seconds?).max(0.0))
    }

    /// What it is called in messages.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{} ({})", self.identity, short(&self.bus_name))
    }

    pub(super) fn is_vlc(&self) -> bool {
        stem(short(&self.bus_name)) == "vlc"
    }
}

/// A name on the bus without what they all begin with.
pub(super) fn short(bus_name: &str) -> &str {
    bus_name.strip_prefix(PREFIX).unwrap_or(bus_name)
}

/// A name without what tells several of the same player apart, which is another each time that it starts.
pub(super) fn stem(name: &str) -> &str {
    name.split_once(".instance").map_or(name, |(stem, _)| stem)
}
