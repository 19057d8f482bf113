//! Tests of heads from a table to their gradients.

use super::*;
use crate::config::{TrainingConfig, preset};
use crate::dataset::TableRow;
use vibelux::EmotionVector;

fn head(column: &str, kind: HeadKind, weight: f32) -> HeadConfig {
    HeadConfig {
        column: column.to_owned(),
        kind,
        condition: None,
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

#[test]
fn gradients_equal_finite_differences_and_missing_targets_have_none() {
    let heads = Heads::new(&resolved().heads);
    let targets: Vec<f32> = rows().iter().flat_map(|row| heads.targets(row)).collect();
    let logits: Vec<f32> = (0..targets.len())
        .map(|i| (i as f32 * 0.7).sin() * 2.0)
        .collect();
    let (loss, gradient) = heads.loss(&logits, &targets);
    assert!(loss.is_finite() && loss > 0.0);
    for i in 0..logits.len() {
        let at = |step: f32| {
            let mut moved = logits.clone();
            moved[i] += step;
            heads.loss(&moved, &targets).0
        };
        let measured = (at(1e-2) - at(-1e-2)) / 2e-2;
        assert!(
            (measured - f64::from(gradient[i])).abs() < 1e-3,
            "{i}: {measured} {}",
            gradient[i]
        );
        if targets[i].is_nan() {
            assert_eq!(gradient[i], 0.0);
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
