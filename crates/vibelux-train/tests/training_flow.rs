//! Whole runs, from a folder of files to a run folder whose model the program can use, and the promise
//! that an interrupted run computes what an undisturbed one does, to the last bit.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use image::GrayImage;
use tempfile::TempDir;
use vibelux::Emotion;
use vibelux::audio::SoundKind;
use vibelux::face::{FaceImage, load_picture};
use vibelux::model::architecture::{Architecture, LayerSpec, Padding};
use vibelux::model::sidecar::{FrontEnd, Sidecar};
use vibelux::model::weights::{Tensor, Weights};
use vibelux::model::{FaceModel, MusicModel};
use vibelux_train::augment::FaceAugmentation;
use vibelux_train::config::preset;
use vibelux_train::config::{Schedule, Selection, SizeStage, TaskConfig, TrainingConfig};
use vibelux_train::dataset::{SpectrogramCache, class_files, load_table};
use vibelux_train::distil::{DistilConfig, DistilError, TeacherView};
use vibelux_train::evaluate::heads as judge_heads;
use vibelux_train::heads::{HeadConfig, HeadKind};
use vibelux_train::metrics::Report;
use vibelux_train::nn::{Init, Network, OptimiserKind, Random};
use vibelux_train::run::{
    DataSets, Finished, RunError, RunPaths, has_outputs_of_start, load_data, prepare,
    resolve_heads, run, saved,
};
use vibelux_train::trainer::Event;
use vibelux_train::trainer::history;
use vibelux_train::trainer::predict::predict;

/// What a finished run leaves besides the pictures.
const FILES: [&str; 8] = [
    "config.toml",
    "checkpoint.safetensors",
    "metrics.csv",
    "metrics.json",
    "weights.safetensors",
    "model.onnx",
    "model.toml",
    "report.json",
];
const PICTURES: [&str; 3] = ["training_curves", "confusion_matrix", "reliability_diagram"];

/// A picture whose class anybody would see, mirrored or not: stripes, boards and halves under noise.
fn pattern(class: usize, width: u32, height: u32, random: &mut Random) -> GrayImage {
    GrayImage::from_fn(width, height, |x, y| {
        let bright = match class {
            0 => (x / 4) % 2 == 0,
            1 => (y / 4) % 2 == 0,
            2 => ((x + y) / 6) % 2 == 0,
            3 => (x / 6 + y / 6) % 2 == 0,
            4 => x > width / 4 && x < 3 * width / 4,
            5 => y < height / 2,
            _ => false,
        };
        let grey = if bright { 190.0 } else { 70.0 } + random.uniform(-40.0, 40.0);
        image::Luma([grey as u8])
    })
}

fn write_pictures(root: &Path, per_class: [(&str, usize); 2], width: u32, height: u32) {
    let mut random = Random::new(5, 0, 0);
    for (split, count) in per_class {
        for emotion in Emotion::ALL {
            let folder = root.join(split).join(emotion.name());
            fs::create_dir_all(&folder).unwrap();
            for i in 0..count {
                let picture = pattern(emotion.index(), width, height, &mut random);
                picture.save(folder.join(format!("{i:02}.png"))).unwrap();
            }
        }
    }
}

fn conv(filters: usize) -> LayerSpec {
    LayerSpec::Conv2d {
        filters,
        kernel: [3, 3],
        padding: Padding::Same,
        bias: false,
    }
}

fn pool(size: usize) -> LayerSpec {
    LayerSpec::MaxPool {
        size: [size, size],
        stride: [size, size],
    }
}

/// The default preset's choices (soft targets, mixup, averaged weights, mirrored judging) on a network
/// that trains in a moment.
fn face_config() -> TrainingConfig {
    let mut config = preset::face("default").unwrap();
    config.epochs = 3;
    config.batch_size = 16;
    config.warmup_epochs = 0.5;
    config.ema_decay = 0.8;
    config.optimiser.learning_rate = 1e-2;
    if let TaskConfig::Face { augmentation, .. } = &mut config.task {
        // A handful of pictures leaves no time to learn what noise and darkness hide.
        *augmentation = FaceAugmentation {
            flip: true,
            rotation_degrees: 15.0,
            scale: 0.2,
            shift: 0.1,
            jpeg_probability: 0.1,
            ..FaceAugmentation::default()
        };
    }
    config.architecture = Architecture {
        input: [1, 48, 48],
        layers: vec![
            conv(6),
            LayerSpec::BatchNorm { epsilon: 1e-5 },
            LayerSpec::Relu,
            pool(4),
            LayerSpec::Dropout { rate: 0.1 },
            conv(8),
            LayerSpec::BatchNorm { epsilon: 1e-5 },
            LayerSpec::Relu,
            pool(3),
            LayerSpec::Flatten,
            LayerSpec::Dense { units: 7 },
            LayerSpec::Softmax,
        ],
    };
    let TaskConfig::Face { augmentation, .. } = &mut config.task else {
        unreachable!("a face preset")
    };
    // A few dozen steps are too few to see through strong changes.
    augmentation.rotation_degrees = 4.0;
    augmentation.scale = 0.05;
    augmentation.erase_probability = 0.0;
    config
}

