//! Tests of heads from a table to their gradients.

use super::*;
use crate::config::{TrainingConfig, preset};
use crate::dataset::TableRow;
use vibelux::EmotionVector;
use vibelux::model::weights::{Tensor, Weights};

fn head(column: &str, kind: HeadKind, weight: f32) -> HeadConfig {
    HeadConfig {
        column: column.to_owned(),
        kind,
        condition: None,
        array: None,
        sound_kind: false,
        weight,
        least_rows: 1,
        names: Vec::new(),
    }
}

fn rows() -> Vec<TableRow> {
    let row = |mood: Option<&str>, values: &[(&str, &str)]| TableRow {
        path: "x.ogg".into(),
        target: mood.map(|m| m.parse::<EmotionVector>().unwrap()),
        quadrant: None,
        fold: None,
        folder: "".into(),
        values: values
            .iter()
            .map(|(c, v)| ((*c).to_owned(), (*v).to_owned()))
            .collect(),
    };
    vec![
        row(Some("happy"), &[("quadrant", "Q1"), ("tags", "calm|warm")]),
        row(None, &[("quadrant", "Q3"), ("set", "piano")]),
        row(
            Some("sad"),
            &[("quadrant", ""), ("scales", "power=0.25|joy=1|odd=7")],
        ),
    ]
}

fn resolved() -> TrainingConfig {
    let mut config = preset::music("default").unwrap();
    config.heads = vec![
        head("quadrant", HeadKind::Class, 0.5),
        head("tags", HeadKind::Tags, 2.0),
        head("scales", HeadKind::Scales, 1.0),
    ];
    resolve(&mut config, &rows()).unwrap();
    config
}

#[test]
fn names_come_from_the_rows_and_widen_the_last_layer() {
    let config = resolved();
    config.check().unwrap();
    let heads = Heads::new(&config.heads);
    assert_eq!(
        heads.names().collect::<Vec<_>>(),
        [
            "quadrant:Q1",
            "quadrant:Q3",
            "tags:calm",
            "tags:warm",
            "scales:joy",
            "scales:power"
        ]
    );
    assert_eq!(
        config.architecture.shapes().unwrap().last().unwrap().len(),
        13
    );
    let second = heads.targets(&rows()[1]);
    assert!(second[..7].iter().all(|t| t.is_nan()));
    assert_eq!(second[7..9], [0.0, 1.0]);
    assert!(second[9..].iter().all(|t| t.is_nan()));
    assert_eq!(heads.targets(&rows()[2])[11..], [1.0, 0.25]);

    let mut config = preset::music("default").unwrap();
    config.heads = vec![head("nothing", HeadKind::Class, 1.0)];
    assert!(resolve(&mut config, &rows()).is_err());
    let mut config = preset::face("default").unwrap();
    config.heads = vec![head("quadrant", HeadKind::Class, 1.0)];
    assert!(config.check().is_err());
}

#[test]
fn a_condition_keeps_other_rows_out() {
    let mut config = resolved();
    config.heads.truncate(1);
    config.heads[0].names.clear();
    config.heads[0].condition = Some("set=piano".to_owned());
    resolve(&mut config, &rows()).unwrap();
    assert_eq!(config.heads[0].names, ["Q3"]);
    let heads = Heads::new(&config.heads);
    assert!(heads.targets(&rows()[0])[7].is_nan());
    assert_eq!(heads.names().next().unwrap(), "quadrant[set=piano]:Q3");
}

/// Holds a gradient against finite differences.
fn check_gradient(heads: &Heads, logits: &[f32], targets: &[f32], gradient: &[f32]) {
    for (i, &g) in gradient.iter().enumerate() {
        let at = |step: f32| {
            let mut moved = logits.to_vec();
            moved[i] += step;
            heads.loss(&moved, targets).0
        };
        let measured = (at(1e-2) - at(-1e-2)) / 2e-2;
        assert!(
            (measured - f64::from(g)).abs() < 1e-3,
            "{i}: {measured} {g}"
        );
    }
}

#[test]
fn gradients_equal_finite_differences_and_missing_targets_have_none() {
    let heads = Heads::new(&resolved().heads);
    let targets: Vec<f32> = rows().iter().flat_map(|row| heads.targets(row)).collect();
    let logits: Vec<f32> = (0..targets.len())
        .map(|i| (i as f32 * 0.7).sin() * 2.0)
        .collect();
    let (loss, gradient) = heads.loss(&logits, &targets);
    assert!(loss.is_finite() && loss > 0.0);
    check_gradient(&heads, &logits, &targets, &gradient);
    for (target, g) in targets.iter().zip(gradient) {
        if target.is_nan() {
            assert_eq!(g, 0.0);
        }
    }
}

#[test]
fn without_heads_the_loss_is_soft_cross_entropy() {
    let logits: Vec<f32> = (0..14).map(|i| (i as f32).cos()).collect();
    let targets: Vec<f32> = rows()
        .iter()
        .filter_map(|row| row.target)
        .flat_map(|t| *t.values())
        .collect();
    let (loss, gradient) = Heads::default().loss(&logits, &targets);
    let (expected, expected_gradient) = crate::nn::soft_cross_entropy(&logits, &targets, 7);
    assert!((loss - expected).abs() < 1e-6);
    for (a, b) in gradient.iter().zip(&expected_gradient) {
        assert!((a - b).abs() < 1e-6);
    }
}

