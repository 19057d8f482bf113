//! Sound: ranges, conversion, covers, and files that are not what they were.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use vibelux::compose::{compose_all, write_wav};
use vibelux_server::Limits;

use crate::client::Answer;
use crate::stand::{Plan, Stand, eventually};

/// As the stand writes them.
fn bytes(range: std::ops::Range<u32>) -> Vec<u8> {
    range.map(|i| (i % 251) as u8).collect()
}

fn audio(stand: &Stand, title: &str) -> String {
    format!("/api/v1/songs/{}/audio", stand.id(title))
}

#[test]
fn songs_are_sent_whole_and_in_ranges() {
    let stand = Plan::songs().start();
    let target = audio(&stand, "Dull Rain");
    let whole = stand.get(&target);
    assert_eq!((whole.status, whole.body == bytes(0..100_000)), (200, true));
    assert_eq!(whole.header("content-type"), Some("audio/flac"));
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    let range = |value: &str| stand.request("GET", &target).header("Range", value).send();
    let parts = [
        ("bytes=0-0", 0..1),
        ("bytes=100-199", 100..200),
        ("bytes=99990-", 99_990..100_000),
        ("bytes=-5", 99_995..100_000),
        ("bytes=70000-999999", 70_000..100_000),
    ];
    for (value, expected) in parts {
        let part = range(value);
        let told = format!("bytes {}-{}/100000", expected.start, expected.end - 1);
        assert_eq!(
            (part.status, part.header("content-range")),
            (206, Some(told.as_str())),
            "{value}"
        );
        assert_eq!(part.body, bytes(expected), "{value}");
    }
    let nothing = range("bytes=100000-");
    assert_eq!(
        (nothing.status, nothing.code().as_str()),
        (416, "bad_range")
    );
    assert_eq!(nothing.header("content-range"), Some("bytes */100000"));
    for ignored in ["bytes=0-1,5-6", "bytes=x", "seconds=1-2"] {
        assert_eq!(range(ignored).status, 200, "{ignored}");
    }
    let head = stand.request("HEAD", &target).send();
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, Some("100000"))
    );
}

#[test]
fn a_song_is_known_by_its_tag() {
    let stand = Plan::songs().start();
    let target = audio(&stand, "Dull Rain");
    let tag = stand.get(&target).header("etag").unwrap().to_owned();
    let same = stand
        .request("GET", &target)
        .header("If-None-Match", &tag)
        .send();
    assert_eq!((same.status, same.body.len()), (304, 0));
    let part = |tag: &str| {
        let request = stand.request("GET", &target).header("Range", "bytes=0-9");
        request.header("If-Range", tag).send().status
    };
    assert_eq!((part(&tag), part("\"another\"")), (206, 200));
}

fn is_gone(answer: &Answer) {
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (404, "song_missing")
    );
}

#[test]
fn a_file_that_is_gone_is_said_to_be() {
    let stand = Plan::songs().start();
    let (gone, folder) = (audio(&stand, "Dull Rain"), audio(&stand, "Thunder"));
    std::fs::remove_file(stand.music().join("b.flac")).unwrap();
    is_gone(&stand.get(&gone));
    is_gone(&stand.get(&gone.replace("audio", "cover")));
    std::fs::remove_file(stand.music().join("d.ogg")).unwrap();
    std::fs::create_dir(stand.music().join("d.ogg")).unwrap();
    is_gone(&stand.get(&folder));
}

#[cfg(unix)]
#[test]
fn links_lead_nowhere_but_to_songs_of_the_library() {
    use std::os::unix::fs::symlink;
    let stand = Plan::songs().start();
    let music = stand.music();
    let secret = stand.dir.path().join("secret.txt");
    std::fs::write(&secret, "a secret").unwrap();
    let (stolen, moved) = (audio(&stand, "Dull Rain"), audio(&stand, "Thunder"));
    std::fs::remove_file(music.join("b.flac")).unwrap();
    symlink(&secret, music.join("b.flac")).unwrap();
    is_gone(&stand.get(&stolen));
    is_gone(&stand.get(&format!("{stolen}?transcode=1")));
    is_gone(&stand.get(&stolen.replace("audio", "cover")));
    std::fs::remove_file(music.join("d.ogg")).unwrap();
    symlink(music.join("a.mp3"), music.join("d.ogg")).unwrap();
    assert_eq!(stand.get(&moved).status, 200);
}

fn has_ffmpeg(stand: &Stand) -> bool {
    let has = stand.get("/api/v1/status").json()["ffmpeg"] == true;
    if !has {
        eprintln!("SKIPPED: no ffmpeg, so no song is converted");
    }
    has
}

/// A minute of composed music in place of a song's file.
pub fn put_music(stand: &Stand, file: &str) {
    let piece = &compose_all(1)[0];
    let path = stand.music().join("made.wav");
    write_wav(&path, &piece.render(16_000), piece.title, "Nobody", "Test").unwrap();
    std::fs::rename(&path, stand.music().join(file)).unwrap();
}

