//! Servers that were made up: signing in, what goes wrong on the way, lists of songs that are long or never end, files that break off.

use std::io::Read;

use md5::{Digest, Md5};
use vibelux_players::HttpError;
use vibelux_players::subsonic::{Subsonic, SubsonicAccount, SubsonicError};
use vibelux_test_server::HttpResponse;

use crate::answering::{Answering, Asked, failed, ok};

const PASSWORD: &str = "sesame";

fn joe() -> SubsonicAccount {
    SubsonicAccount::with_password("joe", PASSWORD)
}

/// Takes joe, and answers what else is asked by this.
fn server(answer: impl Fn(&Asked) -> Option<HttpResponse> + Send + 'static) -> Answering {
    Answering::start(move |asked| match asked.method.as_str() {
        "ping" => Some(ok("")),
        "getOpenSubsonicExtensions" => Some(HttpResponse::new("404 Not Found", b"")),
        _ => answer(asked),
    })
}

fn connect(server: &Answering) -> Subsonic {
    Subsonic::connect(&server.address(), &joe()).unwrap()
}

fn error_of(given: impl Fn() -> Option<HttpResponse> + Send + 'static) -> SubsonicError {
    let server = Answering::start(move |asked| match asked.method.as_str() {
        "ping" => given(),
        _ => Some(HttpResponse::new("404 Not Found", b"")),
    });
    Subsonic::connect(&server.address(), &joe()).unwrap_err()
}

#[test]
fn a_server_gets_a_token_and_never_the_password() {
    let server = server(|_| None);
    let subsonic = Subsonic::connect(&format!("{}/rest/", server.address()), &joe()).unwrap();
    assert_eq!(subsonic.address(), server.address());
    assert_eq!(subsonic.info().api_version, "1.16.1");
    let asked = server.asked();
    let ping = asked.iter().find(|asked| asked.method == "ping").unwrap();
    assert_eq!(ping.verb, "GET");
    assert_eq!(ping.field("u"), Some("joe"));
    assert_eq!(ping.field("v"), Some("1.16.1"));
    assert_eq!(ping.field("c"), Some("vibelux"));
    assert_eq!(ping.field("f"), Some("json"));
    let (token, salt) = (ping.field("t").unwrap(), ping.field("s").unwrap());
    let expected = Md5::digest(format!("{PASSWORD}{salt}"));
    let expected: String = expected.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(token, expected);
    assert!(salt.len() >= 6);
    for asked in &asked {
        assert!(!format!("{asked:?}").contains(PASSWORD));
    }
    assert!(!format!("{subsonic:?}").contains(token));
}

#[test]
fn nothing_secret_is_in_an_address_where_forms_are_taken() {
    let open = r#""openSubsonic":true,"type":"navidrome","serverVersion":"0.58.0""#;
    for key in [false, true] {
        let server = Answering::start(move |asked| match asked.method.as_str() {
            "getOpenSubsonicExtensions" => Some(ok(&format!(
                r#"{open},"openSubsonicExtensions":[{{"name":"formPost","versions":[1]}}]"#
            ))),
            "ping" if asked.verb == "POST" => Some(ok(open)),
            _ => None,
        });
        let account = if key {
            SubsonicAccount::with_api_key("a key")
        } else {
            joe()
        };
        let subsonic = Subsonic::connect(&server.address(), &account).unwrap();
        assert_eq!(subsonic.info().kind.as_deref(), Some("navidrome"));
        assert_eq!(subsonic.info().version.as_deref(), Some("0.58.0"));
        assert_eq!(subsonic.info().extensions, ["formPost"]);
        let asked = server.asked();
        assert_eq!(asked[0].field("u").or(asked[0].field("apiKey")), None);
        let ping = &asked[1];
        assert!(ping.line.starts_with("POST /rest/ping.view HTTP"));
        assert_eq!(ping.field("apiKey"), key.then_some("a key"));
        assert_eq!(ping.field("u"), (!key).then_some("joe"));
        assert_eq!(ping.field("t").is_some(), !key);
    }
}