fn paths(data: &Path) -> RunPaths {
    RunPaths {
        data: data.to_owned(),
        labels: None,
        conditions: Vec::new(),
        train_folds: Vec::new(),
        validation_folds: Vec::new(),
        spectrograms: None,
    }
}

/// A run from its configuration to its end.
fn whole_run(config: &TrainingConfig, data: &RunPaths, out: &Path) -> (DataSets, Finished) {
    let config = prepare(config.clone(), out).unwrap();
    let data = load_data(&config, data, &|_, _| ()).unwrap();
    let stop = AtomicBool::new(false);
    let finished = run(&config, &data, out, false, None, &stop, &mut |_| {}).unwrap();
    (data, finished.unwrap())
}

/// Everything that a run folder must hold, read back by what reads it elsewhere.
fn check_run_folder(out: &Path, config: &TrainingConfig) {
    for name in FILES {
        assert!(out.join(name).is_file(), "{name} is missing");
    }
    for stem in PICTURES {
        let picture = image::open(out.join(format!("{stem}.png"))).unwrap();
        assert!(picture.width() > 100, "{stem}");
        let svg = fs::read_to_string(out.join(format!("{stem}.svg"))).unwrap();
        assert!(svg.contains("<svg") && svg.trim_end().ends_with("</svg>"));
    }
    assert_eq!(
        &TrainingConfig::load(&out.join("config.toml")).unwrap(),
        config
    );
    let rows = history::read_csv(&out.join("metrics.csv")).unwrap();
    assert_eq!(rows, history::read_json(&out.join("metrics.json")).unwrap());
    let epochs: Vec<usize> = rows.iter().map(|m| m.epoch).collect();
    assert_eq!(epochs, (1..=config.epochs).collect::<Vec<_>>());
    let text = fs::read_to_string(out.join("report.json")).unwrap();
    let _: Report = serde_json::from_str(&text).unwrap();
    let sidecar = Sidecar::load(&out.join("model.toml")).unwrap();
    assert_eq!(sidecar.input, config.architecture.input);
    Weights::load(&out.join("weights.safetensors")).unwrap();
}

/// The network of a finished run, from its files.
fn trained(out: &Path, config: &TrainingConfig) -> Network {
    let mut network = Network::new(&config.architecture, Init::He, 0).unwrap();
    let weights = Weights::load(&out.join("weights.safetensors")).unwrap();
    network.load(&weights).unwrap();
    network
}

#[test]
fn a_face_run_learns_and_its_model_says_the_same_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    write_pictures(&data, [("train", 36), ("validation", 8)], 48, 48);
    let out = dir.path().join("run");
    let config = face_config();
    let (sets, finished) = whole_run(&config, &paths(&data), &out);
    check_run_folder(&out, &config);
    assert!(
        finished.report.accuracy > 0.7,
        "{}",
        finished.report.accuracy
    );
    assert_eq!(finished.epoch, config.epochs);

    let expected =
        predict(&mut trained(&out, &config), &*sets.validation).probabilities(finished.temperature);
    let faces: Vec<FaceImage> = class_files(&data.join("validation"))
        .unwrap()
        .iter()
        .map(|file| FaceImage::whole(&load_picture(&file.path).unwrap()))
        .collect();
    let model = FaceModel::load(&out.join("model.onnx")).unwrap();
    let got = model.classify_batch(&faces).unwrap();
    assert_eq!(got.len(), expected.len());
    for (g, e) in got.iter().zip(&expected) {
        for (g, e) in g.values().iter().zip(e) {
            // The file holds its weights in 16 bits.
            assert!((g - e).abs() < 1e-2, "{g}, expected {e}");
        }
    }
}

#[test]
fn a_run_folder_is_neither_overwritten_nor_resumed_from_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let config = face_config();
    assert!(matches!(
        saved(dir.path()),
        Err(RunError::NothingToResume { .. })
    ));
    prepare(config.clone(), dir.path()).unwrap();
    fs::write(dir.path().join("checkpoint.safetensors"), "x").unwrap();
    assert!(matches!(
        prepare(config, dir.path()),
        Err(RunError::Exists { .. })
    ));
}

