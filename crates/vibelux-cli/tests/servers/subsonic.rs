//! `vibelux subsonic`, as a user runs it, beside a real server (supysonic).

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use vibelux::compose::{DEMO_SEED, compose_all, write_wav};
use vibelux_players::subsonic::{Subsonic, SubsonicAccount};
use vibelux_test_server::SubsonicServer;

use crate::said;

/// How many composed pieces the server has: three of different moods.
const PIECES: usize = 3;

/// The server with real music; `None` where it is not installed.
fn server(folder: &Path) -> Option<SubsonicServer> {
    for piece in compose_all(DEMO_SEED).iter().take(PIECES) {
        let path = folder.join(piece.file_name()).with_extension("wav");
        write_wav(
            &path,
            &piece.render(16_000),
            piece.title,
            "Nobody",
            "Pieces",
        )
        .unwrap();
    }
    SubsonicServer::start(folder)
}

fn vibelux(server: &SubsonicServer, library: &Path, words: &[&str]) -> assert_cmd::assert::Assert {
    Command::cargo_bin("vibelux")
        .unwrap()
        .arg("subsonic")
        .args(words)
        .args([
            "--server",
            &server.address(),
            "--user",
            SubsonicServer::USER,
        ])
        .arg("--send-password")
        .arg("--library")
        .arg(library)
        .env("VIBELUX_SUBSONIC_PASSWORD", SubsonicServer::PASSWORD)
        .assert()
}

#[test]
fn songs_of_a_server_are_listened_to_and_put_into_a_playlist_there() {
    let folder = tempfile::tempdir().unwrap();
    let songs = folder.path().join("songs");
    fs::create_dir(&songs).unwrap();
    let Some(server) = server(&songs) else {
        return;
    };
    let library = folder.path().join("library.db");
    let nothing = vibelux(&server, &library, &["playlist", "Happy", "--mood", "happy"]);
    let nothing = nothing.failure().code(2);
    assert!(
        said(&nothing).contains("there is no library"),
        "{}",
        said(&nothing)
    );
    let embedded = vibelux(&server, &library, &["embed", "--limit", "2"]).success();
    assert!(
        said(&embedded).contains("2 songs listened to, 0 failed"),
        "{}",
        said(&embedded)
    );
    // What was listened to is known again.
    let rest = vibelux(&server, &library, &["embed"]).success();
    assert!(
        said(&rest).contains("1 of 3 songs are not in the library"),
        "{}",
        said(&rest)
    );
    let dry = vibelux(
        &server,
        &library,
        &["playlist", "Happy", "--mood", "happy", "--dry-run"],
    );
    assert!(said(&dry.success()).contains("would have"));
    let account = SubsonicAccount::sending_password(SubsonicServer::USER, SubsonicServer::PASSWORD);
    let client = Subsonic::connect(&server.address(), &account).unwrap();
    assert!(client.playlists().unwrap().is_empty());
    for count in ["3", "2"] {
        let words = ["playlist", "Happy", "--mood", "happy", "-n", count];
        vibelux(&server, &library, &words).success();
        let lists = client.playlists().unwrap();
        assert_eq!(lists.len(), 1, "the old one is replaced");
        let songs = client.playlist_songs(&lists[0].id).unwrap();
        assert_eq!(songs.len().to_string(), count);
    }
    let wrong = Command::cargo_bin("vibelux")
        .unwrap()
        .args([
            "subsonic",
            "playlist",
            "X",
            "--mood",
            "sad",
            "--send-password",
        ])
        .args([
            "--server",
            &server.address(),
            "--user",
            SubsonicServer::USER,
        ])
        .arg("--library")
        .arg(&library)
        .env("VIBELUX_SUBSONIC_PASSWORD", "another")
        .assert()
        .failure()
        .code(2);
    assert!(!said(&wrong).contains("another"), "{}", said(&wrong));
}