#[test]
fn a_password_that_is_sent_is_never_in_an_address() {
    let server = server(|_| None);
    let account = SubsonicAccount::sending_password("joe", PASSWORD);
    Subsonic::connect(&server.address(), &account).unwrap();
    let asked = server.asked();
    let ping = asked.iter().find(|asked| asked.method == "ping").unwrap();
    assert_eq!(ping.field("p"), Some("enc:736573616d65"));
    for asked in asked {
        assert!(!asked.line.contains("736573616d65"), "{}", asked.line);
    }
}

#[test]
fn each_refusal_is_told_apart_and_says_nothing_secret() {
    type Is = fn(&SubsonicError) -> bool;
    let cases: [(i64, Is); 10] = [
        (0, |e| matches!(e, SubsonicError::Refused { code: 0, .. })),
        (20, |e| matches!(e, SubsonicError::TooNew { .. })),
        (40, |e| matches!(e, SubsonicError::Account { .. })),
        (41, |e| matches!(e, SubsonicError::NoTokens { .. })),
        (42, |e| matches!(e, SubsonicError::NoSuchSignIn { .. })),
        (43, |e| matches!(e, SubsonicError::Account { .. })),
        (44, |e| matches!(e, SubsonicError::Account { .. })),
        (50, |e| matches!(e, SubsonicError::Forbidden { .. })),
        (60, |e| matches!(e, SubsonicError::TrialOver { .. })),
        (70, |e| matches!(e, SubsonicError::NotFound { .. })),
    ];
    for (code, is_it) in cases {
        let error = error_of(move || Some(failed(code, "no")));
        assert!(is_it(&error), "{code}: {error}");
        assert!(!error.is_passing());
    }
    // Some say it with the number of HTTP, too.
    let error = error_of(|| {
        let mut given = failed(40, "no");
        given.head = "401 Unauthorized".to_owned();
        Some(given)
    });
    assert!(matches!(error, SubsonicError::Account { .. }), "{error}");
    let error = error_of(|| Some(failed(41, "LDAP")));
    assert!(error.to_string().contains("API key"), "{error}");

    // Some repeat what they were asked.
    for status in ["200 OK", "418 I'm a teapot"] {
        let server = Answering::start(move |asked| {
            let said = format!("cannot {}", asked.line.trim());
            let mut given = failed(0, &said);
            given.head = status.to_owned();
            if status.starts_with('4') {
                given = HttpResponse::new(status, said.as_bytes());
            }
            Some(given)
        });
        let error = Subsonic::connect(&server.address(), &joe()).unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(said.contains("cannot GET"), "{said}");
        let asked = server.asked();
        for name in ["t", "s"] {
            let secret = asked.iter().find_map(|asked| asked.field(name)).unwrap();
            assert!(!said.contains(secret), "{said}");
        }
    }
}

#[test]
fn what_is_no_such_server_is_no_such_server() {
    for (head, body) in [
        ("200 OK\r\nContent-Type: text/html", "<html>Welcome</html>"),
        ("200 OK", ""),
        ("200 OK", "{}"),
        ("200 OK", "{\"subsonic-response\":{\"status\":\"ok\""),
        ("404 Not Found", "<html>404</html>"),
    ] {
        let error = error_of(move || Some(HttpResponse::new(head, body.as_bytes())));
        assert!(matches!(error, SubsonicError::Nonsense { .. }), "{error}");
    }
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let error = Subsonic::connect(&address, &joe()).unwrap_err();
    assert!(error.is_passing(), "{error}");
    assert!(matches!(
        error,
        SubsonicError::Http(HttpError::Connect { .. })
    ));
}

#[test]
fn a_server_that_wants_its_own_version_is_spoken_to_in_it() {
    let server = Answering::start(|asked| match (asked.method.as_str(), asked.field("v")) {
        ("ping", Some("1.15.0")) => Some(HttpResponse::json(
            r#"{"subsonic-response":{"status":"ok","version":"1.15.0"}}"#,
        )),
        _ => Some(failed(30, "Server must upgrade.")),
    });
    let subsonic = connect(&server);
    assert_eq!(subsonic.info().api_version, "1.15.0");
    assert_eq!(server.count("ping"), 2);
    let error = error_of(|| {
        Some(HttpResponse::json(
            r#"{"subsonic-response":{"status":"ok","version":"1.7.0"}}"#,
        ))
    });
    assert!(matches!(error, SubsonicError::TooOld { .. }), "{error}");
}

