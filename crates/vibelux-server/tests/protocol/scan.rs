//! Scans from the page, on composed songs.

use std::path::Path;

use serde_json::{Value, json};
use vibelux::compose::{compose_all, write_wav};

use crate::stand::{Plan, Stand, eventually};

/// `count` pieces, of little work for a test.
fn compose(folder: &Path, count: usize) {
    std::fs::create_dir_all(folder).unwrap();
    for (i, piece) in compose_all(1).iter().cycle().take(count).enumerate() {
        let path = folder.join(format!("{i} {}", piece.file_name()));
        if i < 12 {
            write_wav(&path, &piece.render(8_000), piece.title, "Nobody", "Test").unwrap();
        } else {
            let first = format!("{} {}", i % 12, piece.file_name());
            std::fs::copy(folder.join(first), &path).unwrap();
        }
    }
}

fn scan(stand: &Stand) -> Value {
    stand.get("/api/v1/scan").json()
}

fn wait_for_end(stand: &Stand) -> Value {
    eventually("the scan ends", || scan(stand)["running"] == false);
    scan(stand)
}

#[test]
fn a_scan_brings_songs_and_names_what_it_cannot_read() {
    let stand = Plan::default().start();
    let folder = stand.dir.path().join("new");
    compose(&folder, 2);
    std::fs::write(folder.join("broken.mp3"), b"ID3 but no song").unwrap();
    std::fs::write(folder.join("notes.txt"), b"no song").unwrap();
    assert_eq!(scan(&stand)["running"], false);
    assert_eq!(stand.get("/api/v1/status").json()["scan"], Value::Null);
    let request = json!({ "folders": [folder] });
    let begun = stand.post("/api/v1/scan", &request);
    assert_eq!(
        (begun.status, &begun.json()["running"]),
        (202, &json!(true))
    );
    let ended = wait_for_end(&stand);
    assert_eq!(
        (&ended["found"], &ended["done"], &ended["failed"]),
        (&json!(3), &json!(3), &json!(1))
    );
    assert!(
        ended["failures"][0]["path"]
            .as_str()
            .unwrap()
            .ends_with("broken.mp3")
    );
    assert!(!ended["failures"][0]["reason"].as_str().unwrap().is_empty());
    let status = stand.get("/api/v1/status").json();
    assert_eq!(
        status["songs"],
        json!({
            "ready": 2,
            "not_music": { "speech": 0, "effects": 0, "jingle": 0 },
            "failed": 1,
            "missing": 0,
            "copies": 0
        })
    );
    assert_eq!(status["scan"]["found"], 3);
    let list = stand.get("/api/v1/songs").json();
    assert_eq!(list["songs"][0]["artist"], "Nobody");

    // Again: nothing is left to do, and the failure is still told.
    assert_eq!(stand.post("/api/v1/scan", &request).status, 202);
    let again = wait_for_end(&stand);
    assert_eq!((&again["done"], &again["failed"]), (&json!(3), &json!(1)));
    assert_eq!(again["failures"][0]["path"], ended["failures"][0]["path"]);
}

#[test]
fn a_scan_can_be_stopped_and_only_one_runs() {
    let stand = Plan::default().start();
    let folder = stand.dir.path().join("new");
    compose(&folder, 150);
    let request = json!({ "folders": [folder] });
    assert_eq!(stand.post("/api/v1/scan", &request).status, 202);
    eventually("a song is done", || scan(&stand)["done"].as_u64() > Some(0));
    let second = stand.post("/api/v1/scan", &request);
    assert_eq!(
        (second.status, second.code().as_str()),
        (409, "scan_running")
    );
    assert!(scan(&stand)["current"].is_string());
    assert_eq!(stand.request("DELETE", "/api/v1/scan").send().status, 200);
    let ended = wait_for_end(&stand);
    let done = ended["done"].as_u64().unwrap();
    assert!((1..150).contains(&done), "{ended}");
    assert_eq!(
        (&ended["found"], &ended["current"]),
        (&json!(150), &Value::Null)
    );
    // What was done is there, whatever it was taken for.
    let songs = &stand.get("/api/v1/status").json()["songs"];
    let kinds =
        ["speech", "effects", "jingle"].map(|kind| songs["not_music"][kind].as_u64().unwrap());
    let known = songs["ready"].as_u64().unwrap() + kinds.iter().sum::<u64>();
    assert_eq!(known, done, "{songs}");
}

#[test]
fn folders_must_be_folders() {
    let stand = Plan::songs().start();
    let file = stand.music().join("a.mp3");
    for bad in [
        json!({}),
        json!({ "folders": [] }),
        json!({ "folders": ["music"] }),
        json!({ "folders": ["../music"] }),
        json!({ "folders": [""] }),
        json!({ "folders": ["/nowhere/at/all"] }),
        json!({ "folders": [file] }),
        json!({ "folders": ["/tmp\u{0}x"] }),
        json!({ "folders": "/" }),
    ] {
        let answer = stand.post("/api/v1/scan", &bad);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "bad_request"),
            "{bad}"
        );
    }
    assert_eq!(scan(&stand)["running"], false);
}

#[test]
fn folders_are_named_below_the_places_alone() {
    let stand = Plan::songs().start();
    let start = stand.get("/api/v1/folders").json();
    assert_eq!(start["path"], Value::Null);
    assert_eq!(start["folders"].as_array().unwrap().len(), 1);
    let music = stand.music();
    assert_eq!(start["usual"], json!(music));
    let place = |path: &Path| {
        let bytes = path.to_str().unwrap().bytes();
        let escaped: String = bytes.map(|byte| format!("%{byte:02X}")).collect();
        stand.get(&format!("/api/v1/folders?path={escaped}"))
    };
    let inside = place(&music).json();
    // Old tapes are audio, too.
    assert_eq!(
        (&inside["audio_files"], &inside["folders"]),
        (&json!(5), &json!([]))
    );
    assert_eq!(
        place(&music.join("..")).json()["folders"][0]["name"],
        "music"
    );
    for outside in [
        Path::new("/"),
        &music.join("../.."),
        Path::new("music"),
        &music.join("a.mp3"),
    ] {
        let answer = place(outside);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (404, "not_found"),
            "{outside:?}"
        );
    }
}

#[test]
fn the_demo_is_composed_and_heard() {
    let stand = Plan::default().start();
    let both = json!({ "demo": true, "folders": [stand.music()] });
    assert_eq!(stand.post("/api/v1/scan", &both).status, 400);
    assert_eq!(stand.post("/api/v1/scan", &json!({})).status, 400);
    let begun = stand.post("/api/v1/scan", &json!({ "demo": true }));
    assert_eq!(begun.status, 202);
    let ended = wait_for_end(&stand);
    assert_eq!((&ended["done"], &ended["failed"]), (&json!(12), &json!(0)));
    assert_eq!(stand.get("/api/v1/status").json()["songs"]["ready"], 12);
}