/// A row whose teacher said these two rows of tags and of values, each for a second.
fn taught(folder: &std::path::Path, tags: [[f32; 2]; 2], values: [[f32; 3]; 2]) -> TableRow {
    let array = |shape: &[usize], data: Vec<f32>| Tensor {
        shape: shape.to_vec(),
        data,
    };
    let arrays = [
        ("hop_seconds", array(&[1], vec![1.0])),
        ("tags", array(&[2, 2], tags.concat())),
        ("values", array(&[2, 3], values.concat())),
    ];
    let file = Weights(arrays.map(|(n, a)| (n.to_owned(), a)).into());
    file.save(&folder.join("x.safetensors")).unwrap();
    TableRow {
        folder: folder.to_owned(),
        values: [("teacher".to_owned(), "x.safetensors".to_owned())].into(),
        ..rows()[0].clone()
    }
}

fn track_head(array: &str, kind: HeadKind) -> HeadConfig {
    HeadConfig {
        array: Some(array.to_owned()),
        ..head("teacher", kind, 1.5)
    }
}

#[test]
fn tracks_are_named_by_number_and_have_gradients() {
    let dir = tempfile::tempdir().unwrap();
    let values = [[3.0, 0.0, -1.0], [-1.0, 0.0, -1.0]];
    let row = taught(dir.path(), [[0.2, 0.8], [0.4, 0.0]], values);
    let mut config = preset::music("default").unwrap();
    config.heads = vec![
        track_head("tags", HeadKind::TagTrack),
        track_head("values", HeadKind::ValueTrack),
    ];
    resolve(&mut config, std::slice::from_ref(&row)).unwrap();
    config.check().unwrap();
    let heads = Heads::new(&config.heads);
    let names: Vec<String> = heads.names().collect();
    assert_eq!(names[0], "teacher/tags:000");
    assert_eq!(names[4], "teacher/values:002");
    assert!(heads.targets(&row)[7..].iter().all(|t| t.is_nan()));
    let targets = heads.targets_overall(&row).unwrap();
    for (target, expected) in targets[7..].iter().zip([0.3, 0.4, 1.0, 0.0, -1.0]) {
        assert!((target - expected).abs() < 1e-6, "{targets:?}");
    }
    let logits: Vec<f32> = (0..12).map(|i| (i as f32).sin()).collect();
    let (_, gradient) = heads.loss(&logits, &targets);
    check_gradient(&heads, &logits, &targets, &gradient);
    // Probabilities for tags, and values as they are.
    let said = heads.probabilities(&logits[7..]);
    assert_eq!(said[2..], logits[9..]);
    assert!((0.0..=1.0).contains(&said[0]));
}

#[test]
fn kinds_of_sound_are_each_named_once() {
    let mut config = preset::music("default").unwrap();
    let kinds = |names: &[&str]| HeadConfig {
        sound_kind: true,
        names: names.iter().map(|n| (*n).to_owned()).collect(),
        ..head("sound", HeadKind::Class, 1.0)
    };
    config.heads = vec![kinds(&["music", "speech", "effects"])];
    config.check().unwrap();
    // In the order of the names, sorted or not.
    let row = TableRow {
        values: [("sound".to_owned(), "effects".to_owned())].into(),
        ..rows()[0].clone()
    };
    assert_eq!(
        Heads::new(&config.heads).targets(&row)[7..],
        [0.0, 0.0, 1.0]
    );
    for wrong in [
        &["Music", "music", "speech"][..],
        &["music", "speech"],
        &["music", "speech", "noise"],
    ] {
        config.heads = vec![kinds(wrong)];
        assert!(config.check().is_err(), "{wrong:?}");
    }
    let all = ["effects", "music", "speech"];
    config.heads = vec![kinds(&all), kinds(&all)];
    assert!(config.check().is_err());
}

#[test]
fn a_track_of_another_width_or_without_its_array_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let row = taught(dir.path(), [[0.0; 2]; 2], [[0.0; 3]; 2]);
    let mut config = preset::music("default").unwrap();
    config.heads = vec![track_head("tags", HeadKind::TagTrack)];
    assert!(resolve(&mut config, &rows()).is_err());
    resolve(&mut config, std::slice::from_ref(&row)).unwrap();
    config.heads[0].array = Some("values".to_owned());
    let error = Heads::new(&config.heads).tracks(&row).unwrap_err();
    assert!(error.to_string().contains("x.safetensors"), "{error}");
    config.heads[0].array = None;
    assert!(config.check().is_err());
    let loud = taught(dir.path(), [[0.0, 1.5]; 2], [[0.0; 3]; 2]);
    config.heads = vec![track_head("tags", HeadKind::TagTrack)];
    assert!(resolve(&mut config, std::slice::from_ref(&loud)).is_err());
    config.heads = vec![HeadConfig {
        array: Some("tags".to_owned()),
        ..head("quadrant", HeadKind::Class, 1.0)
    }];
    assert!(config.check().is_err());
}
