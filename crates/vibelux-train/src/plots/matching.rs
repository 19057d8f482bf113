//! How much of a face's emotion the songs found for it carry: what the program is for, in one picture.

use vibelux::Emotion;

use super::axis::{Axis, percent, thousands};
use super::palette::{AXIS, Colour, GRID, INK, PAPER, SOFT_INK, TRAIN, VALIDATION, mix};
use super::scene::{Align, Scene, Text, text_width};
use crate::evaluate::MatchingReport;

const WIDTH: f64 = 760.0;
const TOP: f64 = 104.0;
const LEFT: f64 = 110.0;
const RIGHT: f64 = WIDTH - 70.0;
const BAR: f64 = 11.0;
/// Between the bars of neighbouring rows.
const GAP: f64 = 13.0;

/// What the bars of a row stand for.
const BARS: [&str; 4] = [
    "songs at random",
    "plain cosine",
    "centred cosine",
    "the best songs there are",
];

/// A row of bars; what is not known has none.
struct Row {
    label: &'static str,
    values: [Option<f64>; 4],
    /// 95 % intervals.
    intervals: [Option<[f64; 2]>; 4],
}

pub fn scene(report: &MatchingReport) -> Scene {
    let rows = rows(report);
    let row_height = BAR * BARS.len() as f64 + GAP;
    let bottom = TOP + row_height * rows.len() as f64;
    let highest = rows.iter().flat_map(|row| row.values).flatten();
    let highest = (highest.fold(0.0, f64::max) * 10.0).ceil() / 10.0;
    let axis = Axis::linear(0.0, highest.clamp(0.1, 1.0), 5, percent);
    let at = |value: f64| LEFT + axis.share(value) * (RIGHT - LEFT);

    let mut scene = Scene::new(WIDTH, bottom + 58.0);
    let title = "What the songs carry of the face's emotion";
    scene.text(Text::new(title, (20.0, 32.0), 17.0, INK).bold());
    let head = format!(
        "the {} songs found for each of {} faces, out of {}; whiskers are 95 % intervals",
        report.count,
        thousands(report.faces),
        thousands(report.songs)
    );
    scene.text(Text::new(head, (20.0, 54.0), 12.5, SOFT_INK));
    draw_legend(&mut scene);
    for (value, label) in &axis.ticks {
        let x = at(*value);
        scene.line(vec![(x, TOP), (x, bottom)], 1.0, GRID);
        let text = Text::new(label, (x, bottom + 18.0), 11.0, SOFT_INK);
        scene.text(text.align(Align::Centre));
    }
    scene.line(vec![(LEFT, TOP), (LEFT, bottom)], 1.0, AXIS);
    for (i, row) in rows.iter().enumerate() {
        draw_row(&mut scene, row, TOP + row_height * i as f64 + GAP / 2.0, at);
    }
    let middle = (f64::midpoint(LEFT, RIGHT), bottom + 40.0);
    let name = "mean weight of the face's class in the songs' labels";
    scene.text(Text::new(name, middle, 12.0, SOFT_INK).align(Align::Centre));
    scene
}

/// All faces, then those of each emotion.
fn rows(report: &MatchingReport) -> Vec<Row> {
    let (plain, centred) = (&report.plain, &report.centred);
    let all = Row {
        label: "all faces",
        values: [report.random, plain.mean, centred.mean, report.oracle].map(Some),
        intervals: [None, Some(plain.interval), Some(centred.interval), None],
    };
    let each = Emotion::ALL.into_iter().map(|emotion| {
        let i = emotion.index();
        Row {
            label: emotion.name(),
            values: [
                Some(report.random_per_class[i]),
                report.plain_per_class[i],
                report.centred_per_class[i],
                Some(report.oracle_per_class[i]),
            ],
            intervals: [None; 4],
        }
    });
    std::iter::once(all).chain(each).collect()
}

fn colour_of(bar: usize) -> Colour {
    match bar {
        0 => mix(PAPER, AXIS, 0.7),
        1 => mix(PAPER, VALIDATION, 0.75),
        2 => mix(PAPER, VALIDATION, 0.4),
        _ => mix(PAPER, TRAIN, 0.55),
    }
}

fn draw_legend(scene: &mut Scene) {
    let mut x = 20.0;
    for (bar, name) in BARS.into_iter().enumerate() {
        let y = 80.0;
        scene.rect((x, y - 6.0), (x + 14.0, y + 6.0), colour_of(bar));
        scene.text(Text::new(name, (x + 20.0, y), 11.5, INK).middle());
        x += 20.0 + text_width(name, 11.5) + 22.0;
    }
}

fn draw_row(scene: &mut Scene, row: &Row, top: f64, at: impl Fn(f64) -> f64) {
    let middle = top + BAR * BARS.len() as f64 / 2.0;
    let label = Text::new(row.label, (LEFT - 10.0, middle), 12.0, INK);
    scene.text(label.align(Align::Right).middle());
    for (bar, (value, interval)) in row.values.into_iter().zip(row.intervals).enumerate() {
        let Some(value) = value else {
            continue;
        };
        let top = top + BAR * bar as f64;
        let middle = top + BAR / 2.0;
        let corner = (at(value), top + BAR - 0.5);
        scene.rect((LEFT, top + 0.5), corner, colour_of(bar));
        let mut end = at(value);
        if let Some([low, high]) = interval.map(|ends| ends.map(&at)) {
            scene.line(vec![(low, middle), (high, middle)], 1.2, INK);
            for x in [low, high] {
                scene.line(vec![(x, middle - 3.0), (x, middle + 3.0)], 1.2, INK);
            }
            end = end.max(high);
        }
        let text = format!("{:.1} %", 100.0 * value);
        scene.text(Text::new(text, (end + 5.0, middle), 10.0, INK).middle());
    }
}