/// A place in a run: epoch and step, from 1.
type Moment = (usize, usize);

/// Runs until `moment` (or the end), in a folder that may hold an interrupted run.
fn run_until(
    config: &TrainingConfig,
    data: &DataSets,
    out: &Path,
    moment: Option<Moment>,
) -> Option<Finished> {
    let resume = out.join("checkpoint.safetensors").exists();
    let config = if resume {
        saved(out).unwrap()
    } else {
        prepare(config.clone(), out).unwrap()
    };
    let stop = AtomicBool::new(false);
    run(&config, data, out, resume, None, &stop, &mut |event| {
        if let Event::Step { epoch, step, .. } = event
            && Some((*epoch, *step)) == moment
        {
            stop.store(true, Ordering::Relaxed);
        }
    })
    .unwrap()
}

/// What must not depend on interruptions: the metrics without the columns that measure time, the
/// weights, and the model.
fn outcome(out: &Path) -> (String, Vec<u8>, Vec<u8>) {
    let metrics = fs::read_to_string(out.join("metrics.csv"))
        .unwrap()
        .lines()
        .map(|line| {
            let columns: Vec<&str> = line.split(',').collect();
            columns[..columns.len() - 2].join(",") + "\n"
        })
        .collect();
    let bytes = |name: &str| fs::read(out.join(name)).unwrap();
    (metrics, bytes("weights.safetensors"), bytes("model.onnx"))
}

/// Interrupts a run at several moments, and brings an earlier checkpoint back as a crash would.
fn check_resume(config: &TrainingConfig) {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    // Not a multiple of the batch: each epoch leaves other examples out.
    write_pictures(&data, [("train", 15), ("validation", 4)], 48, 48);
    let data = load_data(config, &paths(&data), &|_, _| ()).unwrap();
    let folder = |name: &str| dir.path().join(name);

    let whole = folder("whole");
    assert!(run_until(config, &data, &whole, None).is_some());
    let expected = outcome(&whole);

    let parts = folder("parts");
    let crashed = folder("crashed");
    fs::create_dir(&crashed).unwrap();
    // In the middle of an epoch, one step later, at its very end, and in the last one.
    for moment in [(1, 2), (1, 3), (2, 6), (3, 4)] {
        assert!(run_until(config, &data, &parts, Some(moment)).is_none());
        if moment == (1, 3) {
            for name in ["config.toml", "checkpoint.safetensors"] {
                fs::copy(parts.join(name), crashed.join(name)).unwrap();
            }
        }
    }
    assert!(run_until(config, &data, &parts, None).is_some());
    assert!(outcome(&parts) == expected, "an interrupted run differs");

    // As if the program had died after the second interruption, with files of later moments about.
    fs::copy(parts.join("metrics.csv"), crashed.join("metrics.csv")).unwrap();
    fs::write(crashed.join("checkpoint.part"), "half a checkpoint").unwrap();
    assert!(run_until(config, &data, &crashed, None).is_some());
    assert!(outcome(&crashed) == expected, "a crashed run differs");

    // A finished run that is resumed once more only writes its files again.
    assert!(run_until(config, &data, &parts, None).is_some());
    assert!(outcome(&parts) == expected, "a finished run changed");
}

#[test]
fn an_interrupted_run_gives_the_same_bits_with_adamw_and_cosine() {
    let mut config = face_config();
    config.selection = Selection::ValidationLoss;
    config.label_smoothing = 0.1;
    check_resume(&config);
}

#[test]
fn an_interrupted_run_gives_the_same_bits_with_sgd_and_a_constant_rate() {
    let mut config = face_config();
    config.optimiser.kind = OptimiserKind::Sgd;
    config.schedule = Schedule::Constant;
    config.ema_decay = 0.0;
    config.selection = Selection::ValidationAccuracy;
    check_resume(&config);
}

#[test]
fn an_interrupted_run_gives_the_same_bits_with_sharpness_aware_steps() {
    let mut config = face_config();
    config.optimiser.sharpness_radius = 0.1;
    check_resume(&config);
}

#[test]
fn sharpness_aware_steps_learn_otherwise_than_plain_ones() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    write_pictures(&data, [("train", 40), ("validation", 6)], 48, 48);
    let [plain, aware] = [0.0, 0.1].map(|radius| {
        let mut config = face_config();
        config.optimiser.sharpness_radius = radius;
        let out = dir.path().join(format!("radius {radius}"));
        let (_, finished) = whole_run(&config, &paths(&data), &out);
        let accuracy = finished.report.accuracy;
        assert!(accuracy > 0.5, "{accuracy} with radius {radius}");
        outcome(&out).1
    });
    assert!(plain != aware);
}

