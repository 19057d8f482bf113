//! What the listener says of songs: that it counts, is listed, and is taken back.

use serde_json::{Value, json};

use crate::stand::{Plan, Stand};

fn verdicts(stand: &Stand) -> Vec<(String, String, u64)> {
    let taste = stand.get("/api/v1/taste").json();
    let verdicts = taste["verdicts"].as_array().unwrap().iter();
    let mut verdicts: Vec<_> = verdicts
        .map(|said| {
            let title = said["song"]["title"].as_str().unwrap().to_owned();
            let verdict = said["verdict"].as_str().unwrap().to_owned();
            (title, verdict, said["times"].as_u64().unwrap())
        })
        .collect();
    verdicts.sort();
    verdicts
}

fn song(stand: &Stand, title: &str) -> Value {
    let id = stand.id(title);
    stand.get(&format!("/api/v1/songs/{id}")).json()
}

fn plan() -> Plan {
    Plan::default()
        .song("a.mp3", "Sunrise", "One", "happy=0.8,neutral=0.2")
        .song("b.mp3", "Noon", "Two", "happy=0.8,neutral=0.2")
        .song("c.mp3", "Night", "Three", "sad=0.9,neutral=0.1")
}

#[test]
fn a_correction_moves_a_song_at_once_and_songs_alike_by_half_and_is_taken_back() {
    let stand = plan().start();
    let address = format!("/api/v1/songs/{}/sounds", stand.id("Sunrise"));
    let correction = json!({ "vector": { "angry": 1 } });
    let corrected = stand
        .request("PUT", &address)
        .json(&correction)
        .send()
        .json();
    assert_eq!(
        (&corrected["strongest"], &corrected["corrected"]),
        (&json!("angry"), &json!(true))
    );
    assert_eq!(song(&stand, "Sunrise")["vector"]["angry"], 1.0);
    let alike = song(&stand, "Noon");
    let angry = alike["vector"]["angry"].as_f64().unwrap();
    assert!((angry - 0.5).abs() < 1e-3, "{alike}");
    assert_eq!(alike["corrected"], false);
    assert!((alike["analysed"]["happy"].as_f64().unwrap() - 0.8).abs() < 1e-6);
    assert_eq!(song(&stand, "Night")["vector"]["angry"], 0.0);
    let wish = json!({ "vector": { "angry": 1 }, "source": "mood", "count": 1 });
    let found = stand.post("/api/v1/recommend", &wish).json();
    assert_eq!(found["recommendations"][0]["song"]["title"], "Sunrise");
    assert_eq!(
        verdicts(&stand),
        [("Sunrise".to_owned(), "sounds".to_owned(), 1)]
    );
    let retracted = stand.request("DELETE", &address).send().json();
    assert_eq!(
        (&retracted["strongest"], &retracted["corrected"]),
        (&json!("happy"), &json!(false))
    );
    assert_eq!(song(&stand, "Noon")["vector"]["angry"], 0.0);
    assert!(verdicts(&stand).is_empty());
    let bad = json!({ "vector": { "bored": 1 } });
    assert_eq!(stand.request("PUT", &address).json(&bad).send().status, 400);
}

#[test]
fn what_was_heard_counts_a_little_and_is_forgotten_one_by_one_or_all() {
    let stand = plan().start();
    let address = |title: &str, what: &str| format!("/api/v1/songs/{}/{what}", stand.id(title));
    let heard = |title: &str, body: Value| stand.post(&address(title, "heard"), &body);
    assert_eq!(
        heard("Sunrise", json!({ "heard_seconds": 5 })).json()["verdict"],
        "skipped"
    );
    heard("Sunrise", json!({ "heard_seconds": 8.5 }));
    assert_eq!(
        heard("Noon", json!({ "heard_seconds": 20 })).json()["verdict"],
        Value::Null
    );
    let reaction = json!({ "heard_seconds": 20, "reaction": { "happy": 0.3, "neutral": -0.3 } });
    heard("Noon", reaction);
    let kept = &song(&stand, "Noon")["reaction"];
    assert!(
        (kept["happy"].as_f64().unwrap() - 0.3).abs() < 1e-6,
        "{kept}"
    );
    stand.request("PUT", &address("Noon", "like")).send();
    stand.request("POST", &address("Night", "not-now")).send();
    let said = |title: &str, verdict: &str, times| (title.to_owned(), verdict.to_owned(), times);
    assert_eq!(
        verdicts(&stand),
        [
            said("Night", "skipped", 1),
            said("Noon", "liked", 1),
            said("Noon", "reaction", 1),
            said("Sunrise", "skipped", 2),
        ]
    );
    let wish = json!({ "vector": { "happy": 1 }, "source": "mood", "count": 2 });
    let found = stand.post("/api/v1/recommend", &wish).json();
    let [first, second] = [0, 1].map(|i| &found["recommendations"][i]);
    assert_eq!(
        (&first["song"]["title"], &first["liking"]["reason"]),
        (&json!("Noon"), &json!("itself"))
    );
    assert!(first["liking"]["score"].as_f64().unwrap() > 0.0, "{found}");
    assert!(second["liking"]["score"].as_f64().unwrap() < 0.0, "{found}");

    let forget = format!("/api/v1/taste/{}/skipped", stand.id("Sunrise"));
    assert_eq!(stand.request("DELETE", &forget).send().status, 204);
    assert_eq!(stand.request("DELETE", &forget).send().status, 404);
    let unknown = format!("/api/v1/taste/{}/music", stand.id("Sunrise"));
    assert_eq!(stand.request("DELETE", &unknown).send().status, 404);
    let forgotten = stand.request("DELETE", "/api/v1/taste").send().json();
    assert_eq!(forgotten["forgotten"], 3);
    assert!(verdicts(&stand).is_empty());
    assert_eq!(song(&stand, "Noon")["liked"], false);
    for bad in [
        json!({ "heard_seconds": -1 }),
        json!({ "heard_seconds": 1, "reaction": { "happy": 2 } }),
        json!({ "heard_seconds": 1, "reaction": { "bored": 0.1 } }),
        json!({}),
    ] {
        assert_eq!(heard("Noon", bad).status, 400);
    }
}
