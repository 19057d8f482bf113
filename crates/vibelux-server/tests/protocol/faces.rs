//! Frames for a camera: a face of FER2013 on a soft background where the data is at hand, and frames
//! without anybody.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::imageops::{FilterType, overlay, resize};
use image::{DynamicImage, GrayImage, ImageFormat, Luma};

use crate::fer2013;

const FRAME: (u32, u32) = (640, 480);

/// A frame with faces of this side at these places, as a JPEG.
pub fn frame(faces: &[(&GrayImage, u32, (i64, i64))]) -> Vec<u8> {
    let mut frame = GrayImage::from_fn(FRAME.0, FRAME.1, |x, y| {
        let wave = (f64::from(x) / 37.0).sin() + (f64::from(y) / 23.0).cos();
        Luma([(120.0 + 30.0 * wave) as u8])
    });
    for (face, side, (x, y)) in faces {
        let large = resize(*face, *side, *side, FilterType::CatmullRom);
        overlay(&mut frame, &large, *x, *y);
    }
    encode(frame)
}

/// Any grey picture as a colour JPEG, as cameras send it.
pub fn encode(picture: GrayImage) -> Vec<u8> {
    let mut jpeg = Vec::new();
    DynamicImage::from(DynamicImage::ImageLuma8(picture).into_rgb8())
        .write_to(&mut Cursor::new(&mut jpeg), ImageFormat::Jpeg)
        .unwrap();
    jpeg
}

/// Faces of this expression that fill their picture, or none and a loud line. The first few by name
/// that the detector is known to find.
pub fn expression(name: &str, count: usize) -> Vec<GrayImage> {
    let Some(fer2013) = fer2013::folder() else {
        return Vec::new();
    };
    let folder = fer2013.join("validation").join(name);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "png"))
        .collect();
    paths.sort();
    let mut detector = vibelux::detect::FaceDetector::new().unwrap();
    let faces: Vec<GrayImage> = paths
        .iter()
        .map(|path| image::open(path).unwrap().into_luma8())
        .filter(|face| {
            let jpeg = frame(&[(face, 200, (220, 140))]);
            let image = vibelux::face::decode_picture(&jpeg, Path::new("made")).unwrap();
            matches!(detector.detect(&image).as_slice(), [found] if found.bounds.score > 0.8)
        })
        .take(count)
        .collect();
    assert_eq!(faces.len(), count, "faces in {}", folder.display());
    faces
}
