//! Playlists on a server that was made up, which keeps them as real ones do and fails when it is told to.

use std::sync::{Arc, Mutex};

use vibelux_players::subsonic::{Subsonic, SubsonicAccount, SubsonicError};
use vibelux_test_server::HttpResponse;

use crate::answering::{Answering, Asked, failed, ok};

#[derive(Debug, Clone, PartialEq)]
struct Playlist {
    id: usize,
    name: String,
    /// Empty if the server does not say.
    owner: String,
    is_public: bool,
    is_read_only: bool,
    songs: Vec<String>,
}

/// When a request is answered by an error.
#[derive(Debug, Clone, Copy)]
struct Fault {
    /// The first of them.
    from: usize,
    /// The last one.
    to: usize,
    /// Whether it does first what it was asked for.
    does_it: bool,
}

#[derive(Default)]
struct Shelf {
    playlists: Vec<Playlist>,
    next_id: usize,
    requests: usize,
    fault: Option<Fault>,
    /// Songs that it does not keep, and does not say so.
    unknown: Vec<String>,
    /// Methods that it refuses.
    refuses: Vec<&'static str>,
    most_name: Option<usize>,
    takes_forms: bool,
}

impl Shelf {
    fn put(&mut self, name: &str, owner: &str, songs: &[&str]) -> &mut Playlist {
        self.next_id += 1;
        self.playlists.push(Playlist {
            id: self.next_id,
            name: name.to_owned(),
            owner: owner.to_owned(),
            is_public: false,
            is_read_only: false,
            songs: songs.iter().map(|&song| song.to_owned()).collect(),
        });
        self.playlists.last_mut().unwrap()
    }

    fn answer(&mut self, asked: &Asked) -> HttpResponse {
        let place = self.requests;
        self.requests += 1;
        let fault = self
            .fault
            .filter(|fault| (fault.from..=fault.to).contains(&place));
        if let Some(fault) = fault {
            if fault.does_it {
                self.act(asked);
            }
            return HttpResponse::new("500 Internal Server Error", b"");
        }
        if self.refuses.contains(&asked.method.as_str()) {
            return failed(50, "not you");
        }
        self.act(asked)
    }

