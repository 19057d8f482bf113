//! [`PictureReader`]: a single picture to its faces and their vectors, for `POST analyse`.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use image::GrayImage;
use image::codecs::jpeg::JpegEncoder;
use serde::Serialize;
use vibelux::detect::FaceDetector;
use vibelux::face::{FaceBox, FaceError, FaceImage, FaceQuality, Landmarks, decode_picture};
use vibelux::model::FaceModel;
use vibelux::{Emotion, EmotionVector, by_emotion};

use crate::http::error::ApiError;

/// More faces are not read; the largest come first.
pub const MAX_FACES: usize = 16;

/// Reads pictures one after the other: each may take half a gigabyte.
#[derive(Debug)]
pub struct PictureReader {
    model: Arc<FaceModel>,
    detector: Mutex<FaceDetector>,
}

/// What a picture shows.
#[derive(Debug, Serialize)]
pub struct Analysis {
    width: u32,
    height: u32,
    faces: Vec<AnalysedFace>,
    timings_seconds: Timings,
}

/// One face of it.
#[derive(Debug, Serialize)]
struct AnalysedFace {
    #[serde(rename = "box")]
    area: Area,
    score: f64,
    landmarks: Landmarks,
    quality: FaceQuality,
    /// How much of the reading counts in the vector.
    counts: f32,
    #[serde(serialize_with = "by_emotion::serialize")]
    vector: EmotionVector,
    strongest: Emotion,
}

/// Where a face is, in pixels; may stick out of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Area {
    x: f32,
    y: f32,
    width: f32,
    height: f32,
}

impl From<&FaceBox> for Area {
    fn from(face: &FaceBox) -> Self {
        Self {
            x: face.x,
            y: face.y,
            width: face.width,
            height: face.height,
        }
    }
}

/// The longer side of a preview, at most.
const PREVIEW_SIDE: u32 = 1280;
const PREVIEW_QUALITY: u8 = 85;

/// How long each stage took, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Timings {
    /// From bytes to pixels.
    pub decode: f64,
    /// From pixels to faces.
    pub detect: f64,
    /// From faces to vectors.
    pub classify: f64,
}

/// Seconds since `start`, to a hundredth of a millisecond.
pub fn seconds_since(start: Instant) -> f64 {
    (start.elapsed().as_secs_f64() * 1e5).round() / 1e5
}

impl PictureReader {
    /// A reader with the model that everybody shares.
    ///
    /// # Errors
    /// If the program was built with a broken detector.
    pub fn new(model: Arc<FaceModel>) -> Result<Self, FaceError> {
        Ok(Self {
            model,
            detector: Mutex::new(FaceDetector::new()?),
        })
    }

    /// The picture as the program sees it: a grey JPEG, upright, scaled down where it is large.
    ///
    /// # Errors
    /// [`ApiError::Picture`] if it cannot be read.
    pub fn preview(&self, picture: &[u8]) -> Result<Vec<u8>, ApiError> {
        // As for `read`.
        let _one_at_a_time = self.detector.lock().unwrap_or_else(PoisonError::into_inner);
        let grey = decode_picture(picture, Path::new("this file")).map_err(ApiError::Picture)?;
        let (width, height) = (grey.width, grey.height);
        let longer = width.max(height).max(1);
        let image = GrayImage::from_raw(width, height, grey.pixels).ok_or(ApiError::Broken)?;
        let image = if longer > PREVIEW_SIDE {
            let scaled = |side: u32| {
                let side = u64::from(side) * u64::from(PREVIEW_SIDE) / u64::from(longer);
                u32::try_from(side).unwrap_or(PREVIEW_SIDE).max(1)
            };
            image::imageops::thumbnail(&image, scaled(width), scaled(height))
        } else {
            image
        };
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, PREVIEW_QUALITY)
            .encode_image(&image)
            .map_err(|_| ApiError::Broken)?;
        Ok(jpeg)
    }

    /// The faces of a picture, the largest first. Takes its time.
    ///
    /// # Errors
    /// [`ApiError::Picture`] if it cannot be read, [`ApiError::Model`] if the model fails.
    pub fn read(&self, picture: &[u8]) -> Result<Analysis, ApiError> {
        // Held from the decoding on, so that there is one large picture at a time.
        let mut detector = self.detector.lock().unwrap_or_else(PoisonError::into_inner);
        let start = Instant::now();
        let image = decode_picture(picture, Path::new("this file")).map_err(ApiError::Picture)?;
        let decode = seconds_since(start);
        let start = Instant::now();
        let mut found = detector.detect(&image);
        found.truncate(MAX_FACES);
        let detect = seconds_since(start);
        let start = Instant::now();
        let crops: Vec<_> = found.iter().map(|f| FaceImage::crop(&image, f)).collect();
        let vectors = self.model.classify_batch(&crops)?;
        let classify = seconds_since(start);
        let faces = found.iter().zip(&crops).zip(vectors);
        Ok(Analysis {
            width: image.width,
            height: image.height,
            faces: faces
                .map(|((face, crop), vector)| {
                    let quality = FaceQuality::of_crop(crop, face);
                    let vector = self.model.weighed(&vector, &quality);
                    AnalysedFace {
                        area: (&face.bounds).into(),
                        score: face.bounds.score,
                        landmarks: face.landmarks,
                        quality,
                        counts: quality.weight(),
                        vector,
                        strongest: vector.strongest(),
                    }
                })
                .collect(),
            timings_seconds: Timings {
                decode,
                detect,
                classify,
            },
        })
    }
}
