//! Playlists in Jellyfin, against hand-made answers: no Jellyfin runs here, as none can be had from the registries of packages. The server of these
//! tests keeps playlists as the real one does (`PlaylistManager` of 10.11), in the shapes of its API: it leaves out what it does not know and what
//! comes twice, shows users the playlists of others, and lets no key change any.

mod state;

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use serde_json::json;
use vibelux_players::jellyfin::{Jellyfin, JellyfinError, JellyfinLogin};
use vibelux_players::{HttpError, PlaylistChange, PlaylistRemains};

use crate::http::{Answer, HttpServer, nobody};
use state::{ANN, BOB, Kept, State, ids, song_id};

fn start(state: State) -> (HttpServer, Arc<Mutex<State>>) {
    let state = Arc::new(Mutex::new(state));
    let shared = state.clone();
    let server = HttpServer::start(move |asked| shared.lock().expect("no panic").answer(asked));
    (server, state)
}

fn token() -> JellyfinLogin {
    JellyfinLogin::Token {
        token: "token-of-ann".to_owned(),
    }
}

fn key(user: &str) -> JellyfinLogin {
    JellyfinLogin::ApiKey {
        key: "the-key".to_owned(),
        user: user.to_owned(),
    }
}

fn connect(server: &HttpServer) -> Jellyfin {
    Jellyfin::connect(&server.address(), &token(), "test").expect("it lets ann in")
}

fn kept(id: usize, name: &str, owner: &'static str, songs: Vec<String>) -> Kept {
    Kept {
        id: song_id(id),
        name: name.to_owned(),
        owner,
        songs,
    }
}

#[test]
fn a_hundred_thousand_songs_are_listed() {
    let (server, _) = start(State {
        songs: 100_000,
        ..State::default()
    });
    let mut songs = Vec::new();
    let listed = connect(&server).songs(|page| {
        songs.extend(page);
        ControlFlow::Continue(())
    });
    assert_eq!(listed.expect("a list"), 100_000);
    let song = &songs[77_777];
    assert_eq!(song.id, song_id(77_777));
    assert_eq!(
        (song.title.as_str(), song.artist.as_str()),
        ("Song 77777", "Band, Guest")
    );
    assert_eq!(song.path.as_deref(), Some("/music/Band/77777.flac"));
    assert_eq!(song.duration_seconds, Some(181.5));
    assert_eq!(song.musicbrainz_id.as_deref(), Some("mbid-77777"));
}

#[test]
fn whoever_breaks_gets_no_more_pages() {
    let (server, _) = start(State::default());
    let listed = connect(&server).songs(|_| ControlFlow::Break(()));
    assert_eq!(listed.expect("a page"), 500);
    let pages = server.asked();
    assert_eq!(
        pages.iter().filter(|asked| asked.path == "/Items").count(),
        1
    );
}

#[test]
fn a_page_that_comes_for_ever_is_an_error() {
    let (server, _) = start(State {
        repeats_a_page: true,
        ..State::default()
    });
    let listed = connect(&server).songs(|_| ControlFlow::Continue(()));
    assert!(
        matches!(listed, Err(JellyfinError::Repeats { listed: 500, .. })),
        "{listed:?}"
    );
}

#[test]
fn half_an_answer_is_a_lost_connection() {
    let (server, _) = start(State {
        halves_listings: true,
        ..State::default()
    });
    let listed = connect(&server).songs(|_| ControlFlow::Continue(()));
    assert!(
        matches!(listed, Err(JellyfinError::Http(HttpError::Lost { .. }))),
        "{listed:?}"
    );
}

#[test]
fn a_playlist_is_made_and_replaced_and_left_alone() {
    let (server, state) = start(State {
        playlists: vec![
            kept(0xF1, "happy", BOB, ids([1])),
            kept(0xF2, "other", ANN, ids([2])),
        ],
        ..State::default()
    });
    let jellyfin = connect(&server);
    let many: Vec<String> = ids((0..1100).rev());
    let written = jellyfin.put_playlist(" happy ", &many).expect("a playlist");
    assert_eq!(
        (written.songs, written.change),
        (1100, PlaylistChange::Created)
    );
    let again = jellyfin.put_playlist("happy", &many).expect("the playlist");
    assert_eq!(
        (again.id.as_str(), again.change),
        (written.id.as_str(), PlaylistChange::Unchanged)
    );
    let some = ids([7, 3, 7, 5]);
    let other = jellyfin.put_playlist("happy", &some).expect("the playlist");
    assert_eq!(
        (other.id.as_str(), other.change),
        (written.id.as_str(), PlaylistChange::Replaced)
    );
    let state = state.lock().expect("no panic");
    let songs: Vec<&Vec<String>> = state
        .playlists
        .iter()
        .map(|playlist| &playlist.songs)
        .collect();
    assert_eq!(songs, [&ids([1]), &ids([2]), &ids([7, 3, 5])]);
}

