//! A [`Report`] as an aligned table for the terminal.

use std::fmt;

use super::Report;

/// Column heads of the confusion matrix are cut to this many characters; seven of them and the row
/// names then fit into 80 columns.
const SHORT_NAME: usize = 9;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        summary(self, f)?;
        per_class(self, f)?;
        confusion(self, f)
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn summary(report: &Report, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let [low, high] = report.accuracy_interval;
    writeln!(
        f,
        "accuracy      {:>7}   95 % interval {:.1} to {:.1} %, {} examples",
        percent(report.accuracy),
        100.0 * low,
        100.0 * high,
        report.examples,
    )?;
    let [low, high] = report.balanced_accuracy_interval;
    writeln!(
        f,
        "balanced      {:>7}   95 % interval {:.1} to {:.1} %, macro F1 {:.3}",
        percent(report.balanced_accuracy),
        100.0 * low,
        100.0 * high,
        report.macro_f1,
    )?;
    writeln!(
        f,
        "majority      {:>7}   chance {}",
        percent(report.majority_share),
        percent(report.chance),
    )?;
    writeln!(
        f,
        "calibration   {:>7}   (ECE)  NLL {:.3}  Brier {:.3}",
        percent(report.ece),
        report.nll,
        report.brier,
    )?;
    if let Some(soft) = &report.soft {
        writeln!(
            f,
            "soft targets  {:>7.3}   (cosine)  KL {:.3}",
            soft.cosine, soft.kl_divergence,
        )?;
    }
    Ok(())
}

fn per_class(report: &Report, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let width = name_width(report);
    writeln!(
        f,
        "\n{:width$}  precision  recall     F1  examples",
        "class"
    )?;
    for class in &report.per_class {
        writeln!(
            f,
            "{:width$}  {:>9.3}  {:>6.3}  {:>5.3}  {:>8}",
            class.class, class.precision, class.recall, class.f1, class.support,
        )?;
    }
    Ok(())
}

fn confusion(report: &Report, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let width = name_width(report);
    let largest = report
        .confusion
        .iter()
        .flatten()
        .max()
        .copied()
        .unwrap_or(0);
    let column = SHORT_NAME.max(largest.to_string().len()) + 1;
    write!(f, "\n{:width$}", "true \\ as")?;
    for class in &report.per_class {
        let short: String = class.class.chars().take(SHORT_NAME).collect();
        write!(f, "{short:>column$}")?;
    }
    for (class, row) in report.per_class.iter().zip(&report.confusion) {
        write!(f, "\n{:width$}", class.class)?;
        for count in row {
            write!(f, "{count:>column$}")?;
        }
    }
    writeln!(f)
}

fn name_width(report: &Report) -> usize {
    report
        .per_class
        .iter()
        .map(|class| class.class.chars().count())
        .fold("true \\ as".len(), usize::max)
}
