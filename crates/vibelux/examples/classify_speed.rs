//! Milliseconds from a 48x48 face to its vector, on one core, mirror image included.
//!
//! ```text
//! cargo run --release -p vibelux --example classify_speed -- [models/face-large.onnx]
//! ```
//!
//! Without an argument, the model inside the program. Prints the median, the 5th and the 95th
//! percentile of 300 calls, as one JSON object per line, a line for each of three rounds;
//! `scripts/compare/onnxruntime_speed.py` runs it beside onnxruntime, in turns and on one core, which is why
//! it is a program and no benchmark; `cargo bench -p vibelux --bench face` measures the whole way of a picture.

use std::path::Path;
use std::time::Instant;

use vibelux::face::{FaceImage, GreyImage};
use vibelux::model::FaceModel;

const CALLS: usize = 300;
const ROUNDS: usize = 3;
const SIDE: u32 = 48;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = match std::env::args().nth(1) {
        Some(path) => FaceModel::load(Path::new(&path))?,
        None => FaceModel::shipped()?,
    };
    // Any picture takes as long as a face.
    let pattern = (0..SIDE * SIDE).map(|i| (i * 37 % 251) as u8);
    let face = FaceImage::whole(&GreyImage::new(SIDE, SIDE, pattern.collect())?);
    for _ in 0..ROUNDS {
        let mut milliseconds = Vec::with_capacity(CALLS);
        for _ in 0..CALLS {
            let start = Instant::now();
            std::hint::black_box(model.classify(&face)?);
            milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
        }
        milliseconds.sort_by(f64::total_cmp);
        let at = |share: usize| milliseconds[CALLS * share / 100];
        println!(
            "{{\"median_ms\": {:.3}, \"p5_ms\": {:.3}, \"p95_ms\": {:.3}}}",
            at(50),
            at(5),
            at(95)
        );
    }
    Ok(())
}
