//! Which class is taken for which.

use super::axis::thousands;
use super::error::PlotError;
use super::palette::{AXIS, INK, PAPER, SOFT_INK, heat, text_on};
use super::scene::{Align, Scene, Text, text_width};
use crate::metrics::Report;

const CELL: f64 = 70.0;
const LABEL_SIZE: f64 = 12.5;
const TOP: f64 = 98.0;

pub fn scene(report: &Report) -> Result<Scene, PlotError> {
    let classes = report.per_class.len();
    if classes == 0 {
        return Err(PlotError::Empty {
            plot: "confusion_matrix",
            item: "class",
        });
    }
    let widest = report
        .per_class
        .iter()
        .map(|c| text_width(&c.class, LABEL_SIZE))
        .fold(0.0, f64::max);
    let upright = widest > CELL - 4.0;
    let left = 44.0 + widest + 10.0;
    let side = CELL * classes as f64;
    let below = if upright { widest + 14.0 } else { 24.0 };
    let head = heading(report);
    let head_width = text_width(&head, 12.5) + 40.0;
    let mut scene = Scene::new(
        (left + side + 150.0).max(head_width),
        TOP + side + below + 40.0,
    );
    scene.text(Text::new("Confusion matrix", (20.0, 32.0), 17.0, INK).bold());
    scene.text(Text::new(head, (20.0, 54.0), 12.5, SOFT_INK));
    draw_cells(&mut scene, report, left);
    draw_labels(&mut scene, report, left, upright);
    let middle = TOP + side / 2.0;
    let name = Text::new("true", (26.0, middle), 13.0, INK)
        .bold()
        .upright();
    scene.text(name.align(Align::Centre));
    let name = Text::new(
        "predicted",
        (left + side / 2.0, TOP + side + below + 18.0),
        13.0,
        INK,
    );
    scene.text(name.bold().align(Align::Centre));
    draw_scale(&mut scene, left + side + 82.0, side);
    Ok(scene)
}

fn heading(report: &Report) -> String {
    let [low, high] = report.accuracy_interval;
    format!(
        "Accuracy {:.1} % (95 % interval {:.1} to {:.1} %), {} examples",
        100.0 * report.accuracy,
        100.0 * low,
        100.0 * high,
        thousands(report.examples),
    )
}

fn draw_cells(scene: &mut Scene, report: &Report, left: f64) {
    for (i, row) in report.confusion.iter().enumerate() {
        let total: usize = row.iter().sum();
        for (j, &count) in row.iter().enumerate() {
            let share = count as f64 / total as f64;
            let (x, y) = (left + CELL * j as f64, TOP + CELL * i as f64);
            let shade = heat(share);
            scene.rect((x, y), (x + CELL, y + CELL), shade);
            let ink = text_on(shade);
            let (centre, upper, lower) = (x + CELL / 2.0, y + 30.0, y + 50.0);
            let content = if total == 0 {
                "none".to_owned()
            } else {
                format!("{:.1} %", 100.0 * share)
            };
            let mut text = Text::new(content, (centre, upper), 13.0, ink);
            text.bold = i == j && total > 0;
            scene.text(text.align(Align::Centre));
            let text = Text::new(thousands(count), (centre, lower), 10.5, ink);
            scene.text(text.align(Align::Centre));
        }
    }
    // Thin paper lines between the cells.
    let classes = report.confusion.len();
    let side = CELL * classes as f64;
    for i in 0..=classes {
        let offset = CELL * i as f64;
        let (x, y) = (left + offset, TOP + offset);
        scene.line(vec![(x, TOP), (x, TOP + side)], 1.5, PAPER);
        scene.line(vec![(left, y), (left + side, y)], 1.5, PAPER);
    }
}

fn draw_labels(scene: &mut Scene, report: &Report, left: f64, upright: bool) {
    let side = CELL * report.per_class.len() as f64;
    for (i, class) in report.per_class.iter().enumerate() {
        let centre = CELL * (i as f64 + 0.5);
        let row = Text::new(&class.class, (left - 10.0, TOP + centre), LABEL_SIZE, INK);
        scene.text(row.align(Align::Right).middle());
        let at = (
            left + centre,
            TOP + side + if upright { 10.0 } else { 20.0 },
        );
        let column = Text::new(&class.class, at, LABEL_SIZE, INK);
        scene.text(if upright {
            column.upright().align(Align::Right).middle()
        } else {
            column.align(Align::Centre)
        });
        let at = (left + side + 60.0, TOP + centre);
        let support = Text::new(thousands(class.support), at, 11.0, SOFT_INK);
        scene.text(support.align(Align::Right).middle());
    }
    let head = Text::new("examples", (left + side + 60.0, TOP - 10.0), 11.0, SOFT_INK);
    scene.text(head.align(Align::Right));
}

/// The key to the shades.
fn draw_scale(scene: &mut Scene, left: f64, side: f64) {
    const STEPS: usize = 64;
    let height = side.min(320.0);
    let at = |share: f64| TOP + height * (1.0 - share);
    for i in 0..STEPS {
        let share = |k: usize| k as f64 / STEPS as f64;
        scene.rect(
            (left, at(share(i + 1))),
            (left + 14.0, at(share(i))),
            heat(share(i) + 0.5 / STEPS as f64),
        );
    }
    for percent in [0, 25, 50, 75, 100] {
        let y = at(f64::from(percent) / 100.0);
        scene.line(vec![(left + 14.0, y), (left + 18.0, y)], 1.0, AXIS);
        let text = Text::new(format!("{percent} %"), (left + 22.0, y), 10.5, SOFT_INK);
        scene.text(text.middle());
    }
}
