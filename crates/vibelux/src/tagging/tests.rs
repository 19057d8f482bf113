//! Moods in the tags of files as real encoders write them, read by another program, and taken out again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lofty::config::WriteOptions;
use lofty::file::TaggedFileExt;
use lofty::picture::{MimeType, Picture, PictureType};
use lofty::tag::{Accessor, ItemKey, ItemValue, Tag, TagExt, TagItem};

use super::*;
use crate::emotion::EmotionVector;

/// Name and the flags with which ffmpeg writes it.
const FORMATS: [(&str, &[&str]); 10] = [
    ("id3v24.mp3", &["-b:a", "96k", "-id3v2_version", "4"]),
    (
        "id3v23.mp3",
        &["-b:a", "96k", "-id3v2_version", "3", "-write_id3v1", "1"],
    ),
    (
        "bare.mp3",
        &[
            "-b:a",
            "96k",
            "-id3v2_version",
            "0",
            "-write_xing",
            "0",
            "-map_metadata",
            "-1",
        ],
    ),
    ("song.flac", &[]),
    ("song.ogg", &["-c:a", "libvorbis"]),
    ("song.opus", &["-b:a", "48k"]),
    ("early.m4a", &["-b:a", "96k", "-movflags", "+faststart"]),
    ("late.m4a", &["-c:a", "alac"]),
    ("song.wav", &[]),
    ("song.aiff", &["-write_id3v2", "1"]),
];

/// Not that of a real picture.
const COVER: &[u8] = &[0x55; 5000];

fn ffmpeg(args: &[&str], out: &Path) -> bool {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y"]).args(args).arg(out);
    command
        .stdin(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Three seconds of sound with a title and a comment in each format; `None` without ffmpeg.
pub(super) fn songs(folder: &Path) -> Option<Vec<PathBuf>> {
    let tone = ["-f", "lavfi", "-i", "sine=frequency=330:duration=3"];
    if !ffmpeg(&tone, &folder.join("probe.wav")) {
        println!("SKIPPED: ffmpeg is not installed, so no file was tagged");
        return None;
    }
    let tags = [
        "-metadata",
        "title=Blue Song",
        "-metadata",
        "artist=Ada",
        "-metadata",
        "comment=ours",
    ];
    let mut songs = Vec::new();
    for (name, flags) in FORMATS {
        let path = folder.join(name);
        if ffmpeg(&[&tone[..], &tags, flags].concat(), &path) {
            songs.push(path);
        } else {
            println!("SKIPPED: this ffmpeg cannot write {name}");
        }
    }
    Some(songs)
}

/// What another program hears in a file: a checksum of its packets.
fn heard(path: &Path) -> String {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(path)
        .args(["-map", "0:a", "-c", "copy", "-f", "md5", "-"])
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// What another program reads of its tags, in lower case.
fn told(path: &Path) -> String {
    let output = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-show_entries",
            "format_tags:stream_tags",
            "-of",
            "default=nk=0",
        ])
        .arg(path)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().to_lowercase()
}

pub(super) fn tags(mood: &str) -> MoodTags {
    MoodTags {
        vector: mood.parse::<EmotionVector>().unwrap(),
    }
}

#[test]
fn every_format_says_its_mood_sounds_the_same_and_forgets_it_again() {
    let dir = tempfile::tempdir().unwrap();
    let Some(songs) = songs(dir.path()) else {
        return;
    };
    let sad = tags("sad=0.75,neutral=0.25");
    for song in &songs {
        let name = song.file_name().unwrap().to_string_lossy();
        let (sound, said) = (heard(song), told(song));
        let bytes = fs::read(song).unwrap();
        assert_eq!(
            would_edit(song, TagEdit::Write(&sad)).unwrap(),
            Tagged::Changed,
            "{name}"
        );
        assert_eq!(
            fs::read(song).unwrap(),
            bytes,
            "{name}: nothing is written by looking"
        );
        assert_eq!(
            edit(song, TagEdit::Write(&sad)).unwrap(),
            Tagged::Changed,
            "{name}"
        );
        assert_eq!(heard(song), sound, "{name}");
        let now = told(song);
        // ffprobe 5 does not read the ID3 chunk of WAV.
        let is_read = !name.ends_with(".wav");
        for field in ["mood=sad", "vibelux_sad=0.7500", "vibelux_happy=0.0000"] {
            assert!(!is_read || now.contains(field), "{name}: {field} in {now}");
        }
        for line in said
            .lines()
            .filter(|line| line.contains("blue song") || line.contains("ada"))
        {
            assert!(now.contains(line), "{name}: {line} in {now}");
        }
        let bytes = fs::read(song).unwrap();
        assert_eq!(
            edit(song, TagEdit::Write(&sad)).unwrap(),
            Tagged::Same,
            "{name}"
        );
        assert_eq!(fs::read(song).unwrap(), bytes, "{name}");
        // Another mood takes its place.
        assert_eq!(
            edit(song, TagEdit::Write(&tags("happy"))).unwrap(),
            Tagged::Changed
        );
        let now = told(song);
        let is_another = now.contains("mood=happy") && !now.contains("mood=sad");
        assert!(!is_read || is_another, "{name}");
        assert_eq!(
            edit(song, TagEdit::Undo).unwrap(),
            Tagged::Changed,
            "{name}"
        );
        let after = told(song);
        assert!(
            !after.contains("vibelux") && !after.contains("mood"),
            "{name}: {after}"
        );
        assert_eq!(heard(song), sound, "{name}");
        assert_eq!(edit(song, TagEdit::Undo).unwrap(), Tagged::Same, "{name}");
    }
    assert!(songs.len() >= 8, "{} formats were tried", songs.len());
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        songs.len() + 1,
        "no copy is left"
    );
}

