//! Recommendations over HTTP; the ranking itself is tested beside its code.

use serde_json::{Value, json};

use crate::stand::{Plan, Stand};

fn mood(emotion: &str) -> Value {
    json!({ emotion: 1 })
}

fn titles(stand: &Stand, request: &Value) -> Vec<String> {
    let answer = stand.post("/api/v1/recommend", request).json();
    let songs = answer["recommendations"].as_array().unwrap().iter();
    songs
        .map(|song| song["song"]["title"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_songs_that_fit_come_first_with_reasons() {
    let stand = Plan::songs().start();
    let request = json!({
        "vector": mood("happy"), "source": "mood", "way": { "kind": "match" }, "mode": "plain",
        "strength": 1.0, "seed": 3, "count": 2, "exclude": [],
    });
    let answer = stand.post("/api/v1/recommend", &request);
    assert_eq!(answer.status, 200);
    let songs = answer.json()["recommendations"].clone();
    assert_eq!(songs.as_array().unwrap().len(), 2);
    assert_eq!(songs[0]["song"]["title"], "Sunny Morning");
    assert_eq!(songs[1]["song"]["title"], "Bright Rain");
    let why = songs[0]["why"].as_object().unwrap();
    let sum: f64 = why.values().map(|share| share.as_f64().unwrap()).sum();
    assert!(why["happy"].as_f64().unwrap() > 0.9, "{why:?}");
    let cosine = songs[0]["cosine"].as_f64().unwrap();
    assert!(
        (cosine - 0.8 / (0.64_f64 + 0.04).sqrt()).abs() < 1e-4,
        "{cosine}"
    );
    assert!((sum - cosine).abs() < 1e-5, "{sum}");
    assert_eq!(songs[0]["target"]["happy"], 1.0);
}

#[test]
fn ways_modes_sources_and_rules_are_followed() {
    let stand = Plan::songs().start();
    let base = json!({ "source": "mood", "vector": mood("sad"), "count": 1 });
    let with = |changes: Value| {
        let mut request = base.clone();
        for (key, value) in changes.as_object().unwrap() {
            request[key] = value.clone();
        }
        titles(&stand, &request)
    };
    assert_eq!(with(json!({})), ["Dull Rain"]);
    assert_eq!(
        with(json!({ "source": "face", "mode": "centred" })),
        ["Dull Rain"]
    );
    assert_eq!(with(json!({ "way": { "kind": "lift" } })), ["Bright Rain"]);
    assert_eq!(with(json!({ "way": { "kind": "calm" } })), ["Old Tape"]);
    let journey =
        json!({ "way": { "kind": "journey", "to": mood("happy"), "songs": 3 }, "count": 3 });
    assert_eq!(with(journey), ["Dull Rain", "Bright Rain", "Sunny Morning"]);
    let rain = stand.id("Dull Rain");
    assert_eq!(with(json!({ "exclude": [rain] })), ["Bright Rain"]);
    let alike = with(json!({ "source": "song", "song_id": rain, "vector": null, "count": 9 }));
    assert_eq!((alike.len(), alike[0].as_str()), (4, "Bright Rain"));

    let not_now = format!("/api/v1/songs/{rain}/not-now");
    assert_eq!(stand.request("POST", &not_now).send().status, 204);
    assert_eq!(with(json!({})), ["Bright Rain"]);
    std::fs::remove_file(stand.music().join("e.m4a")).unwrap();
    assert_ne!(with(json!({})), ["Bright Rain"]);
}

#[test]
fn what_cannot_be_is_said() {
    let stand = Plan::songs().start();
    for bad in [
        json!({}),
        json!([]),
        json!({ "source": "mood" }),
        json!({ "source": "stars", "vector": mood("happy") }),
        json!({ "source": "mood", "vector": [0, 0, 0, 1, 0, 0, 0] }),
        json!({ "source": "mood", "vector": { "happy": 0 } }),
        json!({ "source": "mood", "vector": { "hapy": 1 } }),
        json!({ "source": "mood", "vector": { "happy": -1 } }),
        json!({ "source": "mood", "vector": mood("happy"), "count": 0 }),
        json!({ "source": "mood", "vector": mood("happy"), "count": 501 }),
        json!({ "source": "mood", "vector": mood("happy"), "strength": 1.5 }),
        json!({ "source": "mood", "vector": mood("happy"), "way": { "kind": "journey" } }),
        json!({ "source": "mood", "vector": mood("happy"), "way": { "kind": "journey", "to": mood("sad"), "songs": 0 } }),
        json!({ "source": "mood", "vector": mood("happy"), "exclude": ["../x"] }),
        // A slip of the pen must not be taken for "as usual".
        json!({ "source": "mood", "vector": mood("happy"), "cuont": 2 }),
        json!({ "source": "mood", "vector": mood("happy"), "way": "lift" }),
    ] {
        let answer = stand.post("/api/v1/recommend", &bad);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "bad_request"),
            "{bad}"
        );
    }
    let broken = stand.request("POST", "/api/v1/recommend");
    let broken = broken
        .header("content-type", "application/json")
        .body("{\"vector\": [1e999");
    assert_eq!(broken.send().status, 400);
    let absent = json!({ "source": "song", "song_id": "0".repeat(32) });
    assert_eq!(stand.post("/api/v1/recommend", &absent).status, 404);
    let empty = Plan::default().start();
    let request = json!({ "source": "mood", "vector": mood("happy") });
    assert_eq!(
        empty.post("/api/v1/recommend", &request).json()["recommendations"],
        json!([])
    );
}