#[test]
fn nothing_is_changed_for_songs_that_are_unknown_or_none() {
    let (server, state) = start(State {
        playlists: vec![kept(0xF1, "happy", ANN, ids([1, 2]))],
        ..State::default()
    });
    let jellyfin = connect(&server);
    let error = jellyfin
        .put_playlist("happy", &ids([1, 5000, 6000]))
        .expect_err("unknown songs");
    assert!(
        matches!(
            error,
            JellyfinError::Unknown {
                missing: 2,
                tried: 3,
                ..
            }
        ),
        "{error}"
    );
    let error = jellyfin
        .put_playlist("happy", &["../Users".to_owned()])
        .expect_err("no id");
    assert!(
        matches!(error, JellyfinError::Unknown { missing: 1, .. }),
        "{error}"
    );
    assert!(matches!(
        jellyfin.put_playlist("happy", &[]),
        Err(JellyfinError::Empty)
    ));
    assert!(matches!(
        jellyfin.put_playlist(" ", &ids([1])),
        Err(JellyfinError::Empty)
    ));
    assert_eq!(
        state.lock().expect("no panic").playlists[0].songs,
        ids([1, 2])
    );
    assert!(server.asked().iter().all(|asked| asked.method == "GET"));
}

#[test]
fn of_two_playlists_of_a_name_none_is_touched() {
    let (server, _) = start(State {
        playlists: vec![
            kept(0xF1, "happy", ANN, ids([1])),
            kept(0xF2, "happy", ANN, ids([2])),
        ],
        ..State::default()
    });
    let error = connect(&server)
        .put_playlist("happy", &ids([3]))
        .expect_err("two");
    assert!(
        matches!(error, JellyfinError::Ambiguous { count: 2, .. }),
        "{error}"
    );
}

#[test]
fn what_is_stored_otherwise_is_put_back() {
    let (server, state) = start(State {
        playlists: vec![kept(0xF1, "happy", ANN, ids([1, 2]))],
        lies: 1,
        ..State::default()
    });
    let error = connect(&server)
        .put_playlist("happy", &ids([3, 4]))
        .expect_err("a lie");
    let is_former = matches!(
        error,
        JellyfinError::Unverified {
            remains: PlaylistRemains::Former,
            ..
        }
    );
    assert!(is_former, "{error}");
    assert_eq!(
        state.lock().expect("no panic").playlists[0].songs,
        ids([1, 2])
    );
}

#[test]
fn what_cannot_be_put_back_is_said() {
    let (server, _) = start(State {
        playlists: vec![kept(0xF1, "happy", ANN, ids([1, 2]))],
        lies: 9,
        ..State::default()
    });
    let error = connect(&server)
        .put_playlist("happy", &ids([3, 4]))
        .expect_err("lies");
    let is_damaged = matches!(
        error,
        JellyfinError::Unverified {
            remains: PlaylistRemains::Damaged,
            ..
        }
    );
    assert!(is_damaged, "{error}");
    assert!(error.to_string().contains("write it again"), "{error}");
}

#[test]
fn a_new_playlist_that_is_stored_otherwise_is_taken_away() {
    let (server, state) = start(State {
        lies: 1,
        ..State::default()
    });
    let error = connect(&server)
        .put_playlist("happy", &ids([3, 4]))
        .expect_err("a lie");
    let is_none = matches!(
        error,
        JellyfinError::Unverified {
            remains: PlaylistRemains::None,
            ..
        }
    );
    assert!(is_none, "{error}");
    assert!(state.lock().expect("no panic").playlists.is_empty());
}

#[test]
fn a_connection_that_is_lost_in_the_middle_does_not_matter() {
    let (server, state) = start(State {
        playlists: vec![kept(0xF1, "happy", ANN, ids([1, 2]))],
        breaks_off_after_update: 1,
        ..State::default()
    });
    let written = connect(&server)
        .put_playlist("happy", &ids([3, 4]))
        .expect("written");
    assert_eq!(written.change, PlaylistChange::Replaced);
    assert_eq!(
        state.lock().expect("no panic").playlists[0].songs,
        ids([3, 4])
    );
}

