//! Faces in pictures.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use numpy::{PyArray1, PyReadonlyArray2, PyReadonlyArray3};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use vibelux::EmotionVector;
use vibelux::detect::FaceDetector;
use vibelux::face::{FaceImage, FaceQuality, GreyImage, decode_picture, grey_rec601, load_picture};
use vibelux::model::FaceModel;

use crate::error::{other, picture};
use crate::vectors::array;

/// What pictures that have no name are called in errors.
const UNNAMED: &str = "the picture";

/// A face that was read.
#[pyclass(frozen, module = "vibelux")]
pub struct Face {
    vector: EmotionVector,
    /// Where it is: x, y, width, height in pixels.
    #[pyo3(get)]
    bounds: (f32, f32, f32, f32),
    /// How sure it is that this is a face, 0 to 1.
    #[pyo3(get)]
    score: f32,
    /// How far it looks to the side, in degrees.
    #[pyo3(get)]
    turn_degrees: f32,
    /// How much of the reading counts, 0 (it looks away) to 1; the rest of `vector` is the average face.
    #[pyo3(get)]
    counts: f32,
}

impl Face {
    pub fn emotion_vector(&self) -> EmotionVector {
        self.vector
    }
}

#[pymethods]
impl Face {
    /// How it looks: seven numbers that add up to 1, in the order of EMOTIONS.
    #[getter]
    fn vector<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f32>> {
        array(py, &self.vector)
    }

    /// The strongest emotion.
    #[getter]
    fn emotion(&self) -> &'static str {
        self.vector.strongest().name()
    }

    fn __repr__(&self) -> String {
        format!("Face({}, score={:.2})", self.vector, self.score)
    }
}

/// Finds and reads the faces of a picture, the largest first; none if there is none.
///
/// `image` is a path, the bytes of a picture file, or an array of bytes (height, width) or (height, width, 3: red, green, blue).
/// With `whole_image` the picture is nothing but one face.
#[pyfunction]
#[pyo3(signature = (image, *, whole_image = false))]
pub fn read_face(
    py: Python<'_>,
    image: &Bound<'_, PyAny>,
    whole_image: bool,
) -> PyResult<Vec<Face>> {
    let image = grey(py, image)?;
    py.detach(|| {
        if whole_image {
            read_whole(&image)
        } else {
            read(&image)
        }
    })
}

fn model() -> PyResult<&'static FaceModel> {
    static MODEL: OnceLock<FaceModel> = OnceLock::new();
    if let Some(model) = MODEL.get() {
        return Ok(model);
    }
    let model = FaceModel::shipped().map_err(other)?;
    Ok(MODEL.get_or_init(|| model))
}

fn read_whole(image: &GreyImage) -> PyResult<Vec<Face>> {
    let vector = model()?.classify(&FaceImage::whole(image)).map_err(other)?;
    Ok(vec![Face {
        vector,
        bounds: (0.0, 0.0, image.width as f32, image.height as f32),
        score: 1.0,
        turn_degrees: 0.0,
        counts: 1.0,
    }])
}

fn read(image: &GreyImage) -> PyResult<Vec<Face>> {
    /// Detectors that nobody uses just now: each is for one thread.
    static DETECTORS: Mutex<Vec<FaceDetector>> = Mutex::new(Vec::new());
    let lock = || DETECTORS.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = lock().pop();
    let mut detector = match kept {
        Some(detector) => detector,
        None => FaceDetector::new().map_err(other)?,
    };
    let found = detector.detect(image);
    lock().push(detector);
    let model = model()?;
    let faces = found.iter().map(|face| {
        let crop = FaceImage::crop(image, face);
        let quality = FaceQuality::of_crop(&crop, face);
        let vector = model.classify(&crop).map_err(other)?;
        let bounds = &face.bounds;
        Ok(Face {
            vector: model.weighed(&vector, &quality),
            bounds: (bounds.x, bounds.y, bounds.width, bounds.height),
            score: bounds.score as f32,
            turn_degrees: quality.turn_degrees,
            counts: quality.weight(),
        })
    });
    faces.collect()
}

/// The picture in grey, from whatever it was given as.
fn grey(py: Python<'_>, image: &Bound<'_, PyAny>) -> PyResult<GreyImage> {
    if let Ok(bytes) = image.cast::<PyBytes>() {
        let bytes = bytes.as_bytes();
        return py
            .detach(|| decode_picture(bytes, Path::new(UNNAMED)))
            .map_err(picture);
    }
    if let Ok(path) = image.extract::<PathBuf>() {
        return py.detach(|| load_picture(&path)).map_err(picture);
    }
    if let Ok(pixels) = image.extract::<PyReadonlyArray2<'_, u8>>() {
        let pixels = pixels.as_array();
        let (height, width) = pixels.dim();
        let (width, height) = sides(width, height)?;
        return GreyImage::new(width, height, pixels.iter().copied().collect()).map_err(picture);
    }
    if let Ok(pixels) = image.extract::<PyReadonlyArray3<'_, u8>>() {
        let pixels = pixels.as_array();
        let (height, width, channels) = pixels.dim();
        if channels != 3 {
            let message = format!("an array of colours has 3 values a pixel, not {channels}");
            return Err(PyValueError::new_err(message));
        }
        let (width, height) = sides(width, height)?;
        let colours = image::RgbImage::from_raw(width, height, pixels.iter().copied().collect());
        let colours = colours.ok_or_else(|| PyValueError::new_err("the array has no pixels"))?;
        return Ok(grey_rec601(&colours));
    }
    Err(PyTypeError::new_err(
        "an image is a path, bytes, or a numpy array of bytes (height, width) or (height, width, 3)",
    ))
}

fn sides(width: usize, height: usize) -> PyResult<(u32, u32)> {
    let side = |side: usize| u32::try_from(side).ok().filter(|&side| side > 0);
    let sides = side(width).zip(side(height));
    sides
        .ok_or_else(|| PyValueError::new_err(format!("{width} x {height} is no size of a picture")))
}
