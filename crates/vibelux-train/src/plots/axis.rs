//! Numbers to positions: ranges, round ticks and the panel that lines are drawn into.

use super::palette::{AXIS, Colour, GRID, SOFT_INK};
use super::scene::{Align, Point, Scene, Text};

const TICK_SIZE: f64 = 11.0;

/// How values spread over an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    Linear,
    /// Values must be positive.
    Log10,
}

/// One axis: a range of values and the ticks within it.
#[derive(Debug, Clone)]
pub struct Axis {
    pub low: f64,
    pub high: f64,
    pub spread: Spread,
    pub ticks: Vec<(f64, String)>,
}

impl Axis {
    /// A linear axis from `low` to `high` exactly, with about `count` round ticks.
    pub fn linear(low: f64, high: f64, count: usize, label: impl Fn(f64, usize) -> String) -> Self {
        let (step, digits) = round_step(high - low, count);
        Self {
            low,
            high,
            spread: Spread::Linear,
            ticks: multiples(low, high, step)
                .map(|v| (v, label(v, digits)))
                .collect(),
        }
    }

    /// A linear axis widened to whole ticks around the data.
    pub fn around(low: f64, high: f64, count: usize, label: impl Fn(f64, usize) -> String) -> Self {
        let (low, high) = if high - low > 1e-12 * high.abs().max(1e-300) {
            (low, high)
        } else {
            let half = (low.abs() * 0.1).max(1e-3);
            (low - half, high + half)
        };
        let (step, _) = round_step(high - low, count);
        Self::linear(
            (low / step).floor() * step,
            (high / step).ceil() * step,
            count,
            label,
        )
    }

    /// Whole powers of ten around positive data.
    pub fn log10(low: f64, high: f64) -> Self {
        let (first, last) = (low.log10().floor(), high.log10().ceil());
        let every = ((last - first) / 6.0).ceil().max(1.0);
        let count = ((last - first) / every).floor() as usize;
        Self {
            low: 10_f64.powf(first),
            high: 10_f64.powf(last.max(first + 1.0)),
            spread: Spread::Log10,
            ticks: (0..=count)
                .map(|i| first + every * i as f64)
                .map(|e| (10_f64.powf(e), power_of_ten(e)))
                .collect(),
        }
    }

    /// Whole numbers only, such as epochs.
    pub fn integers(low: usize, high: usize, count: usize) -> Self {
        let (low, high) = (low as f64, high as f64);
        let step = match round_step((high - low).max(1.0), count).0 {
            step if step < 1.0 => 1.0,
            step if step.fract() != 0.0 => 5.0,
            step => step,
        };
        let pad = if high > low { 0.0 } else { 0.5 };
        let mut values: Vec<f64> = multiples(low, high, step).collect();
        // The first epoch is 1, which no round step hits; show it where there is room.
        if values.first().is_none_or(|first| first - low >= step * 0.6) {
            values.insert(0, low);
        }
        Self {
            low: low - pad,
            high: high + pad,
            spread: Spread::Linear,
            ticks: values.into_iter().map(|v| (v, format!("{v:.0}"))).collect(),
        }
    }

    /// Where `value` lies, 0 at `low` and 1 at `high`; outside values are clamped.
    pub fn share(&self, value: f64) -> f64 {
        let share = match self.spread {
            Spread::Linear => (value - self.low) / (self.high - self.low),
            Spread::Log10 => (value / self.low).log10() / (self.high / self.low).log10(),
        };
        share.clamp(0.0, 1.0)
    }
}

fn power_of_ten(exponent: f64) -> String {
    if (-3.0..=4.0).contains(&exponent) {
        let digits = (-exponent).max(0.0) as usize;
        format!("{:.digits$}", 10_f64.powf(exponent))
    } else {
        format!("1e{exponent:.0}")
    }
}

/// The step among 1, 2, 2.5, 5 times a power of ten that gives at most `count` steps, and how many
/// decimals its multiples need.
fn round_step(range: f64, count: usize) -> (f64, usize) {
    let rough = (range / count.max(1) as f64).max(f64::MIN_POSITIVE);
    let exponent = rough.log10().floor();
    let power = 10_f64.powf(exponent);
    let factor = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .find(|f| f * power >= rough * (1.0 - 1e-9))
        .unwrap_or(10.0);
    let step = factor * power;
    let digits = (0..12)
        .find(|&d| {
            let scaled = step * 10_f64.powi(d);
            (scaled - scaled.round()).abs() < 1e-6 * scaled.max(1.0)
        })
        .unwrap_or(12);
    (step, digits as usize)
}

fn multiples(low: f64, high: f64, step: f64) -> impl Iterator<Item = f64> {
    let first = (low / step - 1e-9).ceil();
    let count = ((high / step + 1e-9).floor() - first).clamp(-1.0, 200.0);
    (0..=count as i64)
        .filter(move |_| count >= 0.0)
        .map(move |i| (first + i as f64) * step)
}

