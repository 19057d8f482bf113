//! Stands in for the parts of the library that are not there yet, with their signatures: everything
//! here is an error. To be deleted, and `crate::pending::` replaced by `vibelux::`.

use std::path::{Path, PathBuf};

const MESSAGE: &str = "being written";

/// What every function here returns.
#[derive(Debug)]
pub struct Pending;

impl std::fmt::Display for Pending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(MESSAGE)
    }
}

impl std::error::Error for Pending {}

/// `vibelux::audio`.
pub mod audio {
    use super::Path;

    /// By extension.
    pub fn is_audio_file(path: &Path) -> bool {
        const EXTENSIONS: [&str; 6] = ["mp3", "flac", "ogg", "opus", "m4a", "wav"];
        path.extension()
            .and_then(|e| e.to_str())
            .is_some_and(|e| EXTENSIONS.contains(&e.to_ascii_lowercase().as_str()))
    }
}

/// `vibelux::model`.
pub mod model {
    use super::{Path, Pending};
    use crate::pending::face::FaceImage;
    use vibelux::EmotionVector;
    use vibelux::library::SongEmbedding;

    /// Turns songs into vectors.
    pub struct MusicModel;

    impl MusicModel {
        pub fn shipped() -> Result<Self, Pending> {
            Err(Pending)
        }
        pub fn load(_onnx_path: &Path) -> Result<Self, Pending> {
            Err(Pending)
        }
        pub fn embed_song(&self, _path: &Path) -> Result<SongEmbedding, Pending> {
            Err(Pending)
        }
        pub fn name(&self) -> &str {
            super::MESSAGE
        }
    }

    /// Turns faces into vectors.
    pub struct FaceModel;

    impl FaceModel {
        pub fn shipped() -> Result<Self, Pending> {
            Err(Pending)
        }
        pub fn load(_onnx_path: &Path) -> Result<Self, Pending> {
            Err(Pending)
        }
        pub fn classify(&self, _face: &FaceImage) -> Result<EmotionVector, Pending> {
            Err(Pending)
        }
        pub fn prior(&self) -> Option<EmotionVector> {
            None
        }
    }
}

/// `vibelux::face`.
pub mod face {
    use std::convert::Infallible;
    use std::str::FromStr;

    use super::{Path, Pending};

    pub struct GreyImage;
    pub struct FaceBox;
    pub struct FaceImage;
    pub struct FaceDetector;
    pub struct CameraSource;
    pub struct Camera;

    pub fn load_picture(_path: &Path) -> Result<GreyImage, Pending> {
        Err(Pending)
    }

    impl FaceImage {
        pub fn crop(_image: &GreyImage, _face: &FaceBox) -> Self {
            Self
        }
        pub fn whole(_image: &GreyImage) -> Self {
            Self
        }
    }

    impl FaceDetector {
        pub fn new() -> Result<Self, Pending> {
            Err(Pending)
        }
        pub fn detect(&mut self, _image: &GreyImage) -> Vec<FaceBox> {
            Vec::new()
        }
    }

    impl FromStr for CameraSource {
        type Err = Infallible;

        fn from_str(_text: &str) -> Result<Self, Infallible> {
            Ok(Self)
        }
    }

    impl Camera {
        pub fn open(_source: &CameraSource) -> Result<Self, Pending> {
            Err(Pending)
        }
        pub fn frames_for(&mut self, _seconds: f64) -> Result<Vec<GreyImage>, Pending> {
            Err(Pending)
        }
    }
}

/// `vibelux::playlist`.
pub mod playlist {
    use super::{Path, PathBuf, Pending};

    /// One line of a playlist.
    #[allow(dead_code, reason = "the reader is not there yet")]
    pub struct PlaylistEntry {
        pub path: PathBuf,
        pub title: Option<String>,
        pub artist: Option<String>,
        pub duration_seconds: Option<f64>,
    }

    pub fn write_m3u(_file: &Path, _entries: &[PlaylistEntry]) -> Result<(), Pending> {
        Err(Pending)
    }
}
