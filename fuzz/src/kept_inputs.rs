//! Every input in `corpus/` goes through its target again, with whatever compiler there is.

use std::fs;
use std::path::Path;

use super::TARGETS;
use super::players::{songs_found, songs_queued};
use super::requests::orders_obeyed;

#[test]
fn kept_inputs_pass_their_targets() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut bytes_in_all = 0;
    for folder in fs::read_dir(&corpus).expect("the folder of kept inputs") {
        let folder = folder.expect("an entry").path();
        let name = folder.file_name().and_then(|name| name.to_str());
        let Some((name, target)) = TARGETS.iter().find(|(target, _)| Some(*target) == name) else {
            panic!("{} belongs to no target", folder.display());
        };
        let mut files: Vec<_> = fs::read_dir(&folder)
            .expect("a folder of inputs")
            .map(|file| file.expect("an entry").path())
            .collect();
        files.sort();
        assert!(files.len() <= 40, "too many inputs are kept for {name}");
        for file in files {
            let data = fs::read(&file).expect("an input");
            assert!(data.len() <= 4096, "{} is too large", file.display());
            bytes_in_all += data.len();
            println!("{name}: {}", file.display());
            target(&data);
        }
    }
    assert!(bytes_in_all <= 300 << 10, "{bytes_in_all} bytes are kept");
}

#[test]
fn every_target_has_kept_inputs_and_a_program() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("Cargo.toml")).expect("the manifest");
    for (name, _) in TARGETS {
        assert!(root.join("corpus").join(name).is_dir(), "{name}: no inputs");
        let program = format!("path = \"fuzz_targets/{name}.rs\"");
        assert!(manifest.contains(&program), "{name}: no program");
    }
    assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
}

#[test]
fn made_answers_have_songs() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for (name, songs) in [("subsonic", 2), ("jellyfin", 1), ("music-assistant", 1)] {
        let data = fs::read(corpus.join(format!("server_songs/made-{name}"))).expect("an input");
        assert_eq!(songs_found(&data), songs, "{name}");
    }
    let data = fs::read(corpus.join("mpd_answers/made-well")).expect("an input");
    assert_eq!(songs_queued(&data), Some(2));
}

#[test]
fn made_orders_are_orders() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/live_frame");
    for name in ["orders", "rgb-jpg", "grey-jpg", "progressive-jpg"] {
        let data = fs::read(corpus.join(format!("made-{name}"))).expect("an input");
        assert_eq!(orders_obeyed(&data), (4, 4), "{name}");
    }
}