/// [`face_config`] with a network that takes images of any size.
fn pooled_face_config() -> TrainingConfig {
    let mut config = face_config();
    for layer in &mut config.architecture.layers {
        if *layer == LayerSpec::Flatten {
            *layer = LayerSpec::GlobalAveragePool;
        }
    }
    config
}

#[test]
fn a_run_on_growing_images_can_be_interrupted_in_any_stage() {
    let mut config = pooled_face_config();
    // The first epoch at 24, the second at 36, the third at full size: all three are interrupted.
    config.sizes = [(0.34, 24), (0.67, 36)]
        .map(|(until, side)| SizeStage { until, side })
        .to_vec();
    check_resume(&config);
}

#[test]
fn a_run_on_smaller_images_learns_and_its_model_is_of_full_size() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    write_pictures(&data, [("train", 36), ("validation", 8)], 48, 48);
    let mut config = pooled_face_config();
    config.epochs = 6;
    config.sizes = vec![SizeStage {
        until: 0.5,
        side: 36,
    }];
    let out = dir.path().join("run");
    let (_, finished) = whole_run(&config, &paths(&data), &out);
    check_run_folder(&out, &config);
    let accuracy = finished.report.accuracy;
    assert!(accuracy > 0.5, "{accuracy}");
}

/// Gives every class of a split the pictures of the class before it.
fn mislabel(split: &Path) {
    let folder = |emotion: Emotion| split.join(emotion.name());
    let aside = |emotion: Emotion| split.join(format!("{}-aside", emotion.name()));
    for emotion in Emotion::ALL {
        fs::rename(folder(emotion), aside(emotion)).unwrap();
    }
    for (i, emotion) in Emotion::ALL.into_iter().enumerate() {
        fs::rename(aside(emotion), folder(Emotion::ALL[(i + 1) % 7])).unwrap();
    }
}

#[test]
fn a_student_believes_its_teachers_against_wrong_labels_and_refuses_others() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    write_pictures(&data, [("train", 36), ("validation", 8)], 48, 48);
    let teacher = dir.path().join("teacher");
    let (_, finished) = whole_run(&face_config(), &paths(&data), &teacher);
    assert!(finished.report.accuracy > 0.7);

    mislabel(&data.join("train"));
    let mut config = face_config();
    config.seed = 2;
    config.distil = Some(DistilConfig {
        weight: 1.0,
        ..DistilConfig::new(vec![teacher.clone()])
    });
    let out = dir.path().join("student");
    let (_, finished) = whole_run(&config, &paths(&data), &out);
    let accuracy = finished.report.accuracy;
    // The labels alone would teach it to be wrong nearly always.
    assert!(accuracy > 0.5, "{accuracy}");
    let before = TrainingConfig::load(&out.join("config.toml")).unwrap();
    check_run_folder(&out, &before);
    assert_eq!(before.distil.unwrap().fingerprints.len(), 1);

    // Another run's weights in the teacher's folder.
    fs::copy(
        out.join("weights.safetensors"),
        teacher.join("weights.safetensors"),
    )
    .unwrap();
    let refused = saved(&out).unwrap_err();
    assert!(
        matches!(refused, RunError::Distil(DistilError::Changed { .. })),
        "{refused}"
    );
}

#[test]
fn an_interrupted_run_with_teachers_gives_the_same_bits() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    write_pictures(&data, [("train", 15), ("validation", 1)], 48, 48);
    let mut config = pooled_face_config();
    config.epochs = 1;
    let runs = [1, 2].map(|seed| {
        config.seed = seed;
        let out = dir.path().join(format!("teacher-{seed}"));
        whole_run(&config, &paths(&data), &out);
        out
    });
    config.epochs = 3;
    config.sizes = vec![SizeStage {
        until: 0.67,
        side: 24,
    }];
    for view in [
        TeacherView::Changed,
        TeacherView::ChangedSmall,
        TeacherView::Unchanged,
    ] {
        config.distil = Some(DistilConfig {
            view,
            ..DistilConfig::new(runs.to_vec())
        });
        check_resume(&config);
    }
}

