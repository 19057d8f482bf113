//! `vibelux evaluate face` run as a user would: on made pictures for what it writes, and on a few real
//! faces for what it finds.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

#[path = "../../vibelux/tests/fer2013/mod.rs"]
mod fer2013;
#[path = "../../vibelux-server/tests/json_schema/mod.rs"]
mod json_schema;

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use json_schema::Schema;
use serde_json::Value;

/// The names of the seven class folders.
const CLASSES: [&str; 7] = [
    "angry",
    "disgusted",
    "fearful",
    "happy",
    "neutral",
    "sad",
    "surprised",
];

fn evaluate(dir: &Path, args: &[&str]) -> assert_cmd::assert::Assert {
    Command::cargo_bin("vibelux")
        .unwrap()
        .args(["evaluate", "face"])
        .arg(dir)
        .args(args)
        .assert()
}

fn json(dir: &Path, args: &[&str]) -> Value {
    let output = evaluate(dir, &[args, &["--json"]].concat()).success();
    let figures = serde_json::from_slice(&output.get_output().stdout).unwrap();
    let schema = Schema::of_vibelux().unwrap();
    assert_eq!(schema.check("FaceEvaluation", &figures), Ok(()));
    figures
}

/// One picture of each class that shows no face at all.
fn made_pictures() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (i, class) in CLASSES.iter().enumerate() {
        let folder = dir.path().join(class);
        fs::create_dir(&folder).unwrap();
        let stripes = |x: u32, y: u32| image::Luma([(x * 5 + y * i as u32) as u8]);
        let picture = image::GrayImage::from_fn(48, 48, stripes);
        picture.save(folder.join("0.png")).unwrap();
    }
    dir
}

fn shipped_model() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/face.onnx");
    path.to_str().unwrap().to_owned()
}

#[test]
fn every_table_is_printed_and_written() {
    let (dir, out) = (made_pictures(), tempfile::tempdir().unwrap());
    let (model, folder) = (shipped_model(), out.path().join("deep/out"));
    let args = [
        "--limit",
        "3",
        "--corruptions",
        "--detector",
        "--model",
        &model,
        "--model",
        &model,
        "--baseline",
        &model,
        "--out",
        folder.to_str().unwrap(),
    ];
    let output = evaluate(dir.path(), &args).success();
    let text = String::from_utf8_lossy(&output.get_output().stdout).into_owned();
    for expected in [
        "3 examples",
        "ECE, temperature cross-fitted",
        "rotation by 15 degrees",
        "Baseline 1: face",
        "Through the detector",
    ] {
        assert!(text.contains(expected), "no {expected:?} in\n{text}");
    }
    // The rows of the table end in one column, that of its head.
    let table = text
        .lines()
        .skip_while(|line| !line.starts_with("corruption "));
    let widths: Vec<usize> = table.take(17).map(str::len).collect();
    assert_eq!(widths.len(), 17, "{text}");
    assert!(widths.iter().all(|width| *width == widths[0]), "{text}");
    for name in [
        "report.json",
        "evaluation.json",
        "corruptions.json",
        "corruptions.csv",
        "corruptions.png",
        "corruptions.svg",
        "detector.json",
    ] {
        assert!(folder.join(name).is_file(), "{name}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_told_once_and_left_out_everywhere() {
    let dir = made_pictures();
    fs::write(dir.path().join("happy/1.png"), "no picture").unwrap();
    let args = ["--corruptions", "--detector", "--json"];
    let output = evaluate(dir.path(), &args).code(1);
    let output = output.get_output();
    let figures: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(figures["failures"].as_array().unwrap().len(), 1);
    for faces in [
        &figures["report"]["examples"],
        &figures["corruptions"]["faces"],
        &figures["detector"][0]["faces"],
    ] {
        assert_eq!(*faces, 7);
    }
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(told.matches("left out").count(), 1, "{told}");
}

#[test]
fn a_baseline_without_corruptions_and_an_empty_limit_are_refused() {
    let dir = made_pictures();
    evaluate(dir.path(), &["--baseline", &shipped_model()]).code(2);
    evaluate(dir.path(), &["--limit", "0"]).code(2);
    evaluate(dir.path(), &["--model", "/no/such/model.onnx"]).code(2);
}

#[test]
fn real_faces_are_found_and_suffer_from_what_hides_them() {
    let Some(dir) = fer2013::folder() else {
        return;
    };
    let figures = json(
        &dir,
        &[
            "--limit",
            "70",
            "--corruptions",
            "--detector",
            "--tilt",
            "0,45",
        ],
    );
    let rows = figures["corruptions"]["rows"].as_array().unwrap();
    let number = |value: &Value| value.as_f64().unwrap();
    assert_eq!(rows[0]["corruption"], "clean");
    let clean = number(&rows[0]["judged"]["accuracy"]["mean"]);
    assert!((clean - number(&figures["report"]["accuracy"])).abs() < 1e-9);
    assert!(clean > 0.45, "{clean}");
    let cost = |name: &str| {
        let row = rows.iter().find(|row| row["corruption"] == name).unwrap();
        number(&row["judged"]["cost"]["mean"])
    };
    assert!(cost("gaussian_noise_10") > cost("box_shift_10"));
    let detector = &figures["detector"][0];
    assert!(
        number(&detector["found_share"]["mean"]) > 0.75,
        "{detector}"
    );
    assert!(number(&detector["misplaced"]) < 7.0, "{detector}");
    let ratio = number(&detector["on_found"]["median_side_ratio"]);
    assert!((0.9..1.12).contains(&ratio), "{ratio}");
    let tilted = &figures["detector"][1];
    assert_eq!(number(&tilted["tilt_degrees"]), 45.0);
    assert!(number(&tilted["found_share"]["mean"]) > 0.75, "{tilted}");
}
