//! Playlists and queues of Music Assistant, against hand-made answers. The server of these tests keeps playlists as that of 2.7 to 2.10 does, in the
//! shapes of its API: it only adds and takes out, leaves out what it does not know and what is there already, and newer versions change playlists
//! in the background. The same commands were tried by hand on a real Music Assistant 2.3, which takes them over a WebSocket.

mod state;

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use vibelux_players::music_assistant::{
    MusicAssistant, MusicAssistantError, MusicAssistantLogin, PlayerQueue, QueueOption,
};
use vibelux_players::{HttpError, PlaylistChange, PlaylistRemains};

use crate::http::{Answer, HttpServer, nobody};
use state::{Kept, State, uri, uris};

fn start(state: State) -> (HttpServer, Arc<Mutex<State>>) {
    let state = Arc::new(Mutex::new(state));
    let shared = state.clone();
    let server = HttpServer::start(move |asked| shared.lock().expect("no panic").answer(asked));
    (server, state)
}

fn token(token: &str) -> MusicAssistantLogin {
    MusicAssistantLogin::Token {
        token: token.to_owned(),
    }
}

fn connect(server: &HttpServer) -> MusicAssistant {
    let connected = MusicAssistant::connect(&server.address(), &token("good"));
    let connected = connected.expect("a Music Assistant");
    connected.with_patience(Duration::from_secs(5))
}

fn kept(id: usize, name: &str, songs: &[usize]) -> Kept {
    Kept {
        id,
        name: name.to_owned(),
        provider: "builtin",
        songs: songs.to_vec(),
    }
}

fn names_and_songs(state: &Mutex<State>) -> Vec<(String, Vec<usize>)> {
    let state = state.lock().expect("no panic");
    let playlists = state.playlists.iter();
    playlists
        .map(|playlist| (playlist.name.clone(), playlist.songs.clone()))
        .collect()
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
    assert_eq!(song.id, uri(77_777));
    assert_eq!(
        (song.title.as_str(), song.artist.as_str()),
        ("Song 77777 (live)", "Band, Guest")
    );
    assert_eq!(song.album, "Album");
    assert_eq!(song.path.as_deref(), Some("Band/77777 - Song.flac"));
    assert_eq!(song.duration_seconds, Some(181.0));
    assert_eq!(song.musicbrainz_id.as_deref(), Some("mbid-77777"));
}

#[test]
fn a_page_that_comes_for_ever_is_an_error() {
    let (server, _) = start(State {
        repeats_a_page: true,
        ..State::default()
    });
    let listed = connect(&server).songs(|_| ControlFlow::Continue(()));
    assert!(
        matches!(
            listed,
            Err(MusicAssistantError::Repeats { listed: 500, .. })
        ),
        "{listed:?}"
    );
}

#[test]
fn a_playlist_is_made_and_replaced_and_left_alone() {
    let spotify = Kept {
        provider: "spotify",
        ..kept(1, "happy", &[9])
    };
    // What a run that was killed left.
    let draft = kept(2, "happy (new, by VibeluX)", &[8]);
    let (server, state) = start(State {
        playlists: vec![spotify, draft],
        ..State::default()
    });
    let assistant = connect(&server);
    let many: Vec<usize> = (0..1100).rev().collect();
    let written = assistant
        .put_playlist("happy", &uris(many.clone()))
        .expect("a playlist");
    assert_eq!(
        (written.songs, written.change),
        (1100, PlaylistChange::Created)
    );
    let again = assistant
        .put_playlist("happy", &uris(many))
        .expect("the playlist");
    assert_eq!(
        (again.id.as_str(), again.change),
        (written.id.as_str(), PlaylistChange::Unchanged)
    );
    let other = assistant
        .put_playlist("happy", &uris([7, 3, 7, 5]))
        .expect("the playlist");
    assert_eq!(
        (other.id.as_str(), other.change),
        (written.id.as_str(), PlaylistChange::Replaced)
    );
    let all = [
        ("happy".to_owned(), vec![9]),
        ("happy".to_owned(), vec![7, 3, 5]),
    ];
    assert_eq!(names_and_songs(&state), all);
}

#[test]
fn what_is_done_in_the_background_is_waited_for() {
    let (server, state) = start(State {
        playlists: vec![kept(1, "happy", &[1, 2, 3])],
        is_slow: 3,
        ..State::default()
    });
    let written = connect(&server)
        .put_playlist("happy", &uris(0..700))
        .expect("written");
    assert_eq!(
        (written.songs, written.change),
        (700, PlaylistChange::Replaced)
    );
    assert_eq!(
        names_and_songs(&state),
        [("happy".to_owned(), (0..700).collect())]
    );
}

