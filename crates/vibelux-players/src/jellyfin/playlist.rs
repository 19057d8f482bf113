//! Playlists of a user of Jellyfin.
//!
//! Jellyfin replaces the songs of a playlist in one request (`POST /Playlists/{id}`, since 10.9), and so it keeps its id, its picture and whom it is
//! shared with. It leaves out silently what it does not know and what comes twice, so songs are looked up first and read back at the end, and what
//! was there before is put back if they are not the same. A new playlist is made with its songs in one request, too; no run that is killed
//! leaves anything behind that the next one would not write again under the same name.

use std::time::Duration;

use serde_json::{Value, json};

use super::caller::{id_of, item_id};
use super::error::JellyfinError;
use super::server::Jellyfin;
use super::session::Session;
use crate::http::HttpError;
use crate::server_playlist::{PlaylistChange, PlaylistRemains, WrittenPlaylist, without_repeats};

/// Songs in one question whether they are there: they stand in the address, which servers limit to 8 KB.
const QUESTION: usize = 100;

/// Items in a page of an answer.
const PAGE: usize = 500;

/// No list that is read is longer.
const MOST: u64 = 1_000_000;

/// A playlist is read back so often, and so much later each time, until it is as it was sent.
const READINGS: u32 = 3;
const BETWEEN_READINGS: Duration = Duration::from_millis(300);

impl Jellyfin {
    /// Makes the user's playlist of this name have these songs, by [`crate::ServerSong::id`], in this order; a song that is given twice is in it
    /// once. A new playlist is seen by the user only.
    ///
    /// # Errors
    /// [`JellyfinError`]. After [`JellyfinError::Unverified`] the playlist may have other songs than before, as it says; after
    /// [`HttpError::Lost`] it has the former songs or the new ones; after all others the former.
    pub fn put_playlist(
        &self,
        name: &str,
        ids: &[String],
    ) -> Result<WrittenPlaylist, JellyfinError> {
        let name = name.trim();
        if name.is_empty() || ids.is_empty() {
            return Err(JellyfinError::Empty);
        }
        let server = self.reader().0.server();
        let valid: Vec<String> = ids.iter().filter_map(|id| item_id(id)).collect();
        if let Some(wrong) = ids.iter().find(|id| item_id(id).is_none()) {
            return Err(JellyfinError::Unknown {
                server,
                missing: ids.len() - valid.len(),
                tried: ids.len(),
                example: wrong.clone(),
            });
        }
        let songs = without_repeats(valid);
        self.as_user(|session| {
            look_up(session, &songs)?;
            let own = own_playlists(session, name)?;
            match own.as_slice() {
                [] => create(session, name, &songs),
                [id] => replace(session, name, id, &songs),
                several => Err(JellyfinError::Ambiguous {
                    server,
                    name: name.to_owned(),
                    count: several.len(),
                }),
            }
        })
    }
}

/// Whether all songs are there.
fn look_up(session: &Session, songs: &[String]) -> Result<(), JellyfinError> {
    let caller = &session.caller;
    let limit = QUESTION.to_string();
    let mut missing: Vec<&String> = Vec::new();
    for some in songs.chunks(QUESTION) {
        let ids = some.join(",");
        let query = [
            ("userId", session.user.as_str()),
            ("ids", &ids),
            ("includeItemTypes", "Audio"),
            ("enableImages", "false"),
            ("enableUserData", "false"),
            ("limit", &limit),
        ];
        let answer = caller.get("Items", &query)?;
        let items = answer["Items"].as_array();
        let items = items.ok_or_else(|| caller.nonsense("Items"))?;
        let known: Vec<String> = items.iter().filter_map(id_of).collect();
        missing.extend(some.iter().filter(|id| !known.contains(id)));
    }
    match missing.first() {
        None => Ok(()),
        Some(example) => Err(JellyfinError::Unknown {
            server: caller.server(),
            missing: missing.len(),
            tried: songs.len(),
            example: (*example).clone(),
        }),
    }
}

