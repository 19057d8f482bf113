//! The endpoint for music players: the account, every method, the sound.

use std::path::Path;

use md5::{Digest, Md5};
use serde_json::{Value, json};
use vibelux::library::Tags;
use vibelux_server::SubsonicReady;

use crate::client::{Answer, Request};
use crate::stand::{Plan, Stand};

/// A library with albums, on several discs too.
fn library() -> Plan {
    let mut plan = Plan {
        subsonic: true,
        ..Plan::default()
    };
    for (file, title, artist, album, genre, year, mood) in [
        (
            "01 - One.mp3",
            "One",
            "Ada",
            "Firsts",
            "Folk",
            2001,
            "happy",
        ),
        (
            "02 - Two.mp3",
            "Two",
            "Ada",
            "Firsts",
            "Folk",
            2001,
            "happy=0.8,sad=0.2",
        ),
        (
            "10 - Ten.mp3",
            "Ten",
            "ada",
            "firsts",
            "Folk",
            2001,
            "happy=0.5,sad=0.5",
        ),
        ("b.flac", "Rain", "Bo", "Mixed", "Rock", 1999, "sad"),
        (
            "c.flac",
            "Thunder",
            "Cy",
            "Mixed",
            "rock",
            1999,
            "sad=0.6,angry=0.4",
        ),
        ("d.ogg", "Alone", "The Dull", "", "", 0, "neutral"),
    ] {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let tags = Tags {
            title: given(title),
            artist: given(artist),
            album: given(album),
            genre: given(genre),
            year: (year > 0).then_some(year),
        };
        plan.songs
            .push((file.to_owned(), tags, mood.parse().unwrap()));
    }
    plan
}

struct Player<'a> {
    ready: &'a SubsonicReady,
}

impl<'a> Player<'a> {
    fn of(stand: &'a Stand) -> Self {
        Self {
            ready: stand.ready.subsonic.as_ref().unwrap(),
        }
    }

    fn request(&self, method: &str, query: &str) -> Request {
        let target = format!("/rest/{method}?{query}");
        Request::new(self.ready.address, "GET", &target)
    }

    /// What lets one in, with a token.
    fn token(&self) -> String {
        let (account, salt) = (&self.ready.account, "c19b2d");
        let digest = Md5::digest(format!("{}{salt}", account.password()));
        let token: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!(
            "u={}&t={token}&s={salt}&v=1.16.1&c=test&f=json",
            account.user()
        )
    }

    fn key(&self) -> String {
        format!(
            "apiKey={}&v=1.16.1&c=test&f=json",
            self.ready.account.api_key()
        )
    }

    fn ask(&self, method: &str, more: &str) -> Value {
        let answer = self.send(method, more);
        assert_eq!(answer.status, 200, "{method}");
        let all = answer.json();
        let response = all["subsonic-response"].clone();
        assert_eq!(response["status"], "ok", "{method}?{more}: {response}");
        assert_eq!(response["openSubsonic"], true);
        response
    }

    fn refused(&self, method: &str, more: &str) -> u64 {
        let response = self.send(method, more).json()["subsonic-response"].clone();
        assert_eq!(response["status"], "failed", "{method}?{more}: {response}");
        assert!(response["error"]["message"].as_str().unwrap().len() > 8);
        response["error"]["code"].as_u64().unwrap()
    }

    fn send(&self, method: &str, more: &str) -> Answer {
        self.request(method, &format!("{}&{more}", self.token()))
            .send()
    }

    fn id(&self, title: &str) -> String {
        let found = self.ask("search3", &format!("query={title}"));
        let songs = found["searchResult3"]["song"].as_array().unwrap();
        let song = songs.iter().find(|song| song["title"] == title).unwrap();
        song["id"].as_str().unwrap().to_owned()
    }
}

fn titles(songs: &Value) -> Vec<&str> {
    let songs = songs.as_array().unwrap();
    songs
        .iter()
        .map(|song| song["title"].as_str().unwrap())
        .collect()
}

fn names(items: &Value) -> Vec<&str> {
    let items = items.as_array().unwrap();
    items
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect()
}

