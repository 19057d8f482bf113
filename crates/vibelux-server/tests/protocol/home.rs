//! Home automation: what the page tells, and what it is told to do.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use vibelux_server::{Home, HomeAccess, Now, NowSong, Order, Orders};

use crate::stand::{Plan, Stand, eventually};

#[derive(Debug, Default, Clone)]
struct Heard(Arc<Mutex<Vec<Now>>>);

impl Home for Heard {
    fn tell(&self, now: &Now) {
        self.0.lock().unwrap().push(now.clone());
    }
}

fn stand() -> (Stand, Heard, Orders) {
    let (heard, orders) = (Heard::default(), Orders::default());
    let plan = Plan {
        home: Some(HomeAccess {
            home: Box::new(heard.clone()),
            orders: orders.clone(),
        }),
        ..Plan::songs()
    };
    (plan.start(), heard, orders)
}

#[test]
fn mood_and_song_of_the_page_are_told() {
    let (stand, heard, _) = stand();
    assert_eq!(stand.get("/api/v1/status").json()["home"], true);
    let song = stand.id("Dull Rain");
    let mood = json!({"angry": 0, "disgusted": 0, "fearful": 0, "happy": 1, "neutral": 0, "sad": 0, "surprised": 0});
    let now = json!({"mood": mood, "song_id": song});
    assert_eq!(stand.post("/api/v1/now", &now).status, 204);
    assert_eq!(stand.post("/api/v1/now", &json!({})).status, 204);
    let told = heard.0.lock().unwrap().clone();
    let rain = NowSong {
        title: "Dull Rain".to_owned(),
        artist: Some("Bo".to_owned()),
    };
    assert_eq!(
        told,
        [
            Now {
                mood: Some("happy".parse().unwrap()),
                song: Some(rain),
            },
            Now {
                mood: None,
                song: None,
            },
        ]
    );
    // A song that has left the library takes the mood with it nowhere.
    let unknown = json!({"mood": mood, "song_id": "0".repeat(32)});
    assert_eq!(stand.post("/api/v1/now", &unknown).status, 204);
    let last = heard.0.lock().unwrap().last().cloned().unwrap();
    assert!(last.mood.is_some() && last.song.is_none());
}

#[test]
fn orders_reach_the_pages_that_are_open() {
    let (mut stand, heard, orders) = stand();
    let nobody = orders.give(Order::Next).unwrap_err();
    assert!(nobody.to_string().contains("no page"), "{nobody}");
    let mut stream = TcpStream::connect(stand.address()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let head = stand.request("GET", "/api/v1/orders").head();
    stream.write_all(head.as_bytes()).unwrap();
    eventually("the page listens", || orders.give(Order::Pause).is_ok());
    orders
        .give(Order::Play(Some("sad".parse().unwrap())))
        .unwrap();
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    let mut events = lines.filter_map(|line| line.strip_prefix("data: ").map(str::to_owned));
    let mut next = || serde_json::from_str::<serde_json::Value>(&events.next().unwrap()).unwrap();
    assert_eq!(next(), json!({"order": "pause"}));
    let play = next();
    assert_eq!(
        (&play["order"], &play["mood"]["sad"]),
        (&json!("play"), &json!(1.0))
    );
    assert!(heard.0.lock().unwrap().is_empty());
    drop(events);
    // It is gone when it no longer takes what is sent.
    eventually("the page is gone", || {
        let _ = orders.give(Order::Next);
        heard.0.lock().unwrap().last() == Some(&Now::default())
    });
    // An open stream does not hold the end of the server up.
    assert!(stand.stop() < Duration::from_secs(10));
}

#[test]
fn without_home_automation_there_is_none() {
    let stand = Plan::songs().start();
    assert_eq!(stand.get("/api/v1/status").json()["home"], false);
    assert_eq!(stand.post("/api/v1/now", &json!({})).code(), "not_found");
    assert_eq!(stand.get("/api/v1/orders").code(), "not_found");
}