#[test]
fn where_songs_of_a_command_are_mixed_up_each_has_its_own() {
    let (server, state) = start(State {
        playlists: vec![kept(1, "happy", &[1, 2, 3])],
        mixes_up: true,
        ..State::default()
    });
    let written = connect(&server)
        .put_playlist("happy", &uris(10..30))
        .expect("written");
    assert_eq!(
        (written.songs, written.change),
        (20, PlaylistChange::Replaced)
    );
    assert_eq!(
        names_and_songs(&state),
        [("happy".to_owned(), (10..30).collect())]
    );
}

#[test]
fn nothing_is_changed_for_songs_that_are_unknown_or_none() {
    let (server, state) = start(State {
        playlists: vec![kept(1, "happy", &[1, 2])],
        ..State::default()
    });
    let assistant = connect(&server);
    for name in ["happy", "new"] {
        let error = assistant
            .put_playlist(name, &uris([1, 5000, 6000]))
            .expect_err("unknown");
        assert!(
            matches!(
                error,
                MusicAssistantError::Unknown {
                    missing: 2,
                    tried: 3,
                    ..
                }
            ),
            "{error}"
        );
    }
    assert!(matches!(
        assistant.put_playlist("happy", &[]),
        Err(MusicAssistantError::Empty)
    ));
    assert!(matches!(
        assistant.put_playlist("", &uris([1])),
        Err(MusicAssistantError::Empty)
    ));
    let error = assistant
        .put_playlist("../happy", &uris([1]))
        .expect_err("a path");
    assert!(matches!(error, MusicAssistantError::Name { .. }), "{error}");
    assert_eq!(names_and_songs(&state), [("happy".to_owned(), vec![1, 2])]);
}

#[test]
fn a_draft_that_is_stored_otherwise_leaves_the_playlist_alone() {
    let (server, state) = start(State {
        playlists: vec![kept(1, "happy", &[1, 2])],
        lies_about: Some("happy (new, by VibeluX)"),
        ..State::default()
    });
    let error = connect(&server)
        .put_playlist("happy", &uris([3, 4]))
        .expect_err("a lie");
    assert!(
        matches!(error, MusicAssistantError::Unknown { missing: 1, .. }),
        "{error}"
    );
    assert_eq!(names_and_songs(&state), [("happy".to_owned(), vec![1, 2])]);
}

#[test]
fn a_playlist_that_is_stored_otherwise_leaves_a_draft() {
    let (server, state) = start(State {
        playlists: vec![kept(1, "happy", &[1, 2])],
        lies_about: Some("happy"),
        ..State::default()
    });
    let assistant = connect(&server);
    let error = assistant
        .put_playlist("happy", &uris([3, 4]))
        .expect_err("a lie");
    let remains = match &error {
        MusicAssistantError::Unverified { remains, .. } => remains,
        other => panic!("{other}"),
    };
    let name = "happy (new, by VibeluX)".to_owned();
    assert_eq!(remains, &PlaylistRemains::Draft { name: name.clone() });
    assert!(error.to_string().contains(&name), "{error}");
    assert_eq!(names_and_songs(&state)[1], (name, vec![3, 4]));
    // The next run, when it lies no more.
    state.lock().expect("no panic").lies_about = None;
    assistant
        .put_playlist("happy", &uris([3, 4]))
        .expect("written");
    assert_eq!(names_and_songs(&state), [("happy".to_owned(), vec![3, 4])]);
}

#[test]
fn a_connection_that_is_lost_in_the_middle_is_made_again_or_leaves_a_draft() {
    for (times, is_written) in [(2, true), (3, false)] {
        let (server, state) = start(State {
            playlists: vec![kept(1, "happy", &[1, 2])],
            breaks_off_at: Some(("happy", times)),
            ..State::default()
        });
        let written = connect(&server).put_playlist("happy", &uris([3, 4]));
        let playlists = names_and_songs(&state);
        if is_written {
            written.expect("written");
            assert_eq!(playlists, [("happy".to_owned(), vec![3, 4])]);
        } else {
            let error = written.expect_err("lost");
            assert!(
                matches!(error, MusicAssistantError::Interrupted { .. }),
                "{error}"
            );
            assert_eq!(
                playlists[1],
                ("happy (new, by VibeluX)".to_owned(), vec![3, 4])
            );
        }
    }
}

