//! Loss and accuracy over the epochs.

use super::axis::{Axis, Panel, percent, plain};
use super::error::PlotError;
use super::palette::{AXIS, HIGHLIGHT, INK, PAPER, SOFT_INK, TRAIN, VALIDATION};
use super::scene::{Align, Point, Scene, Text, text_width};
use crate::trainer::history::EpochMetrics;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 400.0;

/// A loss that spans more than this factor gets a logarithmic axis.
const LOG_FACTOR: f64 = 100.0;

/// The epoch with the highest validation accuracy (on equal accuracy the lower validation loss,
/// then the earlier epoch); if no accuracy is finite, the one with the lowest validation loss.
#[must_use]
pub fn best_epoch(epochs: &[EpochMetrics]) -> Option<&EpochMetrics> {
    let finite_or = |v: f64, other: f64| if v.is_finite() { v } else { other };
    epochs
        .iter()
        .filter(|e| e.validation_accuracy.is_finite() || e.validation_loss.is_finite())
        .min_by(|a, b| {
            let accuracy = |e: &EpochMetrics| finite_or(e.validation_accuracy, f64::NEG_INFINITY);
            let loss = |e: &EpochMetrics| finite_or(e.validation_loss, f64::INFINITY);
            accuracy(b)
                .total_cmp(&accuracy(a))
                .then(loss(a).total_cmp(&loss(b)))
        })
}

type Measure = fn(&EpochMetrics) -> f64;

pub fn scene(epochs: &[EpochMetrics]) -> Result<Scene, PlotError> {
    let mut scene = Scene::new(WIDTH, HEIGHT);
    let (Some(first), Some(last)) = (
        epochs.iter().map(|e| e.epoch).min(),
        epochs.iter().map(|e| e.epoch).max(),
    ) else {
        return Err(PlotError::Empty {
            plot: "training_curves",
            item: "epoch",
        });
    };
    let best = best_epoch(epochs);
    draw_head(&mut scene, best);
    let loss: [Measure; 2] = [|e| e.train_loss, |e| e.validation_loss];
    let accuracy: [Measure; 2] = [|e| e.train_accuracy, |e| e.validation_accuracy];
    for (i, (name, measures)) in [("Loss (nats)", loss), ("Accuracy", accuracy)]
        .into_iter()
        .enumerate()
    {
        let left = 62.0 + i as f64 * 480.0;
        let axis = if i == 0 { loss_axis } else { accuracy_axis };
        let panel = Panel {
            left,
            top: 100.0,
            right: left + 392.0,
            bottom: HEIGHT - 54.0,
            x: Axis::integers(first, last, 8),
            y: axis(epochs, measures),
        };
        draw_panel(&mut scene, &panel, name, epochs, measures, best);
    }
    Ok(scene)
}

fn draw_head(scene: &mut Scene, best: Option<&EpochMetrics>) {
    scene.text(Text::new("Training", (20.0, 32.0), 17.0, INK).bold());
    let summary = match best {
        Some(e) => format!(
            "Best epoch {}: validation accuracy {}, loss {}",
            e.epoch,
            or_unknown(e.validation_accuracy, |v| percent(v, 3)),
            or_unknown(e.validation_loss, |v| plain(v, 3)),
        ),
        None => "No epoch was validated".to_owned(),
    };
    scene.text(Text::new(summary, (20.0, 54.0), 12.5, SOFT_INK));
    let mut x = WIDTH - 26.0;
    for (name, colour) in [
        ("best epoch", HIGHLIGHT),
        ("validation", VALIDATION),
        ("training", TRAIN),
    ] {
        let text = Text::new(name, (x, 32.0), 12.5, INK).align(Align::Right);
        scene.text(text);
        x -= text_width(name, 12.5) + 8.0;
        if colour == HIGHLIGHT {
            scene.dot((x - 5.0, 27.5), 4.5, colour);
            x -= 32.0;
        } else {
            scene.line(vec![(x - 22.0, 27.5), (x, 27.5)], 2.5, colour);
            x -= 46.0;
        }
    }
}

fn or_unknown(value: f64, format: impl Fn(f64) -> String) -> String {
    if value.is_finite() {
        format(value)
    } else {
        "unknown".to_owned()
    }
}

/// The finite values of both measures: smallest and largest.
fn range(epochs: &[EpochMetrics], measures: [Measure; 2]) -> Option<(f64, f64)> {
    epochs
        .iter()
        .flat_map(|e| measures.map(|m| m(e)))
        .filter(|v| v.is_finite())
        .fold(None, |range, v| match range {
            None => Some((v, v)),
            Some((low, high)) => Some((v.min(low), v.max(high))),
        })
}

fn loss_axis(epochs: &[EpochMetrics], measures: [Measure; 2]) -> Axis {
    match range(epochs, measures) {
        None => Axis::linear(0.0, 1.0, 5, plain),
        Some((low, high)) if low > 0.0 && high / low > LOG_FACTOR => Axis::log10(low, high),
        Some((low, high)) => Axis::around(low, high, 5, plain),
    }
}

fn accuracy_axis(epochs: &[EpochMetrics], measures: [Measure; 2]) -> Axis {
    let (low, high) = range(epochs, measures).unwrap_or((0.0, 1.0));
    let axis = Axis::around(low.clamp(0.0, 1.0), high.clamp(0.0, 1.0), 5, percent);
    if axis.low >= 0.0 && axis.high <= 1.0 {
        return axis;
    }
    Axis::linear(axis.low.max(0.0), axis.high.min(1.0), 5, percent)
}

fn draw_panel(
    scene: &mut Scene,
    panel: &Panel,
    name: &str,
    epochs: &[EpochMetrics],
    measures: [Measure; 2],
    best: Option<&EpochMetrics>,
) {
    panel.draw_frame(scene);
    panel.name_x(scene, "epoch");
    let title = Text::new(name, (panel.left, panel.top - 14.0), 13.0, INK).bold();
    scene.text(title);
    if range(epochs, measures).is_none() {
        let middle = (
            f64::midpoint(panel.left, panel.right),
            f64::midpoint(panel.top, panel.bottom) - 12.0,
        );
        let text = Text::new("no finite values", middle, 12.0, SOFT_INK);
        scene.text(text.align(Align::Centre));
        return;
    }
    if let Some(best) = best {
        let (x, _) = panel.point(best.epoch as f64, panel.y.low);
        scene.dashed((x, panel.top), (x, panel.bottom), 1.0, AXIS);
    }
    for (measure, colour) in measures.into_iter().zip([TRAIN, VALIDATION]) {
        let values: Vec<Point> = epochs
            .iter()
            .map(|e| (e.epoch as f64, measure(e)))
            .collect();
        panel.draw_series(scene, &values, 2.2, colour);
    }
    if let Some(best) = best.filter(|e| measures[1](e).is_finite()) {
        let at = panel.point(best.epoch as f64, measures[1](best));
        scene.dot(at, 6.0, PAPER);
        scene.dot(at, 4.5, HIGHLIGHT);
    }
}
