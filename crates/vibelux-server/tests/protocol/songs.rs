//! Lists, songs, curves, covers, the map, likes.

use serde_json::{Value, json};
use vibelux::Emotion;
use vibelux::audio::SoundKind;
use vibelux::library::{Outcome, Song, SongStore, Tags};

use crate::stand::{Plan, eventually};

fn titles(list: &Value) -> Vec<&str> {
    let songs = list["songs"].as_array().unwrap();
    songs
        .iter()
        .map(|song| song["title"].as_str().unwrap())
        .collect()
}

#[test]
fn songs_are_listed_searched_and_paged() {
    let stand = Plan::songs().start();
    let list = |query: &str| stand.get(&format!("/api/v1/songs{query}")).json();
    let all = list("");
    assert_eq!(all["total"], 5);
    assert_eq!(
        titles(&all),
        [
            "Bright Rain",
            "Dull Rain",
            "Old Tape",
            "Sunny Morning",
            "Thunder"
        ]
    );
    assert_eq!(titles(&list("?search=RAIN")), ["Bright Rain", "Dull Rain"]);
    assert_eq!(titles(&list("?search=rain+bo")), ["Dull Rain"]);
    assert_eq!(
        titles(&list("?artist=ada&search=")),
        ["Old Tape", "Sunny Morning"]
    );
    // The clearest first.
    assert_eq!(
        titles(&list("?emotion=happy")),
        ["Sunny Morning", "Bright Rain"]
    );
    let page = list("?offset=1&limit=2");
    assert_eq!(page["total"], 5);
    assert_eq!(titles(&page), ["Dull Rain", "Old Tape"]);
    assert_eq!(titles(&list("?offset=99")), [""; 0]);
    for bad in ["?emotion=bored", "?limit=-1", "?offset=x"] {
        let answer = stand.get(&format!("/api/v1/songs{bad}"));
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "bad_request"),
            "{bad}"
        );
    }
}

#[test]
fn a_song_says_what_it_is_and_never_where() {
    let stand = Plan::songs().start();
    let id = stand.id("Sunny Morning");
    let answer = stand.get(&format!("/api/v1/songs/{id}"));
    let song = answer.json();
    assert_eq!(song["artist"], "Ada");
    assert_eq!(song["album"], Value::Null);
    assert_eq!(song["duration_seconds"], 30.0);
    assert_eq!(song["strongest"], "happy");
    assert_eq!(
        (&song["format"], &song["mime"]),
        (&json!("mp3"), &json!("audio/mpeg"))
    );
    assert_eq!(
        (&song["playable"], &song["liked"]),
        (&json!("direct"), &json!(false))
    );
    assert_eq!(song["vector"].as_object().unwrap().len(), 7);
    let folder = stand.music().to_string_lossy().into_owned();
    assert!(!String::from_utf8(answer.body).unwrap().contains(&folder));

    let curve = stand.get(&format!("/api/v1/songs/{id}/curve")).json();
    let windows = curve["windows"].as_array().unwrap();
    assert_eq!((windows.len(), &windows[0]["vector"]), (2, &song["vector"]));
    assert_eq!(windows[1]["start_seconds"], 12.5);
    assert_eq!(windows[1]["vector"]["sad"], 1.0);

    let absent = "0".repeat(32);
    let encoded = format!("..%2f..%2f{id}");
    for wrong in [
        absent.as_str(),
        "1",
        "..%2f..%2fetc%2fpasswd",
        &encoded,
        &id.to_uppercase(),
    ] {
        for part in ["", "/curve", "/cover", "/audio"] {
            let answer = stand.get(&format!("/api/v1/songs/{wrong}{part}"));
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (404, "not_found"),
                "{wrong}{part}"
            );
        }
    }
}

