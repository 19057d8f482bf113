//! A Music Assistant of the tests: what it has, what it answers, in what it fails.

use serde_json::{Value, json};

use crate::http::{Answer, Asked};

#[derive(Clone)]
pub(super) struct Kept {
    pub(super) id: usize,
    pub(super) name: String,
    pub(super) provider: &'static str,
    pub(super) songs: Vec<usize>,
}

/// How a server is, and in what it fails.
pub(super) struct State {
    pub(super) songs: usize,
    pub(super) schema: u64,
    pub(super) playlists: Vec<Kept>,
    pub(super) next_id: usize,
    pub(super) queue: Vec<String>,
    /// Playlists are changed after so many looks at them.
    pub(super) is_slow: usize,
    /// What is to be done in the background: after so many looks, to this playlist, this.
    pub(super) task: Option<(usize, usize, Vec<usize>)>,
    pub(super) mixes_up: bool,
    /// The last song is lost, in the playlist of this name.
    pub(super) lies_about: Option<&'static str>,
    /// The connection breaks off when the songs of this playlist are to be put in, so many times.
    pub(super) breaks_off_at: Option<(&'static str, usize)>,
    pub(super) may_remove: bool,
    pub(super) repeats_a_page: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            songs: 1200,
            schema: 28,
            playlists: Vec::new(),
            next_id: 100,
            queue: Vec::new(),
            is_slow: 0,
            task: None,
            mixes_up: false,
            lies_about: None,
            breaks_off_at: None,
            may_remove: true,
            repeats_a_page: false,
        }
    }
}

pub(super) fn uri(number: usize) -> String {
    format!("filesystem_local--x1://track/Band/{number} - Song.flac")
}

pub(super) fn uris(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    numbers.into_iter().map(uri).collect()
}

pub(super) fn track(number: usize) -> Value {
    json!({
        "item_id": number.to_string(), "provider": "library", "name": format!("Song {number}"), "version": "live",
        "uri": format!("library://track/{number}"), "media_type": "track", "duration": 181,
        "external_ids": [["isrc", "x"], ["musicbrainz_recordingid", format!("mbid-{number}")]],
        "artists": [{ "name": "Band", "media_type": "artist" }, { "name": "Guest", "media_type": "artist" }],
        "album": { "name": "Album", "media_type": "album" },
        "provider_mappings": [
            { "item_id": format!("s{number}"), "provider_domain": "spotify", "provider_instance": "spotify--y2", "available": true },
            {
                "item_id": format!("Band/{number} - Song.flac"), "provider_domain": "filesystem_local",
                "provider_instance": "filesystem_local--x1", "available": true,
            },
        ],
    })
}

impl State {
    fn playlist(&mut self, id: &Value) -> &mut Kept {
        let id: usize = id.as_str().expect("an id").parse().expect("a number");
        let found = self.playlists.iter_mut().find(|playlist| playlist.id == id);
        found.expect("a playlist that is there")
    }

    fn shown(playlist: &Kept) -> Value {
        json!({
            "item_id": playlist.id.to_string(), "provider": "library", "name": playlist.name, "media_type": "playlist",
            "uri": format!("library://playlist/{}", playlist.id), "owner": "Music Assistant", "is_editable": true,
            "provider_mappings": [{
                "item_id": playlist.name, "provider_domain": playlist.provider, "provider_instance": playlist.provider, "available": true,
            }],
        })
    }

    /// Changes a playlist, now or later.
    fn change(&mut self, id: usize, songs: Vec<usize>) -> Answer {
        if self.is_slow > 0 {
            self.task = Some((self.is_slow, id, songs));
            return Answer::Json(
                json!({ "id": "abc", "name": "Add items to playlist", "status": "pending" }),
            );
        }
        self.playlist(&json!(id.to_string())).songs = songs;
        Answer::Json(Value::Null)
    }

    pub(super) fn answer(&mut self, asked: &Asked) -> Answer {
        match (asked.method.as_str(), asked.path.as_str()) {
            ("GET", "/info") => Answer::Json(json!({
                "server_id": "f86b", "server_version": "2.8.1", "schema_version": self.schema,
                "min_supported_schema_version": 24, "base_url": "http://127.0.0.1", "homeassistant_addon": false, "onboard_done": true,
            })),
            ("POST", "/auth/login") => {
                let credentials = &asked.body["credentials"];
                if credentials != &json!({ "username": "ann", "password": "s3cret" }) {
                    return Answer::Status(
                        401,
                        "{\"success\": false, \"error\": \"Invalid username or password\"}",
                    );
                }
                Answer::Json(
                    json!({ "success": true, "token": "good", "user": { "username": "ann" } }),
                )
            }
            ("POST", "/api") if asked.authorization != "Bearer good" => {
                Answer::Status(401, "Authentication required")
            }
            ("POST", "/api") => {
                let command = asked.body["command"]
                    .as_str()
                    .expect("a command")
                    .to_owned();
                self.command(&command, &asked.body["args"])
            }
            _ => Answer::Status(404, ""),
        }
    }

