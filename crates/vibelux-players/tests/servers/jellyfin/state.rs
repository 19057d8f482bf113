//! A Jellyfin of the tests: what it has, what it answers, in what it fails.

use serde_json::{Value, json};

use crate::http::{Answer, Asked};

pub(super) const ANN: &str = "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a";
pub(super) const BOB: &str = "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b";

#[derive(Clone)]
pub(super) struct Kept {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) owner: &'static str,
    pub(super) songs: Vec<String>,
}

/// How a server is, and in what it fails.
pub(super) struct State {
    pub(super) songs: usize,
    pub(super) version: &'static str,
    pub(super) playlists: Vec<Kept>,
    /// Tokens that are valid now.
    pub(super) tokens: Vec<String>,
    pub(super) has_quick_connect: bool,
    /// What is stored is not what was sent: the last song is lost, so many times.
    pub(super) lies: usize,
    /// It breaks off after it did what it was asked for, so many times.
    pub(super) breaks_off_after_update: usize,
    pub(super) repeats_a_page: bool,
    pub(super) halves_listings: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            songs: 1200,
            version: "10.11.5",
            playlists: Vec::new(),
            tokens: vec!["token-of-ann".to_owned()],
            has_quick_connect: true,
            lies: 0,
            breaks_off_after_update: 0,
            repeats_a_page: false,
            halves_listings: false,
        }
    }
}

pub(super) fn song_id(number: usize) -> String {
    format!("{number:032x}")
}

pub(super) fn ids(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    numbers.into_iter().map(song_id).collect()
}

pub(super) fn audio(number: usize) -> Value {
    json!({
        "Name": format!("Song {number}"), "Id": song_id(number), "RunTimeTicks": 1_815_000_000_u64,
        "Path": format!("/music/Band/{number}.flac"), "Artists": ["Band", "Guest"], "Album": "Album", "AlbumArtist": "Band",
        "ProviderIds": { "MusicBrainzTrack": "not the recording", "MusicBrainzRecording": format!("mbid-{number}") },
        "Type": "Audio", "MediaType": "Audio",
    })
}

