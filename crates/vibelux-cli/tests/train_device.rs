//! `vibelux train --device gpu` in a program that was built without a way to a graphics card.
#![cfg(not(any(feature = "gpu", feature = "cuda")))]
#![allow(clippy::unwrap_used, reason = "a failed set-up fails the test")]

use assert_cmd::Command;

#[test]
fn without_gpu_support_it_says_what_to_build_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let output = Command::cargo_bin("vibelux")
        .unwrap()
        .args(["train", "face", "faces", "--device", "gpu", "--out"])
        .arg(&out)
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("--features gpu"), "{error}");
    assert!(error.contains("--features cuda"), "{error}");
    assert!(!out.exists());
}
