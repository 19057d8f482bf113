//! The queue of a real MPD, kept filled; and MPDs that are not as they should be.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;

use vibelux_players::mpd::{Follower, Mpd, MpdAddress, MpdError, MpdState, NextSongs, enqueue};
use vibelux_test_server::{MpdServer, silent_wav};

/// So many songs of each kind.
const SONGS: usize = 20;

/// Songs 0..20 are sad, 20..40 happy; a song that MPD has no file of has a number from 40 on.
struct Songs {
    kinds: std::ops::Range<usize>,
}

impl NextSongs for Songs {
    fn next(&mut self, count: usize, before: &[usize], without: &HashSet<usize>) -> Vec<usize> {
        let songs = self.kinds.clone();
        let songs = songs.filter(|song| !before.contains(song) && !without.contains(song));
        songs.take(count).collect()
    }

    fn name(&self, song: usize) -> Option<String> {
        Some(name(song))
    }

    fn find(&mut self, wanted: &str) -> Option<usize> {
        (0..2 * SONGS).find(|&song| name(song) == wanted)
    }
}

const SAD: Songs = Songs { kinds: 0..SONGS };
const HAPPY: Songs = Songs {
    kinds: SONGS..2 * SONGS,
};

fn name(song: usize) -> String {
    let kind = if song < SONGS { "sad" } else { "happy" };
    format!("{kind}/{song:02} & \"more\".wav")
}

/// A minute of silence. Longer than MPD's buffer: of a song that it has read to its end it prepares the next one, and answers nobody who takes
/// that out until the song has ended.
fn write_song(path: &Path) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, silent_wav(60)).unwrap();
}

fn library() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let guest = dir.path().join("others/guest.wav");
    write_song(&guest);
    for song in 0..2 * SONGS {
        let path = dir.path().join(name(song));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::hard_link(&guest, path).unwrap();
    }
    dir
}

fn client(server: &MpdServer) -> Mpd {
    Mpd::new(MpdAddress::new("127.0.0.1", server.port()))
}

#[test]
fn the_queue_follows_the_mood_and_what_plays_stays() {
    let library = library();
    let Some(server) = MpdServer::start(library.path(), None) else {
        return;
    };
    let mut mpd = client(&server);
    let mut follower = Follower::new(3, true, false);
    let tick = follower.tick(&mut mpd, &mut { SAD }).unwrap();
    assert_eq!(tick.added, [0, 1, 2]);
    assert_eq!(server.status("state").as_deref(), Some("play"));
    let tick = follower.tick(&mut mpd, &mut { SAD }).unwrap();
    assert_eq!(
        (tick.began, tick.added),
        (Some(0), vec![3]),
        "three after the one that plays"
    );
    assert_eq!(server.queue(), [0, 1, 2, 3].map(name));

    // Somebody else puts a song in; then the mood changes.
    server.ask("add others/guest.wav").unwrap();
    follower.change();
    let tick = follower.tick(&mut mpd, &mut { HAPPY }).unwrap();
    assert_eq!(tick.removed, 3);
    let expected = [name(0), "others/guest.wav".to_owned(), name(20), name(21)];
    assert_eq!(server.queue(), expected);
    assert_eq!(server.status("song").as_deref(), Some("0"));
    assert_eq!(server.status("state").as_deref(), Some("play"));

    // Nothing to do, nothing done.
    let tick = follower.tick(&mut mpd, &mut { HAPPY }).unwrap();
    assert_eq!((tick.added.len(), tick.removed), (0, 0));
    server.ask("next").unwrap();
    let tick = follower.tick(&mut mpd, &mut { HAPPY }).unwrap();
    assert_eq!(
        (tick.began, tick.added),
        (None, vec![22]),
        "the guest's song plays"
    );
    // A pause is no end.
    server.ask("pause 1").unwrap();
    follower.change();
    follower.tick(&mut mpd, &mut { SAD }).unwrap();
    assert_eq!(server.queue()[..2], expected[..2]);
    assert_eq!(mpd.status().unwrap().state, MpdState::Pause);
}

