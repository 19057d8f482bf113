//! [`CameraSettings`]: how frames are fetched, whatever their source.

use std::path::PathBuf;
use std::time::Duration;

/// How frames are fetched.
#[derive(Debug, Clone, PartialEq)]
pub struct CameraSettings {
    /// Frames with a longer side (pixels) are scaled down to it by ffmpeg. The default of 640 is what
    /// the detector looks at.
    pub longest_side: u32,
    /// Frames per second read from a video file (1..=120), of which then `seconds * frames_per_second`
    /// make up a stretch of time. Cameras send as they like.
    pub frames_per_second: u32,
    /// How long to wait for a frame before giving up. Default 10 s.
    pub timeout: Duration,
    /// The program to run. The default is the environment's `VIBELUX_FFMPEG`, else `ffmpeg`.
    pub ffmpeg: PathBuf,
}

impl Default for CameraSettings {
    fn default() -> Self {
        Self {
            longest_side: 640,
            frames_per_second: 30,
            timeout: Duration::from_secs(10),
            ffmpeg: ffmpeg_program(std::env::var_os("VIBELUX_FFMPEG")),
        }
    }
}

fn ffmpeg_program(from_environment: Option<std::ffi::OsString>) -> PathBuf {
    from_environment
        .filter(|program| !program.is_empty())
        .map_or_else(|| PathBuf::from("ffmpeg"), PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_ffmpeg() {
        assert_eq!(ffmpeg_program(None), PathBuf::from("ffmpeg"));
        assert_eq!(ffmpeg_program(Some("".into())), PathBuf::from("ffmpeg"));
        let other = ffmpeg_program(Some("/opt/ffmpeg".into()));
        assert_eq!(other, PathBuf::from("/opt/ffmpeg"));
    }
}