#[test]
fn who_has_moved_is_not_followed() {
    let error = Answering::start(|asked| {
        let path = asked.line.split_whitespace().nth(1)?;
        let to = format!("301 Moved Permanently\r\nLocation: https://nas.example{path}");
        Some(HttpResponse::new(&to, b""))
    });
    let error = Subsonic::connect(&error.address(), &joe()).unwrap_err();
    let said = error.to_string();
    assert!(said.contains("https://nas.example/;"), "{said}");
    assert!(!said.contains('?') && !said.contains("rest"), "{said}");
}

#[test]
fn what_passes_is_tried_again_but_not_for_ever() {
    let mut pings = 0;
    let shaky = Answering::start(move |asked| {
        if asked.method != "ping" {
            return Some(HttpResponse::new("404 Not Found", b""));
        }
        pings += 1;
        match pings {
            1 => Some(HttpResponse::new("503 Service Unavailable", b"starting")),
            // The connection breaks off in the middle of the answer.
            2 => Some(HttpResponse {
                length: 1000,
                ..ok("")
            }),
            _ => Some(ok("")),
        }
    });
    connect(&shaky);
    assert_eq!(shaky.count("ping"), 3);

    let silent = server(|_| None);
    let error = connect(&silent).playlist_songs("1").unwrap_err();
    assert!(error.is_passing(), "{error}");
    assert!(matches!(error, SubsonicError::Http(HttpError::Lost { .. })));
    assert_eq!(silent.count("getPlaylist"), 3);
}

fn number(asked: &Asked, name: &str) -> usize {
    asked.field(name).unwrap().parse().unwrap()
}

