//! `vibelux music-assistant queue`, beside a stub: no package registry has one that is new enough (2.7).

use std::path::Path;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use serde_json::{Value, json};
use vibelux_test_server::{HttpRequest, HttpResponse, StubServer};

use crate::said;

/// Songs in the library; the server lacks the last, and has one that is not in it.
const SONGS: usize = 4;

fn file(number: usize) -> String {
    format!("Band/{number} - Song.flac")
}

fn answer(asked: &HttpRequest) -> Value {
    if asked.path == "/info" {
        return json!({ "server_version": "2.8.1", "schema_version": 28 });
    }
    let body: Value = serde_json::from_slice(&asked.body).unwrap();
    match body["command"].as_str().unwrap() {
        "music/tracks/library_items" if body["args"]["offset"] == 0 => {
            (0..SONGS - 1).chain([SONGS + 7]).map(track).collect()
        }
        "music/tracks/library_items" => json!([]),
        "player_queues/all" => json!([
            { "queue_id": "k1", "display_name": "Kitchen", "available": true, "items": 2 },
            { "queue_id": "b1", "display_name": "Bath", "available": true, "items": 0 },
        ]),
        "player_queues/items" if body["args"]["queue_id"] == "k1" => {
            json!([{ "name": "a radio", "media_item": null }, { "media_item": track(1) }])
        }
        "player_queues/play_media" => Value::Null,
        _ => json!("no such command"),
    }
}

fn track(number: usize) -> Value {
    json!({
        "uri": format!("library://track/{number}"), "name": "Song", "artists": [{ "name": "Band" }],
        "provider_mappings": [{
            "item_id": file(number), "provider_domain": "filesystem_local", "provider_instance": "filesystem_local--x1",
            "available": true,
        }],
    })
}

fn queue(server: &StubServer, library: &Path, words: &[&str]) -> Assert {
    Command::cargo_bin("vibelux")
        .unwrap()
        .args(["music-assistant", "queue"])
        .args(words)
        .args(["--server", &server.address()])
        .arg("--library")
        .arg(library)
        .env("VIBELUX_MUSIC_ASSISTANT_TOKEN", "good")
        .assert()
}

#[test]
fn songs_that_fit_come_into_the_queue_of_a_player() {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("library.db");
    // The higher the number, the sadder.
    let vectors: serde_json::Map<String, Value> = (0..SONGS)
        .map(|number| {
            let sad = number as f64 / 10.0;
            let path = folder.path().join(file(number));
            let vector = json!([0, 0, 0, 1.0 - sad, 0, sad, 0]);
            (path.to_string_lossy().into_owned(), vector)
        })
        .collect();
    let list = folder.path().join("song_embeddings.json");
    std::fs::write(&list, json!(vectors).to_string()).unwrap();
    let mut import = Command::cargo_bin("vibelux").unwrap();
    import
        .args(["import", "json"])
        .arg(&list)
        .arg("--library")
        .arg(&library);
    import.assert().success();

    let server = StubServer::start(|asked| Some(HttpResponse::json(&answer(asked).to_string())));
    let sad = ["--mood", "sad", "-n", "2", "--no-taste"];
    for (words, option, expected) in [
        (&["kit"][..], "add", [2, 0]),
        (&["Kitchen", "--next"], "next", [2, 0]),
        (&["KITCHEN", "--replace"], "replace", [2, 1]),
    ] {
        queue(&server, &library, &[words, &sad].concat()).success();
        let asked = server.asked();
        let last: Value = serde_json::from_slice(&asked.last().unwrap().body).unwrap();
        let songs = expected.map(|number| format!("filesystem_local--x1://track/{}", file(number)));
        assert_eq!(
            last["args"],
            json!({ "queue_id": "k1", "media": songs, "option": option })
        );
        assert!(
            asked
                .iter()
                .all(|asked| asked.path == "/info" || asked.authorization == "Bearer good")
        );
    }

    let before = server.asked().len();
    for (words, advice) in [
        (&[][..], "name one: Kitchen, Bath"),
        (&["cellar"], "there are Kitchen, Bath"),
    ] {
        let refused = queue(&server, &library, &[words, &sad].concat());
        let refused = said(&refused.failure().code(2));
        assert!(refused.contains(advice), "{refused}");
    }
    let puts = |asked: &HttpRequest| String::from_utf8_lossy(&asked.body).contains("play_media");
    assert!(!server.asked()[before..].iter().any(puts));
}
