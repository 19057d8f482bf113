//! Models that Keras itself has written are imported and compared with Keras's own outputs.
//!
//! The files come from `scripts/golden/keras_models.py`. With `VIBELUX_KERAS_DIR` set, another folder of
//! such files is read as well, for example the full-size net of `keras_models.py DIR --full`.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use std::io::Write;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use vibelux::face::FaceImage;
use vibelux::model::FaceModel;
use vibelux::model::architecture::LayerSpec;
use vibelux::model::keras::{KerasError, KerasOptions, import};
use vibelux::model::reference::forward;

const SIDE: usize = 48;
const COUNT: usize = 64;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/keras")
}

/// The generator of `keras_models.py`.
fn pictures() -> Vec<[u8; SIDE * SIDE]> {
    let mut state = 1_u32;
    let mut pixel = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..COUNT)
        .map(|_| std::array::from_fn(|_| pixel()))
        .collect()
}

fn models() -> Vec<PathBuf> {
    let mut folders = vec![golden()];
    folders.extend(std::env::var_os("VIBELUX_KERAS_DIR").map(PathBuf::from));
    let files = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path());
    let mut models: Vec<_> = files
        .filter(|p| p.extension().is_some_and(|e| e == "h5" || e == "keras"))
        .collect();
    models.sort();
    models
}

fn expected(model: &Path) -> Vec<[f32; 7]> {
    let bytes = std::fs::read(model.with_extension("output")).unwrap();
    let values: Vec<f32> = bytes
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
        .collect();
    values
        .chunks_exact(7)
        .map(|row| row.try_into().unwrap())
        .collect()
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let differences = a.iter().zip(b).map(|(x, y)| (x - y).abs());
    differences.fold(0.0, |most, d| if d > most || d.is_nan() { d } else { most })
}

#[test]
fn imported_models_give_what_keras_gives() {
    let models = models();
    assert!(models.len() >= 5, "{models:?}");
    for path in models {
        let model = import(&path, KerasOptions::default()).unwrap();
        let mut largest = 0.0_f32;
        for (picture, keras) in pictures().iter().zip(expected(&path)) {
            let input: Vec<f32> = picture.iter().map(|&p| f32::from(p)).collect();
            let ours = forward(&model.architecture, &model.weights, &input).unwrap();
            largest = largest.max(largest_difference(&ours, &keras));
        }
        println!("{}: largest deviation {largest:.2e}", path.display());
        assert!(largest < 1e-5, "{}: {largest}", path.display());
    }
}

#[test]
fn saved_models_classify_as_keras_does() {
    for path in models() {
        let dir = tempfile::tempdir().unwrap();
        let model = import(&path, KerasOptions::default()).unwrap();
        let onnx = model.save(dir.path()).unwrap();
        for file in ["architecture.toml", "weights.safetensors", "model.toml"] {
            assert!(dir.path().join(file).exists(), "{file}");
        }
        let classifier = FaceModel::load(&onnx).unwrap();
        let faces: Vec<_> = pictures().into_iter().map(FaceImage).collect();
        let vectors = classifier.classify_batch(&faces).unwrap();
        let single = classifier.classify(&faces[3]).unwrap();
        assert!(largest_difference(single.values(), vectors[3].values()) < 1e-6);
        let mut largest = 0.0_f32;
        for (vector, keras) in vectors.iter().zip(expected(&path)) {
            let ends_in_softmax = model.architecture.layers.last() == Some(&LayerSpec::Softmax);
            let exps = keras.map(|z| if ends_in_softmax { z } else { z.exp() });
            let sum: f32 = exps.iter().sum();
            largest = largest.max(largest_difference(vector.values(), &exps.map(|e| e / sum)));
        }
        println!("{}: largest deviation {largest:.2e}", path.display());
        assert!(largest < 1e-5, "{}: {largest}", path.display());
    }
}

#[test]
fn files_that_are_no_models_are_clear_errors() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.h5");
    let outcome = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        import(&path, KerasOptions::default()).unwrap_err()
    };
    assert!(matches!(outcome(b""), KerasError::NotKeras { .. }));
    assert!(matches!(outcome(b"hello"), KerasError::NotKeras { .. }));
    assert!(matches!(outcome(b"PK\x03\x04"), KerasError::Archive { .. }));
    assert!(matches!(
        outcome(b"\x89HDF\r\n\x1a\n"),
        KerasError::Hdf5 { .. }
    ));
    // An archive of something else: an end record without entries.
    let mut empty = b"PK\x05\x06".to_vec();
    empty.resize(22, 0);
    assert!(matches!(
        outcome(&empty),
        KerasError::Archive {
            entry: "config.json",
            ..
        }
    ));
    let missing = import(&dir.path().join("none.h5"), KerasOptions::default()).unwrap_err();
    assert!(missing.to_string().contains("none.h5"), "{missing}");
}

#[test]
fn an_archive_that_unpacks_without_end_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bomb.keras");
    let mut archive = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    let options = zip::write::SimpleFileOptions::default();
    archive.start_file("config.json", options).unwrap();
    for _ in 0..20 {
        archive.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    archive.finish().unwrap();
    assert!(std::fs::metadata(&path).unwrap().len() < 1 << 20);
    assert!(matches!(
        import(&path, KerasOptions::default()),
        Err(KerasError::TooLarge { .. })
    ));
}

/// The configuration lies in the file as plain text, so it can be changed in place.
#[test]
fn an_unsupported_layer_or_setting_is_named() {
    let bytes = std::fs::read(golden().join("keras2_original.h5")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("changed.h5");
    let outcome = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let at = bytes
            .windows(from.len())
            .position(|w| w == from.as_bytes())
            .unwrap();
        let mut changed = bytes.clone();
        changed[at..at + to.len()].copy_from_slice(to.as_bytes());
        std::fs::write(&path, changed).unwrap();
        import(&path, KerasOptions::default())
            .unwrap_err()
            .to_string()
    };
    let message = outcome("\"LeakyReLU\"", "\"LeekyReLU\"");
    assert!(
        message.contains("LeekyReLU") && message.contains("leaky_re_lu"),
        "{message}"
    );
    let message = outcome("\"strides\": [1, 1]", "\"strides\": [2, 2]");
    assert!(
        message.contains("conv2d") && message.contains("strides = [2,2]"),
        "{message}"
    );
    let message = outcome("\"filters\": 3", "\"filters\": 5");
    assert!(
        message.contains("kernel") && message.contains("expected"),
        "{message}"
    );
    let message = outcome("\"Sequential\"", "\"Functional\"");
    assert!(message.contains("Functional"), "{message}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_are_errors_or_models(
        file in any::<prop::sample::Index>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let models = models();
        let original = file.get(&models);
        let mut bytes = std::fs::read(original).unwrap();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(at) = cut {
            bytes.truncate(at.index(bytes.len()));
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("damaged");
        std::fs::write(&path, bytes).unwrap();
        if let Err(error) = import(&path, KerasOptions::default()) {
            prop_assert!(!matches!(error, KerasError::Malformed { .. }), "{}", error);
            let message = error.to_string();
            prop_assert!(message.contains("damaged") || message.contains("layer"), "{}", message);
        }
    }
}
