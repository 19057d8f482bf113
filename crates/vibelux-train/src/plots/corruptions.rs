//! What each corruption of the faces leaves of the accuracy, beside other models.

use super::axis::{Axis, percent, thousands};
use super::error::PlotError;
use super::palette::{AXIS, Colour, GRID, HIGHLIGHT, INK, PAPER, SOFT_INK, TRAIN, VALIDATION, mix};
use super::scene::{Align, Scene, Text, text_width};
use crate::evaluate::{CorruptionRow, RobustnessReport, UnderCorruption};

const WIDTH: f64 = 860.0;
const LABEL_SIZE: f64 = 12.0;
const VALUE_SIZE: f64 = 10.5;
const BAR: f64 = 13.0;

/// Between the bars of neighbouring rows.
const GAP: f64 = 11.0;

/// Room right of the longest bar for its figures.
const VALUES: f64 = 118.0;

/// A model's name in the legend is cut to this width in pixels.
const NAME_WIDTH: f64 = 520.0;

pub fn scene(report: &RobustnessReport) -> Result<Scene, PlotError> {
    let Some(clean) = report.rows.first() else {
        return Err(PlotError::Empty {
            plot: "corruptions",
            item: "corruption",
        });
    };
    let models = 1 + report.baselines.len();
    let legend = if models > 1 {
        18.0 * models as f64
    } else {
        0.0
    };
    let top = 78.0 + legend;
    let row_height = BAR * models as f64 + GAP;
    let bottom = top + row_height * report.rows.len() as f64;
    let widest = report
        .rows
        .iter()
        .map(|row| text_width(&row.label, LABEL_SIZE))
        .fold(0.0, f64::max);
    let bars = Bars {
        left: 20.0 + widest + 12.0,
        right: WIDTH - VALUES,
        axis: Axis::linear(0.0, highest(report), 5, percent),
    };
    let mut scene = Scene::new(WIDTH, bottom + 58.0);
    scene.text(Text::new("Accuracy under corruption", (20.0, 32.0), 17.0, INK).bold());
    let head = format!(
        "{} faces; whiskers are 95 % intervals, in brackets the change in points against clean",
        thousands(report.faces)
    );
    scene.text(Text::new(head, (20.0, 54.0), 12.5, SOFT_INK));
    if models > 1 {
        draw_legend(&mut scene, report);
    }
    bars.draw_frame(&mut scene, top, bottom);
    for (i, row) in report.rows.iter().enumerate() {
        bars.draw_row(&mut scene, row, top + row_height * i as f64 + GAP / 2.0);
    }
    let x = bars.at(clean.judged.accuracy.mean);
    scene.dashed((x, top), (x, bottom), 1.2, HIGHLIGHT);
    let name = "accuracy (dashed: the model on clean faces)";
    let middle = f64::midpoint(bars.left, bars.right);
    let text = Text::new(name, (middle, bottom + 40.0), 12.0, SOFT_INK);
    scene.text(text.align(Align::Centre));
    Ok(scene)
}

/// The end of the axis: the highest end of a whisker, on the next ten percent.
fn highest(report: &RobustnessReport) -> f64 {
    let ends = report.rows.iter().flat_map(|row| {
        let others = row.baselines.iter().map(|b| &b.figures);
        std::iter::once(&row.judged).chain(others)
    });
    let highest = ends.map(|f| f.accuracy.interval[1]).fold(0.0, f64::max);
    ((highest * 10.0).ceil() / 10.0).clamp(0.1, 1.0)
}

/// The model itself first, then the baselines, ever paler.
fn colour_of(model: usize) -> Colour {
    match model {
        0 => mix(PAPER, VALIDATION, 0.7),
        i => mix(PAPER, TRAIN, 0.8 / i as f64),
    }
}

fn draw_legend(scene: &mut Scene, report: &RobustnessReport) {
    for (i, name) in std::iter::once(&report.model)
        .chain(&report.baselines)
        .enumerate()
    {
        let y = 76.0 + 18.0 * i as f64;
        scene.rect((20.0, y - 6.0), (34.0, y + 6.0), colour_of(i));
        let role = if i == 0 { "model" } else { "baseline" };
        let text = format!("{role}: {}", shortened(name));
        scene.text(Text::new(text, (42.0, y), 11.5, INK).middle());
    }
}

fn shortened(name: &str) -> String {
    if text_width(name, 11.5) <= NAME_WIDTH {
        return name.to_owned();
    }
    let mut short = String::new();
    for c in name.chars() {
        short.push(c);
        if text_width(&short, 11.5) > NAME_WIDTH {
            break;
        }
    }
    short + "..."
}

/// Where bars begin and end.
struct Bars {
    left: f64,
    right: f64,
    axis: Axis,
}

impl Bars {
    fn at(&self, accuracy: f64) -> f64 {
        self.left + self.axis.share(accuracy) * (self.right - self.left)
    }

    fn draw_frame(&self, scene: &mut Scene, top: f64, bottom: f64) {
        for (value, label) in &self.axis.ticks {
            let x = self.at(*value);
            scene.line(vec![(x, top), (x, bottom)], 1.0, GRID);
            let text = Text::new(label, (x, bottom + 18.0), 11.0, SOFT_INK);
            scene.text(text.align(Align::Centre));
        }
        scene.line(vec![(self.left, top), (self.left, bottom)], 1.0, AXIS);
    }

    /// One kind: a bar per model, `top` is that of the first.
    fn draw_row(&self, scene: &mut Scene, row: &CorruptionRow, top: f64) {
        let height = BAR * (1 + row.baselines.len()) as f64;
        let at = (self.left - 10.0, top + height / 2.0);
        let label = Text::new(&row.label, at, LABEL_SIZE, INK);
        scene.text(label.align(Align::Right).middle());
        let others = row.baselines.iter().map(|b| &b.figures);
        for (i, figures) in std::iter::once(&row.judged).chain(others).enumerate() {
            self.draw_bar(scene, figures, top + BAR * i as f64, i);
        }
    }

    fn draw_bar(&self, scene: &mut Scene, figures: &UnderCorruption, top: f64, model: usize) {
        let end = self.at(figures.accuracy.mean);
        let from = (self.left, top + 0.5);
        scene.rect(from, (end, top + BAR - 0.5), colour_of(model));
        let middle = top + BAR / 2.0;
        let [low, high] = figures.accuracy.interval.map(|v| self.at(v));
        scene.line(vec![(low, middle), (high, middle)], 1.2, INK);
        for x in [low, high] {
            scene.line(vec![(x, middle - 3.0), (x, middle + 3.0)], 1.2, INK);
        }
        // A corruption that costs nothing reads "(0.0)", never "(-0.0)".
        let points = 100.0 * figures.cost.mean;
        let change = if points.abs() < 0.05 { 0.0 } else { -points };
        let sign = if change > 0.0 { "+" } else { "" };
        let text = format!("{:.1} % ({sign}{change:.1})", 100.0 * figures.accuracy.mean);
        // All figures in one column: bars of any length leave it free.
        let text = Text::new(text, (WIDTH - 20.0, middle), VALUE_SIZE, INK);
        scene.text(text.align(Align::Right).middle());
    }
}