#[test]
fn songs_come_into_a_queue() {
    let (server, state) = start(State::default());
    let assistant = connect(&server);
    let queue = |songs| PlayerQueue {
        id: "ma_1".to_owned(),
        name: "Kitchen".to_owned(),
        is_available: true,
        songs,
    };
    assert_eq!(assistant.queues().expect("queues"), [queue(0)]);
    assistant
        .enqueue("ma_1", &uris(0..3), QueueOption::Replace)
        .expect("put in");
    assistant
        .enqueue("ma_1", &uris([50]), QueueOption::Add)
        .expect("put in");
    assistant
        .enqueue("ma_1", &uris(100..800), QueueOption::Next)
        .expect("put in");
    let meant = uris([0].into_iter().chain(100..800).chain([1, 2, 50]));
    assert_eq!(state.lock().expect("no panic").queue, meant);
    assert_eq!(assistant.queues().expect("queues"), [queue(704)]);
    assistant
        .enqueue("ma_1", &uris(0..600), QueueOption::Replace)
        .expect("put in");
    assert_eq!(state.lock().expect("no panic").queue, uris(0..600));
    let error = assistant
        .enqueue("ma_2", &uris([1]), QueueOption::Add)
        .expect_err("no player");
    assert!(
        matches!(error, MusicAssistantError::Refused { status: 500, .. }),
        "{error}"
    );
    assert!(matches!(
        assistant.enqueue("ma_1", &[], QueueOption::Add),
        Err(MusicAssistantError::Empty)
    ));
}

#[test]
fn whoever_is_refused_is_told_why() {
    let (server, state) = start(State::default());
    let login = |password: &str| MusicAssistantLogin::Password {
        user: "ann".to_owned(),
        password: password.to_owned(),
    };
    let assistant = MusicAssistant::connect(&server.address(), &login("s3cret")).expect("ann");
    assistant
        .put_playlist("happy", &uris([1]))
        .expect("written");
    let error = MusicAssistant::connect(&server.address(), &login("wr0ng")).expect_err("wrong");
    assert!(
        matches!(error, MusicAssistantError::Credentials { .. }),
        "{error}"
    );
    assert!(!format!("{error} {error:?}").contains("wr0ng"));
    for bad in ["an0ther", "", "a\r\nb"] {
        let queues = MusicAssistant::connect(&server.address(), &token(bad))
            .and_then(|assistant| assistant.queues());
        let error = queues.expect_err("no token");
        assert!(
            matches!(error, MusicAssistantError::Credentials { .. }),
            "{error}"
        );
        assert!(!format!("{error} {error:?}").contains("an0ther"));
    }
    state.lock().expect("no panic").may_remove = false;
    let error = assistant
        .put_playlist("happy", &uris([2]))
        .expect_err("may not");
    assert!(
        matches!(error, MusicAssistantError::DraftStays { .. }),
        "{error}"
    );
    assert_eq!(names_and_songs(&state)[0].1, [2]);
}

#[test]
fn what_is_no_music_assistant_is_told_apart() {
    let error = |answer: fn() -> Answer| {
        let server = HttpServer::start(move |_| answer());
        MusicAssistant::connect(&server.address(), &token("good")).expect_err("another")
    };
    let is_none = |error: &MusicAssistantError| {
        matches!(error, MusicAssistantError::NotMusicAssistant { .. })
    };
    assert!(is_none(&error(|| Answer::Text("<html>a router</html>"))));
    assert!(is_none(&error(|| Answer::Status(404, "not found"))));
    assert!(is_none(&error(|| Answer::Json(
        json!({ "server_version": 7 })
    ))));
    let lost = error(|| Answer::Half(json!({ "server_version": "2.8.1", "schema_version": 28 })));
    assert!(
        matches!(lost, MusicAssistantError::Http(HttpError::Lost { .. })),
        "{lost}"
    );
    let (old, _) = start(State {
        schema: 25,
        ..State::default()
    });
    let error = MusicAssistant::connect(&old.address(), &token("good")).expect_err("too old");
    assert!(
        matches!(error, MusicAssistantError::TooOld { .. }),
        "{error}"
    );
    let error = MusicAssistant::connect(&nobody(), &token("good")).expect_err("nobody");
    assert!(
        matches!(error, MusicAssistantError::Http(HttpError::Connect { .. })),
        "{error}"
    );
}

#[test]
fn an_answer_of_another_shape_is_nonsense() {
    let server = HttpServer::start(|asked| match asked.path.as_str() {
        "/info" => Answer::Json(json!({ "server_version": "2.8.1", "schema_version": 28 })),
        _ => Answer::Text("{\"items\": ["),
    });
    let error = connect(&server).queues().expect_err("nonsense");
    assert!(
        matches!(error, MusicAssistantError::Nonsense { .. }),
        "{error}"
    );
}
