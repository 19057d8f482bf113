//! The report of `vibelux evaluate matching` as aligned text.

use std::fmt::Write as _;

use vibelux::Emotion;
use vibelux_train::evaluate::MatchingReport;

/// What songs carry of the faces' classes, and the same for each emotion.
pub fn matching_text(report: &MatchingReport) -> String {
    let mut text = format!(
        "The {} songs (of {}) recommended for each of {} faces carry this much of the face's class:\n",
        report.count, report.songs, report.faces
    );
    let percent = |share: f64| 100.0 * share;
    let mut line = |name: &str, value: f64, interval: Option<[f64; 2]>| {
        let interval = interval.map_or(String::new(), |[low, high]| {
            format!("  (95 %: {:.1} to {:.1})", percent(low), percent(high))
        });
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name:<34} {:5.1} %{interval}", percent(value));
    };
    line("songs at random", report.random, None);
    line(
        "plain cosine",
        report.plain.mean,
        Some(report.plain.interval),
    );
    line(
        "centred cosine",
        report.centred.mean,
        Some(report.centred.interval),
    );
    line(
        "plain cosine, true song vectors",
        report.plain_true_songs,
        None,
    );
    line(
        "centred cosine, true song vectors",
        report.centred_true_songs,
        None,
    );
    line("the best songs for the true class", report.oracle, None);
    let _ = writeln!(
        text,
        "\n  {:<12} {:^19}   {:^29}\n  {:<12} {:>9} {:>9}   {:>9} {:>9} {:>9}",
        "",
        "carried",
        "found when asked for it alone",
        "emotion",
        "plain",
        "centred",
        "plain",
        "centred",
        "of all"
    );
    for emotion in Emotion::ALL {
        let i = emotion.index();
        let cell =
            |value: Option<f64>| value.map_or("-".to_owned(), |v| format!("{:.1} %", percent(v)));
        let _ = writeln!(
            text,
            "  {:<12} {:>9} {:>9}   {:>9} {:>9} {:>9}",
            emotion.name(),
            cell(report.plain_per_class[i]),
            cell(report.centred_per_class[i]),
            cell(Some(report.plain_precision[i])),
            cell(Some(report.centred_precision[i])),
            cell(Some(report.base_rate[i]))
        );
    }
    text
}
