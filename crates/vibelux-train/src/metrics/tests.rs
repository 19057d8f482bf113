//! Unit, property and golden tests of [`Report`].

use proptest::prelude::*;
use vibelux::Emotion;

use super::report::bin_of;
use super::*;
use serde::Deserialize;

fn names() -> Vec<&'static str> {
    Emotion::ALL.iter().map(|e| e.name()).collect()
}

fn measure(predictions: &[[f32; 2]], truth: &[usize]) -> Report {
    Report::new(&["a", "b"], predictions, truth, None, 1).unwrap()
}

/// Written by `scripts/golden/metrics.py` with numpy and scikit-learn.
#[derive(Deserialize)]
struct Golden {
    predictions: Vec<Vec<f32>>,
    truth: Vec<usize>,
    targets: Vec<Vec<f32>>,
    accuracy: f64,
    balanced_accuracy: f64,
    macro_f1: f64,
    nll: f64,
    brier: f64,
    ece: f64,
    majority_share: f64,
    kl_divergence: f64,
    cosine: f64,
    precision: Vec<f64>,
    recall: Vec<f64>,
    f1: Vec<f64>,
    support: Vec<usize>,
    confusion: Vec<Vec<usize>>,
}

fn close(name: &str, ours: f64, golden: f64) {
    assert!((ours - golden).abs() < 1e-6, "{name}: {ours} != {golden}");
}

#[test]
fn agrees_with_scikit_learn() {
    let cases: Vec<Golden> =
        serde_json::from_str(include_str!("../../tests/golden/metrics.json")).unwrap();
    assert!(cases.len() >= 3);
    for g in cases {
        let r = Report::new(&names(), &g.predictions, &g.truth, Some(&g.targets), 0).unwrap();
        close("accuracy", r.accuracy, g.accuracy);
        close("balanced", r.balanced_accuracy, g.balanced_accuracy);
        close("macro F1", r.macro_f1, g.macro_f1);
        close("NLL", r.nll, g.nll);
        close("Brier", r.brier, g.brier);
        close("ECE", r.ece, g.ece);
        close("majority", r.majority_share, g.majority_share);
        let soft = r.soft.unwrap();
        close("KL", soft.kl_divergence, g.kl_divergence);
        close("cosine", soft.cosine, g.cosine);
        assert_eq!(r.confusion, g.confusion);
        for (i, class) in r.per_class.iter().enumerate() {
            close("precision", class.precision, g.precision[i]);
            close("recall", class.recall, g.recall[i]);
            close("F1", class.f1, g.f1[i]);
            assert_eq!(class.support, g.support[i]);
        }
    }
}

#[test]
fn two_examples_by_hand() {
    let r = measure(&[[0.8, 0.2], [0.6, 0.4]], &[0, 1]);
    assert_eq!(r.accuracy, 0.5);
    assert_eq!(r.balanced_accuracy, 0.5);
    close("NLL", r.nll, -(0.8_f64.ln() + 0.4_f64.ln()) / 2.0);
    close("Brier", r.brier, (0.04 + 0.04 + 0.36 + 0.36) / 2.0);
    close("ECE", r.ece, (0.2 + 0.6) / 2.0);
    // F1 of a: precision 1/2, recall 1 -> 2/3; of b: 0.
    close("macro F1", r.macro_f1, 1.0 / 3.0);
}

#[test]
fn ties_go_to_the_first_class() {
    assert_eq!(measure(&[[0.5, 0.5]], &[0]).accuracy, 1.0);
    assert_eq!(measure(&[[0.5, 0.5]], &[1]).accuracy, 0.0);
}

#[test]
fn a_probability_of_zero_is_clipped() {
    close("NLL", measure(&[[1.0, 0.0]], &[1]).nll, -(1e-12_f64.ln()));
}

#[test]
fn a_class_that_never_occurs_is_left_out_of_the_means() {
    let r = Report::new(&["a", "b", "c"], &[[0.9, 0.1, 0.0]], &[0], None, 0).unwrap();
    assert_eq!((r.balanced_accuracy, r.macro_f1), (1.0, 1.0));
    assert_eq!(r.per_class[2].support, 0);
}

#[test]
fn confidence_one_is_in_the_last_bin_and_edges_belong_below() {
    assert_eq!(bin_of(1.0), RELIABILITY_BINS - 1);
    assert_eq!(bin_of(0.0), 0);
    assert_eq!(bin_of(0.2), 2);
    assert_eq!(bin_of(0.2001), 3);
}