#[test]
fn a_song_of_the_queue_does_not_come_twice_and_a_stop_is_kept() {
    let library = library();
    let Some(server) = MpdServer::start(library.path(), None) else {
        return;
    };
    // Somebody plays the very song that would come first, and has another one behind it.
    for song in [0, 2] {
        let word = name(song).replace('"', "\\\"");
        server.ask(&format!("add \"{word}\"")).unwrap();
    }
    server.ask("play 0").unwrap();
    let mut mpd = client(&server);
    let mut follower = Follower::new(3, true, false);
    let tick = follower.tick(&mut mpd, &mut { SAD }).unwrap();
    assert_eq!((tick.added, tick.of_others), (vec![1, 3], 1));
    // Who stops it wants it to stop, whatever his mood becomes.
    server.ask("stop").unwrap();
    follower.change();
    let tick = follower.tick(&mut mpd, &mut { HAPPY }).unwrap();
    assert_eq!(tick.removed, 2);
    assert_eq!(server.status("state").as_deref(), Some("stop"));
    assert_eq!(server.queue()[..2], [name(0), name(2)]);
    // A queue that was played to its end is filled and goes on.
    server.ask("play").unwrap();
    server.ask("clear").unwrap();
    follower.tick(&mut mpd, &mut { SAD }).unwrap();
    assert_eq!(server.status("state").as_deref(), Some("play"));
}

#[test]
fn an_old_queue_makes_way_only_where_that_is_asked_for() {
    let library = library();
    let Some(server) = MpdServer::start(library.path(), None) else {
        return;
    };
    for _ in 0..4 {
        server.ask("add others/guest.wav").unwrap();
    }
    let mut mpd = client(&server);
    // A stopped MPD with an old queue plays what was asked for now.
    Follower::new(2, true, false)
        .tick(&mut mpd, &mut { SAD })
        .unwrap();
    assert_eq!(server.queue().len(), 6);
    assert_eq!(server.status("song").as_deref(), Some("4"));
    server.ask("play 0").unwrap();
    let tick = Follower::new(2, true, true)
        .tick(&mut mpd, &mut { HAPPY })
        .unwrap();
    assert_eq!(tick.removed, 5);
    assert_eq!(
        server.queue(),
        ["others/guest.wav".to_owned(), name(20), name(21)]
    );
    // Nothing to put in takes nothing out.
    let done = enqueue(&mut mpd, &[], true, true).unwrap();
    assert_eq!((done.added, done.removed), (0, 0));
    assert_eq!(server.queue().len(), 3);
}

#[test]
fn a_server_that_is_started_anew_is_followed_on() {
    let library = library();
    let Some(mut server) = MpdServer::start(library.path(), None) else {
        return;
    };
    let mut mpd = client(&server);
    let mut follower = Follower::new(2, true, false);
    follower.tick(&mut mpd, &mut { SAD }).unwrap();
    follower.tick(&mut mpd, &mut { SAD }).unwrap();
    server.stop();
    let error = follower.tick(&mut mpd, &mut { SAD }).unwrap_err();
    assert!(error.is_passing(), "{error}");
    let error = follower.tick(&mut mpd, &mut { SAD }).unwrap_err();
    assert!(matches!(error, MpdError::Connect { .. }), "{error}");
    follower.reconnect();

    server.run().unwrap();
    let kept = server.queue();
    assert_eq!(kept, [0, 1, 2].map(name), "MPD keeps its queue");
    follower.change();
    let tick = follower.tick(&mut mpd, &mut { HAPPY }).unwrap();
    assert_eq!(tick.removed, 2, "our songs are known by their names");
    assert_eq!(server.queue(), [name(0), name(20), name(21)]);
}

#[test]
fn songs_that_mpd_does_not_know_are_passed_over_or_named() {
    let library = library();
    let Some(server) = MpdServer::start(library.path(), None) else {
        return;
    };
    let mut mpd = client(&server);
    let mut some = Songs {
        kinds: 2 * SONGS - 1..2 * SONGS + 5,
    };
    let tick = Follower::new(3, false, false)
        .tick(&mut mpd, &mut some)
        .unwrap();
    assert_eq!(tick.added, [2 * SONGS - 1]);
    assert_eq!(tick.unknown.len(), 5);
    assert_eq!(
        server.status("state").as_deref(),
        Some("stop"),
        "nobody asked it to play"
    );
    server.ask("clear").unwrap();
    let mut none = Songs { kinds: 50..200 };
    let error = Follower::new(3, false, false)
        .tick(&mut mpd, &mut none)
        .unwrap_err();
    assert!(matches!(error, MpdError::Unknown { .. }), "{error}");
    assert!(error.to_string().contains("mpc update"), "{error}");
}