#[test]
fn a_mood_of_somebody_else_comes_back_however_it_was_kept() {
    let dir = tempfile::tempdir().unwrap();
    let Some(songs) = songs(dir.path()) else {
        return;
    };
    let mut tried = 0;
    for song in &songs {
        let name = song.file_name().unwrap().to_string_lossy();
        let mut file = lofty::read_from_path(song).unwrap();
        let kind = file.primary_tag_type();
        if file.primary_tag().is_none() {
            file.insert_tag(Tag::new(kind));
        }
        let tag = file.primary_tag_mut().unwrap();
        if !tag.insert_text(ItemKey::Mood, "Dreamy".to_owned()) {
            continue;
        }
        // Two of them, where there may be several.
        tag.push(TagItem::new(
            ItemKey::Mood,
            ItemValue::Text("Slow".to_owned()),
        ));
        let cover = Picture::unchecked(COVER.to_vec()).mime_type(MimeType::Jpeg);
        tag.push_picture(cover.pic_type(PictureType::CoverFront).build());
        let options = WriteOptions::new().use_id3v23(name.contains("v23"));
        tag.save_to_path(song, options).unwrap();
        let said = |song: &Path| {
            let file = lofty::read_from_path(song).unwrap();
            let tag = file.primary_tag().unwrap();
            let moods: Vec<String> = tag.get_strings(ItemKey::Mood).map(str::to_owned).collect();
            // A cover of another song would be noticed, and need not be printed.
            let covers = tag
                .pictures()
                .iter()
                .map(|p| (p.data().len(), p.data() == COVER));
            let covers: Vec<(usize, bool)> = covers.collect();
            (moods, covers, tag.title().map(std::borrow::Cow::into_owned))
        };
        let before = said(song);
        assert_eq!(before.1, [(COVER.len(), true)], "{name}");
        edit(song, TagEdit::Write(&tags("sad"))).unwrap();
        assert_eq!(said(song).1, before.1, "{name}: the cover stays");
        edit(song, TagEdit::Write(&tags("happy"))).unwrap();
        edit(song, TagEdit::Undo).unwrap();
        assert_eq!(said(song), before, "{name}");
        tried += 1;
    }
    assert!(tried >= 6, "{tried} formats were tried");
}

#[test]
fn fields_that_are_read_as_something_else_stay_as_they_are_written() {
    let dir = tempfile::tempdir().unwrap();
    let Some(songs) = songs(dir.path()) else {
        return;
    };
    let tone = ["-f", "lavfi", "-i", "sine=frequency=330:duration=3"];
    let fields = ["-metadata", "track=1/12", "-metadata", "date=2001-02"];
    for (name, flags) in FORMATS {
        let Some(song) = songs.iter().find(|song| song.ends_with(name)) else {
            continue;
        };
        assert!(ffmpeg(&[&tone[..], &fields, flags].concat(), song));
        let before = told(song);
        edit(song, TagEdit::Write(&tags("sad"))).unwrap();
        edit(song, TagEdit::Undo).unwrap();
        let after = told(song);
        for line in before.lines().filter(|line| line.starts_with("tag:")) {
            assert!(after.contains(line), "{name}: {line} in {after}");
        }
    }
}

