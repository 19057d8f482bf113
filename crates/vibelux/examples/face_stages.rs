//! How long each stage from a picture to an emotion vector takes, on one core.
//!
//! ```text
//! cargo run --release -p vibelux --example face_stages -- picture.jpg [rounds]
//! ```
//!
//! The picture should have a face in it. Prints medians of wall-clock time; detection is timed on the
//! picture and on a featureless one of 640x480, the price of a frame with nobody in it.

use std::path::Path;
use std::time::Instant;

use vibelux::face::{
    FaceDetector, FaceImage, FaceQuality, GreyImage, decode_picture, load_picture,
};
use vibelux::model::FaceModel;

fn median_ms<T>(rounds: usize, mut stage: impl FnMut() -> T) -> f64 {
    let mut times: Vec<f64> = (0..rounds.max(1))
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(stage());
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next() else {
        return Err("give a JPEG or PNG picture with a face in it".into());
    };
    let rounds = arguments.next().map_or(Ok(30), |text| text.parse())?;
    let path = Path::new(&path);
    let bytes = std::fs::read(path)?;
    let picture = load_picture(path)?;
    println!(
        "{} x {} px, medians of {rounds}",
        picture.width, picture.height
    );

    let mut detector = FaceDetector::new()?;
    let faces = detector.detect(&picture);
    println!(
        "new detector    {:9.3} ms",
        median_ms(rounds, FaceDetector::new)
    );
    println!(
        "decode picture  {:9.3} ms",
        median_ms(rounds, || decode_picture(&bytes, path))
    );
    let detect = median_ms(rounds, || detector.detect(&picture));
    println!("detect          {detect:9.3} ms ({} faces)", faces.len());
    let pattern = (0..640 * 480_u32).map(|i| (i % 640 / 8 + i / 640 / 8) as u8);
    let nobody = GreyImage::new(640, 480, pattern.collect())?;
    let detect = median_ms(rounds, || detector.detect(&nobody));
    println!("detect, nobody  {detect:9.3} ms");
    if let Some(face) = faces.first() {
        println!("largest: {face:?}");
        let crop = median_ms(rounds * 10, || FaceImage::crop(&picture, face));
        println!("crop            {crop:9.3} ms");
        let quality = median_ms(rounds * 10, || FaceQuality::measure(&picture, face));
        println!("crop + quality  {quality:9.3} ms");
        let model = FaceModel::shipped()?;
        let image = FaceImage::crop(&picture, face);
        let classify = median_ms(rounds * 10, || model.classify(&image));
        println!("classify        {classify:9.3} ms (mirror image included)");
    }
    Ok(())
}