#[test]
fn a_run_can_start_from_another_runs_weights_but_not_from_another_networks() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    write_pictures(&data, [("train", 36), ("validation", 8)], 48, 48);
    let first = dir.path().join("first");
    let (_, finished) = whole_run(&face_config(), &paths(&data), &first);
    let before = finished.report.accuracy;
    assert!(before > 0.7);

    // One epoch, at a rate that changes next to nothing: what it can, it has from the first run.
    let mut config = face_config();
    config.seed = 2;
    config.epochs = 1;
    config.optimiser.learning_rate = 1e-6;
    let fresh = dir.path().join("fresh");
    let (_, finished) = whole_run(&config, &paths(&data), &fresh);
    assert!(finished.report.accuracy < before - 0.2);
    config.from = Some(first.clone());
    let second = dir.path().join("second");
    let (_, finished) = whole_run(&config, &paths(&data), &second);
    assert!(finished.report.accuracy > before - 0.1);

    // An interrupted run has its own weights: the first run's are not asked for again.
    let before = TrainingConfig::load(&second.join("config.toml")).unwrap();
    fs::rename(&first, dir.path().join("elsewhere")).unwrap();
    assert_eq!(saved(&second).unwrap(), before);

    config.from = Some(dir.path().join("elsewhere"));
    config.architecture.layers[0] = conv(7);
    let out = dir.path().join("refused");
    let config = prepare(config, &out).unwrap();
    let data = load_data(&config, &paths(&data), &|_, _| ()).unwrap();
    let stop = AtomicBool::new(false);
    let refused = run(&config, &data, &out, false, None, &stop, &mut |_| {}).unwrap_err();
    assert!(matches!(refused, RunError::From { .. }), "{refused}");
    assert!(!out.exists());
}

#[test]
fn a_run_that_is_stopped_at_once_can_be_resumed() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    write_pictures(&data, [("train", 5), ("validation", 1)], 48, 48);
    let out = dir.path().join("run");
    let mut config = face_config();
    config.epochs = 1;
    let config = prepare(config, &out).unwrap();
    let data = load_data(&config, &paths(&data), &|_, _| ()).unwrap();
    let stop = AtomicBool::new(true);
    let stopped = run(&config, &data, &out, false, None, &stop, &mut |_| {}).unwrap();
    assert!(stopped.is_none());
    assert!(run_until(&config, &data, &out, None).is_some());
    check_run_folder(&out, &config);
}

const RATE_HZ: u32 = 16_000;