impl State {
    fn stored(&mut self, sent: &Value) -> Vec<String> {
        let mut songs: Vec<String> = Vec::new();
        for id in sent
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            let is_known = usize::from_str_radix(id, 16).is_ok_and(|number| number < self.songs);
            if is_known && !songs.iter().any(|song| song == id) {
                songs.push(id.to_owned());
            }
        }
        if self.lies > 0 {
            self.lies -= 1;
            songs.pop();
        }
        songs
    }

    pub(super) fn answer(&mut self, asked: &Asked) -> Answer {
        let parts: Vec<&str> = asked.path.trim_start_matches('/').split('/').collect();
        let token = asked.authorization.split_once("Token=\"");
        let token = token.map_or("", |(_, rest)| rest.trim_end_matches('"'));
        let is_key = token == "the-key";
        let is_ann = self.tokens.iter().any(|valid| valid == token);
        match (asked.method.as_str(), parts.as_slice()) {
            ("GET", ["System", "Info", "Public"]) => {
                return Answer::Json(json!({
                    "LocalAddress": "http://127.0.0.1", "ServerName": "home", "Version": self.version,
                    "ProductName": "Jellyfin Server", "Id": song_id(99), "StartupWizardCompleted": true,
                }));
            }
            ("POST", ["Users", "AuthenticateByName"]) => {
                if asked.body != json!({ "Username": "ann", "Pw": "s3cret" }) {
                    return Answer::Status(401, "Error processing request.");
                }
                return self.signed_in("token-by-password");
            }
            ("POST", ["QuickConnect", "Initiate"]) if self.has_quick_connect => {
                return Answer::Json(
                    json!({ "Code": "123456", "Secret": "ABCD", "Authenticated": false }),
                );
            }
            ("POST", ["QuickConnect", "Initiate"]) => {
                return Answer::Status(401, "Quick connect is disabled");
            }
            ("POST", ["Users", "AuthenticateWithQuickConnect"]) => {
                assert_eq!(asked.body, json!({ "Secret": "ABCD" }));
                return self.signed_in("token-by-key");
            }
            _ if !is_key && !is_ann => return Answer::Status(401, ""),
            _ => {}
        }
        match (asked.method.as_str(), parts.as_slice()) {
            ("POST", ["QuickConnect", "Authorize"]) if is_key => {
                assert_eq!(
                    (asked.value("code"), asked.value("userId")),
                    (Some("123456"), Some(ANN))
                );
                Answer::Json(json!(true))
            }
            ("GET", ["Users"]) => {
                Answer::Json(json!([{ "Name": "Bob", "Id": BOB }, { "Name": "Ann", "Id": ANN }]))
            }
            ("GET", ["Users", "Me"]) if is_key => Answer::Status(400, ""),
            ("GET", ["Users", "Me"]) => Answer::Json(json!({ "Name": "Ann", "Id": ANN })),
            ("POST", ["Sessions", "Logout"]) => {
                self.tokens.retain(|valid| valid != token);
                Answer::Status(204, "")
            }
            ("GET", ["Items"]) => self.items(asked),
            ("POST", ["Playlists"]) => {
                let id = format!("{:032x}", 0xF000 + self.playlists.len());
                let songs = self.stored(&asked.body["Ids"]);
                assert_eq!(asked.body["UserId"], ANN);
                self.playlists.push(Kept {
                    id: id.clone(),
                    name: asked.body["Name"].as_str().expect("a name").to_owned(),
                    owner: ANN,
                    songs,
                });
                Answer::Json(json!({ "Id": id }))
            }
            // A key is no user, whose playlist it could be.
            (_, ["Playlists", ..]) if is_key => Answer::Status(400, ""),
            ("DELETE", ["Items", id]) => {
                self.playlists.retain(|playlist| playlist.id != *id);
                Answer::Status(204, "")
            }
            (method, ["Playlists", id, rest @ ..]) => {
                let Some(place) = self
                    .playlists
                    .iter()
                    .position(|playlist| playlist.id == *id)
                else {
                    return Answer::Status(404, "Playlist not found");
                };
                let is_own = self.playlists[place].owner == ANN;
                match (method, rest) {
                    ("GET", ["Items"]) => {
                        let items = self.playlists[place].songs.iter();
                        page(
                            asked,
                            items
                                .map(|id| json!({ "Id": id, "Type": "Audio" }))
                                .collect(),
                        )
                    }
                    ("GET", ["Users"]) if is_own => Answer::Json(json!([])),
                    ("POST", []) if is_own => {
                        self.playlists[place].songs = self.stored(&asked.body["Ids"]);
                        if self.breaks_off_after_update > 0 {
                            self.breaks_off_after_update -= 1;
                            return Answer::Gone;
                        }
                        Answer::Status(204, "")
                    }
                    _ => Answer::Status(403, ""),
                }
            }
            _ => Answer::Status(404, ""),
        }
    }

    fn signed_in(&mut self, token: &str) -> Answer {
        self.tokens.push(token.to_owned());
        Answer::Json(
            json!({ "User": { "Name": "Ann", "Id": ANN }, "AccessToken": token, "ServerId": song_id(99) }),
        )
    }

    fn items(&self, asked: &Asked) -> Answer {
        assert_eq!(asked.value("userId"), Some(ANN));
        if asked.value("includeItemTypes") == Some("Playlist") {
            let items = self.playlists.iter();
            return page(
                asked,
                items
                    .map(|playlist| json!({ "Id": playlist.id, "Name": playlist.name }))
                    .collect(),
            );
        }
        if let Some(wanted) = asked.value("ids") {
            let known = wanted
                .split(',')
                .filter_map(|id| usize::from_str_radix(id, 16).ok());
            let items: Vec<Value> = known
                .filter(|&number| number < self.songs)
                .map(audio)
                .collect();
            return Answer::Json(
                json!({ "Items": items, "TotalRecordCount": items.len(), "StartIndex": 0 }),
            );
        }
        let (start, limit) = (
            asked.number("startIndex").expect("a start"),
            asked.number("limit").expect("a limit"),
        );
        let start = if self.repeats_a_page { 0 } else { start };
        let items: Vec<Value> = (start..self.songs.min(start + limit)).map(audio).collect();
        let answer = json!({ "Items": items, "TotalRecordCount": self.songs, "StartIndex": start });
        if self.halves_listings {
            Answer::Half(answer)
        } else {
            Answer::Json(answer)
        }
    }
}

pub(super) fn page(asked: &Asked, items: Vec<Value>) -> Answer {
    let (start, limit) = (
        asked.number("startIndex").unwrap_or(0),
        asked.number("limit").unwrap_or(usize::MAX),
    );
    let total = items.len();
    let items: Vec<Value> = items.into_iter().skip(start).take(limit).collect();
    Answer::Json(json!({ "Items": items, "TotalRecordCount": total, "StartIndex": start }))
}