#[test]
fn a_password_opens_and_without_one_it_is_asked_for() {
    let library = library();
    let Some(server) = MpdServer::start(library.path(), Some("open sesame")) else {
        return;
    };
    for host in ["127.0.0.1", "wrong@127.0.0.1"] {
        let mut mpd = Mpd::new(MpdAddress::new(host, server.port()));
        let error = Follower::new(1, false, false)
            .tick(&mut mpd, &mut { SAD })
            .unwrap_err();
        assert!(matches!(error, MpdError::Password { .. }), "{error}");
        assert!(!error.to_string().contains("wrong"), "{error}");
    }
    let mut mpd = Mpd::new(MpdAddress::new("open sesame@127.0.0.1", server.port()));
    let tick = Follower::new(1, false, false)
        .tick(&mut mpd, &mut { SAD })
        .unwrap();
    assert_eq!(tick.added, [0]);
}

#[test]
fn a_stored_playlist_of_ours_is_loaded_with_all_its_songs() {
    let library = library();
    let Some(server) = MpdServer::start(library.path(), None) else {
        return;
    };
    let list = vibelux::playlist::Playlist {
        name: Some("Sad".to_owned()),
        entries: (0..3)
            .map(|song| vibelux::playlist::PlaylistEntry {
                path: library.path().join(name(song)),
                ..Default::default()
            })
            .collect(),
    };
    let naming = vibelux::playlist::Naming {
        beside: vibelux::playlist::Beside::Folder(library.path().to_owned()),
        ..Default::default()
    };
    use vibelux::playlist::PlaylistFormat;
    // Its own folder of playlists has M3U; others lie among the songs.
    list.write(
        &server.playlists().join("sad.m3u"),
        PlaylistFormat::M3u,
        &naming,
    )
    .unwrap();
    server.ask("load sad").unwrap();
    assert_eq!(server.queue(), [0, 1, 2].map(name));
    server.ask("clear").unwrap();
    let load = |list: &vibelux::playlist::Playlist, format: PlaylistFormat| {
        let file = library
            .path()
            .join("sad")
            .with_extension(format.extension());
        list.write(&file, format, &naming).unwrap();
        let name_of_list = file.file_name().unwrap().to_str().unwrap();
        server.ask(&format!("load {name_of_list}")).unwrap();
        let queue = server.queue();
        server.ask("clear").unwrap();
        queue
    };
    assert_eq!(load(&list, PlaylistFormat::M3u), [0, 1, 2].map(name));
    // MPD 0.23 takes the URIs of XSPF for paths, so those are found that need no encoding.
    let plain = vibelux::playlist::Playlist {
        name: None,
        entries: vec![vibelux::playlist::PlaylistEntry {
            path: library.path().join("others/guest.wav"),
            ..Default::default()
        }],
    };
    assert_eq!(load(&plain, PlaylistFormat::Xspf), ["others/guest.wav"]);
}

/// What answers one call with a greeting, and one command with this.
fn answering(greeting: &'static [u8], answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        if let Ok((mut stream, _)) = listener.accept() {
            let _ = stream.write_all(greeting);
            let _ = stream.read(&mut [0; 64]);
            let _ = stream.write_all(answer);
        }
    });
    port
}

#[test]
fn what_is_no_mpd_is_told_from_one_that_breaks_off() {
    let asked = |greeting, answer| {
        let mut mpd = Mpd::new(MpdAddress::new("127.0.0.1", answering(greeting, answer)));
        mpd.status().unwrap_err()
    };
    let error = asked(b"HTTP/1.1 400 Bad Request\r\n\r\n", b"");
    assert!(matches!(error, MpdError::Nonsense { .. }), "{error}");
    let error = asked(b"OK MPD 0.23.5\n", b"volume: 3\n");
    assert!(matches!(error, MpdError::Lost { .. }), "{error}");
    let error = asked(b"OK MPD 0.23.5\n", b"OK\n");
    assert!(
        matches!(error, MpdError::Nonsense { .. }),
        "no state: {error}"
    );
    let error = asked(b"OK MPD 0.23.5\n", b"ACK [5@0] {status} no\n");
    assert!(
        matches!(error, MpdError::Refused { code: 5, .. }),
        "{error}"
    );
}

#[test]
fn an_idle_player_is_not_filled_for_ever() {
    let library = library();
    let Some(server) = MpdServer::start(library.path(), None) else {
        return;
    };
    let mut mpd = client(&server);
    let mut follower = Follower::new(3, false, false);
    for _ in 0..4 {
        follower.tick(&mut mpd, &mut { SAD }).unwrap();
    }
    assert_eq!(server.queue(), [0, 1, 2].map(name));
    follower.change();
    let tick = follower.tick(&mut mpd, &mut { HAPPY }).unwrap();
    assert_eq!(tick.removed, 3);
    assert_eq!(server.queue(), [20, 21, 22].map(name));
    assert_eq!(server.status("state").as_deref(), Some("stop"));
}
