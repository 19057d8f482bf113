//! The small programs of `examples/`, run as their first lines say.
#![allow(clippy::unwrap_used, reason = "a failed set-up fails the test")]

use std::path::PathBuf;
use std::process::Command;

use vibelux::compose::{compose_all, write_wav};

/// What an example prints. `cargo test` builds examples beside the tests; nextest
/// with `--all-targets` does not.
fn run(example: &str, args: &[&str]) -> String {
    let beside: PathBuf = std::env::current_exe().unwrap();
    let built = beside.parent().and_then(|deps| deps.parent()).unwrap();
    let program = built
        .join("examples")
        .join(format!("{example}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.is_file(),
        "there is no {}; build it with `cargo build --workspace --examples`",
        program.display()
    );
    let output = Command::new(&program).args(args).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{example}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_picture_without_a_face_has_none() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("wall.png");
    image::GrayImage::from_pixel(320, 240, image::Luma([128]))
        .save(&path)
        .unwrap();
    let said = run("read_a_face", &[path.to_str().unwrap()]);
    assert!(said.contains("no face found"), "{said}");
}

#[test]
fn a_song_has_a_vector_and_one_for_each_window() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("song.wav");
    let piece = &compose_all(1)[0];
    write_wav(&path, &piece.render(16_000), piece.title, "Nobody", "Test").unwrap();
    let said = run("embed_a_song", &[path.to_str().unwrap()]);
    assert!(said.contains(" sounds "), "{said}");
    assert!(
        said.lines().filter(|line| line.contains(" s  ")).count() > 1,
        "{said}"
    );
}

#[test]
fn the_song_that_fits_comes_first() {
    for (mood, title) in [
        ("happy=0.7,surprised=0.3", "A bright one"),
        ("sad", "A dark one"),
    ] {
        let said = run("recommend", &[mood]);
        assert!(said.lines().next().unwrap().contains(title), "{said}");
        assert_eq!(said.lines().count(), 3);
    }
}

#[test]
fn the_music_follows_the_smile_and_not_the_twitch() {
    let said = run("follow_a_mood", &[]);
    let changes: Vec<(f64, &str)> = said
        .lines()
        .map(|line| {
            let (seconds, mood) = line.split_once(" s: songs for ").unwrap();
            (seconds.trim().parse().unwrap(), mood)
        })
        .collect();
    // After two seconds of looking.
    assert_eq!(changes[0], (2.0, "neutral"));
    assert_eq!(changes.last().unwrap().1, "happy");
    // The twitch is at 10 s, the smile begins at 20 s.
    assert!(
        changes[1..].iter().all(|(seconds, _)| *seconds > 20.0),
        "{said}"
    );
}