#[test]
fn a_key_acts_for_a_user_and_is_signed_out_again() {
    let (server, state) = start(State::default());
    let jellyfin = Jellyfin::connect(&server.address(), &key("ann"), "test").expect("a key");
    let listed = jellyfin
        .songs(|_| ControlFlow::Continue(()))
        .expect("songs");
    assert_eq!(listed, 1200);
    let written = jellyfin
        .put_playlist("happy", &ids([3, 4]))
        .expect("written");
    assert_eq!(written.change, PlaylistChange::Created);
    let state = state.lock().expect("no panic");
    assert_eq!(state.playlists[0].songs, ids([3, 4]));
    assert_eq!(state.tokens, ["token-of-ann"]);
}

#[test]
fn a_key_without_quick_connect_is_told_what_to_do() {
    let (server, _) = start(State {
        has_quick_connect: false,
        ..State::default()
    });
    let jellyfin = Jellyfin::connect(&server.address(), &key("Ann"), "test").expect("a key");
    let error = jellyfin
        .put_playlist("happy", &ids([3]))
        .expect_err("closed");
    assert!(
        matches!(error, JellyfinError::NoQuickConnect { .. }),
        "{error}"
    );
}

#[test]
fn a_password_signs_in_and_out() {
    let (server, state) = start(State::default());
    let login = |password: &str| JellyfinLogin::Password {
        user: "ann".to_owned(),
        password: password.to_owned(),
    };
    let jellyfin = Jellyfin::connect(&server.address(), &login("s3cret"), "test").expect("ann");
    jellyfin.put_playlist("happy", &ids([3])).expect("written");
    assert_eq!(state.lock().expect("no panic").tokens.len(), 2);
    drop(jellyfin);
    assert_eq!(state.lock().expect("no panic").tokens.len(), 1);
    let error = Jellyfin::connect(&server.address(), &login("wr0ng"), "test").expect_err("wrong");
    assert!(
        matches!(error, JellyfinError::Credentials { .. }),
        "{error}"
    );
    let said = format!("{error} {error:?}");
    assert!(!said.contains("wr0ng"), "{said}");
}

#[test]
fn whoever_is_refused_is_told_why() {
    let (server, _) = start(State::default());
    let connect = |login: &JellyfinLogin| Jellyfin::connect(&server.address(), login, "test");
    let stranger = JellyfinLogin::Token {
        token: "an0ther".to_owned(),
    };
    let error = connect(&stranger).expect_err("no token");
    assert!(
        matches!(error, JellyfinError::Credentials { .. }),
        "{error}"
    );
    assert!(!format!("{error} {error:?}").contains("an0ther"));
    let key_as_token = JellyfinLogin::Token {
        token: "the-key".to_owned(),
    };
    let error = connect(&key_as_token).expect_err("a key");
    assert!(
        matches!(error, JellyfinError::NoUserOfToken { .. }),
        "{error}"
    );
    let error = connect(&key("carol")).expect_err("no such user");
    assert!(matches!(error, JellyfinError::NoUser { .. }), "{error}");
}

#[test]
fn what_is_no_jellyfin_is_told_apart() {
    let error = |answer: fn() -> Answer| {
        let server = HttpServer::start(move |_| answer());
        Jellyfin::connect(&server.address(), &token(), "test").expect_err("no Jellyfin")
    };
    let is_none = |error: &JellyfinError| matches!(error, JellyfinError::NotJellyfin { .. });
    assert!(is_none(&error(|| Answer::Text("<html>a router</html>"))));
    assert!(is_none(&error(|| Answer::Status(404, "not found"))));
    assert!(is_none(&error(|| Answer::Json(json!({ "Version": 7 })))));
    assert!(is_none(&error(|| Answer::Json(
        json!({ "Version": "10.11.5", "ProductName": "another" })
    ))));
    let emby = error(|| {
        Answer::Json(json!({ "ServerName": "e", "Version": "4.9.1.80", "Id": song_id(5) }))
    });
    assert!(matches!(emby, JellyfinError::Emby { .. }), "{emby}");
    let (old, _) = start(State {
        version: "10.8.13",
        ..State::default()
    });
    let error = Jellyfin::connect(&old.address(), &token(), "test").expect_err("too old");
    assert!(matches!(error, JellyfinError::TooOld { .. }), "{error}");
    let error = Jellyfin::connect(&nobody(), &token(), "test").expect_err("nobody");
    assert!(
        matches!(error, JellyfinError::Http(HttpError::Connect { .. })),
        "{error}"
    );
}
