//! Finds the faces in pictures: a line of JSON per picture, with how long it took.
//!
//! ```console
//! $ cargo run --release --example find_faces -- [--as-is] [--times N] PICTURE...
//! ```

use std::path::PathBuf;
use std::time::Instant;

use vibelux::detect::FaceDetector;
use vibelux::face::load_picture;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut pictures, mut as_is, mut times) = (Vec::new(), false, 1);
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            // The network's answer to the picture in its own size, and no more.
            Some("--as-is") => as_is = true,
            Some("--times") => {
                let count = arguments.next().ok_or("--times needs a number")?;
                times = count.to_string_lossy().parse::<usize>()?.max(1);
            }
            _ => pictures.push(PathBuf::from(argument)),
        }
    }
    let mut detector = FaceDetector::new()?;
    for path in pictures {
        let picture = load_picture(&path)?;
        let mut milliseconds = Vec::new();
        let mut faces = Vec::new();
        for _ in 0..times {
            let start = Instant::now();
            faces = if as_is {
                detector.detect_as_is(&picture)
            } else {
                detector.detect(&picture)
            };
            milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
        }
        milliseconds.sort_by(f64::total_cmp);
        let median = milliseconds[milliseconds.len() / 2];
        let line = serde_json::json!({
            "path": path, "faces": faces, "median_milliseconds": median,
        });
        println!("{line}");
    }
    Ok(())
}
