//! Playlists as players see them, and back: for any names, in every format.

use std::fs;

use proptest::prelude::*;

use super::entry::tag;
use super::*;

const FORMATS: [PlaylistFormat; 4] = [
    PlaylistFormat::M3u,
    PlaylistFormat::Xspf,
    PlaylistFormat::Jspf,
    PlaylistFormat::Nsp,
];

fn name() -> impl Strategy<Value = String> {
    // Any Unicode a file name may have, and what tempts a parser.
    prop_oneof![
        "[^/\u{0}\n\r]{1,12}",
        Just("#EXTM3U".to_owned()),
        Just("#EXTINF:1,x".to_owned()),
        Just("http:".to_owned()),
        Just("file:".to_owned()),
        Just("a%20b?c#d".to_owned()),
        Just("<track>&amp;]]>".to_owned()),
        Just(" ".to_owned()),
    ]
    .prop_filter("not a dot", |n| n != "." && n != "..")
}

fn entry() -> impl Strategy<Value = (bool, PlaylistEntry)> {
    let text = || prop::option::of("(?s).{0,20}");
    let names = prop::collection::vec(name(), 1..4);
    let parts = (
        any::<bool>(),
        names,
        prop::option::of(prop::num::f64::ANY),
        text(),
        text(),
        text(),
    );
    parts.prop_map(|(below, names, duration_seconds, artist, title, album)| {
        let entry = PlaylistEntry {
            path: names.iter().collect(),
            duration_seconds,
            artist,
            title,
            album,
        };
        (below, entry)
    })
}

fn written(folder: &Path, entries: &[PlaylistEntry]) -> String {
    let file = folder.join("list.m3u8");
    let list = Playlist {
        name: None,
        entries: entries.to_vec(),
    };
    list.write(&file, PlaylistFormat::M3u, &Naming::default())
        .unwrap();
    fs::read_to_string(file).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_read_back(
        songs in prop::collection::vec(entry(), 0..8),
        title in prop::option::of("(?s).{0,20}"),
        format in prop::sample::select(FORMATS.to_vec()),
    ) {
        // Navidrome's has what is below its library alone.
        let songs = songs.into_iter().map(|(below, entry)| (below || format == PlaylistFormat::Nsp, entry));
        let dir = tempfile::tempdir().unwrap();
        let folder = naming::without_dots(&std::path::absolute(dir.path()).unwrap());
        let file = folder.join("mood").with_extension(format.extension());
        let entries: Vec<PlaylistEntry> = songs
            .map(|(below, entry)| {
                let root = if below { folder.clone() } else { PathBuf::from("/music") };
                PlaylistEntry { path: root.join(&entry.path), ..entry }
            })
            .collect();
        let list = Playlist { name: title, entries };
        let left_out = list.write(&file, format, &Naming::default()).unwrap();
        prop_assert_eq!(left_out, Vec::<PathBuf>::new());
        prop_assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no temporary file is left");
        let read = Playlist::read(&file).unwrap();
        let name = |name: &Option<String>| tag(name);
        prop_assert_eq!(name(&read.name), name(&list.name));
        prop_assert_eq!(read.entries.len(), list.entries.len());
        for (read, entry) in read.entries.iter().zip(&list.entries) {
            prop_assert_eq!(&read.path, &entry.path);
            let is_length = entry.duration_seconds.is_some_and(|s| (0.0..1e9).contains(&s));
            if matches!(format, PlaylistFormat::Xspf | PlaylistFormat::Jspf) {
                prop_assert_eq!(&read.title, &tag(&entry.title));
                prop_assert_eq!(&read.artist, &tag(&entry.artist));
                prop_assert_eq!(&read.album, &tag(&entry.album));
                if is_length {
                    let off = read.duration_seconds.unwrap() - entry.duration_seconds.unwrap();
                    prop_assert!(off.abs() <= 0.001);
                }
            }
            if format == PlaylistFormat::M3u && is_length {
                let off = read.duration_seconds.unwrap() - entry.duration_seconds.unwrap();
                prop_assert!(off.abs() <= 0.5);
            }
        }
    }

    #[test]
    fn any_bytes_are_a_playlist_or_an_error(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        format in prop::option::of(prop::sample::select(FORMATS.to_vec())),
    ) {
        if let Ok(list) = Playlist::parse(&bytes, format, Path::new("/music")) {
            prop_assert!(list.entries.iter().all(|entry| entry.path.as_os_str().len() > 1));
        }
    }
}

#[test]
fn the_format_is_that_of_extended_m3u() {
    let dir = tempfile::tempdir().unwrap();
    let entries = [
        PlaylistEntry {
            path: dir.path().join("Björk/Jóga.flac"),
            duration_seconds: Some(305.4),
            artist: Some("Björk".to_owned()),
            title: Some("Jóga\r\n#EXTINF:1,x".to_owned()),
            album: None,
        },
        PlaylistEntry {
            artist: Some("  ".to_owned()),
            ..PlaylistEntry::at("/elsewhere/02 song.mp3".into())
        },
    ];
    let expected = "#EXTM3U\n#EXTINF:305,Björk - Jóga #EXTINF:1,x\nBjörk/Jóga.flac\n\
                    #EXTINF:-1,02 song\n/elsewhere/02 song.mp3\n";
    assert_eq!(written(dir.path(), &entries), expected);
}

