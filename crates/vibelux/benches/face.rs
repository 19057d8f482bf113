//! What the way of a picture costs, from its bytes to the vector of the face in it, stage by stage and on
//! one core: the face side of the flow.
//!
//! ```text
//! cargo bench -p vibelux --bench face
//! ```
//!
//! Nobody's photograph: the face is drawn.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot be set up ends")]

use std::fmt;
use std::io::Cursor;
use std::path::Path;

use divan::Bencher;
use image::imageops::{blur, overlay};
use image::{GrayImage, ImageFormat, Luma};
use vibelux::detect::FaceDetector;
use vibelux::face::{Face, FaceImage, FaceQuality, GreyImage, decode_picture};
use vibelux::model::FaceModel;

fn main() {
    divan::main();
}

/// Width and height of a picture in pixels.
#[derive(Clone, Copy)]
struct Size(u32, u32);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.0, self.1)
    }
}

/// What cameras and phones take.
const SIZES: [Size; 3] = [Size(640, 480), Size(1280, 720), Size(1920, 1080)];

/// One ellipse of the drawing, in pixels of a picture of 640 x 480.
struct Ellipse {
    centre: (f32, f32),
    radii: (f32, f32),
    grey: u8,
}

const fn ellipse(x: f32, y: f32, across: f32, down: f32, grey: u8) -> Ellipse {
    Ellipse {
        centre: (x, y),
        radii: (across, down),
        grey,
    }
}

/// From the back to the front; softened between the two parts. What it looks like was found by trial:
/// shadows around the eyes and the nose are what the detector looks for.
const SHADES: [Ellipse; 10] = [
    ellipse(320.0, 470.0, 140.0, 70.0, 70),
    ellipse(320.0, 195.0, 128.0, 140.0, 45),
    ellipse(320.0, 235.0, 105.0, 140.0, 175),
    ellipse(275.0, 205.0, 34.0, 20.0, 105),
    ellipse(365.0, 205.0, 34.0, 20.0, 105),
    ellipse(320.0, 287.0, 26.0, 8.0, 110),
    ellipse(320.0, 240.0, 9.0, 38.0, 205),
    ellipse(262.0, 262.0, 22.0, 16.0, 200),
    ellipse(378.0, 262.0, 22.0, 16.0, 200),
    ellipse(320.0, 326.0, 52.0, 20.0, 95),
];

const FEATURES: [Ellipse; 8] = [
    ellipse(275.0, 178.0, 28.0, 5.0, 50),
    ellipse(365.0, 178.0, 28.0, 5.0, 50),
    ellipse(276.0, 210.0, 21.0, 9.0, 235),
    ellipse(364.0, 210.0, 21.0, 9.0, 235),
    ellipse(276.0, 209.0, 9.0, 9.0, 30),
    ellipse(364.0, 209.0, 9.0, 9.0, 30),
    ellipse(320.0, 318.0, 44.0, 8.0, 235),
    ellipse(320.0, 334.0, 40.0, 8.0, 60),
];

fn paint(picture: &mut GrayImage, ellipses: &[Ellipse]) {
    for shape in ellipses {
        let scale = picture.height() as f32 / 480.0;
        // In the middle, however wide the picture is.
        let shift = (picture.width() as f32 - 640.0 * scale) / 2.0;
        for (x, y, pixel) in picture.enumerate_pixels_mut() {
            let across = ((x as f32 - shift) / scale - shape.centre.0) / shape.radii.0;
            let down = (y as f32 / scale - shape.centre.1) / shape.radii.1;
            if across * across + down * down <= 1.0 {
                *pixel = Luma([shape.grey]);
            }
        }
    }
}

/// A face in front of a wall.
fn drawing(Size(width, height): Size) -> GrayImage {
    let scale = height as f32 / 480.0;
    let mut picture = GrayImage::from_pixel(width, height, Luma([138]));
    paint(&mut picture, &SHADES);
    let mut picture = blur(&picture, 6.0 * scale);
    paint(&mut picture, &FEATURES);
    blur(&picture, 1.5 * scale)
}

fn picture(size: Size) -> GreyImage {
    let drawing = drawing(size);
    GreyImage::new(size.0, size.1, drawing.into_raw()).unwrap()
}

/// The picture with its face.
fn found(size: Size) -> (GreyImage, Face) {
    let picture = picture(size);
    let faces = FaceDetector::new().unwrap().detect(&picture);
    let face = faces.into_iter().next().expect("the drawn face is found");
    (picture, face)
}

fn encoded(size: Size, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    // Colours, as cameras have them.
    image::DynamicImage::ImageLuma8(drawing(size))
        .into_rgb8()
        .write_to(&mut bytes, format)
        .unwrap();
    bytes.into_inner()
}