#[test]
fn likes_last_and_not_now_does_not() {
    let mut stand = Plan::songs().start();
    let id = stand.id("Thunder");
    let like = format!("/api/v1/songs/{id}/like");
    assert_eq!(stand.request("PUT", &like).send().json()["liked"], true);
    assert_eq!(
        stand.get(&format!("/api/v1/songs/{id}")).json()["liked"],
        true
    );
    assert_eq!(
        stand
            .request("POST", &format!("/api/v1/songs/{id}/not-now"))
            .send()
            .status,
        204
    );
    stand.stop();
    let library = stand.dir.path().join("library.db");
    let path = stand.music().join("d.ogg");
    assert!(
        SongStore::open(&library)
            .unwrap()
            .likes()
            .unwrap()
            .contains(&path)
    );

    let stand = Plan::songs().start();
    let like = format!("/api/v1/songs/{}/like", stand.id("Thunder"));
    stand.request("PUT", &like).send();
    assert_eq!(stand.request("DELETE", &like).send().json()["liked"], false);
    let absent = format!("/api/v1/songs/{}/like", "0".repeat(32));
    assert_eq!(stand.request("PUT", &absent).send().status, 404);
}

/// A map as it travels.
struct Points {
    state: String,
    valence: Vec<f64>,
    arousal: Vec<f64>,
    strongest: Vec<u8>,
}

impl Points {
    fn of(body: &[u8]) -> Self {
        let (head, rest) = body.split_at(12);
        let state = u64::from_le_bytes(head[..8].try_into().unwrap());
        let count = u32::from_le_bytes(head[8..].try_into().unwrap()) as usize;
        assert_eq!(rest.len(), 5 * count);
        let axis = |bytes: &[u8]| {
            let values = bytes
                .chunks_exact(2)
                .map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
            values
                .map(|value| f64::from(value) / 32767.5 - 1.0)
                .collect()
        };
        Self {
            state: format!("{state:x}"),
            valence: axis(&rest[..2 * count]),
            arousal: axis(&rest[2 * count..4 * count]),
            strongest: rest[4 * count..].to_vec(),
        }
    }

    fn len(&self) -> usize {
        self.strongest.len()
    }
}

#[test]
fn the_map_has_a_point_for_every_song() {
    let stand = Plan::songs().start();
    let answer = stand.get("/api/v1/map");
    let map = Points::of(&answer.body);
    assert_eq!(map.len(), 5);
    let song = |at: usize| {
        let state = &map.state;
        stand.get(&format!("/api/v1/map/song?state={state}&at={at}"))
    };
    let at = (0..5)
        .find(|&at| song(at).json()["title"] == "Old Tape")
        .unwrap();
    assert!((map.valence[at] - 0.2).abs() < 1e-4 && (map.arousal[at] + 0.6).abs() < 1e-4);
    assert_eq!(song(at).json()["strongest"], "neutral");
    assert_eq!(usize::from(map.strongest[at]), Emotion::Neutral.index());
    assert_eq!(song(5).status, 404);
    let tag = answer.header("etag").unwrap();
    let again = stand
        .request("GET", "/api/v1/map")
        .header("If-None-Match", tag)
        .send();
    assert_eq!(again.status, 304);

    // The map of another library answers for nothing of this one.
    for query in ["song?at=0&state=1", "matching?state=1"] {
        let answer = stand.get(&format!("/api/v1/map/{query}"));
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (409, "map_changed")
        );
    }
    assert_eq!(
        stand.get("/api/v1/map/song?at=0&state=x").code(),
        "bad_request"
    );
    let artists = stand.get("/api/v1/artists").json();
    assert_eq!(artists["artists"], json!(["Ada", "Bo", "Cy"]));
}

