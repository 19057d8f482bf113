//! Seven emotions over time.

use vibelux::{Emotion, EmotionVector};

use super::axis::{Axis, Panel, percent, plain};
use super::error::PlotError;
use super::palette::{INK, SOFT_INK, emotion as colour_of};
use super::scene::{Point, Scene, Text};

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 380.0;
const LABEL_SIZE: f64 = 12.0;

/// The least distance between two labels' middles.
const LABEL_PITCH: f64 = 16.0;

pub fn scene(seconds: &[f64], vectors: &[EmotionVector]) -> Result<Scene, PlotError> {
    const PLOT: &str = "emotion_curve";
    if seconds.len() != vectors.len() {
        return Err(PlotError::LengthMismatch {
            plot: PLOT,
            times: seconds.len(),
            vectors: vectors.len(),
        });
    }
    let finite = || seconds.iter().copied().filter(|s| s.is_finite());
    let (low, high) = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), s| {
        (low.min(s), high.max(s))
    });
    if low > high {
        return Err(PlotError::Empty {
            plot: PLOT,
            item: "time",
        });
    }
    let half = if high > low { 0.0 } else { 0.5 };
    let panel = Panel {
        left: 66.0,
        top: 66.0,
        right: WIDTH - 110.0,
        bottom: HEIGHT - 54.0,
        x: Axis::linear(low - half, high + half, 10, plain),
        y: Axis::linear(0.0, 1.0, 5, percent),
    };
    let mut scene = Scene::new(WIDTH, HEIGHT);
    scene.text(Text::new("Emotions over time", (20.0, 32.0), 17.0, INK).bold());
    panel.draw_frame(&mut scene);
    panel.name_x(&mut scene, "seconds");
    for emotion in Emotion::ALL {
        let values: Vec<Point> = seconds
            .iter()
            .zip(vectors)
            .map(|(&s, v)| (s, f64::from(v.get(emotion))))
            .collect();
        panel.draw_series(&mut scene, &values, 2.2, colour_of(emotion));
    }
    if let Some(last) = vectors.last() {
        draw_labels(&mut scene, &panel, last);
    }
    Ok(scene)
}

/// Each line's name at its end, moved apart where lines meet, tied to its line by a thin stroke.
fn draw_labels(scene: &mut Scene, panel: &Panel, last: &EmotionVector) {
    let mut ends: Vec<(Emotion, f64)> = Emotion::ALL
        .into_iter()
        .map(|e| (e, panel.point(panel.x.high, f64::from(last.get(e))).1))
        .collect();
    ends.sort_by(|a, b| a.1.total_cmp(&b.1));
    let places = spread(
        &ends.iter().map(|e| e.1).collect::<Vec<_>>(),
        panel.top,
        panel.bottom,
    );
    for ((emotion, end), y) in ends.into_iter().zip(places) {
        let from = (panel.right + 3.0, end);
        scene.line(vec![from, (panel.right + 16.0, y)], 1.0, colour_of(emotion));
        scene.dot((panel.right + 22.0, y), 4.0, colour_of(emotion));
        let text = Text::new(
            emotion.name(),
            (panel.right + 31.0, y),
            LABEL_SIZE,
            SOFT_INK,
        );
        scene.text(text.middle());
    }
}

/// Moves rising positions to at least [`LABEL_PITCH`] apart, down first, then up from the bottom.
fn spread(positions: &[f64], top: f64, bottom: f64) -> Vec<f64> {
    let mut places = positions.to_vec();
    let mut least = top;
    for place in &mut places {
        *place = place.max(least);
        least = *place + LABEL_PITCH;
    }
    let mut most = bottom;
    for place in places.iter_mut().rev() {
        *place = place.min(most);
        most = *place - LABEL_PITCH;
    }
    places
}