#[test]
fn nobody_gets_in_without_the_account() {
    let stand = library().start();
    let player = Player::of(&stand);
    let code = |query: &str| {
        let answer = player.request("getArtists", query).send();
        let response = answer.json()["subsonic-response"].clone();
        response["error"]["code"].as_u64()
    };
    let account = &player.ready.account;
    let (user, key) = (account.user(), account.api_key());
    assert_eq!(code("f=json"), Some(10));
    assert_eq!(
        code("f=json&u=vibelux&t=0123456789abcdef0123456789abcdef&s=abcdef"),
        Some(40)
    );
    // The password itself is not taken, right or wrong.
    let plain = format!("f=json&u={user}&p={}", account.password());
    assert_eq!(code(&plain), Some(42));
    assert_eq!(code("f=json&apiKey=aaaaaaaaaaaaaaaaaaaaaaaa"), Some(44));
    assert_eq!(code(&format!("f=json&apiKey={key}&u={user}")), Some(43));
    assert_eq!(
        code(&player.token().replace(&format!("u={user}"), "u=root")),
        Some(40)
    );
    assert_eq!(code(&player.token()), None);
    assert_eq!(code(&player.key()), None);
    for method in ["stream", "download", "getCoverArt", "star", "nonsense"] {
        let answer = player.request(method, "f=json&id=x").send();
        assert_eq!(
            answer.json()["subsonic-response"]["error"]["code"],
            10,
            "{method}"
        );
    }
    // The page's endpoint knows nothing of this one, nor this one of the page.
    assert_eq!(stand.get("/rest/ping").status, 404);
    let page = Request::new(player.ready.address, "GET", "/api/v1/songs").send();
    assert_eq!(page.status, 404);
    let debug = format!("{:?}", player.ready);
    assert!(!debug.contains(account.password()) && !debug.contains(key));
}

#[test]
fn the_account_is_kept_and_its_owners_alone() {
    let dir = tempfile::tempdir().unwrap();
    let open = || {
        let here = std::net::Ipv4Addr::LOCALHOST.into();
        vibelux_server::SubsonicAccess::open(dir.path(), here, Some(0))
    };
    let file = dir.path().join("subsonic.toml");
    open().unwrap();
    let first = std::fs::read_to_string(&file).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    open().unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), first);
    std::fs::write(&file, "user = \"x\"\n").unwrap();
    let error = open().unwrap_err().to_string();
    assert!(
        error.contains("subsonic.toml") && error.contains("delete"),
        "{error}"
    );
}

#[test]
fn the_system_says_what_it_is() {
    let stand = library().start();
    let player = Player::of(&stand);
    // Asked for before anybody logs in.
    let public = player
        .request("getOpenSubsonicExtensions.view", "f=json")
        .send();
    let extensions = &public.json()["subsonic-response"]["openSubsonicExtensions"];
    assert!(
        names(extensions).contains(&"sonicSimilarity"),
        "{extensions}"
    );
    assert_eq!(public.header("access-control-allow-origin"), Some("*"));
    assert_eq!(player.ask("ping.view", "")["type"], "vibelux");
    assert_eq!(player.ask("getLicense", "")["license"]["valid"], true);
    assert_eq!(
        player.ask("getUser", "username=vibelux")["user"]["streamRole"],
        true
    );
    assert_eq!(player.refused("getUser", "username=root"), 50);
    assert_eq!(player.ask("getScanStatus", "")["scanStatus"]["count"], 6);
    assert_eq!(player.refused("nonsense", ""), 70);
    let token = player.request("tokenInfo", &player.key()).send().json();
    assert_eq!(
        token["subsonic-response"]["tokenInfo"]["username"],
        "vibelux"
    );
    // XML where nothing is said, and for forms.
    let key = player.ready.account.api_key();
    let xml = Request::new(player.ready.address, "POST", "/rest/getArtists")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("apiKey={key}"))
        .send();
    assert_eq!(xml.header("content-type"), Some("application/xml"));
    let text = String::from_utf8(xml.body).unwrap();
    assert!(
        text.contains(" id=\"ar-") && text.contains(" name=\"Ada\""),
        "{text}"
    );
}