/// Songs with these numbers, as a search gives them.
fn found(songs: impl Iterator<Item = usize>) -> HttpResponse {
    let songs = songs.map(|n| format!(r#"{{"id":"{n}","title":"Song {n}"}}"#));
    let songs = songs.collect::<Vec<_>>().join(",");
    ok(&format!(r#""searchResult3":{{"song":[{songs}]}}"#))
}

#[test]
fn a_hundred_thousand_songs_come_page_by_page() {
    const SONGS: usize = 100_000;
    let server = server(|asked| {
        let offset = number(asked, "songOffset");
        let end = (offset + number(asked, "songCount")).min(SONGS);
        Some(found(offset..end))
    });
    let subsonic = connect(&server);
    for (n, song) in subsonic.songs().enumerate() {
        assert_eq!(song.unwrap().id, n.to_string());
    }
    assert_eq!(server.count("search3"), SONGS / 500 + 1);
    assert_eq!(subsonic.songs().count(), SONGS);
}

#[test]
fn pages_that_are_shorter_or_overlap_are_no_matter() {
    let server = server(|asked| {
        let offset = number(asked, "songOffset");
        Some(found(offset.saturating_sub(1)..(offset + 7).min(50)))
    });
    // At the end the last song comes again, and the albums are asked for, too.
    let songs: Vec<_> = connect(&server).songs().take(50).collect();
    let ids: Vec<String> = songs.into_iter().map(|song| song.unwrap().id).collect();
    let all: Vec<String> = (0..50).map(|n: usize| n.to_string()).collect();
    assert_eq!(ids, all);
}

/// Three albums of two songs; a search is answered by this.
fn by_albums(search: fn() -> HttpResponse, repeats: bool) -> Answering {
    server(move |asked| {
        Some(match asked.method.as_str() {
            "search3" => search(),
            "getAlbumList2" if number(asked, "offset") > 0 && !repeats => ok(r#""albumList2":{}"#),
            "getAlbumList2" => {
                ok(r#""albumList2":{"album":[{"id":1},{"id":2},{"id":3},{"id":4}]}"#)
            }
            "getAlbum" => match number(asked, "id") {
                // The only song of a list, and one that is gone since.
                3 => ok(r#""album":{"id":3,"song":{"id":30}}"#),
                4 => failed(70, "gone"),
                n => ok(&format!(
                    r#""album":{{"song":[{{"id":{n}0}},{{"id":{n}1}},{{"id":9,"isDir":true}}]}}"#
                )),
            },
            _ => return None,
        })
    })
}

#[test]
fn where_a_search_finds_nothing_the_albums_are_gone_through() {
    let searches: [fn() -> HttpResponse; 4] = [
        || ok(""),
        || ok(r#""searchResult3":{}"#),
        || failed(10, "query is missing"),
        // The same page for ever.
        || ok(r#""searchResult3":{"song":[{"id":10},{"id":11}]}"#),
    ];
    for search in searches {
        for repeats in [false, true] {
            let server = by_albums(search, repeats);
            let songs = connect(&server).all_songs(|_| {}).unwrap();
            let ids: Vec<String> = songs.into_iter().map(|song| song.id).collect();
            assert_eq!(ids, ["10", "11", "20", "21", "30"]);
            assert!(server.count("search3") <= 2);
            assert_eq!(server.count("getAlbumList2"), 2);
        }
    }
    let empty = server(|_| Some(ok("")));
    assert_eq!(connect(&empty).songs().count(), 0);
}

#[test]
fn a_list_that_breaks_off_is_an_error_and_no_short_list() {
    let server = server(|asked| match number(asked, "songOffset") {
        0 => Some(found(0..500)),
        _ => Some(HttpResponse::new(
            "500 Internal Server Error",
            b"out of cheese",
        )),
    });
    let subsonic = connect(&server);
    let mut songs = subsonic.songs();
    assert_eq!(songs.by_ref().take(500).filter_map(Result::ok).count(), 500);
    let error = songs.next().unwrap().unwrap_err().to_string();
    assert!(error.ends_with(": out of cheese"), "{error}");
    assert!(songs.next().is_none());
}

#[test]
fn an_error_is_not_taken_for_a_song() {
    let refused = r#"{"subsonic-response":{"status":"failed","error":{"code":70,"message":"no"}}}"#;
    for kind in [
        "application/json; charset=utf-8",
        "application/octet-stream",
        "x/y",
    ] {
        let head = format!("200 OK\r\nContent-Type: {kind}");
        let server = server(move |_| Some(HttpResponse::new(&head, refused.as_bytes())));
        let error = connect(&server).download("1").unwrap_err();
        assert!(error.is_absent(), "{error}");
    }
    let pages = server(|_| {
        Some(HttpResponse::new(
            "200 OK\r\nContent-Type: text/html",
            b"<html>",
        ))
    });
    let error = connect(&pages).download("1").unwrap_err();
    assert!(matches!(error, SubsonicError::Nonsense { .. }), "{error}");
}

#[test]
fn a_song_comes_whole_or_with_an_error() {
    let song: Vec<u8> = (0..100_000_u32).map(|n| n as u8).collect();
    for kind in ["audio/flac", "application/octet-stream"] {
        for is_cut in [false, true] {
            let body = song.clone();
            let server = server(move |asked| {
                assert_eq!(asked.field("id"), Some("a b&c"));
                let mut given =
                    HttpResponse::new(&format!("200 OK\r\nContent-Type: {kind}"), &body);
                given.body.truncate(body.len() - usize::from(is_cut));
                Some(given)
            });
            let mut download = connect(&server).download("a b&c").unwrap();
            assert_eq!(download.size_bytes(), Some(100_000));
            let mut read = Vec::new();
            assert_eq!(download.read_to_end(&mut read).is_err(), is_cut);
            assert!(is_cut || read == song);
        }
    }
}

#[test]
fn who_may_not_download_may_listen() {
    let server = server(|asked| {
        Some(match asked.method.as_str() {
            "download" => failed(50, "no"),
            _ => {
                assert_eq!(asked.field("format"), Some("raw"));
                HttpResponse::new("200 OK\r\nContent-Type: audio/mpeg", b"ID3")
            }
        })
    });
    let mut read = Vec::new();
    let mut download = connect(&server).download("1").unwrap();
    download.read_to_end(&mut read).unwrap();
    assert_eq!(read, b"ID3");
}

#[test]
fn who_asks_for_tls_where_there_is_none_is_told_so() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        // As often as it is tried.
        for stream in listener.incoming().take(10) {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 1024]);
            let _ = std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let error = Subsonic::connect(&format!("https://127.0.0.1:{port}"), &joe()).unwrap_err();
    assert!(error.to_string().contains("try http://"), "{error}");
}
