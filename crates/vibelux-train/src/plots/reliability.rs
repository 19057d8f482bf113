//! Whether a model is as sure as it is right.

use super::axis::{Axis, Panel, percent, thousands};
use super::error::PlotError;
use super::palette::{AXIS, HIGHLIGHT, INK, PAPER, SOFT_INK, VALIDATION, mix};
use super::scene::{Align, Scene, Text, text_width};
use crate::metrics::{ReliabilityBin, Report};

const WIDTH: f64 = 540.0;
const LEFT: f64 = 74.0;
const RIGHT: f64 = 516.0;

pub fn scene(report: &Report) -> Result<Scene, PlotError> {
    if report.reliability.is_empty() {
        return Err(PlotError::Empty {
            plot: "reliability_diagram",
            item: "bin",
        });
    }
    let mut scene = Scene::new(WIDTH, 660.0);
    scene.text(Text::new("Reliability", (20.0, 32.0), 17.0, INK).bold());
    let summary = format!(
        "Expected calibration error {:.1} %, NLL {:.3}, {} examples",
        100.0 * report.ece,
        report.nll,
        thousands(report.examples),
    );
    scene.text(Text::new(summary, (20.0, 54.0), 12.5, SOFT_INK));
    draw_legend(&mut scene);
    let accuracy = Panel {
        left: LEFT,
        top: 110.0,
        right: RIGHT,
        bottom: 440.0,
        x: Axis::linear(0.0, 1.0, 5, percent),
        y: Axis::linear(0.0, 1.0, 5, percent),
    };
    draw_accuracy(&mut scene, &accuracy, &report.reliability);
    let largest = report
        .reliability
        .iter()
        .map(|b| b.count)
        .max()
        .unwrap_or(0);
    let counts = Panel {
        top: 494.0,
        bottom: 606.0,
        // A little air above the highest bar for its number.
        y: Axis::linear(0.0, largest.max(1) as f64 * 1.16, 2, |_, _| String::new()),
        ..accuracy
    };
    draw_counts(&mut scene, &counts, &report.reliability);
    Ok(scene)
}

fn bar_colour() -> super::palette::Colour {
    mix(PAPER, VALIDATION, 0.35)
}

fn draw_legend(scene: &mut Scene) {
    let mut x = LEFT;
    for (name, dot) in [("mean of the bin", true), ("perfectly calibrated", false)] {
        if dot {
            scene.dot((x + 9.0, 84.0), 4.0, HIGHLIGHT);
        } else {
            scene.dashed((x, 84.0), (x + 22.0, 84.0), 1.5, SOFT_INK);
        }
        let start = x + if dot { 20.0 } else { 30.0 };
        scene.text(Text::new(name, (start, 84.0), 11.5, INK).middle());
        x = start + text_width(name, 11.5) + 28.0;
    }
}

fn draw_accuracy(scene: &mut Scene, panel: &Panel, bins: &[ReliabilityBin]) {
    for bin in bins.iter().filter(|b| b.count > 0) {
        let (from, to) = (
            panel.point(bin.lower, bin.accuracy),
            panel.point(bin.upper, 0.0),
        );
        scene.rect((from.0 + 1.0, from.1), (to.0 - 1.0, to.1), bar_colour());
    }
    panel.draw_frame(scene);
    scene.dashed(panel.point(0.0, 0.0), panel.point(1.0, 1.0), 1.5, SOFT_INK);
    for bin in bins.iter().filter(|b| b.count > 0) {
        let at = panel.point(bin.confidence, bin.accuracy);
        let ideal = panel.point(bin.confidence, bin.confidence);
        scene.line(vec![at, ideal], 1.5, HIGHLIGHT);
        scene.dot(at, 5.0, PAPER);
        scene.dot(at, 4.0, HIGHLIGHT);
    }
    let middle = f64::midpoint(panel.top, panel.bottom);
    let name = Text::new("accuracy", (24.0, middle), 12.0, SOFT_INK).upright();
    scene.text(name.align(Align::Centre));
}

fn draw_counts(scene: &mut Scene, panel: &Panel, bins: &[ReliabilityBin]) {
    let title = Text::new(
        "Examples per bin",
        (panel.left, panel.top - 12.0),
        12.0,
        INK,
    );
    scene.text(title.bold());
    for bin in bins {
        let count = bin.count as f64;
        let (from, to) = (panel.point(bin.lower, count), panel.point(bin.upper, 0.0));
        if bin.count > 0 {
            scene.rect((from.0 + 1.0, from.1), (to.0 - 1.0, to.1), bar_colour());
            let at = (f64::midpoint(from.0, to.0), from.1 - 4.0);
            let label = Text::new(short_count(bin.count), at, 9.0, SOFT_INK);
            scene.text(label.align(Align::Centre));
        }
    }
    scene.line(
        vec![(panel.left, panel.bottom), (panel.right, panel.bottom)],
        1.0,
        AXIS,
    );
    for (value, label) in &panel.x.ticks {
        let (x, y) = panel.point(*value, 0.0);
        scene.line(vec![(x, y), (x, y + 4.0)], 1.0, AXIS);
        scene.text(Text::new(label, (x, y + 17.0), 11.0, SOFT_INK).align(Align::Centre));
    }
    panel.name_x(scene, "confidence (largest probability)");
}

/// At most four characters, so that neighbours never touch.
fn short_count(count: usize) -> String {
    match count {
        0..1_000 => count.to_string(),
        1_000..9_950 => format!("{:.1}k", count as f64 / 1e3),
        9_950..999_500 => format!("{:.0}k", count as f64 / 1e3),
        _ => format!("{:.0}M", count as f64 / 1e6),
    }
}
