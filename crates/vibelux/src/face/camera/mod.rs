//! Frames of a camera, a video file or a network camera, through an `ffmpeg` child process.
//!
//! One code path for every system and source: ffmpeg opens it and writes plain PPM pictures to a
//! pipe, which name their own size; a thread reads them and turns them grey. Nothing is linked, and
//! nothing touches the disk.
//!
//! A camera sends on while a frame is looked at, so only its newest frame is kept. A file waits.

mod address;
mod child;
mod complaint;
mod ppm;
mod settings;
mod slot;
mod source;

use std::time::{Duration, Instant};

use child::{Child, Next};

use super::{FaceError, GreyImage};

pub(super) use address::SCHEMES;
pub use settings::CameraSettings;
pub use source::CameraSource;

/// The most frames that [`Camera::frames_for`] keeps of a live source: 10 s at 120 a second.
const MAX_LIVE_FRAMES: usize = 1200;

/// An open source of frames; an iterator over them. Dropping it ends ffmpeg and frees the camera.
///
/// A video file ends with `None`. A camera or address has no end: when it stops, that is one
/// [`FaceError::StreamEnded`], and `None` after it. After any error there is nothing more.
#[derive(Debug)]
pub struct Camera {
    child: Child,
    settings: CameraSettings,
    live: bool,
    finished: bool,
}

impl Camera {
    /// Opens a source with the default settings. The first frame comes with the first `next`, and
    /// with it what ffmpeg has to complain of.
    ///
    /// # Errors
    /// [`FaceError::FfmpegMissing`], [`FaceError::NoCamera`], [`FaceError::PermissionDenied`],
    /// [`FaceError::Io`] if a video file cannot be read, [`FaceError::UnsupportedAddress`].
    pub fn open(source: &CameraSource) -> Result<Self, FaceError> {
        Self::open_with(source, CameraSettings::default())
    }

    /// The same with other settings.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(source: &CameraSource, settings: CameraSettings) -> Result<Self, FaceError> {
        let input = source.to_input(&settings)?;
        let live = input.live;
        let child = Child::start(input, &settings)?;
        Ok(Self {
            child,
            settings,
            live,
            finished: false,
        })
    }

    /// The frames of the next `seconds` (at least one frame, at most 10 s: all are kept in memory): of a file by its own
    /// time, of a camera by the clock from the first frame on. Fewer if the source ends before.
    ///
    /// # Errors
    /// If no frame comes at all: what [`Iterator::next`] gives, or [`FaceError::NotVideo`] if a file
    /// has no frame (left).
    pub fn frames_for(&mut self, seconds: f64) -> Result<Vec<GreyImage>, FaceError> {
        let seconds = if seconds.is_finite() { seconds } else { 0.0 }.clamp(0.0, 10.0);
        let Some(first) = self.next() else {
            return Err(FaceError::NotVideo {
                source_name: self.child.name().to_owned(),
            });
        };
        let mut frames = vec![first?];
        let rate = self.settings.frames_per_second.clamp(1, 120);
        let wanted = (seconds * f64::from(rate)).round() as usize;
        let until = Instant::now() + Duration::from_secs_f64(seconds);
        let live = self.live;
        let more = |count: usize| {
            if live {
                Instant::now() < until && count < MAX_LIVE_FRAMES
            } else {
                count < wanted
            }
        };
        while more(frames.len()) {
            match self.next() {
                Some(Ok(frame)) => frames.push(frame),
                // What came before the source broke off is still good.
                Some(Err(_)) | None => break,
            }
        }
        Ok(frames)
    }
}

impl Iterator for Camera {
    type Item = Result<GreyImage, FaceError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.finished {
            return None;
        }
        match self.child.next_frame(self.settings.timeout) {
            Next::Frame(frame) => Some(Ok(frame)),
            Next::End if !self.live => {
                self.finished = true;
                None
            }
            Next::End => {
                self.finished = true;
                Some(Err(FaceError::StreamEnded {
                    source_name: self.child.name().to_owned(),
                    frames: self.child.frames(),
                }))
            }
            Next::Failed(error) => {
                self.finished = true;
                Some(Err(error))
            }
        }
    }
}