#[test]
fn names_that_players_misread_are_written_so_that_they_do_not() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["#1 hit.mp3", " led.mp3", "http:x.mp3"] {
        let text = written(dir.path(), &[PlaylistEntry::at(dir.path().join(name))]);
        assert!(text.ends_with(&format!("\n./{name}\n")), "{text}");
    }
}

#[test]
fn a_path_that_no_line_holds_is_left_out_and_an_address_is_one() {
    let dir = tempfile::tempdir().unwrap();
    let odd = dir.path().join("two\nlines.mp3");
    let web = PathBuf::from("https://nas.example/a%20b/c.mp3");
    let bucket = PathBuf::from("s3://music/a b/c.mp3");
    let entries = [&odd, &web, &bucket].map(|path| PlaylistEntry {
        title: Some("T".to_owned()),
        ..PlaylistEntry::at(path.clone())
    });
    let list = Playlist {
        name: Some("Sad".to_owned()),
        entries: entries.to_vec(),
    };
    let (text, left_out) = list.text(PlaylistFormat::M3u, &Naming::default()).unwrap();
    assert_eq!(left_out, std::slice::from_ref(&odd));
    let expected = "#EXTM3U\n#PLAYLIST:Sad\n#EXTINF:-1,T\nhttps://nas.example/a%20b/c.mp3\n#EXTINF:-1,T\ns3://music/a b/c.mp3\n";
    assert_eq!(text, expected);
    // URIs hold any name.
    for format in [PlaylistFormat::Xspf, PlaylistFormat::Jspf] {
        let (text, left_out) = list.text(format, &Naming::default()).unwrap();
        assert_eq!(left_out, Vec::<PathBuf>::new());
        let read = Playlist::parse(text.as_bytes(), None, Path::new("/")).unwrap();
        let paths: Vec<&PathBuf> = read.entries.iter().map(|entry| &entry.path).collect();
        assert_eq!(paths, [&odd, &web, &bucket]);
    }
}

#[cfg(unix)]
#[test]
fn names_that_are_no_text_are_kept_where_the_format_can() {
    use std::os::unix::ffi::OsStrExt;
    let odd = Path::new("/music").join(std::ffi::OsStr::from_bytes(b"caf\xe9.mp3"));
    let list = Playlist {
        name: None,
        entries: vec![PlaylistEntry::at(odd.clone())],
    };
    for format in FORMATS {
        let (text, left_out) = list.text(format, &Naming::default()).unwrap();
        let read = Playlist::parse(text.as_bytes(), Some(format), Path::new("/")).unwrap();
        if matches!(format, PlaylistFormat::Xspf | PlaylistFormat::Jspf) {
            assert_eq!(read.entries[0].path, odd);
        } else {
            assert_eq!(left_out, std::slice::from_ref(&odd), "{format:?}");
        }
    }
    // Older players wrote such names as they are.
    let read = Playlist::parse(b"caf\xe9.mp3\r\n", None, Path::new("/music")).unwrap();
    assert_eq!(read.entries[0].path, odd);
}

#[test]
fn songs_are_named_as_the_reader_has_them() {
    let list = Playlist {
        name: None,
        entries: ["/home/me/Music/A B/1.mp3", "/other/2.mp3"]
            .map(|path| PlaylistEntry::at(path.into()))
            .to_vec(),
    };
    let named = |map: &[&str], beside: Beside, format| -> Vec<String> {
        let naming = Naming {
            map: crate::media::PathMap::new(map.iter().map(|rule| rule.parse().unwrap()).collect()),
            beside,
        };
        let (text, _) = list.text(format, &naming).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(str::to_owned).collect()
    };
    let one_by_one = Naming {
        beside: Beside::Folder("/home/me".into()),
        ..Naming::default()
    };
    let name = |song: &str| one_by_one.name(Path::new(song));
    assert_eq!(name("/home/me/#1/a b.mp3").as_deref(), Some("#1/a b.mp3"));
    assert_eq!(name("/other/2.mp3").as_deref(), Some("/other/2.mp3"));
    let m3u = PlaylistFormat::M3u;
    let below = Beside::Folder("/home/me/Music".into());
    assert_eq!(
        named(&[], below.clone(), m3u),
        ["A B/1.mp3", "/other/2.mp3"]
    );
    let nas = ["/home/me/Music=/volume1/music"];
    assert_eq!(
        named(&nas, Beside::Nothing, m3u),
        ["/volume1/music/A B/1.mp3", "/other/2.mp3"]
    );
    // First the path there, then what that is relative to.
    assert_eq!(
        named(&nas, Beside::Folder("/volume1".into()), m3u)[0],
        "music/A B/1.mp3"
    );
    assert_eq!(
        named(&["/home/me/Music=https://nas/m"], Beside::Nothing, m3u)[0],
        "https://nas/m/A%20B/1.mp3"
    );
    let xspf = named(&[], below, PlaylistFormat::Xspf).join("");
    assert!(xspf.contains("<location>A%20B/1.mp3</location>"), "{xspf}");
    assert!(
        xspf.contains("<location>file:///other/2.mp3</location>"),
        "{xspf}"
    );
}