    fn act(&mut self, asked: &Asked) -> HttpResponse {
        let unknown = self.unknown.clone();
        let songs = |name: &str| -> Vec<String> {
            let songs = asked.all(name).map(str::to_owned);
            songs.filter(|song| !unknown.contains(song)).collect()
        };
        let most_name = self.most_name.unwrap_or(usize::MAX);
        let id = asked.field("playlistId").or(asked.field("id"));
        let id = id.and_then(|id| id.parse().ok());
        match asked.method.as_str() {
            "getUser" | "tokenInfo" => ok(&format!(
                r#""{}":{{"username":"Joe"}}"#,
                match asked.method.as_str() {
                    "getUser" => "user",
                    method => method,
                }
            )),
            "getPlaylists" => {
                let all = self.playlists.iter().map(|one| {
                    let owner = match one.owner.as_str() {
                        "" => String::new(),
                        owner => format!(r#","owner":"{owner}""#),
                    };
                    format!(
                        r#"{{"id":{},"name":"{}","public":{},"readonly":{}{owner}}}"#,
                        one.id, one.name, one.is_public, one.is_read_only
                    )
                });
                let all = all.collect::<Vec<_>>().join(",");
                ok(&format!(r#""playlists":{{"playlist":[{all}]}}"#))
            }
            "getPlaylist" => match self.playlists.iter().find(|one| Some(one.id) == id) {
                Some(one) => {
                    let songs = one.songs.iter().map(|id| format!(r#"{{"id":"{id}"}}"#));
                    let songs = songs.collect::<Vec<_>>().join(",");
                    ok(&format!(r#""playlist":{{"entry":[{songs}]}}"#))
                }
                None => failed(70, "no such playlist"),
            },
            "createPlaylist" => {
                let added = songs("songId");
                let one = self.put(asked.field("name").unwrap(), "Joe", &[]);
                one.songs = added;
                ok(&format!(r#""playlist":{{"id":{}}}"#, one.id))
            }
            "updatePlaylist" => match self.playlists.iter_mut().find(|one| Some(one.id) == id) {
                Some(one) => {
                    one.songs.extend(songs("songIdToAdd"));
                    if let Some(name) = asked.field("name") {
                        one.name = name.chars().take(most_name).collect();
                    }
                    if let Some(is_public) = asked.field("public") {
                        one.is_public = is_public == "true";
                    }
                    ok("")
                }
                None => failed(70, "no such playlist"),
            },
            "deletePlaylist" => {
                let before = self.playlists.len();
                self.playlists.retain(|one| Some(one.id) != id);
                if self.playlists.len() == before {
                    return failed(70, "no such playlist");
                }
                ok("")
            }
            _ => failed(0, "unknown method"),
        }
    }
}

/// A server with these playlists, and joe, whom it calls Joe.
fn server(shelf: Shelf) -> (Answering, Arc<Mutex<Shelf>>) {
    let shelf = Arc::new(Mutex::new(shelf));
    let own = Arc::clone(&shelf);
    let answering = Answering::start(move |asked| {
        let mut shelf = own.lock().unwrap();
        Some(match asked.method.as_str() {
            "ping" => ok(""),
            "getOpenSubsonicExtensions" if shelf.takes_forms => {
                ok(r#""openSubsonicExtensions":[{"name":"formPost","versions":[1]}]"#)
            }
            "getOpenSubsonicExtensions" => HttpResponse::new("404 Not Found", b""),
            _ => shelf.answer(asked),
        })
    });
    (answering, shelf)
}

fn connect(server: &Answering) -> Subsonic {
    let account = SubsonicAccount::with_password("joe", "sesame");
    Subsonic::connect(&server.address(), &account).unwrap()
}

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{n:036}")).collect()
}

#[test]
fn long_playlists_go_in_pieces_that_fit() {
    let songs = ids(2000);
    for takes_forms in [false, true] {
        let (server, shelf) = server(Shelf {
            takes_forms,
            ..Shelf::default()
        });
        let done = connect(&server).put_playlist(" Happy ", &songs, "now");
        assert_eq!(done.unwrap().name, "Happy");
        assert_eq!(shelf.lock().unwrap().playlists[0].songs, songs);
        let pieces = server.count("createPlaylist") + server.count("updatePlaylist");
        assert!(
            if takes_forms {
                pieces == 5
            } else {
                pieces > 30
            },
            "{pieces}"
        );
        for asked in server.asked() {
            assert!(asked.line.len() < 4000, "{}", asked.line.len());
            let is_secret = asked.line.contains("&t=");
            assert!(!(takes_forms && is_secret), "{}", asked.line);
        }
    }
}

#[test]
fn whenever_it_breaks_off_the_old_or_the_new_one_is_whole_and_the_next_run_tidies_up() {
    let old = ["o1", "o2", "o3"];
    let new = ids(120);
    let filled = || {
        let mut shelf = Shelf::default();
        shelf.put("Happy", "ann", &["hers"]);
        shelf.put("Happy", "Joe", &old).is_public = true;
        shelf.put("Sad", "Joe", &["other"]);
        shelf
    };
    let put = |server: &Answering| connect(server).put_playlist("Happy", &new, "");
    let (whole, shelf) = server(filled());
    put(&whole).unwrap();
    let requests = shelf.lock().unwrap().requests;
    assert!(requests > 10);
    let mut left_over = 0;
    for from in 0..requests {
        for (to, does_it) in [
            (from, false),
            (from, true),
            (usize::MAX, false),
            (usize::MAX, true),
        ] {
            let fault = Some(Fault { from, to, does_it });
            let (server, shelf) = server(Shelf { fault, ..filled() });
            let failed = put(&server);
            let what = format!("{fault:?} {failed:?}");
            {
                let mut shelf = shelf.lock().unwrap();
                let named = |one: &&Playlist| one.name == "Happy" && one.owner == "Joe";
                let ours: Vec<&Playlist> = shelf.playlists.iter().filter(named).collect();
                assert!(!ours.is_empty(), "{what}");
                for one in &ours {
                    assert!(one.songs == old || one.songs == new, "{what} {one:?}");
                }
                // Who is told that it went well has the new one.
                assert!(failed.is_err() || ours[0].songs == new, "{what}");
                if ours.len() > 1 {
                    assert!(matches!(failed, Err(SubsonicError::Twice { .. })), "{what}");
                }
                left_over += usize::from(shelf.playlists.len() > 3);
                shelf.fault = None;
            }
            put(&server).unwrap();
            let shelf = shelf.lock().unwrap();
            let mut names: Vec<(&str, &str)> = shelf
                .playlists
                .iter()
                .map(|one| (one.name.as_str(), one.owner.as_str()))
                .collect();
            names.sort_unstable();
            assert_eq!(
                names,
                [("Happy", "Joe"), ("Happy", "ann"), ("Sad", "Joe")],
                "{what}"
            );
            let ours = shelf.playlists.iter().find(|one| one.songs == new).unwrap();
            assert!(ours.is_public, "{what}");
        }
    }
    // The test has seen what it is for.
    assert!(left_over > 3);
}

#[test]
fn songs_that_a_server_does_not_keep_are_no_silent_loss() {
    let mut shelf = Shelf {
        unknown: vec!["b".to_owned()],
        ..Shelf::default()
    };
    shelf.put("Happy", "Joe", &["a"]);
    let before = shelf.playlists.clone();
    let (server, shelf) = server(shelf);
    let error = connect(&server).put_playlist("Happy", &["a", "b", "c"], "");
    let error = error.unwrap_err();
    assert!(
        matches!(
            error,
            SubsonicError::Differs {
                given: 3,
                kept: 2,
                first_difference: 2,
                is_replaced: false,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(shelf.lock().unwrap().playlists, before);
}

#[test]
fn what_must_not_be_replaced_is_not() {
    // Nobody's, one that may be that of another joe, and one that the server fills itself.
    for (owner, is_read_only) in [("", false), ("JOE", false), ("Joe", true)] {
        let mut shelf = Shelf::default();
        shelf.put("Happy", owner, &["a"]).is_read_only = is_read_only;
        let before = shelf.playlists.clone();
        let (server, shelf) = server(shelf);
        let error = connect(&server)
            .put_playlist("Happy", &["b"], "")
            .unwrap_err();
        assert!(
            matches!(error, SubsonicError::Untouchable { .. }),
            "{error}"
        );
        assert_eq!(shelf.lock().unwrap().playlists, before);
        assert_eq!(server.count("createPlaylist"), 0);
    }
}

#[test]
fn a_server_that_refuses_a_step_keeps_what_it_had() {
    for method in [
        "createPlaylist",
        "updatePlaylist",
        "getPlaylist",
        "getPlaylists",
    ] {
        let mut shelf = Shelf {
            refuses: vec![method],
            ..Shelf::default()
        };
        shelf.put("Happy", "Joe", &["a"]);
        let before = shelf.playlists.clone();
        let (server, shelf) = server(shelf);
        let error = connect(&server)
            .put_playlist("Happy", &["b"], "")
            .unwrap_err();
        assert!(matches!(error, SubsonicError::Forbidden { .. }), "{error}");
        assert_eq!(shelf.lock().unwrap().playlists, before, "{method}");
    }
    // It calls things as it likes.
    let mut shelf = Shelf {
        most_name: Some(3),
        ..Shelf::default()
    };
    shelf.put("Happy", "Joe", &["a"]);
    let before = shelf.playlists.clone();
    let (server, shelf) = server(shelf);
    let error = connect(&server)
        .put_playlist("Happy", &["b"], "")
        .unwrap_err();
    assert!(matches!(error, SubsonicError::Renamed { .. }), "{error}");
    assert_eq!(shelf.lock().unwrap().playlists, before);
}

#[test]
fn who_has_a_key_is_known_by_it() {
    let mut shelf = Shelf::default();
    shelf.put("Happy", "ann", &["a"]);
    shelf.put("Happy", "Joe", &["a"]);
    let (server, shelf) = server(shelf);
    let account = SubsonicAccount::with_api_key("a key");
    let subsonic = Subsonic::connect(&server.address(), &account).unwrap();
    subsonic.put_playlist("Happy", &["b"], "").unwrap();
    let shelf = shelf.lock().unwrap();
    let songs: Vec<&[String]> = shelf.playlists.iter().map(|one| &one.songs[..]).collect();
    assert_eq!(songs, [["a"], ["b"]]);
    assert_eq!(server.count("tokenInfo"), 1);
    assert_eq!(server.count("getUser"), 0);
}
