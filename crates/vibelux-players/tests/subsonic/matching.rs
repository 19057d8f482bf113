//! Songs matched with songs, without any server.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use vibelux_players::{LocalSong, ServerSong, match_songs};

fn theirs(id: &str, path: &str, tags: [&str; 3], seconds: Option<f64>) -> ServerSong {
    ServerSong {
        id: id.to_owned(),
        title: tags[0].to_owned(),
        artist: tags[1].to_owned(),
        album: tags[2].to_owned(),
        path: (!path.is_empty()).then(|| path.to_owned()),
        duration_seconds: seconds,
        ..ServerSong::default()
    }
}

fn ours<'a>(path: &'a str, tags: [&'a str; 3], seconds: Option<f64>) -> LocalSong<'a> {
    LocalSong {
        path,
        title: tags[0],
        artist: tags[1],
        album: tags[2],
        duration_seconds: seconds,
    }
}

const UNKNOWN: [&str; 3] = ["", "", ""];

/// The server's id for one song of ours.
fn one(local: LocalSong<'_>, server: &[ServerSong]) -> Option<String> {
    let matches = match_songs(&[local], server);
    assert_eq!(
        matches.only_on_server.len() + usize::from(matches.ids[0].is_some()),
        server.len()
    );
    matches.ids[0].map(str::to_owned)
}

#[test]
fn paths_are_compared_from_their_ends() {
    let server = [
        theirs("1", "A/X/01 a.mp3", UNKNOWN, None),
        theirs("2", "B/X/01 a.mp3", UNKNOWN, None),
        theirs("3", "Gr\u{f6}ße/Y/only.mp3", UNKNOWN, None),
    ];
    let path = |path| one(ours(path, UNKNOWN, None), &server);
    assert_eq!(path("/music/A/X/01 a.mp3").as_deref(), Some("1"));
    assert_eq!(path("/music/b/x/01 A.MP3").as_deref(), Some("2"));
    // Which of the two cannot be said.
    assert_eq!(path("/music/C/X/01 a.mp3"), None);
    assert_eq!(path("/music/01 a.mp3"), None);
    assert_eq!(path("/music/GRO\u{308}ßE/Y/only.mp3").as_deref(), Some("3"));
    // A file's name that only one has.
    assert_eq!(path("/elsewhere/only.mp3").as_deref(), Some("3"));
    assert_eq!(path("only.flac"), None);
}

#[test]
fn a_file_name_says_nothing_against_tags_and_length() {
    let server = [theirs(
        "1",
        "A/intro.mp3",
        ["Intro", "A", "First"],
        Some(60.0),
    )];
    let found = |path, tags, seconds| one(ours(path, tags, seconds), &server).is_some();
    assert!(found("B/intro.mp3", UNKNOWN, None));
    assert!(found("B/intro.mp3", ["INTRO", "a", ""], Some(61.0)));
    assert!(!found("B/intro.mp3", ["Intro", "B", ""], None));
    assert!(!found("B/intro.mp3", UNKNOWN, Some(64.0)));
    assert!(!found("B/intro.mp3", ["Outro", "A", ""], None));
    // Tags that were changed since do not matter where the whole path is the same.
    assert!(found(
        "/m/A/intro.mp3",
        ["Introduction", "A", ""],
        Some(60.0)
    ));
    assert!(!found("/m/A/intro.mp3", ["Outro", "A", ""], Some(200.0)));
}

#[test]
fn two_of_ours_that_end_like_one_of_theirs_are_not_both_it() {
    let server = [theirs("1", "A/Disc 1/01.mp3", UNKNOWN, None)];
    let local = ["/m/A/Disc 1/01.mp3", "/m/B/Disc 1/01.mp3"];
    let local = local.map(|path| ours(path, UNKNOWN, None));
    assert_eq!(match_songs(&local, &server).ids, [Some("1"), None]);
}

#[test]
fn tags_decide_where_paths_do_not() {
    let server = [
        theirs("album", "", ["Song", "Ann", "Sun"], Some(200.0)),
        theirs("live", "", ["Song", "Ann", "Live"], Some(260.0)),
        theirs("best", "", ["Song", "Ann", "Best of"], Some(201.0)),
        theirs("remix", "", ["Song (Remix)", "Ann", "Sun"], Some(200.0)),
    ];
    let tags = |tags, seconds| one(ours("x.mp3", tags, seconds), &server);
    assert_eq!(tags(["Song", "Ann", "Sun"], None).as_deref(), Some("album"));
    assert_eq!(
        tags(["song", "ANN", ""], Some(261.5)).as_deref(),
        Some("live")
    );
    assert_eq!(
        tags(["Song", "Ann", ""], Some(199.0)).as_deref(),
        Some("album")
    );
    assert_eq!(
        tags(["Song", "Ann", ""], Some(201.4)).as_deref(),
        Some("best")
    );
    assert_eq!(tags(["Song", "Ann", ""], Some(200.5)), None);
    assert_eq!(tags(["Song", "Ann", ""], None), None);
    assert_eq!(tags(["Song", "Ann", "Sun"], Some(230.0)), None);
    assert_eq!(
        tags(["Song feat. Ben (Remix)", "Ann", ""], None).as_deref(),
        Some("remix")
    );
    assert_eq!(tags(["Song", "", "Sun"], Some(200.0)), None);
    assert_eq!(tags(["Song", "Ben", "Sun"], Some(200.0)), None);
}

#[test]
fn what_a_path_says_leaves_the_other_to_the_tags() {
    let tags = ["Song", "Ann", ""];
    let server = [
        theirs("1", "Ann/Sun/1.mp3", tags, None),
        theirs("2", "Ann/Best/9.mp3", tags, None),
    ];
    let local = [
        ours("/m/Ann/Sun/1.mp3", tags, None),
        ours("/m/z.mp3", tags, None),
    ];
    assert_eq!(match_songs(&local, &server).ids, [Some("1"), Some("2")]);
}

#[test]
fn nothing_matches_nothing() {
    assert!(match_songs(&[], &[]).ids.is_empty());
    let server = [theirs("1", "", UNKNOWN, None)];
    assert_eq!(one(LocalSong::default(), &server), None);
}

#[test]
fn a_hundred_thousand_songs_are_matched_soon() {
    const SONGS: usize = 100_000;
    // Every second has a path here, and all have the same file names in many folders of the same name.
    let tags: Vec<[String; 3]> = (0..SONGS)
        .map(|n| {
            [
                format!("Song {n}"),
                format!("Artist {}", n % 1000),
                format!("Album {}", n / 12),
            ]
        })
        .collect();
    let server: Vec<ServerSong> = tags
        .iter()
        .enumerate()
        .map(|(n, [title, artist, album])| {
            let path = format!("{artist}/{album}/CD1/{:02}.mp3", n % 12);
            let path = if n % 2 == 0 { path.as_str() } else { "" };
            theirs(&n.to_string(), path, [title, artist, album], Some(180.0))
        })
        .collect();
    let paths: Vec<String> = (0..SONGS)
        .map(|n| {
            format!(
                "/mnt/disk/music/{}/{}/CD1/{:02}.mp3",
                tags[n][1],
                tags[n][2],
                n % 12
            )
        })
        .collect();
    let local: Vec<LocalSong<'_>> = (0..SONGS)
        .map(|n| {
            let [title, artist, album] = &tags[n];
            ours(&paths[n], [title, artist, album], Some(181.0))
        })
        .collect();
    let start = Instant::now();
    let matches = match_songs(&local, &server);
    // A comparison of each with each would take hours.
    assert!(start.elapsed() < Duration::from_secs(300));
    for (n, id) in matches.ids.iter().enumerate() {
        assert_eq!(*id, Some(n.to_string().as_str()));
    }
    assert!(matches.only_on_server.is_empty());

    // The same with nothing that tells them apart.
    let same = vec![theirs("1", "A/CD1/01.mp3", ["Track 1", "Unknown", ""], None); SONGS];
    let local = vec![ours("B/CD1/01.mp3", ["Track 1", "Unknown", ""], None); SONGS];
    let start = Instant::now();
    let matches = match_songs(&local, &same);
    assert!(start.elapsed() < Duration::from_secs(300));
    assert!(matches.ids.iter().all(Option::is_none));
}

/// Few different texts, so that many songs are alike.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[aB]{1,2}",
        "[aé/ .]{0,4}",
        "a feat. [ab(\\[)\\]]{0,3}",
        "\\PC{0,6}",
    ]
}

