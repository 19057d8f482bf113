//! What can be checked about a picture without looking: no text leaves the page or touches another,
//! extreme data is drawn, both files are sound.

use super::palette::Colour;
use super::scene::{Scene, Text};
use std::path::PathBuf;

use super::*;
use crate::evaluate::{BesideBaseline, CorruptionRow, SUITE, Share, UnderCorruption};
use crate::metrics::softmax;
use vibelux::Emotion;

fn epoch(epoch: usize, loss: f64, accuracy: f64) -> EpochMetrics {
    EpochMetrics {
        epoch,
        train_loss: loss * 0.9,
        train_accuracy: accuracy * 1.05,
        validation_loss: loss,
        validation_accuracy: accuracy,
        learning_rate: 1e-3,
        seconds: 10.0,
        images_per_second: 2_000.0,
    }
}

fn run(count: usize) -> Vec<EpochMetrics> {
    (1..=count)
        .map(|i| {
            let t = i as f64 / count as f64;
            let wiggle = (i as f64 * 1.7).sin() * 0.01;
            epoch(
                i,
                1.9 - 0.9 * t.sqrt() + 0.2 * t * t + wiggle,
                0.25 + 0.35 * t.sqrt() + wiggle,
            )
        })
        .collect()
}

/// A plausible report: `skill` 0 is chance.
fn report(names: &[&str], n: usize, skill: f32) -> Report {
    let classes = names.len();
    let truth: Vec<usize> = (0..n).map(|i| (i * i + i / 3) % classes).collect();
    let rows: Vec<Vec<f32>> = truth
        .iter()
        .enumerate()
        .map(|(i, &class)| {
            let logits: Vec<f32> = (0..classes)
                .map(|c| {
                    let noise = ((i * 31 + c * 17) as f32 * 12.9898).sin() * 2.0;
                    noise + if c == class { skill } else { 0.0 }
                })
                .collect();
            softmax(&logits)
        })
        .collect();
    Report::new(names, &rows, &truth, None, 1).unwrap()
}

fn seven() -> Vec<&'static str> {
    Emotion::ALL.iter().map(|e| e.name()).collect()
}

fn check(scene: &Scene) {
    let texts: Vec<_> = scene.texts().filter(|t| !t.content.is_empty()).collect();
    for (i, text) in texts.iter().enumerate() {
        let [left, top, right, bottom] = text.bounds();
        let inside = left >= 0.0 && top >= 0.0 && right <= scene.width && bottom <= scene.height;
        assert!(inside, "{:?} leaves the page", text.content);
        for other in &texts[i + 1..] {
            let o = other.bounds();
            let apart = right < o[0] || o[2] < left || bottom < o[1] || o[3] < top;
            assert!(apart, "{:?} touches {:?}", text.content, other.content);
        }
    }
}

#[test]
fn training_curves_survive_extreme_histories() {
    let mut gaps = run(30);
    gaps[3].validation_loss = f64::NAN;
    gaps[10].train_loss = f64::INFINITY;
    gaps[20].validation_accuracy = f64::NAN;
    let nothing = vec![epoch(1, f64::NAN, f64::NAN); 3];
    let huge = (1..20)
        .map(|i| epoch(i, 10_f64.powi(i as i32 - 4), 0.14))
        .collect();
    let perfect = vec![epoch(1, 0.0, 1.0), epoch(2, 0.0, 1.0)];
    for history in [
        run(1),
        run(2),
        run(12),
        run(200),
        run(5_000),
        gaps,
        nothing,
        huge,
        perfect,
    ] {
        check(&training::scene(&history).unwrap());
    }
    assert!(matches!(training::scene(&[]), Err(PlotError::Empty { .. })));
}

#[test]
fn the_best_epoch_is_the_most_accurate_one_then_the_surest() {
    let history = [
        epoch(1, 1.5, 0.4),
        epoch(2, 1.2, 0.6),
        epoch(3, 1.1, 0.6),
        epoch(4, 0.9, f64::NAN),
    ];
    assert_eq!(best_epoch(&history).unwrap().epoch, 3);
    assert_eq!(
        best_epoch(&[epoch(1, 2.0, f64::NAN), epoch(2, 1.0, f64::NAN)])
            .unwrap()
            .epoch,
        2
    );
    assert!(best_epoch(&[epoch(1, f64::NAN, f64::NAN)]).is_none());
}

