//! The figures of `vibelux evaluate face` as aligned text.

use std::fmt::Write as _;

use vibelux_train::evaluate::{
    CoverageReport, DetectorReport, Part, RobustnessReport, Share, UnderCorruption,
};

use super::face_figures::FaceFigures;

// Writing to a string cannot fail; its results are ignored throughout.

/// All of them.
pub fn figures(figures: &FaceFigures) -> String {
    let report = &figures.report;
    let mut text = format!("{report}\n");
    if let Some(fitted) = &figures.cross_fitted {
        let [first, second] = fitted.temperatures;
        let _ = writeln!(
            text,
            "ECE, temperature cross-fitted: {:.1} % (NLL {:.3}, Brier {:.3}; temperatures of the halves \
             {first:.3} and {second:.3})",
            100.0 * fitted.ece,
            fitted.nll,
            fitted.brier,
        );
    }
    if let Some(prior) = &figures.class_prior {
        let source = if prior.from_training {
            "mean votes of train/"
        } else {
            "mean votes of these very files"
        };
        let _ = writeln!(
            text,
            "Soft targets, the class prior for comparison ({source}): cosine {:.3}, KL {:.3}",
            prior.agreement.cosine, prior.agreement.kl_divergence,
        );
    }
    if let Some(unseen) = &figures.without_twins {
        let _ = writeln!(
            text,
            "Without the {} that are also among the training pictures: {:.1} % of {} (95 %: {:.1} to \
             {:.1})",
            report.examples - unseen.examples,
            100.0 * unseen.accuracy,
            unseen.examples,
            100.0 * unseen.accuracy_interval[0],
            100.0 * unseen.accuracy_interval[1]
        );
    }
    if let Some(coverage) = &figures.coverage {
        text += &coverage_text(coverage);
    }
    if let Some(corruptions) = &figures.corruptions {
        text += &corruptions_text(corruptions);
    }
    for detector in &figures.detector {
        text += &detector_text(detector);
    }
    text
}

/// Accuracy among the surest faces, and by light and focus.
fn coverage_text(report: &CoverageReport) -> String {
    let mut text = "\nOf the faces that it is surest of (largest share at least)\n".to_owned();
    for surest in &report.surest {
        let _ = writeln!(
            text,
            "  {:>3.0} % ({:.2}){}",
            100.0 * surest.coverage,
            surest.least_confidence,
            accuracy(&surest.accuracy)
        );
    }
    let mut parts = |measure: &str, parts: &[Part]| {
        let _ = writeln!(text, "By {measure}, fifths");
        for part in parts {
            let [from, to] = part.range;
            let range = format!("{from:.0} to {to:.0}");
            let _ = writeln!(text, "  {range:<14}{}", accuracy(&part.accuracy));
        }
    };
    parts("brightness (mean grey)", &report.by_brightness);
    parts(
        "sharpness (variance of the Laplacian)",
        &report.by_sharpness,
    );
    text
}

fn accuracy(share: &Share) -> String {
    format!("  {:>5.1} % {}", 100.0 * share.mean, interval(share))
}

fn interval(share: &Share) -> String {
    format!(
        "(95 %: {:.1} to {:.1})",
        100.0 * share.interval[0],
        100.0 * share.interval[1]
    )
}