/// Three seconds of a tone whose pitch says the class, softly noisy, as 16-bit mono WAV.
fn write_tone(path: &Path, class: usize, random: &mut Random) {
    let samples = 3 * RATE_HZ;
    let pitch_hz = 150.0 * 1.7_f64.powi(class as i32) * f64::from(random.uniform(0.98, 1.02));
    let mut bytes = Vec::new();
    bytes.extend(b"RIFF");
    bytes.extend((36 + 2 * samples).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend(RATE_HZ.to_le_bytes());
    bytes.extend((2 * RATE_HZ).to_le_bytes());
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend((2 * samples).to_le_bytes());
    for i in 0..samples {
        let phase = std::f64::consts::TAU * pitch_hz * f64::from(i) / f64::from(RATE_HZ);
        let value = 0.4 * phase.sin() + 0.02 * f64::from(random.normal());
        bytes.extend(((value * 32_767.0) as i16).to_le_bytes());
    }
    fs::write(path, bytes).unwrap();
}

/// Songs in class folders, and a table of the same songs with folds 1, 2 (train) and 3 (validation).
fn write_songs(root: &Path) -> PathBuf {
    let mut random = Random::new(9, 0, 0);
    let mut table =
        "path,p_angry,p_disgusted,p_fearful,p_happy,p_neutral,p_sad,p_surprised,fold,pitch,tags,teacher,sound\n"
            .to_owned();
    for (split, folds) in [("train", &["1", "2"][..]), ("test", &["3"][..])] {
        for emotion in Emotion::ALL {
            let folder = root.join(split).join(emotion.name());
            fs::create_dir_all(&folder).unwrap();
            for fold in folds {
                let name = format!("{fold}.wav");
                write_tone(&folder.join(&name), emotion.index(), &mut random);
                let targets: Vec<String> = Emotion::ALL
                    .iter()
                    .map(|e| if *e == emotion { "0.9" } else { "0.0166" }.to_owned())
                    .collect();
                let row = [format!("{split}/{emotion}/{name}"), targets.join(",")].join(",");
                // Only the first fold knows tags.
                let pitch = ["low", "high"][usize::from(emotion.index() > 3)];
                let tags = if *fold == "1" {
                    format!("{pitch}|tone")
                } else {
                    String::new()
                };
                let teacher = format!("{split}-{emotion}-{fold}.safetensors");
                write_track(&root.join(&teacher), pitch == "high");
                let sound = ["speech", "music", "effects"][emotion.index() / 3];
                table += &format!("{row},{fold},{pitch},{tags},{teacher},{sound}\n");
            }
        }
    }
    let path = root.join("labels.csv");
    fs::write(&path, table).unwrap();
    path
}

/// The folds of [`write_songs`]: 1 and 2 to train on, 3 to judge on.
fn folds_of(table: &Path) -> RunPaths {
    RunPaths {
        train_folds: vec!["1".to_owned(), "2".to_owned()],
        validation_folds: vec!["3".to_owned()],
        ..paths(table)
    }
}

/// What a teacher says of a tone all the time: one tag, and two values.
fn write_track(path: &Path, high: bool) {
    let array = |shape: [usize; 2], row: &[f32]| Tensor {
        shape: shape.to_vec(),
        data: row.repeat(shape[0]),
    };
    let (tag, value) = if high { (0.9, 1.0) } else { (0.1, -1.0) };
    let mut track = Weights::default();
    let hop_seconds = Tensor {
        shape: vec![1],
        data: vec![0.5],
    };
    track.0.insert("hop_seconds".to_owned(), hop_seconds);
    track.0.insert("tags".to_owned(), array([4, 1], &[tag]));
    let values = array([4, 2], &[value, 0.5]);
    track.0.insert("values".to_owned(), values);
    track.save(path).unwrap();
}

fn music_config() -> TrainingConfig {
    let mut config = preset::music("default").unwrap();
    config.epochs = 4;
    config.batch_size = 8;
    config.ema_decay = 0.5;
    config.mixup = 0.0;
    config.optimiser.learning_rate = 2e-2;
    let TaskConfig::Music {
        spectrogram,
        windows,
        augmentation,
        ..
    } = &mut config.task
    else {
        unreachable!("a music preset")
    };
    spectrogram.n_mels = 32;
    spectrogram.window_frames = 64;
    *windows = 2;
    // Moving and masking bands would hide which tone it is.
    augmentation.shift_bands = 0;
    augmentation.masks = 0;
    config.architecture = Architecture {
        input: [1, 32, 64],
        layers: vec![
            conv(8),
            LayerSpec::BatchNorm { epsilon: 1e-5 },
            LayerSpec::Relu,
            LayerSpec::MaxPool {
                size: [1, 8],
                stride: [1, 8],
            },
            LayerSpec::Flatten,
            LayerSpec::Dropout { rate: 0.1 },
            LayerSpec::Dense { units: 7 },
            LayerSpec::Softmax,
        ],
    };
    config
}

/// The exported model, on the song files themselves, against what the network said of them.
fn check_song_model(out: &Path, config: &TrainingConfig, sets: &DataSets, songs: &Path) {
    let sidecar = Sidecar::load(&out.join("model.toml")).unwrap();
    let expected =
        predict(&mut trained(out, config), &*sets.validation).probabilities(sidecar.temperature);
    let model = MusicModel::load(&out.join("model.onnx")).unwrap();
    for (file, expected) in class_files(songs).unwrap().iter().zip(&expected) {
        let vector = model.embed_song(&file.path).unwrap().vector;
        for (g, e) in vector.values().iter().zip(expected) {
            // The windows start within a frame of each other, and the training set keeps hundredths
            // of a decibel.
            assert!((g - e).abs() < 0.05, "{:?}: {g}, expected {e}", file.path);
        }
    }
}

#[test]
fn a_music_run_learns_from_folders_and_from_a_table() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let table = write_songs(&data);
    let config = music_config();

    let folders = dir.path().join("from_folders");
    let (sets, finished) = whole_run(&config, &paths(&data), &folders);
    check_run_folder(&folders, &config);
    let accuracy = finished.report.accuracy;
    assert!(accuracy > 0.7, "{accuracy}");
    check_song_model(&folders, &config, &sets, &data.join("test"));

    let from_table = dir.path().join("from_table");
    let mut table_paths = folds_of(&table);
    let (sets, finished) = whole_run(&config, &table_paths, &from_table);
    check_run_folder(&from_table, &config);
    let accuracy = finished.report.accuracy;
    assert!(accuracy > 0.7, "{accuracy}");
    // The table's rows are in the order of the folders.
    check_song_model(&from_table, &config, &sets, &data.join("test"));

    // Kept spectrograms are the same songs, the second time without the songs being decoded.
    let kept = dir.path().join("kept");
    let decoded = load_data(&config, &table_paths, &|_, _| ()).unwrap();
    table_paths.spectrograms = Some(SpectrogramCache::new(kept.clone()));
    for _ in 0..2 {
        let read = AtomicUsize::new(0);
        let sets = load_data(&config, &table_paths, &|_, _| {
            read.fetch_add(1, Ordering::Relaxed);
        });
        let sets = sets.unwrap();
        assert_eq!(sets.training.fingerprint(), decoded.training.fingerprint());
        let songs = decoded.songs.len() + decoded.validation.len();
        assert_eq!(read.into_inner(), songs);
    }
    let songs = |split: &str| class_files(&data.join(split)).unwrap().len();
    assert_eq!(
        fs::read_dir(kept).unwrap().count(),
        songs("train") + songs("test")
    );

    table_paths.validation_folds = vec!["no such fold".to_owned()];
    assert!(matches!(
        load_data(&config, &table_paths, &|_, _| ()),
        Err(RunError::NoFold { .. })
    ));
}

