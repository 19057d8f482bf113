//! Songs that sound alike, by their emotions: `getSimilarSongs`, and the extension `sonicSimilarity`.

use serde_json::{Map, Value, json};
use vibelux::EmotionVector;
use vibelux::library::Inclusion;
use vibelux::media;
use vibelux::recommend::{Apart, Mode, Query, QueueRequest, Way, blend};

use super::call::{Call, MOST, field};
use super::items::Items;
use super::refusal::Refusal;
use crate::library::ranking::{Rules, queue};

/// How songs are compared here: as the page does.
const MODE: Mode = Mode::Plain;

/// The extension asks for what sounds most alike, also if it is all of one album.
const ANY_NEIGHBOURS: Apart = Apart {
    artist: 0,
    album: 0,
};

/// `getSimilarSongs2` and `getSimilarSongs`: songs like a song, an album or an artist, without those, and no artist soon again.
///
/// # Errors
/// [`Refusal::NotFound`].
pub fn songs(call: &Call, name: &str) -> Result<Map<String, Value>, Refusal> {
    let item = call.item(call.sent.required("id")?)?;
    let seeds = Call::songs_of(&item);
    let (count, _) = call.page("count", 50, "offset")?;
    let vectors = call.catalogue.table().vectors();
    let like: Vec<EmotionVector> = seeds.iter().map(|&at| vectors[at]).collect();
    let Some(vector) = blend(&like, &[], &EmotionVector::UNIFORM) else {
        return Err(Refusal::NotFound("song"));
    };
    let request = QueueRequest::best(query(call, vector), count);
    let songs = ranked(call, &request, seeds);
    let songs = Items::of(call).songs(songs);
    Ok(field(name, json!({ "song": songs })))
}

/// `getSonicSimilarTracks`: the songs that are most like one, with the cosine of both.
///
/// # Errors
/// [`Refusal::NotFound`].
pub fn tracks(call: &Call) -> Result<Map<String, Value>, Refusal> {
    let song = call.song(call.sent.required("id")?)?;
    let (count, _) = call.page("count", 10, "offset")?;
    let vector = call.catalogue.table().vectors()[song];
    let request = QueueRequest {
        apart: ANY_NEIGHBOURS,
        ..QueueRequest::best(query(call, vector), count)
    };
    let songs = ranked(call, &request, &[song]);
    Ok(field("sonicMatch", matches(call, songs, song)))
}

/// `findSonicPath`: a journey from one song to another, with how like the first each is.
///
/// # Errors
/// [`Refusal::NotFound`]; [`Refusal::Other`] for a path of one song between two.
pub fn path(call: &Call) -> Result<Map<String, Value>, Refusal> {
    let start = call.song(call.sent.required("startSongId")?)?;
    let end = call.song(call.sent.required("endSongId")?)?;
    let count = call.sent.number("count", 25)?.min(MOST);
    if count < 2 && start != end {
        let message = "a path between two songs has at least these two";
        return Err(Refusal::Other(message.to_owned()));
    }
    if start == end {
        return Ok(field("sonicMatch", matches(call, vec![start], start)));
    }
    let vectors = call.catalogue.table().vectors();
    let request = QueueRequest {
        way: Way::Journey {
            to: vectors[end],
            songs: count,
        },
        apart: ANY_NEIGHBOURS,
        first: Some(start),
        last: Some(end),
        ..QueueRequest::best(query(call, vectors[start]), count)
    };
    let songs = ranked(call, &request, &[]);
    Ok(field("sonicMatch", matches(call, songs, start)))
}

/// The music for a request, in its order.
pub fn ranked(call: &Call, request: &QueueRequest, without: &[usize]) -> Vec<usize> {
    let catalogue = &call.catalogue;
    let mut allowed = vec![false; catalogue.len()];
    for at in catalogue.positions(Inclusion::default()) {
        allowed[at] = true;
    }
    for &at in without {
        allowed[at] = false;
    }
    let likings = call.app.library.likings(catalogue);
    let score = |at: usize| likings.get(at).map_or(0.0, |liking| liking.score);
    let rules = Rules {
        allowed: &allowed,
        liking: (!likings.is_empty()).then_some(&score),
        present: &|at| media::is_at_hand(&catalogue.table().path(at)),
    };
    let picks = queue(catalogue, MODE, request, &rules);
    picks.iter().map(|pick| pick.position).collect()
}

fn query(call: &Call, vector: EmotionVector) -> Query {
    let mean = call.catalogue.index(MODE).mean();
    Query {
        vector,
        reference: mean.unwrap_or(EmotionVector::UNIFORM),
    }
}

fn matches(call: &Call, songs: Vec<usize>, with: usize) -> Value {
    let items = Items::of(call);
    let vectors = call.catalogue.table().vectors();
    let all = songs.into_iter().map(|at| {
        // The same song is as like itself as can be, whatever was rounded.
        let similarity = if at == with {
            1.0
        } else {
            vectors[with].cosine(&vectors[at]).clamp(0.0, 1.0)
        };
        json!({ "entry": items.song(at), "similarity": similarity })
    });
    all.collect()
}
