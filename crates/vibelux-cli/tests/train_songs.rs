//! `vibelux train music` on a table of composed songs: what is left out, what was heard, and what is refused is
//! said.
#![allow(clippy::unwrap_used, reason = "a failed set-up fails the test")]

use std::fs;
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use vibelux::compose::{compose_all, write_wav};

fn vibelux(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::cargo_bin("vibelux").unwrap();
    command.current_dir(folder).args(args).output().unwrap()
}

fn error_of(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Four songs to train on, two to judge on, and one of which nothing is known.
fn write_table(folder: &Path) {
    let mut table = String::from(
        "path,p_angry,p_disgusted,p_fearful,p_happy,p_neutral,p_sad,p_surprised,fold\n",
    );
    for (i, piece) in compose_all(1).iter().take(7).enumerate() {
        let name = format!("{i}.wav");
        write_wav(
            &folder.join(&name),
            &piece.render(16_000),
            piece.title,
            "Nobody",
            "Test",
        )
        .unwrap();
        let targets = match i {
            6 => ",,,,,,",
            i if i % 2 == 0 => "0,0,0,1,0,0,0",
            _ => "0,0,0,0,0,1,0",
        };
        let fold = if i < 4 || i == 6 { "a" } else { "b" };
        table += &format!("{name},{targets},{fold}\n");
    }
    fs::write(folder.join("songs.csv"), table).unwrap();
}

const TRAIN: [&str; 13] = [
    "train",
    "music",
    "songs.csv",
    "--epochs",
    "1",
    "--batch-size",
    "2",
    "--train-folds",
    "a",
    "--validation-folds",
    "b",
    "--out",
    "run",
];

#[test]
fn what_is_left_out_heard_or_asked_for_otherwise_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_table(folder);
    let trained = vibelux(folder, &TRAIN);
    let said = error_of(&trained);
    assert_eq!(trained.status.code(), Some(0), "{said}");
    assert!(
        said.contains("1 row left out") && said.contains("6.wav"),
        "{said}"
    );
    let heard = fs::read_to_string(folder.join("run/trained_on.txt")).unwrap();
    assert_eq!(heard.lines().count(), 4);

    resuming(folder);

    let judge = [
        "evaluate",
        "music",
        "songs.csv",
        "--model",
        "run/model.onnx",
    ];
    let judged = vibelux(folder, &judge);
    let said = error_of(&judged);
    assert_eq!(judged.status.code(), Some(0), "{said}");
    assert!(said.contains("trained on 4 of these 6 songs"), "{said}");
    assert!(
        said.contains("1 row left out") && said.contains("6.wav"),
        "{said}"
    );
    let judged = vibelux(folder, &[&judge[..], &["--folds", "b"]].concat());
    assert!(!error_of(&judged).contains("trained on"));
    let judged = vibelux(folder, &["evaluate", "music", "songs.csv", "--folds", "b"]);
    assert!(!error_of(&judged).contains("trained on"));

    starting_from_other_inputs(folder);
}

fn resuming(folder: &Path) {
    for flags in [&TRAIN[3..], &["--out", "run"]] {
        let same = vibelux(folder, &[&TRAIN[..3], flags, &["--resume"]].concat());
        assert_eq!(same.status.code(), Some(0), "{}", error_of(&same));
    }
    let flags = [
        "--resume",
        "--out",
        "run",
        "--epochs",
        "2",
        "--seed",
        "77",
        "--train-folds",
        "b",
    ];
    let other = vibelux(folder, &[&TRAIN[..3], &flags[..]].concat());
    let said = error_of(&other);
    assert_eq!(other.status.code(), Some(2), "{said}");
    for difference in [
        "--train-folds is b, the run has a",
        "epochs is 2, the run has 1",
        "seed is 77, the run has",
    ] {
        assert!(said.contains(difference), "{difference} is not in {said}");
    }
}

fn starting_from_other_inputs(folder: &Path) {
    let printed = vibelux(folder, &["train", "music", "songs.csv", "--print-config"]);
    let text = String::from_utf8(printed.stdout).unwrap();
    assert!(text.contains("n_fft = 512"));
    fs::write(
        folder.join("other.toml"),
        text.replace("n_fft = 512", "n_fft = 1024"),
    )
    .unwrap();
    let flags = ["--config", "other.toml", "--from", "run", "--out", "second"];
    let refused = vibelux(folder, &[&TRAIN[..3], &flags[..]].concat());
    let said = error_of(&refused);
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(
        said.contains("other inputs") && said.contains("n_fft 512"),
        "{said}"
    );
    assert!(!folder.join("second").exists());
}