#[test]
fn the_library_is_browsed_by_artists_albums_and_genres() {
    let stand = library().start();
    let player = Player::of(&stand);
    let artists = player.ask("getArtists", "");
    let index = artists["artists"]["index"].as_array().unwrap();
    let letters: Vec<&str> = index.iter().map(|i| i["name"].as_str().unwrap()).collect();
    // "The Dull" stands under D.
    assert_eq!(letters, ["A", "B", "C", "D"]);
    let ada = index[0]["artist"][0]["id"].as_str().unwrap();
    let artist = player.ask("getArtist", &format!("id={ada}"));
    let album = &artist["artist"]["album"][0];
    assert_eq!(
        (&album["name"], &album["songCount"]),
        (&json!("Firsts"), &json!(3))
    );
    let id = album["id"].as_str().unwrap();
    let album = player.ask("getAlbum", &format!("id={id}"));
    // 10 comes after 2.
    assert_eq!(titles(&album["album"]["song"]), ["One", "Two", "Ten"]);
    let song = &album["album"]["song"][2];
    assert_eq!(
        (&song["track"], &song["duration"], &song["suffix"]),
        (&json!(10), &json!(30), &json!("mp3"))
    );
    assert_eq!(
        (&song["albumId"], &song["moods"]),
        (&json!(id), &json!(["happy"]))
    );
    let same = player.ask("getSong", &format!("id={}", song["id"].as_str().unwrap()));
    assert_eq!(&same["song"], song);
    let albums = player.ask("getAlbumList2", "type=alphabeticalByName&size=2&offset=1");
    let music = stand.music();
    let folder = music.file_name().and_then(|name| name.to_str()).unwrap();
    assert_eq!(names(&albums["albumList2"]["album"]), ["Mixed", folder]);
    assert_eq!(
        albums["albumList2"]["album"][0]["artist"],
        "Various Artists"
    );
    let years = player.ask("getAlbumList2", "type=byYear&fromYear=2010&toYear=1990");
    assert_eq!(names(&years["albumList2"]["album"]), ["Firsts", "Mixed"]);
    let genres = player.ask("getGenres", "");
    let rock = &genres["genres"]["genre"][1];
    assert_eq!(
        (&rock["songCount"], &rock["albumCount"]),
        (&json!(2), &json!(1))
    );
    let folk = player.ask("getSongsByGenre", "genre=folk&count=2");
    assert_eq!(folk["songsByGenre"]["song"].as_array().unwrap().len(), 2);
    let random = player.ask("getRandomSongs", "size=500&genre=Rock&fromYear=1990");
    assert_eq!(random["randomSongs"]["song"].as_array().unwrap().len(), 2);
    // The tree of older players.
    let tree = player.ask("getIndexes", "");
    let top = tree["indexes"]["index"][0]["artist"][0]["id"]
        .as_str()
        .unwrap();
    let below = player.ask("getMusicDirectory", &format!("id={top}"));
    let child = &below["directory"]["child"][0];
    assert_eq!(
        (&child["isDir"], &child["title"]),
        (&json!(true), &json!("Firsts"))
    );
    let since = tree["indexes"]["lastModified"].as_u64().unwrap();
    let nothing = player.ask("getIndexes", &format!("ifModifiedSince={since}"));
    assert_eq!(nothing["indexes"]["index"], json!([]));
    for (method, query) in [
        ("getAlbum", "id=al-0"),
        ("getArtist", "id=x"),
        ("getSong", "id=../etc"),
    ] {
        assert_eq!(player.refused(method, query), 70, "{method}");
    }
    assert_eq!(player.refused("getAlbum", ""), 10);
    assert_eq!(player.refused("getAlbumList2", "type=newest&size=many"), 0);
}

#[test]
fn a_search_for_nothing_finds_all_in_pages() {
    let stand = library().start();
    let player = Player::of(&stand);
    let mut all = Vec::new();
    for offset in [0, 4, 8] {
        let query =
            format!("query=%22%22&songCount=4&songOffset={offset}&artistCount=0&albumCount=0");
        let found = player.ask("search3", &query);
        let found = &found["searchResult3"];
        assert_eq!(found["artist"], json!([]));
        all.extend(titles(&found["song"]).into_iter().map(str::to_owned));
    }
    all.sort();
    assert_eq!(all, ["Alone", "One", "Rain", "Ten", "Thunder", "Two"]);
    let found = player.ask("search2", "query=fir%20ada");
    assert_eq!(names(&found["searchResult2"]["album"]), ["Firsts"]);
    assert_eq!(titles(&found["searchResult2"]["song"]).len(), 3);
}

