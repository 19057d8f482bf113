//! What every command with `--json` prints, when it works and when it fails, held against
//! `docs/schema/vibelux.schema.json`.
#![allow(clippy::unwrap_used, reason = "a failed set-up fails the test")]

#[path = "../../vibelux-server/tests/json_schema/mod.rs"]
mod json_schema;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use json_schema::Schema;
use serde_json::Value;
use tempfile::TempDir;
use vibelux::compose::{compose_all, write_wav};
use vibelux_train::config::preset;
use vibelux_train::heads::{HeadConfig, HeadKind};

/// A folder to work in.
struct Workspace(TempDir);

impl Workspace {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs a command; its JSON answer must have this shape and its end this exit code. Nothing but the
    /// one document may be on standard output.
    fn ask(&self, shape: &str, code: i32, args: &[&str]) -> Value {
        let output = Command::cargo_bin("vibelux")
            .unwrap()
            .args(args)
            .arg("--json")
            .current_dir(self.0.path())
            .env("VIBELUX_LIBRARY", self.path("library.db"))
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {told}");
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let schema = Schema::of_vibelux().unwrap();
        assert_eq!(schema.check(shape, &answer), Ok(()), "{args:?}");
        assert_eq!(schema.check_any(&answer), Ok(()), "{args:?}");
        answer
    }

    /// Runs a command that fails; its answer must have this error code, and the sentence must stand on
    /// standard error too.
    fn fails(&self, error: &str, code: i32, args: &[&str]) {
        let answer = self.ask("Error", code, args);
        assert_eq!(answer["error"]["code"], error, "{args:?}: {answer}");
        let message = answer["error"]["message"].as_str().unwrap();
        let mut command = Command::cargo_bin("vibelux").unwrap();
        let command = command.args(args).arg("--json");
        let command = command
            .current_dir(self.0.path())
            .env("VIBELUX_LIBRARY", self.path("library.db"));
        let told = command.output().unwrap().stderr;
        let told = String::from_utf8(told).unwrap();
        assert!(told.contains(message), "{message}\nis not in\n{told}");
    }

    /// Composed songs, of two emotions, and a file that is none.
    fn songs(&self) -> &Self {
        for (i, piece) in compose_all(1).iter().take(4).enumerate() {
            let folder = self.path("songs").join(["happy", "sad"][i % 2]);
            fs::create_dir_all(&folder).unwrap();
            let sound = piece.render(16_000);
            let path = folder.join(format!("{i}.wav"));
            write_wav(&path, &sound, piece.title, "Nobody", "Test").unwrap();
        }
        fs::write(self.path("songs/happy/broken.mp3"), "no music").unwrap();
        self
    }

