//! What identifies a file: hashes that real taggers leave alone, in every format that ffmpeg writes and lofty tags, and
//! recordings that are found again in other encodings.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;

use lofty::config::WriteOptions;
use lofty::picture::{MimeType, Picture, PictureType};
use lofty::prelude::{Accessor, TagExt, TaggedFileExt};
use lofty::tag::Tag;
use vibelux::compose::{DEMO_SEED, compose_all, write_missing};
use vibelux::library::{ContentHash, EmbedOptions, FileFacts, SongStore, embed_songs, plan, scan};
use vibelux::model::MusicModel;

/// Format and the flags with which ffmpeg writes it.
const FORMATS: [(&str, &[&str]); 9] = [
    ("wav", &[]),
    ("aiff", &[]),
    ("flac", &[]),
    ("mp3", &["-b:a", "128k"]),
    ("ogg", &["-c:a", "libvorbis", "-q:a", "4"]),
    ("opus", &["-b:a", "64k"]),
    ("m4a", &["-b:a", "128k"]),
    ("aac", &["-b:a", "128k"]),
    ("wv", &[]),
];

fn ffmpeg(args: &[&str], out: &Path) -> bool {
    Command::new("ffmpeg")
        .args(["-v", "error", "-y"])
        .args(args)
        .arg(out)
        .stdin(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Two composed pieces as WAV files, and whether ffmpeg is there to encode them.
fn pieces(folder: &Path) -> Option<[PathBuf; 2]> {
    if !ffmpeg(
        &["-f", "lavfi", "-i", "anullsrc", "-t", "0.1"],
        &folder.join("probe.wav"),
    ) {
        println!("SKIPPED: ffmpeg is not installed, so nothing was encoded");
        return None;
    }
    write_missing(folder, &compose_all(DEMO_SEED)[..2], |_| {}).unwrap();
    let files = fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.retain(|file| {
        !file.ends_with("probe.wav") && file.extension().is_some_and(|e| e == "wav")
    });
    files.sort();
    files.try_into().ok()
}

fn retag(path: &Path, title: &str, cover_bytes: usize) -> Result<(), Box<dyn std::error::Error>> {
    let mut file = lofty::read_from_path(path)?;
    let kind = file.primary_tag_type();
    if file.primary_tag().is_none() {
        file.insert_tag(Tag::new(kind));
    }
    let tag = file.primary_tag_mut().unwrap();
    tag.set_title(title.to_owned());
    tag.set_genre("Folk".to_owned());
    if cover_bytes > 0 {
        let cover = Picture::unchecked(vec![0x55; cover_bytes])
            .mime_type(MimeType::Jpeg)
            .pic_type(PictureType::CoverFront)
            .build();
        tag.push_picture(cover);
    }
    Ok(tag.save_to_path(path, WriteOptions::default())?)
}

#[test]
fn tags_and_covers_leave_the_hash_and_other_sound_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let Some([one, other]) = pieces(dir.path()) else {
        return;
    };
    let mut tried = 0;
    for (extension, flags) in FORMATS {
        let path = dir.path().join("song").with_extension(extension);
        let encode = |from: &Path| {
            let input = ["-i", from.to_str().unwrap()];
            ffmpeg(&[&input[..], flags].concat(), &path)
        };
        if !encode(&one) {
            println!("SKIPPED: this ffmpeg cannot write {extension}");
            continue;
        }
        let hash = ContentHash::of_file(&path).unwrap();
        for (title, cover) in [("A", 0), ("A much longer title", 5000), ("C", 300_000)] {
            let before = fs::read(&path).unwrap();
            if let Err(error) = retag(&path, title, cover) {
                println!("SKIPPED: {extension} cannot be tagged so: {error}");
                continue;
            }
            assert_ne!(fs::read(&path).unwrap(), before, "{extension}");
            let facts = FileFacts::read(&path);
            assert_eq!(facts.content, Some(hash), "{extension} tagged {title:?}");
            assert_eq!(facts.told.tags.title.as_deref(), Some(title), "{extension}");
            assert_eq!(
                facts.told.tags.genre.as_deref(),
                Some("Folk"),
                "{extension}"
            );
            tried += 1;
        }
        assert!(encode(&other));
        assert_ne!(ContentHash::of_file(&path).unwrap(), hash, "{extension}");
    }
    assert!(tried >= 15, "{tried} tags were tried");
}

#[test]
fn one_recording_is_found_in_every_encoding_and_the_best_is_offered() {
    let dir = tempfile::tempdir().unwrap();
    let Some(pieces) = pieces(dir.path()) else {
        return;
    };
    let songs = dir.path().join("songs");
    fs::create_dir(&songs).unwrap();
    let mut encodings = 0;
    for (number, piece) in pieces.iter().enumerate() {
        for (extension, flags) in FORMATS.into_iter().filter(|(name, _)| *name != "wav") {
            let input = ["-i", piece.to_str().unwrap()];
            let path = songs.join(format!("{number}.{extension}"));
            encodings += usize::from(ffmpeg(&[&input[..], flags].concat(), &path));
        }
    }
    let model = MusicModel::shipped().unwrap();
    let mut store = SongStore::open(&dir.path().join("library.db")).unwrap();
    let options = EmbedOptions::with_jobs(NonZeroUsize::MIN);
    let found = scan(&[songs], |_| true);
    let plan = plan(&store, &found, model.name(), &options).unwrap();
    let stop = AtomicBool::new(false);
    let summary = embed_songs(&mut store, &plan, &model, &options, &stop, |_| {}).unwrap();
    assert_eq!(
        (summary.embedded, summary.copies),
        (encodings, encodings - 2)
    );
    for song in store.songs().unwrap() {
        if song.copy_of.is_none() {
            assert!(song.encoding.lossless, "{:?} is offered", song.path);
        }
    }
}