#[test]
fn songs_that_sound_alike_come_in_their_order() {
    let stand = library().start();
    let player = Player::of(&stand);
    let (one, rain) = (player.id("One"), player.id("Rain"));
    let alike = player.ask("getSonicSimilarTracks", &format!("id={one}&count=2"));
    let matches = alike["sonicMatch"].as_array().unwrap();
    let order: Vec<&str> = matches
        .iter()
        .map(|m| m["entry"]["title"].as_str().unwrap())
        .collect();
    assert_eq!(order, ["Two", "Ten"]);
    let similarity = |at: usize| matches[at]["similarity"].as_f64().unwrap();
    assert!(similarity(0) > similarity(1) && similarity(0) < 1.0);
    let path = player.ask(
        "findSonicPath",
        &format!("startSongId={one}&endSongId={rain}&count=4"),
    );
    let path = path["sonicMatch"].as_array().unwrap();
    let order: Vec<&str> = path
        .iter()
        .map(|m| m["entry"]["title"].as_str().unwrap())
        .collect();
    assert_eq!(order, ["One", "Two", "Ten", "Rain"]);
    assert_eq!(path[0]["similarity"], 1.0);
    // Never back: from happy to sad.
    let likeness: Vec<f64> = path
        .iter()
        .map(|m| m["similarity"].as_f64().unwrap())
        .collect();
    assert!(
        likeness.is_sorted_by(|a, b| a >= b),
        "{order:?} {likeness:?}"
    );
    assert_eq!(
        player.refused(
            "findSonicPath",
            &format!("startSongId={one}&endSongId={rain}&count=1")
        ),
        0
    );
    let similar = player.ask("getSimilarSongs2", &format!("id={rain}&count=1"));
    assert_eq!(titles(&similar["similarSongs2"]["song"]), ["Thunder"]);
    assert_eq!(player.refused("getSonicSimilarTracks", "id=none"), 70);
}

#[test]
fn there_is_a_playlist_for_each_mood() {
    let stand = library().start();
    let player = Player::of(&stand);
    let lists = player.ask("getPlaylists", "");
    let lists = &lists["playlists"]["playlist"];
    assert_eq!(names(lists)[3], "Happy");
    let happy = player.ask("getPlaylist", "id=mood-happy");
    let happy = &happy["playlist"];
    assert_eq!(
        (&happy["readonly"], &happy["songCount"]),
        (&json!(true), &json!(6))
    );
    assert_eq!(titles(&happy["entry"]).len(), 6);
    assert_eq!(player.refused("getPlaylist", "id=mood-bored"), 70);
    assert_eq!(player.refused("createPlaylist", "name=mine"), 50);
}

#[test]
fn stars_are_likes() {
    let stand = library().start();
    let player = Player::of(&stand);
    let (one, rain) = (player.id("One"), player.id("Rain"));
    player.ask("star", &format!("id={one}&id={rain}"));
    let starred = player.ask("getStarred2", "");
    assert_eq!(starred["starred2"]["song"].as_array().unwrap().len(), 2);
    assert_eq!(starred["starred2"]["album"], json!([]));
    let song = player.ask("getSong", &format!("id={one}"));
    assert!(song["song"]["starred"].as_str().unwrap().ends_with('Z'));
    // The page shows the same.
    assert_eq!(
        stand.get(&format!("/api/v1/songs/{one}")).json()["liked"],
        true
    );
    let album = song["song"]["albumId"].as_str().unwrap();
    player.ask("star", &format!("albumId={album}"));
    let starred = player.ask("getStarred2", "");
    assert_eq!(names(&starred["starred2"]["album"]), ["Firsts"]);
    player.ask("unstar", &format!("albumId={album}&id={rain}"));
    assert_eq!(player.ask("getStarred2", "")["starred2"]["song"], json!([]));
    assert_eq!(player.refused("star", "id=none"), 70);
    let artist = song["song"]["artistId"].as_str().unwrap();
    assert_eq!(player.refused("star", &format!("artistId={artist}")), 50);
}

#[test]
fn sound_is_streamed_in_ranges_and_downloaded() {
    let stand = library().start();
    let player = Player::of(&stand);
    let id = player.id("Rain");
    let file = std::fs::read(Path::new(&stand.music()).join("b.flac")).unwrap();
    for method in ["stream", "download"] {
        let whole = player.send(method, &format!("id={id}&format=raw"));
        assert_eq!((whole.status, whole.body == file), (200, true), "{method}");
        assert_eq!(whole.header("content-type"), Some("audio/flac"));
        let query = format!("{}&id={id}", player.token());
        let part = player
            .request(method, &query)
            .header("Range", "bytes=10-19")
            .send();
        assert_eq!(
            (part.status, &part.body[..]),
            (206, &file[10..20]),
            "{method}"
        );
    }
    assert_eq!(player.refused("stream", "id=none"), 70);
    std::fs::remove_file(stand.music().join("b.flac")).unwrap();
    assert_eq!(player.refused("stream", &format!("id={id}")), 70);
    assert_eq!(
        player.refused("getCoverArt", &format!("id={}", player.id("One"))),
        70
    );
}