    /// Pictures of every class that show no face at all, with votes and twins, and a file that is none.
    fn faces(&self) -> &Self {
        let mut labels = String::from("file,happiness,sadness,train_similarity\n");
        let classes = [
            "angry",
            "disgusted",
            "fearful",
            "happy",
            "neutral",
            "sad",
            "surprised",
        ];
        for (i, class) in classes.iter().enumerate() {
            let name = format!("validation/{class}/0.png");
            let path = self.path("faces").join(&name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let stripes = |x: u32, y: u32| image::Luma([(x * 5 + y * i as u32) as u8]);
            image::GrayImage::from_fn(48, 48, stripes)
                .save(path)
                .unwrap();
            let similarity = if i == 0 { 1.0 } else { 0.5 };
            labels += &format!("{name},3,1,{similarity}\n");
        }
        fs::write(self.path("faces/labels.csv"), labels).unwrap();
        fs::write(self.path("faces/validation/happy/1.png"), "no picture").unwrap();
        self
    }
}

#[test]
fn embed_says_what_it_did_and_what_it_could_not() {
    let workspace = Workspace::new();
    workspace.songs();
    let first = workspace.ask("EmbedAnswer", 1, &["embed", "songs", "absent"]);
    assert_eq!(
        (&first["found"], &first["embedded"]),
        (&5.into(), &4.into())
    );
    let path = first["failures"][0]["path"].as_str().unwrap();
    assert!(path.ends_with("broken.mp3"), "{first}");
    assert!(
        first["unreadable"][0]["path"]
            .as_str()
            .unwrap()
            .ends_with("absent")
    );
    let again = workspace.ask("EmbedAnswer", 1, &["embed", "songs"]);
    assert_eq!(
        (&again["unchanged"], &again["embedded"]),
        (&4.into(), &0.into())
    );
    assert_eq!(again["failed_before"][0], first["failures"][0]);
    let errors = workspace.ask("ErrorsAnswer", 0, &["errors"]);
    let failure = &errors["failures"][0];
    assert_eq!(failure["path"], path);
    assert_eq!(failure["reason"], first["failures"][0]["reason"]);
    assert_eq!(
        (&failure["kind"], &failure["retry"], &failure["attempts"]),
        (&"no_sound".into(), &"on_change".into(), &1.into())
    );
    workspace.fails("failed", 2, &["embed", "absent"]);
    workspace.fails(
        "model",
        2,
        &["embed", "songs", "--music-model", "absent.onnx"],
    );
    fs::write(workspace.path("library.db"), "no library ".repeat(100)).unwrap();
    workspace.fails("library", 2, &["embed", "songs"]);
}

#[test]
fn playlists_and_tags_say_what_was_written_and_what_was_not() {
    let workspace = Workspace::new();
    workspace.fails("failed", 2, &["playlist", "--mood", "sad"]);
    workspace.songs().ask("EmbedAnswer", 1, &["embed", "songs"]);
    let answer = workspace.ask(
        "PlaylistsAnswer",
        0,
        &["playlist", "a.xspf", "--mood", "sad"],
    );
    let playlist = &answer["playlists"][0];
    assert_eq!(
        (&playlist["name"], &playlist["file"]),
        (&"a".into(), &"a.xspf".into())
    );
    assert_eq!(playlist["songs"].as_array().unwrap().len(), 4);
    let each = ["playlist", "moods", "--each-mood", "-n", "1"];
    let each = workspace.ask("PlaylistsAnswer", 0, &each);
    assert_eq!(each["playlists"].as_array().unwrap().len(), 7);
    workspace.fails(
        "usage",
        2,
        &["playlist", "--mood", "sad", "--strength", "2"],
    );

    workspace.fails("failed", 2, &["tag"]);
    let planned = workspace.ask("TagAnswer", 0, &["tag", "--dry-run"]);
    assert_eq!(
        (&planned["changed"], &planned["dry_run"]),
        (&4.into(), &true.into())
    );
    let done = workspace.ask("TagAnswer", 0, &["tag", "--yes"]);
    assert_eq!(done["changed"], 4);
    fs::write(workspace.path("songs/happy/0.wav"), "no sound").unwrap();
    let again = workspace.ask("TagAnswer", 1, &["tag", "--yes"]);
    assert_eq!((&again["same"], &again["changed"]), (&3.into(), &0.into()));
    let failed = again["failures"][0]["path"].as_str().unwrap();
    assert!(failed.ends_with("happy/0.wav"), "{again}");
    // The analysis stays: a tag is no other sound.
    let embedded = workspace.ask("EmbedAnswer", 1, &["embed", "songs"]);
    assert_eq!(
        (&embedded["retagged"], &embedded["embedded"]),
        (&3.into(), &0.into())
    );
    let undone = workspace.ask("TagAnswer", 0, &["tag", "--undo", "--yes"]);
    assert_eq!(undone["changed"], 3);
    let beside = workspace.ask("TagAnswer", 0, &["tag", "--sidecars", "moods"]);
    assert_eq!(beside["changed"], 3);
    let song = fs::canonicalize(workspace.path("songs/sad/1.wav")).unwrap();
    let song = song.strip_prefix("/").unwrap().display().to_string();
    let sidecar = fs::read(workspace.path(&format!("moods/{song}.json"))).unwrap();
    let sidecar: Value = serde_json::from_slice(&sidecar).unwrap();
    assert_eq!(
        Schema::of_vibelux().unwrap().check("FileSong", &sidecar),
        Ok(())
    );
}

#[test]
fn recommend_names_songs_with_their_reasons() {
    let workspace = Workspace::new();
    workspace.fails("failed", 2, &["recommend", "--mood", "sad"]);
    workspace
        .songs()
        .faces()
        .ask("EmbedAnswer", 1, &["embed", "songs"]);
    for mode in ["plain", "centred"] {
        let answer = workspace.ask(
            "RecommendAnswer",
            0,
            &["recommend", "--mood", "sad", "--mode", mode],
        );
        assert_eq!(answer["mode"], mode);
        let query = &answer["queries"][0];
        assert_eq!(
            (&query["strongest"], &query["vector"]["sad"]),
            (&"sad".into(), &1.0.into())
        );
        let recommendations = query["recommendations"].as_array().unwrap();
        assert_eq!(recommendations.len(), 4);
        assert_eq!(recommendations[0]["song"]["artist"], "Nobody");
        assert_eq!(recommendations[0]["target"], query["vector"]);
    }
    let picture = "faces/validation/happy/0.png";
    workspace.ask(
        "RecommendAnswer",
        0,
        &["recommend", "--image", picture, "--whole-image"],
    );
    let song = workspace.ask(
        "RecommendAnswer",
        0,
        &["recommend", "--similar-to", "songs/sad/1.wav"],
    );
    assert_eq!(
        song["queries"][0]["recommendations"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    // After an answer there is no second document.
    let late = ["recommend", "--mood", "sad", "--m3u", "absent/list.m3u8"];
    workspace.ask("RecommendAnswer", 2, &late);
    workspace.fails("no_face", 3, &["recommend", "--image", picture]);
    workspace.fails("face", 2, &["recommend", "--image", "absent.png"]);
    workspace.fails(
        "unsupported_picture",
        2,
        &["recommend", "--image", "faces/labels.csv"],
    );
    workspace.fails("failed", 2, &["recommend", "--similar-to", "absent"]);
    let answer = workspace.ask("TasteAnswer", 0, &["taste", "--forget-all"]);
    assert_eq!(answer["forgotten"], 0);
}

#[test]
fn song_has_its_windows() {
    let workspace = Workspace::new();
    workspace.songs();
    let answer = workspace.ask("SongAnswer", 0, &["song", "songs/sad/1.wav"]);
    assert_eq!(answer["song"]["path"], "songs/sad/1.wav");
    assert_eq!(
        (&answer["song"]["artist"], &answer["song"]["album"]),
        (&"Nobody".into(), &Value::Null)
    );
    assert!(answer["windows"].as_array().unwrap().len() > 1);
    workspace.fails("song", 2, &["song", "songs/happy/broken.mp3"]);
    workspace.fails("song", 2, &["song", "absent.mp3"]);
}

#[test]
fn preprocess_counts_pictures() {
    let workspace = Workspace::new();
    workspace.songs();
    let first = workspace.ask("PreprocessAnswer", 1, &["preprocess", "songs", "pictures"]);
    assert_eq!((&first["found"], &first["written"]), (&5.into(), &4.into()));
    assert!(
        first["failures"][0]["path"]
            .as_str()
            .unwrap()
            .ends_with("broken.mp3")
    );
    let again = workspace.ask("PreprocessAnswer", 1, &["preprocess", "songs", "pictures"]);
    assert_eq!(again["unchanged"], 4);
    workspace.fails("failed", 2, &["preprocess", "absent", "pictures"]);
}

#[test]
fn evaluate_face_prints_what_it_also_writes() {
    let workspace = Workspace::new();
    workspace.faces();
    let plain = workspace.ask("FaceEvaluation", 1, &["evaluate", "face", "faces"]);
    assert!(plain["corruptions"].is_null() && plain["detector"] == serde_json::json!([]));
    assert_eq!(plain["without_training_twins"]["examples"], 6);
    assert_eq!(plain["class_prior"]["vector"]["happy"], 0.75);
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/face.onnx");
    let model = model.to_str().unwrap();
    let all = [
        "--corruptions",
        "--detector",
        "--baseline",
        model,
        "--out",
        "out",
    ];
    let all = workspace.ask(
        "FaceEvaluation",
        1,
        &[&["evaluate", "face", "faces"][..], &all].concat(),
    );
    let written = fs::read(workspace.path("out/evaluation.json")).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&written).unwrap(), all);
    assert!(
        all["failures"][0]["path"]
            .as_str()
            .unwrap()
            .ends_with("1.png")
    );
    workspace.fails("data_set", 2, &["evaluate", "face", "absent"]);
    workspace.fails(
        "model",
        2,
        &["evaluate", "face", "faces", "--model", "absent.onnx"],
    );
}

/// A run folder that has judged the songs, with a head beside the seven emotions, and the table of the
/// songs.
fn finished_run(workspace: &Workspace) {
    let emotions = "p_angry,p_disgusted,p_fearful,p_happy,p_neutral,p_sad,p_surprised";
    let mut table = format!("path,{emotions},quadrant\n");
    let mut said = format!("path,{emotions},quadrant:Q1,quadrant:Q3\n");
    for (name, target, quadrant) in [
        ("songs/happy/0.wav", "0,0,0,1,0,0,0", "Q1"),
        ("songs/sad/1.wav", "0,0,0,0,0,1,0", "Q3"),
    ] {
        table += &format!("{name},{target},{quadrant}\n");
        said += &format!("{},{target},0.7,0.3\n", workspace.path(name).display());
    }
    fs::create_dir(workspace.path("run")).unwrap();
    let mut config = preset::music("default").unwrap();
    config.heads = vec![HeadConfig {
        column: "quadrant".to_owned(),
        kind: HeadKind::Class,
        condition: None,
        array: None,
        sound_kind: false,
        weight: 1.0,
        least_rows: 1,
        names: vec!["Q1".to_owned(), "Q3".to_owned()],
    }];
    config.save(&workspace.path("run/config.toml")).unwrap();
    fs::write(workspace.path("run/predictions.csv"), said).unwrap();
    fs::write(workspace.path("songs.csv"), table).unwrap();
}

#[test]
fn evaluate_music_and_matching_name_their_figures() {
    let workspace = Workspace::new();
    workspace.songs().faces();
    finished_run(&workspace);
    let plain = workspace.ask("MusicEvaluation", 1, &["evaluate", "music", "songs"]);
    assert_eq!(
        (&plain["report"]["examples"], &plain["quadrants"]),
        (&4.into(), &Value::Null)
    );
    let judged = ["evaluate", "music", "songs.csv", "--runs", "run"];
    let judged = workspace.ask("MusicEvaluation", 0, &judged);
    assert_eq!(judged["quadrants"]["accuracy"], 1.0);
    assert_eq!(judged["heads"][0]["names"]["Q1"], 1.0);
    workspace.fails("data_set", 2, &["evaluate", "music", "absent"]);

    let matching = [
        "evaluate",
        "matching",
        "--faces",
        "faces",
        "--songs",
        "songs.csv",
        "--runs",
        "run",
    ];
    let matching = workspace.ask("MatchingEvaluation", 1, &matching);
    assert_eq!(matching["report"]["base_rate"]["happy"], 0.5);
    assert_eq!(matching["failures"].as_array().unwrap().len(), 1);
    workspace.fails(
        "data_set",
        2,
        &[
            "evaluate", "matching", "--faces", "absent", "--songs", "songs",
        ],
    );
}

#[test]
fn a_command_line_that_cannot_be_understood_is_an_error_like_others() {
    let workspace = Workspace::new();
    for command in [
        &["embed", "x"][..],
        &["recommend", "--mood", "sad"],
        &["song", "x"],
        &["preprocess", "x", "y"],
        &["evaluate", "face", "x"],
        &["evaluate", "music", "x"],
        &["evaluate", "matching", "--faces", "x", "--songs", "y"],
    ] {
        workspace.fails("usage", 2, &[command, &["--nonsense"]].concat());
    }
    workspace.fails("usage", 2, &["recommend", "--mood", "hapy"]);
    let typo = workspace.ask("Error", 2, &["recommend", "--mode", "plane"]);
    let message = typo["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("tip:") && !message.contains("Usage:"),
        "{message}"
    );
}