#[test]
fn what_other_programs_write_is_read() {
    let paths = |text: &str, format| -> Vec<String> {
        let list = Playlist::parse(text.as_bytes(), format, Path::new("/music/lists")).unwrap();
        let paths = list.entries.iter();
        paths
            .map(|entry| entry.path.to_str().unwrap().to_owned())
            .collect()
    };
    // Windows line ends, a mark of the byte order, no directives, attributes, file addresses.
    let m3u =
        "\u{FEFF}../a.mp3\r\n\r\n#EXTINF:12 tvg=\"x\",One, Two - Three\r\nfile:///m/b%20c.mp3\r\n";
    assert_eq!(paths(m3u, None), ["/music/a.mp3", "/m/b c.mp3"]);
    let list = Playlist::parse(m3u.as_bytes(), None, Path::new("/")).unwrap();
    assert_eq!(list.entries[1].duration_seconds, Some(12.0));
    assert_eq!(list.entries[1].artist.as_deref(), Some("One, Two"));
    // VLC has extensions of its own among the tracks, and songs without a place.
    let xspf = r#"<?xml version="1.0" encoding="UTF-8"?>
        <playlist xmlns="http://xspf.org/ns/0/" xmlns:vlc="http://www.videolan.org/vlc/playlist/ns/0/" version="1">
        <title>Wiedergabeliste</title>
        <trackList>
          <track><location>file:///m/a&amp;b.mp3</location><title>A &amp; B</title><duration>1500</duration>
            <extension application="http://www.videolan.org/vlc/playlist/0"><vlc:id>0</vlc:id></extension></track>
          <track><title>Nowhere</title></track>
          <track><location>../c.mp3</location></track>
        </trackList>
        <extension application="http://www.videolan.org/vlc/playlist/0"><vlc:item tid="0"/></extension>
        </playlist>"#;
    assert_eq!(paths(xspf, None), ["/m/a&b.mp3", "/music/c.mp3"]);
    let list = Playlist::parse(xspf.as_bytes(), None, Path::new("/")).unwrap();
    assert_eq!(list.name.as_deref(), Some("Wiedergabeliste"));
    assert_eq!(list.entries[0].title.as_deref(), Some("A & B"));
    assert_eq!(list.entries[0].duration_seconds, Some(1.5));
    let jspf = r#"{"playlist":{"track":[{"location":"file:///m/a.mp3","duration":"2500"},{"identifier":"x"}]}}"#;
    assert_eq!(paths(jspf, None), ["/m/a.mp3"]);
}

#[test]
fn what_is_no_playlist_says_so() {
    let fails = |text: &str, format| {
        let failed = Playlist::parse(text.as_bytes(), Some(format), Path::new("/"));
        failed.unwrap_err().to_string()
    };
    assert!(fails("<playlist>", PlaylistFormat::Xspf).starts_with("it is no XSPF"));
    assert!(fails("{}", PlaylistFormat::Jspf).starts_with("it is no JSPF"));
    let rules = r#"{"all":[{"is":{"loved":true}}],"sort":"random"}"#;
    assert!(fails(rules, PlaylistFormat::Nsp).contains("only Navidrome"));
    let error = Playlist::read(Path::new("/no/such.m3u8")).unwrap_err();
    assert!(error.to_string().contains("/no/such.m3u8"), "{error}");
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_what_is_no_file_stays() {
    let dir = tempfile::tempdir().unwrap();
    let (real, link) = (dir.path().join("real.m3u8"), dir.path().join("link.m3u8"));
    fs::write(&real, "").unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let list = Playlist::default();
    let write = |file: &Path| list.write(file, PlaylistFormat::M3u, &Naming::default());
    write(&link).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&real).unwrap(), "#EXTM3U\n");
    assert!(
        write(dir.path())
            .unwrap_err()
            .to_string()
            .contains("a folder")
    );
    assert!(
        write(Path::new("/dev/null"))
            .unwrap_err()
            .to_string()
            .contains("no file")
    );
    let mut facts = fs::metadata(&real).unwrap().permissions();
    facts.set_readonly(true);
    fs::set_permissions(&real, facts).unwrap();
    assert!(write(&link).unwrap_err().to_string().contains("read-only"));
}

#[test]
fn a_folder_that_is_not_there_is_an_error_with_its_path() {
    let file = Path::new("/no/such/folder/list.m3u8");
    let list = Playlist::default();
    let error = list
        .write(file, PlaylistFormat::M3u, &Naming::default())
        .unwrap_err();
    let error = error.to_string();
    assert!(error.contains("/no/such/folder/list.m3u8"), "{error}");
}