#[test]
fn matrices_and_diagrams_survive_any_classes() {
    let long = ["contemptuously amused", "b", "a rather long class name"];
    for (names, n) in [
        (seven(), 28_709),
        (seven(), 1),
        (vec!["only"], 40),
        (long.to_vec(), 500),
    ] {
        let report = report(&names, n, 2.0);
        check(&confusion::scene(&report).unwrap());
        check(&reliability::scene(&report).unwrap());
    }
}

#[test]
fn emotion_curves_keep_their_labels_apart() {
    for last in [
        EmotionVector::UNIFORM,
        EmotionVector::one_hot(Emotion::Happy),
    ] {
        check(&emotions::scene(&[0.0, 60.0], &[EmotionVector::UNIFORM, last]).unwrap());
    }
    check(&emotions::scene(&[3.0], &[EmotionVector::UNIFORM]).unwrap());
    assert!(matches!(
        emotions::scene(&[], &[]),
        Err(PlotError::Empty { .. })
    ));
    let uneven = emotions::scene(&[1.0], &[]);
    assert!(matches!(uneven, Err(PlotError::LengthMismatch { .. })));
}

/// A plausible table of `models` models.
fn under_corruption(models: usize, clean: f64) -> RobustnessReport {
    let figures = |kind: usize, model: usize| {
        let cost = clean * (kind as f64 * 0.06).min(1.0) * (1.0 + model as f64 * 0.3).min(1.5);
        let share = |mean: f64| Share {
            mean,
            interval: [(mean - 0.04).max(0.0), (mean + 0.04).min(1.0)],
        };
        UnderCorruption {
            accuracy: share((clean - cost).max(0.0)),
            cost: share(cost),
        }
    };
    let rows = SUITE.iter().enumerate().map(|(kind, of)| CorruptionRow {
        corruption: of.name.to_owned(),
        label: of.label.to_owned(),
        variants: of.variants.len(),
        judged: figures(kind, 0),
        baselines: (1..models)
            .map(|model| BesideBaseline {
                figures: figures(kind, model),
                cost_ratio: Some(0.8),
                margin: figures(kind, model).cost,
            })
            .collect(),
    });
    RobustnessReport {
        faces: 3_589,
        model: "face-default-e86880c2".to_owned(),
        baselines: (1..models)
            .map(|i| format!("baseline {i}").repeat(8 * i))
            .collect(),
        rows: rows.collect(),
    }
}

#[test]
fn bars_of_corruptions_survive_any_accuracy_and_many_models() {
    for models in 1..5 {
        for clean in [0.0, 0.04, 0.643, 1.0] {
            check(&corruptions::scene(&under_corruption(models, clean)).unwrap());
        }
    }
    let mut empty = under_corruption(1, 0.5);
    empty.rows.clear();
    assert!(matches!(
        corruptions::scene(&empty),
        Err(PlotError::Empty { .. })
    ));
}

fn matched(share: f64) -> MatchingReport {
    let of = |mean: f64| Share {
        mean,
        interval: [0.98 * mean, (1.02 * mean).min(1.0)],
    };
    MatchingReport {
        faces: 3_589,
        songs: 720,
        count: 10,
        random: 0.168 * share,
        plain: of(0.337 * share),
        centred: of(0.317 * share),
        plain_true_songs: 0.435 * share,
        centred_true_songs: 0.442 * share,
        oracle: 0.637 * share,
        plain_precision: [0.5; 7],
        centred_precision: [0.5; 7],
        base_rate: [1.0 / 7.0; 7],
        centred_per_class: std::array::from_fn(|i| (i != 1).then_some(0.1 * i as f64 * share)),
        plain_per_class: std::array::from_fn(|i| (i != 1).then_some(0.09 * i as f64 * share)),
        random_per_class: std::array::from_fn(|i| 0.05 * i as f64 * share),
        oracle_per_class: [share; 7],
    }
}

#[test]
fn bars_of_a_matching_survive_any_share() {
    for share in [0.0, 0.5, 1.0] {
        check(&matching::scene(&matched(share)));
    }
}