#[test]
fn a_frame_that_is_not_understood_is_not_lost() {
    let dir = tempfile::tempdir().unwrap();
    let Some(songs) = songs(dir.path()) else {
        return;
    };
    let Some(bare) = songs.iter().find(|song| song.ends_with("bare.mp3")) else {
        return;
    };
    let sound = fs::read(bare).unwrap();
    // Two frames of one name, of which a list of names keeps one.
    let frame = |name: &[u8; 4], text: &[u8]| {
        let size = u8::try_from(text.len() + 1).unwrap();
        [&name[..], &[0, 0, 0, size, 0, 0, 3], text].concat()
    };
    let frames = [frame(b"TIT2", b"Blue"), frame(b"TIT2", b"Bluer")].concat();
    let size = u8::try_from(frames.len()).unwrap();
    let head = [b'I', b'D', b'3', 4, 0, 0, 0, 0, 0, size];
    let song = dir.path().join("twice.mp3");
    let bytes = [&head[..], &frames, &sound].concat();
    fs::write(&song, &bytes).unwrap();
    let error = edit(&song, TagEdit::Write(&tags("sad"))).unwrap_err();
    let is_refused = matches!(
        error,
        TagError::NotUnderstood { .. } | TagError::Tags { .. }
    );
    assert!(is_refused, "{error}");
    assert_eq!(fs::read(&song).unwrap(), bytes);
}

#[test]
fn copies_of_a_run_that_was_killed_are_cleared_away() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| {
        let path = dir.path().join(name);
        fs::write(&path, "x").unwrap();
        path
    };
    file("song.mp3");
    let old = std::time::SystemTime::now() - 2 * LEFT_OVER;
    let left = file(".song.mp3.a1B2c3.part");
    let strangers = [
        ".other.mp3.a1B2c3.part",
        ".song.mp3.part",
        "song.mp3.a1B2c3.part",
    ];
    let strangers = strangers.map(file);
    for path in strangers.iter().chain([&left]) {
        let file = File::options().write(true).open(path).unwrap();
        file.set_modified(old).unwrap();
    }
    let young = file(".song.mp3.d4E5f6.part");
    assert_eq!(clear_leftovers(dir.path()).unwrap(), 1);
    assert!(!left.exists() && young.exists());
    assert!(strangers.iter().all(|path| path.exists()));
}

#[test]
fn what_cannot_be_written_is_left_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let sad = tags("sad");
    for (name, bytes) in [
        (
            "broken.mp3",
            &b"ID3\x04\x00\x00\x7f\x7f\x7f\x7fTIT2\xff\xff\xff\xff"[..],
        ),
        ("empty.flac", b""),
        ("text.ogg", b"OggS is not what follows"),
        ("other.wma", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
        ("notes.txt", b"no song"),
    ] {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        let error = edit(&path, TagEdit::Write(&sad)).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
        assert_eq!(fs::read(&path).unwrap(), bytes, "{name}");
    }
    let error = edit(&dir.path().join("absent.mp3"), TagEdit::Undo).unwrap_err();
    assert!(error.to_string().contains("absent.mp3"), "{error}");
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        5,
        "no copy is left"
    );
}

#[cfg(unix)]
#[test]
fn links_owners_and_modes_are_kept() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let dir = tempfile::tempdir().unwrap();
    let Some(songs) = songs(dir.path()) else {
        return;
    };
    let (song, sad) = (&songs[0], tags("sad"));
    fs::set_permissions(song, fs::Permissions::from_mode(0o640)).unwrap();
    let link = dir.path().join("link.mp3");
    symlink(song, &link).unwrap();
    edit(&link, TagEdit::Write(&sad)).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(
        fs::metadata(song).unwrap().permissions().mode() & 0o777,
        0o640
    );
    assert!(told(song).contains("mood=sad"));

    fs::hard_link(song, dir.path().join("twin.mp3")).unwrap();
    let error = edit(song, TagEdit::Undo).unwrap_err();
    assert!(
        matches!(error, TagError::SeveralNames { names: 2, .. }),
        "{error}"
    );
    fs::set_permissions(&songs[1], fs::Permissions::from_mode(0o444)).unwrap();
    let error = edit(&songs[1], TagEdit::Write(&sad)).unwrap_err();
    assert!(matches!(error, TagError::ReadOnly { .. }), "{error}");
    let planned = would_edit(&songs[1], TagEdit::Write(&sad));
    assert!(matches!(planned, Err(TagError::ReadOnly { .. })));
}
