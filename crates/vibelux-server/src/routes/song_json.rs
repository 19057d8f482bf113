//! A song as clients see it. Its path is not among it.

use serde::Serialize;
use vibelux::{Emotion, EmotionVector};

use crate::library::catalogue::Entry;
use crate::library::song_id::SongId;
use crate::media::Playable;
use crate::state::App;

#[derive(Debug, Serialize)]
pub struct SongJson {
    id: SongId,
    title: String,
    /// Empty if the file names none; so is the album.
    artist: String,
    album: String,
    /// 0 if it is not known.
    duration_seconds: f64,
    vector: EmotionVector,
    strongest: Emotion,
    liked: bool,
    playable: Playable,
    format: &'static str,
    mime: &'static str,
}

impl SongJson {
    /// The song as `app` knows it now. May wait for the disk.
    pub fn of(song: &Entry, app: &App) -> Self {
        let format = song.format();
        Self {
            id: song.id,
            title: song.title.clone(),
            artist: song.artist.clone().unwrap_or_default(),
            album: song.album.clone().unwrap_or_default(),
            duration_seconds: song.duration_seconds.unwrap_or(0.0),
            vector: song.vector,
            strongest: song.vector.strongest(),
            liked: app.library.likes(song.id),
            playable: format.playable(app.transcoder.is_some()),
            format: format.name,
            mime: format.mime,
        }
    }
}