    fn command(&mut self, command: &str, args: &Value) -> Answer {
        let number = |name: &str| args[name].as_u64().expect("a number") as usize;
        match command {
            "music/tracks/library_items" => {
                assert_eq!(args["summary"], false);
                let start = if self.repeats_a_page {
                    0
                } else {
                    number("offset")
                };
                let end = self.songs.min(start + number("limit"));
                Answer::Json((start..end).map(track).collect())
            }
            "music/playlists/library_items" => {
                let shown = self
                    .playlists
                    .iter()
                    .skip(number("offset"))
                    .map(Self::shown);
                Answer::Json(shown.take(number("limit")).collect())
            }
            "music/playlists/create_playlist" => {
                let playlist = Kept {
                    id: self.next_id,
                    name: args["name"].as_str().expect("a name").to_owned(),
                    provider: "builtin",
                    songs: Vec::new(),
                };
                self.next_id += 1;
                let shown = Self::shown(&playlist);
                self.playlists.push(playlist);
                Answer::Json(shown)
            }
            "music/playlists/playlist_tracks" => {
                assert_eq!(
                    (
                        &args["force_refresh"],
                        &args["provider_instance_id_or_domain"]
                    ),
                    (&json!(true), &json!("library"))
                );
                if let Some((looks, id, songs)) = self.task.take() {
                    if looks > 1 {
                        self.task = Some((looks - 1, id, songs));
                    } else {
                        self.playlist(&json!(id.to_string())).songs = songs;
                    }
                }
                let songs = self.playlist(&args["item_id"]).songs.clone();
                let items = songs.iter().enumerate().map(|(place, &song)| {
                    let mut item = track(song);
                    // Newer versions show the file in the place of the library's item.
                    item["uri"] = json!(uri(song));
                    item["position"] = json!(place + 1);
                    item
                });
                Answer::Json(items.collect())
            }
            "music/playlists/add_playlist_tracks" => {
                let playlist = self.playlist(&args["db_playlist_id"]).clone();
                if let Some((name, times)) = &mut self.breaks_off_at
                    && *name == playlist.name
                    && *times > 0
                {
                    *times -= 1;
                    return Answer::Gone;
                }
                let sent = args["uris"].as_array().expect("songs").iter();
                let mut sent: Vec<usize> = sent
                    .filter_map(|uri| (0..self.songs).find(|&number| *uri == self::uri(number)))
                    .collect();
                if self.mixes_up {
                    sent.reverse();
                }
                let mut songs = playlist.songs;
                for song in sent {
                    if !songs.contains(&song) {
                        songs.push(song);
                    }
                }
                if self.lies_about == Some(playlist.name.as_str()) {
                    songs.swap(0, 1);
                    songs.pop();
                }
                self.change(playlist.id, songs)
            }
            "music/playlists/remove_playlist_tracks" => {
                let playlist = self.playlist(&args["db_playlist_id"]).clone();
                let mut songs = playlist.songs;
                let positions = args["positions_to_remove"].as_array().expect("positions");
                for position in positions.iter().rev() {
                    songs.remove(position.as_u64().expect("a position") as usize - 1);
                }
                self.change(playlist.id, songs)
            }
            "music/library/remove_item" if !self.may_remove => {
                Answer::Status(403, "Scope library:write is required")
            }
            "music/library/remove_item" => {
                let id = self.playlist(&args["library_item_id"]).id;
                self.playlists.retain(|playlist| playlist.id != id);
                Answer::Json(Value::Null)
            }
            "player_queues/all" => Answer::Json(json!([{
                "queue_id": "ma_1", "active": true, "display_name": "Kitchen", "available": true, "items": self.queue.len(),
            }])),
            "player_queues/play_media" if args["queue_id"] == "ma_1" => {
                let media = args["media"].as_array().expect("songs").iter();
                let media = media.map(|uri| uri.as_str().expect("a text").to_owned());
                match args["option"].as_str() {
                    Some("add") => self.queue.extend(media),
                    Some("next") => drop(self.queue.splice(1..1, media)),
                    Some("replace") => self.queue = media.collect(),
                    _ => return Answer::Status(400, "unknown option"),
                }
                Answer::Json(Value::Null)
            }
            "player_queues/play_media" => Answer::Status(500, "Internal server error"),
            _ => Answer::Status(400, "Invalid Command"),
        }
    }
}