#[test]
fn teachers_of_stretches_are_learnt_and_judged() {
    let dir = tempfile::tempdir().unwrap();
    let table = write_songs(&dir.path().join("data"));
    let table_paths = folds_of(&table);
    let mut config = music_config();
    let head = |array: &str, kind| HeadConfig {
        column: "teacher".to_owned(),
        kind,
        condition: None,
        array: Some(array.to_owned()),
        sound_kind: false,
        weight: 1.0,
        least_rows: 1,
        names: Vec::new(),
    };
    config.heads = vec![
        head("tags", HeadKind::TagTrack),
        HeadConfig {
            column: "sound".to_owned(),
            array: None,
            sound_kind: true,
            ..head("", HeadKind::Class)
        },
        head("values", HeadKind::ValueTrack),
    ];
    let TaskConfig::Music { crop_seconds, .. } = &mut config.task else {
        unreachable!("a music preset")
    };
    *crop_seconds = Some(0.5);
    resolve_heads(&mut config, &table_paths).unwrap();
    let out = dir.path().join("run");
    whole_run(&config, &table_paths, &out);
    check_run_folder(&out, &config);
    let rows = load_table(&table, &[("fold".to_owned(), "3".to_owned())]).unwrap();
    let reports = judge_heads(&rows, std::slice::from_ref(&out), 1).unwrap();
    let labels: Vec<&str> = reports.iter().map(|r| r.column.as_str()).collect();
    assert_eq!(labels, ["sound", "teacher/tags", "teacher/values"]);
    for report in &reports[1..] {
        assert_eq!(report.songs, 7);
        assert!(report.names["000"] > 0.8, "{report:?}");
    }
    // A value that never changes has no correlation.
    assert!(!reports[2].names.contains_key("001"));
    // The model says what sort of sound it is, as the run did.
    assert!(reports[0].figure.mean > 0.6, "{:?}", reports[0]);
    let model = MusicModel::load(&out.join("model.onnx")).unwrap();
    let said = load_table(&out.join("predictions.csv"), &[]).unwrap();
    for row in &said {
        let sound = model.embed_song(&row.path).unwrap().sound.unwrap();
        for kind in SoundKind::ALL {
            let share: f32 = row.get(&format!("sound:{kind}")).unwrap().parse().unwrap();
            assert!(
                (share - sound.get(kind)).abs() < 0.02,
                "{kind}: {share} {sound:?}"
            );
        }
    }

    // A song whose teacher is silent is one that failed, not the end.
    fs::write(dir.path().join("data/train-sad-1.safetensors"), "nothing").unwrap();
    let sets = load_data(&config, &table_paths, &|_, _| ()).unwrap();
    assert_eq!(sets.failed.len(), 1, "{:?}", sets.failed);
    assert!(
        sets.failed[0].1.contains("train-sad-1"),
        "{:?}",
        sets.failed
    );
}

