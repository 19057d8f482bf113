//! A song as clients see it. Its path is not among it; what is not known of it is `null`.

use std::borrow::Cow;

use serde::Serialize;
use vibelux::emotion::EMOTION_COUNT;
use vibelux::library::SongClass;
use vibelux::{Emotion, EmotionVector, by_emotion};

use crate::library::catalogue::Entry;
use crate::library::song_id::SongId;
use crate::media::Playable;
use crate::security::Role;
use crate::state::App;

#[derive(Debug, Serialize)]
pub struct SongJson {
    id: SongId,
    title: String,
    artist: Option<String>,
    album: Option<String>,
    duration_seconds: Option<f64>,
    loudness_lufs: Option<f32>,
    #[serde(serialize_with = "by_emotion::serialize")]
    vector: EmotionVector,
    strongest: Emotion,
    #[serde(serialize_with = "by_emotion::serialize")]
    analysed: EmotionVector,
    corrected: bool,
    #[serde(serialize_with = "by_emotion::option::serialize")]
    reaction: Option<[f32; EMOTION_COUNT]>,
    class: SongClass,
    declared_music: bool,
    liked: bool,
    playable: Playable,
    format: &'static str,
    mime: &'static str,
}

impl SongJson {
    /// The song as `app` knows it now; to a guest without what the owner likes, has said and has shown. May wait
    /// for the disk.
    pub fn of(song: Entry<'_>, app: &App, role: Role) -> Self {
        let format = song.format();
        let is_owner = role == Role::Owner;
        let (id, vector) = (song.id(), song.vector());
        Self {
            id,
            title: song.title().into_owned(),
            artist: song.artist().map(Cow::into_owned),
            album: song.album().map(Cow::into_owned),
            duration_seconds: song.duration_seconds(),
            loudness_lufs: song.loudness_lufs(),
            vector,
            strongest: vector.strongest(),
            analysed: if is_owner { song.analysed() } else { vector },
            corrected: is_owner && song.is_corrected(),
            reaction: is_owner.then(|| app.library.reaction(id)).flatten(),
            class: song.class(),
            declared_music: is_owner && song.is_declared_music(),
            liked: is_owner && app.library.likes(id),
            playable: format.playable(app.transcoder.is_some()),
            format: format.name,
            mime: format.mime,
        }
    }
}