#[test]
fn what_is_no_music_is_left_out_unless_asked_for_or_declared() {
    let mut plan = Plan::songs();
    plan.sounds = vec![
        ("a.", SoundKind::Speech),
        ("b.", SoundKind::Effects),
        ("e.", SoundKind::Music),
    ];
    let stand = plan.start();
    let list = |query: &str| stand.get(&format!("/api/v1/songs{query}")).json();
    assert_eq!(titles(&list("")), ["Bright Rain", "Old Tape", "Thunder"]);
    let with_speech = list("?include=speech");
    assert_eq!(
        titles(&with_speech),
        ["Bright Rain", "Old Tape", "Sunny Morning", "Thunder"]
    );
    let speech = &with_speech["songs"][2];
    assert_eq!(
        (&speech["class"], &speech["declared_music"]),
        (&json!("speech"), &json!(false))
    );
    assert_eq!(list("?include=speech,effects")["total"], 5);
    let status = || stand.get("/api/v1/status").json()["songs"].clone();
    assert_eq!(
        status(),
        json!({
            "ready": 3,
            "not_music": { "speech": 1, "effects": 1, "jingle": 0 },
            "failed": 0,
            "missing": 0,
            "copies": 0
        })
    );
    let on_the_map =
        |query: &str| Points::of(&stand.get(&format!("/api/v1/map{query}")).body).len();
    assert_eq!((on_the_map(""), on_the_map("?include=effects")), (3, 4));
    let recommended = |include: &[&str]| -> Vec<String> {
        let request = json!({ "source": "mood", "vector": { "happy": 1 }, "include": include });
        let answer = stand.post("/api/v1/recommend", &request).json();
        let songs = answer["recommendations"].as_array().unwrap().iter();
        songs
            .map(|found| found["song"]["title"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(recommended(&[])[0], "Bright Rain");
    assert_eq!(recommended(&[]).len(), 3);
    assert_eq!(recommended(&["speech"])[0], "Sunny Morning");

    // The user knows better, and may think again.
    let id = speech["id"].as_str().unwrap();
    let declare = |method: &str| {
        let answer = stand
            .request(method, &format!("/api/v1/songs/{id}/music"))
            .send();
        assert_eq!(answer.status, 200);
        answer.json()
    };
    let declared = declare("PUT");
    assert_eq!(
        (&declared["class"], &declared["declared_music"]),
        (&json!("music"), &json!(true))
    );
    assert_eq!(recommended(&[])[0], "Sunny Morning");
    assert_eq!((on_the_map(""), status()["ready"].clone()), (4, json!(4)));
    assert_eq!(declare("DELETE")["class"], "speech");
    assert_eq!(recommended(&[]).len(), 3);
    for bad in ["songs?include=noise", "map?include=noise"] {
        let answer = stand.get(&format!("/api/v1/{bad}"));
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "bad_request"),
            "{bad}"
        );
    }
}

#[test]
fn songs_become_a_playlist_file() {
    let stand = Plan::songs().start();
    let songs = stand.get("/api/v1/songs").json();
    let ids: Vec<&str> = songs["songs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|song| song["id"].as_str().unwrap())
        .collect();
    let answer = stand.post("/api/v1/playlist", &json!({ "song_ids": [ids[3], ids[0]] }));
    assert_eq!(answer.status, 200);
    let kind = answer.header("content-type").unwrap();
    assert!(kind.starts_with("audio/x-mpegurl"), "{kind}");
    let text = String::from_utf8(answer.body).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    assert!(lines[1].ends_with("Sunny Morning"), "{text}");
    assert!(lines[3].ends_with("Bright Rain"), "{text}");
    for file in [lines[2], lines[4]] {
        assert!(std::path::Path::new(file).is_absolute(), "{file}");
    }
    for (format, kind, begins) in [
        ("xspf", "application/xspf+xml", "<?xml"),
        ("jspf", "application/json", "{"),
    ] {
        let request = json!({ "song_ids": [ids[3]], "format": format });
        let answer = stand.post("/api/v1/playlist", &request);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some(kind));
        let text = String::from_utf8(answer.body).unwrap();
        assert!(
            text.starts_with(begins) && text.contains("Sunny Morning"),
            "{text}"
        );
    }
    let unknown = json!({ "song_ids": [ids[3]], "format": "doc" });
    assert_eq!(stand.post("/api/v1/playlist", &unknown).status, 400);
    for (ids, status) in [
        (json!([]), 400),
        (json!(["0".repeat(32)]), 404),
        // What has left the library is left out.
        (json!(["0".repeat(32), ids[0]]), 200),
        (json!(["../etc/passwd"]), 400),
        (json!(vec![ids[0]; 2001]), 400),
    ] {
        let answer = stand.post("/api/v1/playlist", &json!({ "song_ids": ids }));
        assert_eq!(answer.status, status);
    }
}

#[test]
fn a_large_library_is_mapped_ranked_and_noticed_while_the_server_runs() {
    const SONGS: usize = 50_000;
    let stand = Plan::default().start();
    let songs: Vec<Song> = (0..SONGS)
        .map(|i| Song {
            tags: Tags {
                title: Some(format!("Song {i}")),
                artist: Some(format!("Artist {}", i % 997)),
                ..Tags::default()
            },
            ..Song::new(
                format!("/nowhere/{i}.mp3"),
                "test",
                Outcome::Embedded(
                    format!("happy={},sad={}", i % 101 + 1, i % 37)
                        .parse()
                        .unwrap(),
                ),
            )
        })
        .collect();
    let mut store = SongStore::open(&stand.dir.path().join("library.db")).unwrap();
    store.upsert_all(&songs).unwrap();
    eventually("the songs are seen", || {
        stand.get("/api/v1/status").json()["songs"]["ready"] == SONGS
    });
    let map = stand.get("/api/v1/map");
    assert_eq!(Points::of(&map.body).len(), SONGS);
    // Their files are nowhere, so there is nothing to play.
    let request = json!({ "source": "mood", "vector": { "happy": 1 } });
    assert_eq!(
        stand.post("/api/v1/recommend", &request).json()["recommendations"],
        json!([])
    );
}

#[test]
fn filters_narrow_lists_the_map_and_recommendations() {
    let stand = Plan::songs().start();
    let encoded = |text: &str| {
        text.bytes()
            .map(|byte| format!("%{byte:02x}"))
            .collect::<String>()
    };
    let list = |filter: &str| {
        let answer = stand.get(&format!("/api/v1/songs?filter={}", encoded(filter)));
        assert_eq!(answer.status, 200, "{filter}");
        let found = answer.json();
        titles(&found)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let all = list("");
    assert_eq!(all.len(), 5);
    assert_eq!(list("artist:ada not title:tape"), ["Sunny Morning"]);
    assert_eq!(list("mood:sad or thunder"), ["Dull Rain", "Thunder"]);
    assert_eq!(list("duration>1h"), Vec::<String>::new());
    assert_eq!(list("liked"), Vec::<String>::new());
    let like = format!("/api/v1/songs/{}/like", stand.id("Thunder"));
    stand.request("PUT", &like).send();
    assert_eq!(list("liked"), ["Thunder"]);

    let wrong = stand.get(&format!("/api/v1/songs?filter={}", encoded("year>x")));
    assert_eq!(
        (wrong.status, &wrong.json()["error"]["code"]),
        (400, &json!("filter"))
    );
    let wish = json!({ "source": "mood", "vector": { "sad": 1 }, "filter": "not artist:bo" });
    let found = stand.post("/api/v1/recommend", &wish).json();
    let found = found["recommendations"].as_array().unwrap();
    assert!(!found.is_empty());
    assert!(found.iter().all(|each| each["song"]["artist"] != "Bo"));

    // A bit for each point of the map.
    let map = Points::of(&stand.get("/api/v1/map").body);
    let state = &map.state;
    let matching = |query: &str| {
        let bits = stand.get(&format!("/api/v1/map/matching?state={state}&{query}"));
        assert_eq!(bits.body.len(), 1);
        let is_meant = |at: &usize| bits.body[0] >> at & 1 == 1;
        let title = |at: usize| {
            let song = stand.get(&format!("/api/v1/map/song?state={state}&at={at}"));
            song.json()["title"].as_str().unwrap().to_owned()
        };
        (0..map.len())
            .filter(is_meant)
            .map(title)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        matching(&format!("filter={}", encoded("liked"))),
        ["Thunder"]
    );
    assert_eq!(matching("search=sunny"), ["Sunny Morning"]);
    assert_eq!(matching("artist=ada&emotion=neutral"), ["Old Tape"]);
    assert_eq!(matching("").len(), 5);
}

#[test]
fn a_filter_is_helped_while_it_is_typed() {
    let stand = Plan::songs().start();
    let help = |query: &str| stand.get(&format!("/api/v1/filter?text={query}")).json();
    let typed = help("art");
    assert_eq!(typed["options"], json!(["artist:"]));
    assert_eq!((&typed["start"], &typed["end"]), (&json!(0), &json!(3)));
    assert_eq!(help("artist:a")["options"], json!(["Ada"]));
    assert_eq!(help("liked%20mood:sa&cursor=13")["options"], json!(["sad"]));
    let wrong = help("year%3Ex");
    assert_eq!(
        (&wrong["mistake"]["start"], &wrong["mistake"]["end"]),
        (&json!(5), &json!(6))
    );
    assert!(
        wrong["mistake"]["message"]
            .as_str()
            .unwrap()
            .contains("1999")
    );
    assert_eq!(help("")["mistake"], Value::Null);
}