#[divan::bench(args = SIZES, max_time = 2)]
fn decode_jpeg(bencher: Bencher<'_, '_>, size: Size) {
    let bytes = encoded(size, ImageFormat::Jpeg);
    bencher
        .bench_local(|| decode_picture(divan::black_box(&bytes), Path::new("drawn.jpg")).unwrap());
}

#[divan::bench(args = SIZES, max_time = 2)]
fn decode_png(bencher: Bencher<'_, '_>, size: Size) {
    let bytes = encoded(size, ImageFormat::Png);
    bencher
        .bench_local(|| decode_picture(divan::black_box(&bytes), Path::new("drawn.png")).unwrap());
}

#[divan::bench]
fn new_detector(bencher: Bencher<'_, '_>) {
    bencher.bench_local(|| FaceDetector::new().unwrap());
}

#[divan::bench(args = SIZES, max_time = 3)]
fn detect(bencher: Bencher<'_, '_>, size: Size) {
    let (picture, _) = found(size);
    let mut detector = FaceDetector::new().unwrap();
    bencher.bench_local(|| detector.detect(divan::black_box(&picture)));
}

/// A live camera's usual frame: the face is where it was a moment ago.
#[divan::bench(args = SIZES, max_time = 2)]
fn detect_tracked(bencher: Bencher<'_, '_>, size: Size) {
    let (picture, face) = found(size);
    let mut detector = FaceDetector::new().unwrap();
    bencher.bench_local(|| {
        let near = detector.detect_near(divan::black_box(&picture), divan::black_box(&face));
        near.expect("the face is still there")
    });
}

/// A photograph of 24 megapixels whose only face is 2 % of its width wide.
#[divan::bench(max_time = 3)]
fn detect_in_photograph(bencher: Bencher<'_, '_>) {
    const PHOTOGRAPH: Size = Size(6000, 4000);
    // The drawing's face is a third of it.
    const DRAWN: Size = Size(360, 270);
    let mut photograph = GrayImage::from_pixel(PHOTOGRAPH.0, PHOTOGRAPH.1, Luma([138]));
    overlay(&mut photograph, &drawing(DRAWN), 3500, 1200);
    let picture = GreyImage::new(PHOTOGRAPH.0, PHOTOGRAPH.1, photograph.into_raw()).unwrap();
    let mut detector = FaceDetector::new().unwrap();
    bencher.bench_local(|| {
        let faces = detector.detect(divan::black_box(&picture));
        assert_eq!(faces.len(), 1, "the drawn face is found");
    });
}

/// The price of a frame with nobody in it, who is sought harder.
#[divan::bench(args = SIZES, max_time = 3)]
fn detect_nobody(bencher: Bencher<'_, '_>, Size(width, height): Size) {
    let checks = (0..width * height).map(|i| (i % width / 8 + i / width / 8) as u8);
    let picture = GreyImage::new(width, height, checks.collect()).unwrap();
    let mut detector = FaceDetector::new().unwrap();
    bencher.bench_local(|| detector.detect(divan::black_box(&picture)));
}

#[divan::bench]
fn crop(bencher: Bencher<'_, '_>) {
    let (picture, face) = found(SIZES[0]);
    bencher.bench_local(|| FaceImage::crop(divan::black_box(&picture), &face));
}

#[divan::bench]
fn crop_and_judge_quality(bencher: Bencher<'_, '_>) {
    let (picture, face) = found(SIZES[0]);
    bencher.bench_local(|| FaceQuality::measure(divan::black_box(&picture), &face));
}

/// The two models of the repository, mirror image included.
#[divan::bench(args = ["face.onnx", "face-large.onnx"], max_time = 2)]
fn classify(bencher: Bencher<'_, '_>, file: &str) {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let model = FaceModel::load(&models.join(file)).unwrap();
    let (picture, face) = found(SIZES[0]);
    let image = FaceImage::crop(&picture, &face);
    bencher.bench_local(|| model.classify(divan::black_box(&image)).unwrap());
}

/// All of it: a JPEG picture to a vector.
#[divan::bench(args = SIZES, max_time = 3)]
fn picture_to_vector(bencher: Bencher<'_, '_>, size: Size) {
    let bytes = encoded(size, ImageFormat::Jpeg);
    let model = FaceModel::shipped().unwrap();
    let mut detector = FaceDetector::new().unwrap();
    bencher.bench_local(|| {
        let picture = decode_picture(divan::black_box(&bytes), Path::new("drawn.jpg")).unwrap();
        for face in detector.detect(&picture) {
            divan::black_box(model.classify(&FaceImage::crop(&picture, &face)).unwrap());
        }
    });
}