/// A number with its digits.
pub fn plain(value: f64, digits: usize) -> String {
    if value.abs() >= 1e5 {
        format!("{value:.1e}")
    } else {
        format!("{value:.digits$}")
    }
}

/// A share as a percentage: two decimals fewer.
pub fn percent(value: f64, digits: usize) -> String {
    format!("{:.*} %", digits.saturating_sub(2), 100.0 * value)
}

/// A count with thousands separated.
pub fn thousands(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A rectangle of the scene with an axis on its left and one below.
#[derive(Debug, Clone)]
pub struct Panel {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
    pub x: Axis,
    pub y: Axis,
}

impl Panel {
    /// Where a pair of values lies.
    pub fn point(&self, x: f64, y: f64) -> Point {
        (
            self.left + self.x.share(x) * (self.right - self.left),
            self.bottom - self.y.share(y) * (self.bottom - self.top),
        )
    }

    /// Horizontal grid lines, ticks of both axes and the base line.
    pub fn draw_frame(&self, scene: &mut Scene) {
        for (value, label) in &self.y.ticks {
            let (_, y) = self.point(self.x.low, *value);
            scene.line(vec![(self.left, y), (self.right, y)], 1.0, GRID);
            let text = Text::new(label, (self.left - 7.0, y), TICK_SIZE, SOFT_INK);
            scene.text(text.align(Align::Right).middle());
        }
        scene.line(
            vec![(self.left, self.bottom), (self.right, self.bottom)],
            1.0,
            AXIS,
        );
        for (value, label) in &self.x.ticks {
            let (x, _) = self.point(*value, self.y.low);
            scene.line(vec![(x, self.bottom), (x, self.bottom + 4.0)], 1.0, AXIS);
            let text = Text::new(label, (x, self.bottom + 17.0), TICK_SIZE, SOFT_INK);
            scene.text(text.align(Align::Centre));
        }
    }

    /// The name of the x axis, under its ticks.
    pub fn name_x(&self, scene: &mut Scene, name: &str) {
        let middle = f64::midpoint(self.left, self.right);
        let text = Text::new(name, (middle, self.bottom + 36.0), 12.0, SOFT_INK);
        scene.text(text.align(Align::Centre));
    }

    /// A line through the finite points; NaN and infinity leave gaps, lone points become dots.
    pub fn draw_series(&self, scene: &mut Scene, values: &[Point], width: f64, colour: Colour) {
        let drawable = |p: &Point| {
            p.0.is_finite() && p.1.is_finite() && (self.y.spread == Spread::Linear || p.1 > 0.0)
        };
        for run in values.split(|p| !drawable(p)) {
            let points: Vec<Point> = run.iter().map(|p| self.point(p.0, p.1)).collect();
            match points.as_slice() {
                [] => {}
                [lone] => scene.dot(*lone, width * 1.5, colour),
                _ => scene.line(points, width, colour),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn axes_hold_their_data_and_few_ticks(a in -1e9_f64..1e9, width in 1e-6_f64..1e9) {
            let axis = Axis::around(a, a + width, 5, plain);
            prop_assert!(axis.low <= a + 1e-9 * a.abs() && axis.high >= a + width - 1e-9 * (a + width).abs());
            prop_assert!((2..=8).contains(&axis.ticks.len()), "{:?}", axis.ticks);
        }

        #[test]
        fn log_axes_hold_their_data(e in -9.0_f64..9.0, width in 0.0_f64..12.0) {
            let (low, high) = (10_f64.powf(e), 10_f64.powf(e + width));
            let axis = Axis::log10(low, high);
            prop_assert!(axis.low <= low * 1.000_001 && axis.high >= high * 0.999_999);
            prop_assert!((2..=8).contains(&axis.ticks.len()), "{:?}", axis.ticks);
        }

        #[test]
        fn epochs_get_whole_ticks(low in 0_usize..5, more in 0_usize..2_000) {
            let axis = Axis::integers(low, low + more, 8);
            prop_assert!((1..=10).contains(&axis.ticks.len()), "{:?}", axis.ticks);
            prop_assert!(axis.ticks.iter().all(|t| t.0.fract() == 0.0));
        }
    }

    #[test]
    fn ticks_are_round() {
        let labels = |axis: Axis| axis.ticks.into_iter().map(|t| t.1).collect::<Vec<_>>();
        assert_eq!(
            labels(Axis::around(0.13, 0.58, 5, percent)),
            ["10 %", "20 %", "30 %", "40 %", "50 %", "60 %"]
        );
        assert_eq!(labels(Axis::integers(1, 1, 8)), ["1"]);
        assert_eq!(
            labels(Axis::log10(0.5, 2e3)),
            ["0.1", "1", "10", "100", "1000", "10000"]
        );
        assert_eq!(thousands(1_234_567), "1,234,567");
    }
}
