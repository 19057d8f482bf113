//! `vibelux train --print-config`: the file that users start their own configuration from.
#![allow(clippy::unwrap_used, reason = "a failed set-up fails the test")]

use assert_cmd::Command;

fn train_face(args: &[&str]) -> std::process::Output {
    let mut command = Command::cargo_bin("vibelux").unwrap();
    command.args(["train", "face", "no-such-folder"]).args(args);
    command.output().unwrap()
}

#[test]
fn what_is_printed_can_be_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("my.toml");
    let flags = [
        "--epochs", "7", "--from", "runs/c", "--distil", "runs/a", "runs/b",
    ];
    let printed = train_face(&[&["--preset", "large", "--print-config"], &flags[..]].concat());
    assert_eq!(printed.status.code(), Some(0));
    let text = String::from_utf8(printed.stdout).unwrap();
    for line in [
        "preset = \"large\"",
        "epochs = 7",
        "from = \"runs/c\"",
        "[distil]",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} is not in {text}");
    }
    std::fs::write(&file, &text).unwrap();
    let again = train_face(&["--config", file.to_str().unwrap(), "--print-config"]);
    assert_eq!(String::from_utf8(again.stdout).unwrap(), text);
}

#[test]
fn a_share_without_teachers_and_teachers_that_are_not_there_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let out_flag = ["--out", out.to_str().unwrap()];
    for (flags, said) in [
        (&["--distil-weight", "0.5"][..], "--distil"),
        (&["--distil", "no-such-run"], "no-such-run"),
    ] {
        let refused = train_face(&[&out_flag, flags].concat());
        assert_eq!(refused.status.code(), Some(2));
        let error = String::from_utf8(refused.stderr).unwrap();
        assert!(error.contains(said), "{error}");
        assert!(!out.exists());
    }
}
