//! Servers that were made up and take their time. These tests take minutes, so they only run when they are asked for (`--ignored`).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use vibelux_players::HttpError;
use vibelux_players::subsonic::{Subsonic, SubsonicAccount, SubsonicError};

/// Answers `ping` at once, and all else with one byte each time that so long has passed.
fn dripping(pause: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let first = lines.next().unwrap().unwrap();
            while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            let ok = r#"{"subsonic-response":{"status":"ok","version":"1.16.1"}}"#;
            let is_quick = first.contains("/ping") || first.contains("Extensions");
            let length = if is_quick { ok.len() } else { 100_000 };
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).unwrap();
            if is_quick {
                stream.write_all(ok.as_bytes()).unwrap();
                continue;
            }
            while stream.write_all(b" ").is_ok() {
                std::thread::sleep(pause);
            }
        }
    });
    address
}

fn connect(address: &str) -> Subsonic {
    Subsonic::connect(address, &SubsonicAccount::with_password("joe", "sesame")).unwrap()
}

#[test]
#[ignore = "takes two minutes"]
fn an_answer_that_drips_is_given_up() {
    let subsonic = connect(&dripping(Duration::from_secs(1)));
    let start = Instant::now();
    let error = subsonic.playlist_songs("1").unwrap_err();
    let is_lost = matches!(error, SubsonicError::Http(HttpError::Lost { .. }));
    assert!(is_lost, "{error}");
    assert!((110..150).contains(&start.elapsed().as_secs()), "{error}");
}

#[test]
#[ignore = "takes half a minute"]
fn a_song_that_does_not_go_on_is_given_up() {
    let subsonic = connect(&dripping(Duration::from_secs(3600)));
    let mut download = subsonic.download("1").unwrap();
    let start = Instant::now();
    let mut song = Vec::new();
    assert!(download.read_to_end(&mut song).is_err());
    assert_eq!(song.len(), 1);
    assert!((25..60).contains(&start.elapsed().as_secs()));
}
