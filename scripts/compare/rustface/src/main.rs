//! The faces that rustface finds in pictures: paths on standard input, a line of JSON for each on standard output.
//!
//! ```console
//! $ rustface-boxes MODEL LONGEST_SIDE [TIMES] < paths
//! ```
//!
//! MODEL is `model/seeta_fd_frontal_v1.0.bin` of the crate rustface. Every picture is scaled so that its longest side has
//! LONGEST_SIDE pixels: rustface's window of 40 px is the smallest face that it finds, as `set_min_face_size` does nothing in
//! version 0.1.7. Boxes are `[x, y, width, height, score]` in pixels of the picture as it is. With TIMES each
//! picture is searched so often, scaling included, and the median told.

use std::error::Error;
use std::io::BufRead;
use std::time::Instant;

use image::GrayImage;
use image::imageops::{FilterType, resize};
use rustface::{Detector, ImageData};

/// The caller takes boxes from 2.0 on, as rustface's own example does, and looks at what there is below.
const LEAST_SCORE: f64 = 1.0;

/// The settings of that example.
const PYRAMID_SCALE_FACTOR: f32 = 0.8;
const WINDOW_STEP: u32 = 4;

/// The side of the window that is slid over the picture; in a smaller one rustface would count below zero.
const WINDOW: u32 = 40;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: rustface-boxes MODEL LONGEST_SIDE [TIMES] < paths";
    let model = arguments.next().ok_or(usage)?;
    let longest: u32 = arguments.next().ok_or(usage)?.parse()?;
    let times = match arguments.next() {
        Some(times) => times.parse::<usize>()?.max(1),
        None => 1,
    };
    let mut detector =
        rustface::create_detector(&model).map_err(|error| format!("{model}: {error}"))?;
    detector.set_score_thresh(LEAST_SCORE);
    detector.set_pyramid_scale_factor(PYRAMID_SCALE_FACTOR);
    detector.set_slide_window_step(WINDOW_STEP, WINDOW_STEP);
    for path in std::io::stdin().lock().lines() {
        let path = path?;
        let opened = image::open(&path).map_err(|error| format!("{path}: {error}"))?;
        let picture = opened.into_luma8();
        let (mut boxes, mut milliseconds) = (Vec::new(), Vec::new());
        for _ in 0..times {
            let start = Instant::now();
            boxes = search(detector.as_mut(), &picture, longest);
            milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
        }
        milliseconds.sort_by(f64::total_cmp);
        let median = milliseconds[milliseconds.len() / 2];
        let line = serde_json::json!({
            "path": path, "boxes": boxes, "median_milliseconds": median,
        });
        println!("{line}");
    }
    Ok(())
}

/// The boxes in the picture as it is, found in it scaled.
fn search(detector: &mut dyn Detector, picture: &GrayImage, longest: u32) -> Vec<[f64; 5]> {
    let (width, height) = picture.dimensions();
    let scale = f64::from(longest) / f64::from(width.max(height));
    if scale == 1.0 {
        return boxes(detector, picture, [1.0; 2]);
    }
    let [across, down] =
        [width, height].map(|side| ((f64::from(side) * scale).round() as u32).max(1));
    let scaled = resize(picture, across, down, FilterType::Triangle);
    // Each axis was rounded by itself.
    let back = [
        f64::from(width) / f64::from(across),
        f64::from(height) / f64::from(down),
    ];
    boxes(detector, &scaled, back)
}

/// What rustface says of a picture, multiplied by these across and down.
fn boxes(detector: &mut dyn Detector, picture: &GrayImage, back: [f64; 2]) -> Vec<[f64; 5]> {
    let (width, height) = picture.dimensions();
    if width.min(height) < WINDOW {
        return Vec::new();
    }
    let found = detector.detect(&ImageData::new(picture, width, height));
    found
        .iter()
        .map(|face| {
            let bounds = face.bbox();
            [
                f64::from(bounds.x()) * back[0],
                f64::from(bounds.y()) * back[1],
                f64::from(bounds.width()) * back[0],
                f64::from(bounds.height()) * back[1],
                face.score(),
            ]
        })
        .collect()
}