/// Writes every plot. With `VIBELUX_PLOTS` set to a folder they stay there to be looked at.
#[test]
fn both_files_are_sound() {
    let temporary = tempfile::tempdir().unwrap();
    let kept = std::env::var_os("VIBELUX_PLOTS").map(PathBuf::from);
    let dir = kept.as_deref().unwrap_or(temporary.path());
    let seconds: Vec<f64> = (0..240).map(|i| f64::from(i) * 0.5).collect();
    let vectors: Vec<EmotionVector> = seconds
        .iter()
        .map(|s| {
            let z = std::array::from_fn(|i| ((s / 9.0 + i as f64 * 1.3).sin() * 2.0) as f32);
            EmotionVector::from_logits(z, 1.0).unwrap()
        })
        .collect();
    let report = report(&seven(), 3_589, 2.2);
    training_curves(dir, &run(60)).unwrap();
    confusion_matrix(dir, &report).unwrap();
    reliability_diagram(dir, &report).unwrap();
    emotion_curve(dir, &seconds, &vectors).unwrap();
    corruptions(dir, &under_corruption(2, 0.643)).unwrap();
    matching(dir, &matched(1.0)).unwrap();
    for (stem, width) in [
        ("training_curves", 960),
        ("confusion_matrix", 762),
        ("reliability_diagram", 540),
        ("emotion_curve", 960),
        ("corruptions", 860),
        ("matching", 760),
    ] {
        let png = image::open(dir.join(stem).with_extension("png")).unwrap();
        let svg = std::fs::read_to_string(dir.join(stem).with_extension("svg")).unwrap();
        assert_eq!(png.width() % 2, 0);
        assert!(
            png.width().abs_diff(2 * width) < 80,
            "{stem}: {}",
            png.width()
        );
        assert!(
            svg.contains(&format!("<svg width=\"{}\"", png.width() / 2)),
            "{stem}"
        );
        let dark = png.to_luma8().pixels().filter(|p| p.0[0] < 90).count();
        assert!(dark > 500, "{stem} has no ink");
    }
    if kept.is_some() {
        extremes(dir);
    }
}

/// More pictures to look at.
fn extremes(dir: &Path) {
    let save = |scene: Result<Scene, PlotError>, stem| scene.unwrap().save(dir, stem).unwrap();
    save(training::scene(&run(1)), "training_1");
    save(training::scene(&run(200)), "training_200");
    let huge: Vec<_> = (1..20)
        .map(|i| epoch(i, 10_f64.powi(i as i32 - 4), 0.14))
        .collect();
    save(training::scene(&huge), "training_huge");
    let mut gaps = run(12);
    gaps[3].validation_loss = f64::NAN;
    gaps[6].validation_loss = f64::NAN;
    gaps[7].validation_loss = f64::NAN;
    gaps[5].validation_loss = f64::NAN;
    save(training::scene(&gaps), "training_gaps");
    save(
        confusion::scene(&report(&["only"], 40, 1.0)),
        "confusion_one",
    );
    let long = ["contemptuously amused", "b", "a rather long class name"];
    save(confusion::scene(&report(&long, 500, 1.0)), "confusion_long");
    save(
        reliability::scene(&report(&["only"], 40, 1.0)),
        "reliability_one",
    );
    save(confusion::scene(&report(&seven(), 4, 1.0)), "confusion_few");
}

#[test]
fn a_bold_text_is_darker() {
    let ink = |bold: bool| -> u64 {
        let text = Text::new("Title", (10.0, 30.0), 17.0, Colour(0, 0, 0));
        let mut scene = Scene::new(80.0, 40.0);
        scene.text(if bold { text.bold() } else { text });
        let dir = tempfile::tempdir().unwrap();
        scene.save(dir.path(), "title").unwrap();
        let picture = image::open(dir.path().join("title.png")).unwrap();
        let pixels = picture.to_luma8().into_raw();
        pixels.iter().map(|&grey| u64::from(255 - grey)).sum()
    };
    let (plain, bold) = (ink(false), ink(true));
    assert!(plain * 12 / 10 < bold && bold < plain * 2, "{plain} {bold}");
}