fn song() -> impl Strategy<Value = (String, [String; 3], Option<f64>)> {
    let path = proptest::collection::vec("[aAb]{1}|01\\.mp3|\\PC{0,3}", 0..4);
    let path = path.prop_map(|parts| parts.join("/"));
    let tags = [text(), text(), text()];
    (path, tags, proptest::option::of(-1.0..20.0))
}

proptest! {
    #[test]
    fn whatever_the_songs_are_the_order_changes_nothing_and_all_are_accounted_for(
        local in proptest::collection::vec(song(), 0..12),
        server in proptest::collection::vec(song(), 0..12),
    ) {
        let server: Vec<ServerSong> = server
            .iter()
            .enumerate()
            .map(|(n, (path, tags, seconds))| {
                theirs(&n.to_string(), path, tags.each_ref().map(String::as_str), *seconds)
            })
            .collect();
        let local: Vec<LocalSong<'_>> = local
            .iter()
            .map(|(path, tags, seconds)| ours(path, tags.each_ref().map(String::as_str), *seconds))
            .collect();
        let matches = match_songs(&local, &server);
        prop_assert_eq!(matches.ids.len(), local.len());
        for song in &server {
            let is_ours = matches.ids.contains(&Some(song.id.as_str()));
            prop_assert_ne!(is_ours, matches.only_on_server.contains(&song));
        }
        let local_back: Vec<LocalSong<'_>> = local.iter().rev().copied().collect();
        let server_back: Vec<ServerSong> = server.iter().rev().cloned().collect();
        let back = match_songs(&local_back, &server_back);
        let mut ids = back.ids;
        ids.reverse();
        prop_assert_eq!(matches.ids, ids);
    }

    #[test]
    fn the_same_library_below_another_folder_is_found_whole(count in 1..40_usize) {
        let paths: Vec<String> = (0..count)
            .map(|n| format!("Artist {}/Album {}/{:02}.mp3", n % 3, n / 3, n % 5))
            .collect();
        let server: Vec<ServerSong> = (0..count)
            .map(|n| theirs(&n.to_string(), &paths[n], UNKNOWN, None))
            .collect();
        let below: Vec<String> = paths.iter().map(|path| format!("/mnt/x/{path}")).collect();
        let local: Vec<LocalSong<'_>> = below.iter().map(|path| ours(path, UNKNOWN, None)).collect();
        for (n, id) in match_songs(&local, &server).ids.iter().enumerate() {
            let expected = n.to_string();
            prop_assert_eq!(*id, Some(expected.as_str()));
        }
    }
}