/// The table of corruptions, a group of columns per model.
fn corruptions_text(report: &RobustnessReport) -> String {
    let width = report
        .rows
        .iter()
        .map(|row| row.label.len())
        .fold("corruption".len(), usize::max);
    let mut text = format!(
        "\nAccuracy on {} faces under corruption; cost in points against clean. Model: {}\n",
        report.faces, report.model
    );
    for (i, name) in report.baselines.iter().enumerate() {
        let _ = writeln!(text, "Baseline {}: {name}", i + 1);
    }
    let _ = write!(
        text,
        "\n{:width$}  accuracy    95 % interval   cost",
        "corruption"
    );
    for i in 1..=report.baselines.len() {
        let _ = write!(text, "  baseline {i}   cost  ratio");
    }
    for row in &report.rows {
        let UnderCorruption { accuracy, cost } = &row.judged;
        let _ = write!(
            text,
            "\n{:width$}  {:>6.1} %   {:>5.1} to {:>5.1}  {:>5.1}",
            row.label,
            100.0 * accuracy.mean,
            100.0 * accuracy.interval[0],
            100.0 * accuracy.interval[1],
            points(cost.mean),
        );
        for baseline in &row.baselines {
            let ratio = baseline
                .cost_ratio
                .map_or("-".to_owned(), |ratio| format!("{ratio:.2}"));
            let _ = write!(
                text,
                "  {:>8.1} %  {:>5.1}  {ratio:>5}",
                100.0 * baseline.figures.accuracy.mean,
                points(baseline.figures.cost.mean),
            );
        }
    }
    text.push('\n');
    for (i, name) in report.baselines.iter().enumerate() {
        text += &verdict(report, i, name);
    }
    text
}

/// Which corruptions cost more than half of what they cost a baseline, beyond chance or perhaps.
fn verdict(report: &RobustnessReport, baseline: usize, name: &str) -> String {
    let (mut costly, mut undecided) = (Vec::new(), Vec::new());
    for row in &report.rows {
        // What costs the baseline nothing has no half that could be compared.
        let beside = row.baselines.get(baseline);
        let Some(beside) = beside.filter(|beside| beside.cost_ratio.is_some()) else {
            continue;
        };
        let [low, high] = beside.margin.interval;
        if high < 0.0 {
            costly.push(row.label.as_str());
        } else if low < 0.0 {
            undecided.push(row.label.as_str());
        }
    }
    let mut text = if costly.is_empty() {
        format!("No corruption surely costs more than half of what it costs {name}.\n")
    } else {
        let costly = costly.join("; ");
        format!("Cost more than half of what they cost {name}: {costly}.\n")
    };
    if !undecided.is_empty() {
        let undecided = undecided.join("; ");
        text += &format!("Too close to half to tell (95 % interval): {undecided}.\n");
    }
    text
}

/// A share in points; no "-0.0".
fn points(share: f64) -> f64 {
    let points = 100.0 * share;
    if points.abs() < 0.05 { 0.0 } else { points }
}

fn detector_text(report: &DetectorReport) -> String {
    let tilted = if report.tilt_degrees == 0.0 {
        String::new()
    } else {
        format!(", heads tilted by {} degrees", report.tilt_degrees)
    };
    let mut text = format!(
        "\nThrough the detector, in made frames of 640x480{}: found {:.1} % of {} faces {}; {} lie on something else\n",
        tilted,
        100.0 * report.found_share.mean,
        report.faces,
        interval(&report.found_share),
        report.misplaced,
    );
    let mut line = |name: &str, value: String, share: &Share| {
        let _ = writeln!(text, "  {name:<34} {value:>7} {}", interval(share));
    };
    let percent = |share: &Share| format!("{:.1} %", 100.0 * share.mean);
    if let Some(found) = &report.on_found {
        line(
            "accuracy through the detector",
            percent(&found.through),
            &found.through,
        );
        line(
            "the same without turning upright",
            percent(&found.unaligned),
            &found.unaligned,
        );
        line(
            "the same faces taken directly",
            percent(&found.direct),
            &found.direct,
        );
        let difference = format!("{:+.1}", points(found.difference.mean));
        line("difference in points", difference, &found.difference);
    }
    line(
        "all faces taken directly",
        percent(&report.direct_on_all),
        &report.direct_on_all,
    );
    if let Some(found) = &report.on_found {
        let _ = writeln!(
            text,
            "  the detector's crop is {:.2} times as wide as the true one, its middle {:.1} % of that \
             side away (medians; signed, {:+.1} % right and {:+.1} % down), its tilt {:.1} degrees off",
            found.median_side_ratio,
            100.0 * found.median_offset,
            100.0 * found.median_shift[0],
            100.0 * found.median_shift[1],
            found.median_tilt_error_degrees,
        );
    }
    text
}