/// The ids of the playlists of this name that belong to the user; users see those of others, too.
fn own_playlists(session: &Session, name: &str) -> Result<Vec<String>, JellyfinError> {
    let caller = &session.caller;
    let query = [
        ("userId", session.user.as_str()),
        ("recursive", "true"),
        ("includeItemTypes", "Playlist"),
        ("enableImages", "false"),
        ("enableUserData", "false"),
    ];
    let playlists = pages(session, "Items", &query)?;
    let mut own = Vec::new();
    for playlist in playlists.iter().filter(|playlist| playlist["Name"] == name) {
        let id = id_of(playlist).ok_or_else(|| caller.nonsense("Items"))?;
        // Only its owner is told with whom it is shared.
        match caller.get(&format!("Playlists/{id}/Users"), &[]) {
            Ok(_) => own.push(id),
            Err(JellyfinError::Rights { .. }) => {}
            Err(JellyfinError::Http(HttpError::Status { status: 404, .. })) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(without_repeats(own))
}

fn create(
    session: &Session,
    name: &str,
    songs: &[String],
) -> Result<WrittenPlaylist, JellyfinError> {
    let caller = &session.caller;
    let body = json!({
        "Name": name,
        "Ids": songs,
        "UserId": session.user,
        "MediaType": "Audio",
        "IsPublic": false,
    });
    // Asked twice, it would make two.
    let reply = caller.post("Playlists", &[], Some(&body), false)?;
    let id = reply.json().as_ref().and_then(id_of);
    let id = id.ok_or_else(|| caller.nonsense("Playlists"))?;
    if reads_back(session, &id, songs)? {
        return Ok(WrittenPlaylist {
            id,
            songs: songs.len(),
            change: PlaylistChange::Created,
        });
    }
    let remains = match caller.delete(&format!("Items/{id}")) {
        Ok(_) | Err(JellyfinError::Http(HttpError::Status { status: 404, .. })) => {
            PlaylistRemains::None
        }
        Err(_) => PlaylistRemains::Damaged,
    };
    Err(unverified(session, name, songs, remains))
}

fn replace(
    session: &Session,
    name: &str,
    id: &str,
    songs: &[String],
) -> Result<WrittenPlaylist, JellyfinError> {
    let former = contents(session, id)?;
    let written = |change| WrittenPlaylist {
        id: id.to_owned(),
        songs: songs.len(),
        change,
    };
    if former == songs {
        return Ok(written(PlaylistChange::Unchanged));
    }
    let sent = send(session, id, songs);
    if let Err(error @ (JellyfinError::Rights { .. } | JellyfinError::Credentials { .. })) = sent {
        return Err(error);
    }
    // After any other failure it is seen by what is there whether it was done.
    match reads_back(session, id, songs) {
        Ok(true) => return Ok(written(PlaylistChange::Replaced)),
        Ok(false) => {}
        Err(error) => return sent.and(Err(error)),
    }
    let put_back = || -> Result<bool, JellyfinError> {
        if contents(session, id)? == former {
            return Ok(true);
        }
        send(session, id, &former)?;
        reads_back(session, id, &former)
    };
    match (put_back(), sent) {
        (Ok(true), Err(error)) => Err(error),
        (Ok(true), Ok(())) => Err(unverified(session, name, songs, PlaylistRemains::Former)),
        (Ok(false) | Err(_), _) => Err(unverified(session, name, songs, PlaylistRemains::Damaged)),
    }
}

fn send(session: &Session, id: &str, songs: &[String]) -> Result<(), JellyfinError> {
    let body = json!({ "Ids": songs });
    let path = format!("Playlists/{id}");
    session.caller.post(&path, &[], Some(&body), true).map(drop)
}

fn reads_back(session: &Session, id: &str, songs: &[String]) -> Result<bool, JellyfinError> {
    for reading in 0..READINGS {
        std::thread::sleep(BETWEEN_READINGS * reading);
        if contents(session, id)? == songs {
            return Ok(true);
        }
    }
    Ok(false)
}

fn contents(session: &Session, id: &str) -> Result<Vec<String>, JellyfinError> {
    let path = format!("Playlists/{id}/Items");
    let query = [
        ("userId", session.user.as_str()),
        ("enableImages", "false"),
        ("enableUserData", "false"),
    ];
    let items = pages(session, &path, &query)?;
    let ids: Option<Vec<String>> = items.iter().map(id_of).collect();
    ids.ok_or_else(|| session.caller.nonsense(&path))
}

/// All items of an answer in pages.
fn pages(
    session: &Session,
    path: &str,
    query: &[(&str, &str)],
) -> Result<Vec<Value>, JellyfinError> {
    let caller = &session.caller;
    let mut all: Vec<Value> = Vec::new();
    loop {
        let (start, limit) = (all.len().to_string(), PAGE.to_string());
        let mut query = query.to_vec();
        query.extend([("startIndex", start.as_str()), ("limit", limit.as_str())]);
        let mut answer = caller.get(path, &query)?;
        let total = answer["TotalRecordCount"].as_u64();
        let total = total.filter(|&total| total <= MOST);
        let (Value::Array(items), Some(total)) = (answer["Items"].take(), total) else {
            return Err(caller.nonsense(path));
        };
        let is_last = items.is_empty();
        all.extend(items);
        if is_last || all.len() as u64 >= total {
            return Ok(all);
        }
    }
}

fn unverified(
    session: &Session,
    name: &str,
    songs: &[String],
    remains: PlaylistRemains,
) -> JellyfinError {
    JellyfinError::Unverified {
        server: session.caller.server(),
        name: name.to_owned(),
        sent: songs.len(),
        remains,
    }
}
