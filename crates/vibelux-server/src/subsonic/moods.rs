//! The playlists that a player sees: one for each mood, new every day, of the songs that fit it.
//!
//! They are made and not kept: a player reads them and cannot change them.

use serde_json::{Map, Value, json};
use vibelux::library::unix_seconds;
use vibelux::recommend::{Query, QueueRequest};
use vibelux::{Emotion, EmotionVector};

use super::call::{Call, field};
use super::items::{Items, capitalised, moment};
use super::refusal::Refusal;
use super::similar::ranked;

const DAY_SECONDS: u64 = 86_400;

/// As many as two or three hours have.
const SONGS: usize = 40;

/// Of a small library a part only, as the rest does not fit, but so many at least.
const LEAST_SONGS: usize = 10;
const LARGEST_SHARE: usize = 4;

/// Mostly the best, and others each day.
const STRENGTH: f64 = 0.9;

/// `getPlaylists`.
pub fn playlists(call: &Call) -> Map<String, Value> {
    let lists = Emotion::ALL.map(|mood| Value::Object(playlist_of(call, mood).0));
    field("playlists", json!({ "playlist": lists }))
}

/// `getPlaylist`, with its songs.
///
/// # Errors
/// [`Refusal::NotFound`].
pub fn playlist(call: &Call) -> Result<Map<String, Value>, Refusal> {
    let id = call.sent.required("id")?;
    let mut moods = Emotion::ALL.into_iter();
    let mood = moods.find(|&mood| id_of(mood) == id);
    let mood = mood.ok_or(Refusal::NotFound("playlist"))?;
    let (mut fields, songs) = playlist_of(call, mood);
    let entries = Items::of(call).songs(songs);
    fields.insert("entry".to_owned(), Value::Array(entries));
    Ok(field("playlist", Value::Object(fields)))
}

fn playlist_of(call: &Call, mood: Emotion) -> (Map<String, Value>, Vec<usize>) {
    let day = unix_seconds() / DAY_SECONDS;
    let query = Query {
        vector: EmotionVector::one_hot(mood),
        reference: EmotionVector::UNIFORM,
    };
    let count = (call.catalogue.counts().ready / LARGEST_SHARE).clamp(LEAST_SONGS, SONGS);
    let request = QueueRequest {
        strength: STRENGTH,
        seed: day,
        ..QueueRequest::best(query, count)
    };
    let songs = ranked(call, &request, &[]);
    let table = call.catalogue.table();
    let seconds = songs.iter().filter_map(|&at| table.duration_seconds(at));
    let seconds: f64 = seconds.sum();
    let mut fields = Map::from_iter([
        ("id".to_owned(), json!(id_of(mood))),
        ("name".to_owned(), json!(capitalised(mood.name()))),
        (
            "comment".to_owned(),
            json!("Songs of your library that fit this mood, others each day"),
        ),
        ("owner".to_owned(), json!(call.user)),
        ("public".to_owned(), json!(false)),
        ("readonly".to_owned(), json!(true)),
        ("songCount".to_owned(), json!(songs.len())),
        ("duration".to_owned(), json!(seconds.round() as u64)),
        ("created".to_owned(), json!(moment(day * DAY_SECONDS))),
        ("changed".to_owned(), json!(moment(day * DAY_SECONDS))),
        (
            "validUntil".to_owned(),
            json!(moment((day + 1) * DAY_SECONDS)),
        ),
    ]);
    if let Some(&first) = songs.first() {
        let cover = call.catalogue.song(first).id().to_string();
        fields.insert("coverArt".to_owned(), json!(cover));
    }
    (fields, songs)
}

fn id_of(mood: Emotion) -> String {
    format!("mood-{}", mood.name())
}
