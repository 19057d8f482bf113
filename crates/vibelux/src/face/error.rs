//! [`FaceError`]: what can go wrong on the way from a file or a camera to a face.

use std::path::PathBuf;

use super::camera::SCHEMES;
use super::limits::MAX_PIXELS;

/// What can go wrong between a file or camera and a face.
///
/// That no face is found is no error: [`FaceDetector::detect`](crate::detect::FaceDetector::detect) then returns nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FaceError {
    /// The file cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is empty.
    #[error("{path} is empty; give a picture")]
    EmptyPicture {
        /// Which file.
        path: PathBuf,
    },
    /// The first bytes are those of no picture format that is read here.
    #[error(
        "{path} is no picture that can be read (JPEG, PNG, WebP, HEIC, AVIF, GIF, BMP, TIFF); convert it to one of these"
    )]
    UnsupportedPicture {
        /// Which file.
        path: PathBuf,
    },
    /// The picture is broken or cut short.
    #[error("{path} is a damaged picture ({reason}); save or copy it again")]
    DamagedPicture {
        /// Which file.
        path: PathBuf,
        /// What the decoder said.
        reason: String,
    },
    /// The picture would take more memory than is reasonable.
    #[error(
        "{path} has {width} x {height} pixels, more than {} million can be read; scale it down",
        MAX_PIXELS / 1_000_000
    )]
    PictureTooLarge {
        /// Which file.
        path: PathBuf,
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// The file is larger than any sensible picture.
    #[error("{path} has {bytes} bytes, more than the {limit} a picture may have; scale it down")]
    PictureFileTooLarge {
        /// Which file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The largest that is read.
        limit: u64,
    },
    /// A [`GreyImage`](super::GreyImage) whose pixels do not match its size.
    #[error("{width} x {height} pixels need {} bytes, got {got}", u64::from(*width) * u64::from(*height))]
    PixelCount {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// Bytes given.
        got: usize,
    },
    /// The built-in detector model cannot be read: the program was built wrongly.
    #[error("the built-in face detector cannot be read; build vibelux again")]
    DetectorModel,
    /// No `ffmpeg` program.
    #[error(
        "cannot run {program} ({source}); cameras and videos need ffmpeg: install it, or set \
         VIBELUX_FFMPEG to where it is"
    )]
    FfmpegMissing {
        /// What was looked for.
        program: PathBuf,
        /// Why it could not be started.
        source: std::io::Error,
    },
    /// There is no such camera.
    #[error("no camera at {device}; connect one, or name another with --camera")]
    NoCamera {
        /// Which camera.
        device: String,
    },
    /// The system does not let this program use the camera or file.
    #[error(
        "no permission to read {source_name}; allow camera access for this terminal (on Linux, \
         join the group `video`)"
    )]
    PermissionDenied {
        /// Which camera or file.
        source_name: String,
    },
    /// Another program uses the camera.
    #[error("the camera {device} is in use; close the program that uses it")]
    CameraBusy {
        /// Which camera.
        device: String,
    },
    /// The file or address holds no pictures that ffmpeg can read.
    #[error("{source_name} is no video that ffmpeg can read")]
    NotVideo {
        /// Which file or address.
        source_name: String,
    },
    /// The address does not answer, or does not have the stream.
    #[error("cannot reach {url} ({reason}); check the address and that the camera is on")]
    Unreachable {
        /// Which address, without its password.
        url: String,
        /// What ffmpeg said.
        reason: String,
    },
    /// The address has a scheme that is not allowed.
    #[error("{url}: use one of {}", SCHEMES.join(", "))]
    UnsupportedAddress {
        /// Which address, without its password.
        url: String,
    },
    /// No frame came for this long.
    #[error("no frame from {source_name} within {seconds:.0} s; check that the camera is on")]
    TimedOut {
        /// Which camera, file or address.
        source_name: String,
        /// How long was waited.
        seconds: f64,
    },
    /// A camera or address stopped sending.
    #[error("{source_name} stopped after {frames} frames; was it unplugged?")]
    StreamEnded {
        /// Which camera or address.
        source_name: String,
        /// How many frames had come.
        frames: u64,
    },
    /// ffmpeg failed in another way.
    #[error("ffmpeg could not read {source_name}: {reason}")]
    Ffmpeg {
        /// Which camera, file or address.
        source_name: String,
        /// The end of what ffmpeg said.
        reason: String,
    },
}

impl FaceError {
    /// What kind of error it is, for programs (`docs/guide/json.md`).
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::EmptyPicture { .. } => "empty_picture",
            Self::UnsupportedPicture { .. } => "unsupported_picture",
            Self::DamagedPicture { .. } => "damaged_picture",
            Self::PictureTooLarge { .. } | Self::PictureFileTooLarge { .. } => "too_large",
            _ => "face",
        }
    }
}