#[test]
fn what_browsers_do_not_play_is_converted() {
    let stand = Plan::songs().start();
    if !has_ffmpeg(&stand) {
        return;
    }
    let garbage = stand.get(&format!("{}?transcode=1", audio(&stand, "Old Tape")));
    assert_eq!(
        (garbage.status, garbage.code().as_str()),
        (422, "unconvertible")
    );
    put_music(&stand, "c.wma");
    let song = stand
        .get(&format!("/api/v1/songs/{}", stand.id("Old Tape")))
        .json();
    assert_eq!(song["playable"], "transcode");
    let target = audio(&stand, "Old Tape");
    let whole = stand.get(&format!("{target}?transcode=1"));
    assert_eq!(whole.status, 200);
    let kind = whole.header("content-type").unwrap();
    assert!(["audio/webm", "audio/mpeg"].contains(&kind), "{kind}");
    assert!(whole.body.len() > 20_000, "{}", whole.body.len());
    // From near the end on, there is less.
    let rest = stand.get(&format!("{target}?transcode=1&start_seconds=15"));
    assert!(rest.body.len() * 2 < whole.body.len() * 3 && rest.body.len() < whole.body.len());
    for bad in ["-1", "x", "1e99", "NaN"] {
        let answer = stand.get(&format!("{target}?transcode=1&start_seconds={bad}"));
        assert_eq!(answer.status, 400, "{bad}");
    }
}

#[test]
fn apple_lossless_is_converted_and_aac_is_not() {
    let stand = Plan::songs().song("f.m4a", "Lossless", "", "sad").start();
    if !has_ffmpeg(&stand) {
        return;
    }
    for (file, codec) in [("e.m4a", "aac"), ("f.m4a", "alac")] {
        let status = Command::new("ffmpeg")
            .args(["-nostdin", "-y", "-loglevel", "error", "-f", "lavfi"])
            .args(["-i", "sine=440:duration=1", "-c:a", codec])
            .arg(stand.music().join(file))
            .status()
            .unwrap();
        assert!(status.success());
    }
    for (title, playable) in [("Bright Rain", "direct"), ("Lossless", "transcode")] {
        let song = stand.get(&format!("/api/v1/songs/{}", stand.id(title)));
        assert_eq!(song.json()["playable"], playable, "{title}");
    }
}

/// How many ffmpeg processes read this folder.
#[cfg(target_os = "linux")]
fn converters(stand: &Stand) -> usize {
    let folder = stand.music().to_string_lossy().into_owned();
    let output = Command::new("ps").args(["-eo", "args"]).output().unwrap();
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    lines
        .lines()
        .filter(|line| line.contains("ffmpeg") && line.contains(&folder))
        .count()
}

#[cfg(target_os = "linux")]
#[test]
fn a_converter_ends_with_its_listener_and_there_are_few() {
    let plan = Plan {
        limits: Limits {
            transcodes: 1,
            ..Limits::default()
        },
        ..Plan::songs()
    };
    let stand = plan.start();
    if !has_ffmpeg(&stand) || Command::new("ps").output().is_err() {
        eprintln!("SKIPPED: without ffmpeg and ps no converter can be watched");
        return;
    }
    // An hour of noise does not fit into any buffer.
    let made = Command::new("ffmpeg")
        .args([
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            "anoisesrc=d=3600:r=8000",
            "-f",
            "wav",
            "-y",
        ])
        .arg(stand.music().join("c.wma"))
        .status()
        .unwrap();
    assert!(made.success());
    let target = format!("{}?transcode=1", audio(&stand, "Old Tape"));
    let mut listener = TcpStream::connect(stand.address()).unwrap();
    listener
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let head = stand.request("GET", &target).head();
    listener.write_all(head.as_bytes()).unwrap();
    listener.read_exact(&mut [0; 2000]).unwrap();
    assert_eq!(converters(&stand), 1);
    let second = stand.get(&target);
    assert_eq!((second.status, second.code().as_str()), (503, "busy"));
    drop(listener);
    eventually("the converter ends", || converters(&stand) == 0);
}

#[test]
fn covers_are_those_of_the_files() {
    let stand = Plan::songs().start();
    let none = stand.get(&audio(&stand, "Dull Rain").replace("audio", "cover"));
    assert_eq!((none.status, none.body.len()), (204, 0));
    // A FLAC file of nothing but its description and a picture.
    let jpeg = b"\xff\xd8\xff\xe0 not much of a picture";
    let mut picture = 3_u32.to_be_bytes().to_vec();
    for part in [b"image/jpeg".as_slice(), b"front"] {
        picture.extend((part.len() as u32).to_be_bytes());
        picture.extend(part);
    }
    picture.extend([0; 16]);
    picture.extend((jpeg.len() as u32).to_be_bytes());
    picture.extend(jpeg);
    let mut file = b"fLaC\0\0\0\x22".to_vec();
    file.extend([0x10, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0x0A, 0xC4, 0x42, 0xF0]);
    file.extend([0; 20]);
    file.push(0x86);
    file.extend(&(picture.len() as u32).to_be_bytes()[1..]);
    file.extend(picture);
    std::fs::write(stand.music().join("b.flac"), file).unwrap();
    let cover = stand.get(&audio(&stand, "Dull Rain").replace("audio", "cover"));
    assert_eq!(
        (cover.status, cover.header("content-type")),
        (200, Some("image/jpeg"))
    );
    assert_eq!(cover.body, jpeg);
    let tag = cover.header("etag").unwrap();
    let target = audio(&stand, "Dull Rain").replace("audio", "cover");
    let again = stand
        .request("GET", &target)
        .header("If-None-Match", tag)
        .send();
    assert_eq!(again.status, 304);
}