#[test]
fn other_heads_learn_from_their_columns_and_stay_out_of_the_model() {
    let dir = tempfile::tempdir().unwrap();
    let table = write_songs(&dir.path().join("data"));
    let table_paths = folds_of(&table);
    let mut config = music_config();
    let head = |column: &str, kind| HeadConfig {
        column: column.to_owned(),
        kind,
        condition: None,
        array: None,
        sound_kind: false,
        weight: 1.0,
        least_rows: 1,
        names: Vec::new(),
    };
    config.heads = vec![head("pitch", HeadKind::Class), head("tags", HeadKind::Tags)];
    resolve_heads(&mut config, &table_paths).unwrap();
    let out = dir.path().join("run");
    let (sets, finished) = whole_run(&config, &table_paths, &out);
    assert!(finished.report.accuracy > 0.7);
    check_run_folder(&out, &config);
    check_song_model(&out, &config, &sets, &dir.path().join("data/test"));

    let text = fs::read_to_string(out.join("predictions.csv")).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    assert_eq!(
        header[8..],
        [
            "pitch:high",
            "pitch:low",
            "tags:high",
            "tags:low",
            "tags:tone"
        ]
    );
    // A run with other heads starts from this one but for the last layer.
    let mut other = config.clone();
    other.heads = vec![head("tags", HeadKind::Tags)];
    other.epochs = 1;
    other.optimiser.learning_rate = 1e-6;
    other.from = Some(out.clone());
    resolve_heads(&mut other, &table_paths).unwrap();
    assert!(has_outputs_of_start(&config).unwrap());
    assert!(!has_outputs_of_start(&other).unwrap());
    let started = dir.path().join("started");
    let fewer = RunPaths {
        train_folds: vec!["1".to_owned()],
        ..table_paths.clone()
    };
    whole_run(&other, &fewer, &started);
    // Its inputs have the scale that the weights know, not that of the songs it learns from.
    let front_end = |run: &Path| Sidecar::load(&run.join("model.toml")).unwrap().front_end;
    assert_eq!(front_end(&started), front_end(&out));
    let alone = load_data(&config, &fewer, &|_, _| ()).unwrap();
    assert_ne!(alone.statistics, sets.statistics);
    let weights = |run: &Path| Weights::load(&run.join("weights.safetensors")).unwrap();
    let (given, taken) = (weights(&out), weights(&started));
    for (name, tensor) in &taken.0 {
        let last = name.starts_with("dense");
        assert_eq!(tensor.shape == given.0[name].shape, !last, "{name}");
        if name.ends_with(".weight") && !last {
            let pairs = tensor.data.iter().zip(&given.0[name].data);
            let far = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(far < 1e-2, "{name}: {far}");
        }
    }

    let mut right = 0;
    for (emotion, line) in Emotion::ALL.iter().zip(lines) {
        let p: Vec<f32> = line[1..].iter().map(|v| v.parse().unwrap()).collect();
        assert!((p[..7].iter().sum::<f32>() - 1.0).abs() < 1e-3);
        assert!((p[7] + p[8] - 1.0).abs() < 1e-3);
        assert!(p[11] > 0.5, "all songs are tones: {p:?}");
        right += usize::from((p[7] > 0.5) == (emotion.index() > 3));
    }
    assert!(right >= 6, "{right}");

    let folders = paths(table.parent().unwrap());
    assert!(matches!(
        resolve_heads(&mut config, &folders),
        Err(RunError::HeadsWithoutTable { .. })
    ));
}

/// The original's music network on smaller pictures, with an eighth of its filters.
fn original_music_config() -> TrainingConfig {
    let mut config = preset::music("original").unwrap();
    config.epochs = 3;
    config.batch_size = 14;
    config.optimiser.learning_rate = 3e-3;
    config.architecture.input = [1, 32, 44];
    for layer in &mut config.architecture.layers {
        match layer {
            LayerSpec::Conv2d { filters, .. } => *filters /= 8,
            LayerSpec::Dropout { rate } => *rate = 0.1,
            _ => {}
        }
    }
    config
}

#[test]
fn the_originals_music_net_trains_on_spectrogram_pictures() {
    let dir: TempDir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    write_pictures(&data, [("train", 10), ("test", 2)], 88, 64);
    let out = dir.path().join("run");
    let config = original_music_config();
    let (_, finished) = whole_run(&config, &paths(&data), &out);
    check_run_folder(&out, &config);
    let rows = history::read_csv(&out.join("metrics.csv")).unwrap();
    let (first, last) = (rows.first().unwrap(), rows.last().unwrap());
    assert!(
        last.train_loss < 0.98 * first.train_loss,
        "{} to {}",
        first.train_loss,
        last.train_loss
    );
    let best = rows
        .iter()
        .min_by(|a, b| a.validation_loss.total_cmp(&b.validation_loss))
        .unwrap();
    assert_eq!(finished.epoch, best.epoch);
    let sidecar = Sidecar::load(&out.join("model.toml")).unwrap();
    assert!(matches!(
        sidecar.front_end,
        FrontEnd::SpectrogramImage { .. }
    ));

    let song = dir.path().join("song.wav");
    write_tone(&song, 2, &mut Random::new(1, 0, 0));
    let model = MusicModel::load(&out.join("model.onnx")).unwrap();
    let embedding = model.embed_song(&song).unwrap();
    assert!((embedding.duration_seconds - 3.0).abs() < 0.01);
}