#[test]
fn bad_input_is_refused() {
    let new = |p: &[Vec<f32>], t: &[usize]| Report::new(&["a", "b"], p, t, None, 0).unwrap_err();
    assert_eq!(new(&[], &[]), MetricsError::Empty);
    assert!(matches!(
        new(&[vec![1.0, 0.0]], &[]),
        MetricsError::LengthMismatch { .. }
    ));
    assert!(matches!(
        new(&[vec![1.0]], &[0]),
        MetricsError::WrongWidth { actual: 1, .. }
    ));
    assert!(matches!(
        new(&[vec![f32::NAN, 1.0]], &[0]),
        MetricsError::BadProbability { .. }
    ));
    assert!(matches!(
        new(&[vec![3.0, 4.0]], &[0]),
        MetricsError::NotADistribution { .. }
    ));
    assert!(matches!(
        new(&[vec![1.0, 0.0]], &[2]),
        MetricsError::UnknownClass { class: 2, .. }
    ));
    assert_eq!(
        Report::new::<Vec<f32>>(&[], &[], &[], None, 0).unwrap_err(),
        MetricsError::NoClasses
    );
}

#[test]
fn json_round_trips() {
    let report = measure(&[[0.75, 0.25], [0.5, 0.5]], &[0, 1]);
    let json = serde_json::to_string(&report).unwrap();
    let read: Report = serde_json::from_str(&json).unwrap();
    // serde_json may read a number back one unit in the last place off.
    assert_eq!((read.confusion, read.soft), (report.confusion, None));
    close("NLL", read.nll, report.nll);
    close(
        "upper",
        read.reliability[13].upper,
        report.reliability[13].upper,
    );
}

#[test]
fn a_stored_report_that_says_nothing_of_votes_is_read() {
    let report = measure(&[[0.75, 0.25], [0.5, 0.5]], &[0, 1]);
    let json = serde_json::to_string(&report).unwrap();
    let old = json.replace(",\"soft\":null", "");
    assert_ne!(old, json);
    assert_eq!(serde_json::from_str::<Report>(&old).unwrap().soft, None);
}

#[test]
fn the_table_is_aligned() {
    let text = measure(&[[0.8, 0.2], [0.6, 0.4]], &[0, 1]).to_string();
    let lines: Vec<&str> = text.lines().collect();
    let table = lines.iter().position(|l| l.starts_with("class")).unwrap();
    for row in &lines[table + 1..table + 3] {
        assert_eq!(row.len(), lines[table].len(), "{text}");
    }
    let matrix = lines.iter().position(|l| l.starts_with("true")).unwrap();
    for row in &lines[matrix + 1..matrix + 3] {
        assert_eq!(row.len(), lines[matrix].len(), "{text}");
    }
}

/// Rows of seven probabilities with a true class each.
fn examples() -> impl Strategy<Value = Vec<([f32; 7], usize)>> {
    let row = prop::array::uniform7(-6.0_f32..6.0).prop_map(|z| {
        let p = softmax(&z);
        std::array::from_fn(|i| p[i])
    });
    prop::collection::vec((row, 0_usize..7), 1..60)
}

fn report(examples: &[([f32; 7], usize)]) -> Report {
    let (p, t): (Vec<_>, Vec<_>) = examples.iter().copied().unzip();
    Report::new(&names(), &p, &t, Some(&p), 5).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn everything_is_within_its_bounds(rows in examples()) {
        let r = report(&rows);
        let shares = [r.accuracy, r.balanced_accuracy, r.macro_f1, r.ece, r.majority_share];
        prop_assert!(shares.iter().all(|s| (0.0..=1.0).contains(s)), "{:?}", shares);
        prop_assert!((0.0..=2.0).contains(&r.brier) && r.nll >= 0.0);
        let [low, high] = r.accuracy_interval;
        prop_assert!(low <= r.accuracy && r.accuracy <= high);
        let soft = r.soft.unwrap();
        prop_assert!(soft.kl_divergence.abs() < 1e-9 && soft.cosine > 1.0 - 1e-9);
    }

    #[test]
    fn accuracy_is_trace_over_total(rows in examples()) {
        let r = report(&rows);
        let total: usize = r.confusion.iter().flatten().sum();
        let trace: usize = (0..7).map(|i| r.confusion[i][i]).sum();
        prop_assert_eq!(total, rows.len());
        prop_assert_eq!(r.accuracy, trace as f64 / total as f64);
        prop_assert_eq!(r.reliability.iter().map(|b| b.count).sum::<usize>(), total);
    }

    #[test]
    fn the_order_of_examples_does_not_matter(rows in examples(), turn in 0_usize..60) {
        let mut moved = rows.clone();
        moved.rotate_left(turn % rows.len());
        moved.reverse();
        let (a, b) = (report(&rows), report(&moved));
        prop_assert_eq!(&a.confusion, &b.confusion);
        prop_assert_eq!(a.accuracy_interval, b.accuracy_interval);
        prop_assert_eq!(a.balanced_accuracy_interval, b.balanced_accuracy_interval);
        for (x, y) in [(a.nll, b.nll), (a.brier, b.brier), (a.ece, b.ece)] {
            prop_assert!((x - y).abs() < 1e-9);
        }
    }
}
