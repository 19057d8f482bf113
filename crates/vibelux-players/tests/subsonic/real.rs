//! supysonic 0.7.9 with songs of its own: an older server (version 1.12.0 of the API) that takes no tokens, no keys and is no OpenSubsonic.

use std::io::Read;
use std::path::Path;

use tempfile::TempDir;
use vibelux_players::subsonic::{Subsonic, SubsonicAccount, SubsonicError};
use vibelux_players::{LocalSong, ServerSong, match_songs};
use vibelux_test_server::{SubsonicServer, tagged_flac, tagged_mp3};

const HAPPY: usize = 30;

fn write(root: &Path, path: &str, bytes: &[u8]) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn library() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for n in 0..HAPPY {
        let song = tagged_flac(&format!("Happy {n}"), "Ann & Ben", "Sun", 100 + n as u32);
        let path = format!("Ann & Ben/Sun/{n:02} Happy.flac");
        write(dir.path(), &path, &song);
    }
    let sad = tagged_mp3("Tränen über Wien", "Größe", "Regen", 12);
    write(dir.path(), "Größe/Regen/1 Tränen.mp3", &sad);
    dir
}

fn account() -> SubsonicAccount {
    SubsonicAccount::sending_password(SubsonicServer::USER, SubsonicServer::PASSWORD)
}

fn sorted(server: &Subsonic) -> Vec<ServerSong> {
    let mut songs = server.all_songs(|_| {}).unwrap();
    songs.sort_by(|a, b| a.path.cmp(&b.path));
    songs
}

#[test]
fn songs_are_listed_matched_and_fetched() {
    let library = library();
    let Some(server) = SubsonicServer::start(library.path()) else {
        return;
    };
    let subsonic = Subsonic::connect(&server.address(), &account()).unwrap();
    assert_eq!(subsonic.info().api_version, "1.12.0");
    assert!(!subsonic.info().is_open_subsonic);
    assert_eq!(subsonic.song_count().unwrap(), None);
    let mut told = Vec::new();
    let all = subsonic.all_songs(|count| told.push(count)).unwrap();
    assert_eq!(told, [HAPPY + 1]);
    assert_eq!(all.len(), HAPPY + 1);
    let songs = sorted(&subsonic);
    let first = &songs[0];
    assert_eq!(first.path.as_deref(), Some("Ann & Ben/Sun/00 Happy.flac"));
    assert_eq!(first.title, "Happy 0");
    assert_eq!(
        (first.artist.as_str(), first.album.as_str()),
        ("Ann & Ben", "Sun")
    );
    assert_eq!(first.duration_seconds, Some(100.0));
    assert_eq!(first.suffix.as_deref(), Some("flac"));

    // One is elsewhere and written otherwise here, one has the same path, the others are not here.
    let local = [
        LocalSong {
            path: "/home/me/wien.mp3",
            title: "TRA\u{308}NEN U\u{308}BER WIEN",
            artist: "GRO\u{308}ßE",
            duration_seconds: Some(12.4),
            ..LocalSong::default()
        },
        LocalSong {
            path: "/music/Ann & Ben/Sun/07 Happy.flac",
            ..LocalSong::default()
        },
    ];
    let matches = match_songs(&local, &songs);
    let by_title = |title: &str| songs.iter().find(|song| song.title == title).unwrap();
    let (sad, happy) = (by_title("Tränen über Wien"), by_title("Happy 7"));
    assert_eq!(
        matches.ids,
        [Some(sad.id.as_str()), Some(happy.id.as_str())]
    );
    assert_eq!(matches.only_on_server.len(), HAPPY - 1);

    let mut file = Vec::new();
    let mut download = subsonic.download(&sad.id).unwrap();
    assert_eq!(download.size_bytes(), sad.size_bytes);
    assert_eq!(download.content_type(), Some("audio/mpeg"));
    download.read_to_end(&mut file).unwrap();
    let on_disk = std::fs::read(library.path().join("Größe/Regen/1 Tränen.mp3")).unwrap();
    assert!(file == on_disk);
    let unknown = subsonic.download("00000000-0000-0000-0000-000000000000");
    assert!(unknown.unwrap_err().is_absent());
}

#[test]
fn a_playlist_is_made_and_replaced_and_never_that_of_somebody_else() {
    let library = library();
    let Some(server) = SubsonicServer::start(library.path()) else {
        return;
    };
    server.add_user("ann", "tulip").unwrap();
    let joe = Subsonic::connect(&server.address(), &account()).unwrap();
    let other = SubsonicAccount::sending_password("ann", "tulip");
    let ann = Subsonic::connect(&server.address(), &other).unwrap();
    let ids: Vec<String> = sorted(&joe).into_iter().map(|song| song.id).collect();

    let hers = ann.put_playlist("Happy", &ids[..3], "").unwrap();
    assert!(!hers.is_public);
    // More than one form takes, so songs come again.
    let many: Vec<&String> = ids.iter().cycle().take(1234).collect();
    let first = joe.put_playlist("Happy", &many, "for a \"face\" & more");
    let first = first.unwrap();
    assert_eq!(first.note.as_deref(), Some("for a \"face\" & more"));
    assert_eq!(first.is_own, Some(true));
    assert_eq!(joe.playlist_songs(&first.id).unwrap().len(), 1234);

    let second = joe.put_playlist("Happy", &ids[5..9], "now").unwrap();
    assert_ne!(second.id, first.id);
    assert_eq!(joe.playlist_songs(&second.id).unwrap(), ids[5..9]);
    assert!(joe.playlist_songs(&first.id).unwrap_err().is_absent());
    let names: Vec<String> = joe
        .playlists()
        .unwrap()
        .into_iter()
        .map(|one| one.name)
        .collect();
    assert_eq!(names, ["Happy"]);
    assert_eq!(ann.playlist_songs(&hers.id).unwrap(), ids[..3]);

    // A song that is gone since: nothing changes, and nothing is left over.
    let gone = [ids[0].as_str(), "00000000-0000-0000-0000-000000000000"];
    let error = joe.put_playlist("Happy", &gone, "").unwrap_err();
    assert!(error.is_absent(), "{error}");
    assert_eq!(joe.playlists().unwrap(), [second]);

    let none: [&str; 0] = [];
    let error = joe.put_playlist("Happy", &none, "").unwrap_err();
    assert!(matches!(error, SubsonicError::EmptyPlaylist { .. }));
}

#[test]
fn wrong_passwords_and_tokens_are_told_apart() {
    let library = library();
    let Some(server) = SubsonicServer::start(library.path()) else {
        return;
    };
    let connect = |account| Subsonic::connect(&server.address(), &account).unwrap_err();
    let error = connect(SubsonicAccount::sending_password("joe", "wrong"));
    assert!(matches!(error, SubsonicError::Account { .. }), "{error}");
    let token = SubsonicAccount::with_password(SubsonicServer::USER, SubsonicServer::PASSWORD);
    let error = connect(token);
    assert!(matches!(error, SubsonicError::NoTokens { .. }), "{error}");
    let error = connect(SubsonicAccount::with_api_key("wrong"));
    assert!(
        matches!(error, SubsonicError::NoSuchSignIn { .. }),
        "{error}"
    );
    let elsewhere = format!("{}/elsewhere", server.address());
    let error = Subsonic::connect(&elsewhere, &account()).unwrap_err();
    assert!(matches!(error, SubsonicError::Nonsense { .. }), "{error}");
}
