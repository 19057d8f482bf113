//! What the user calls a camera, and what ffmpeg needs to be told to open it.

use std::convert::Infallible;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::address::{SCHEMES, without_password};
use super::settings::CameraSettings;
use crate::face::FaceError;

/// Where frames come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CameraSource {
    /// The system's first camera.
    Default,
    /// A camera by the system's name: `/dev/video2` or `2` on Linux, the name or index that
    /// avfoundation lists on macOS, the name that dshow lists on Windows.
    Device(String),
    /// A video file.
    File(PathBuf),
    /// A network camera: MJPEG over HTTP, RTSP, ... See the allowed schemes in the error for others.
    Url(String),
}

impl FromStr for CameraSource {
    type Err = Infallible;

    /// Reads what a user would type: nothing or `default`; an address, by its `://`; a file, if there
    /// is one of that name outside of `/dev` or it ends like a video; else a device.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const ENDINGS: [&str; 10] = [
            "mp4", "mkv", "webm", "mov", "avi", "mjpeg", "mjpg", "m4v", "ogv", "gif",
        ];
        let path = Path::new(text);
        let ends_like_video = path
            .extension()
            .and_then(|e| e.to_str())
            .is_some_and(|e| ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(e)));
        Ok(if text.is_empty() || text.eq_ignore_ascii_case("default") {
            Self::Default
        } else if text.contains("://") {
            Self::Url(text.to_owned())
        } else if !path.starts_with("/dev") && (path.is_file() || ends_like_video) {
            Self::File(path.to_owned())
        } else {
            Self::Device(text.to_owned())
        })
    }
}

/// A source as ffmpeg is told of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// What errors call it; without a password.
    pub name: String,
    /// Of which sort it is, for telling what an error of ffmpeg means.
    pub kind: InputKind,
    /// Whether it goes on by itself, so that old frames are dropped.
    pub live: bool,
    /// The arguments up to and with `-i NAME`.
    pub arguments: Vec<OsString>,
    /// A filter to put before the scaling.
    pub filter: Option<String>,
}

/// The sorts of [`Input`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputKind {
    Device,
    File,
    Address,
}

impl CameraSource {
    /// Checks what can be checked without ffmpeg, and puts its arguments together.
    pub(super) fn to_input(&self, settings: &CameraSettings) -> Result<Input, FaceError> {
        match self {
            Self::Default => Ok(device(&default_device(settings)?)),
            Self::Device(name) => {
                let name = device_name(name);
                check_device(&name)?;
                Ok(device(&name))
            }
            Self::File(path) => file(path, settings),
            Self::Url(url) => address(url),
        }
    }
}

fn strings(arguments: &[&str]) -> Vec<OsString> {
    arguments.iter().map(OsString::from).collect()
}

fn device(name: &str) -> Input {
    let mut arguments = strings(&["-fflags", "nobuffer", "-flags", "low_delay"]);
    arguments.extend(if cfg!(target_os = "macos") {
        // avfoundation offers few rates and refuses all others; 30 is on every built-in camera.
        let input = format!("{name}:none");
        strings(&["-f", "avfoundation", "-framerate", "30", "-i", &input])
    } else if cfg!(windows) {
        let input = format!("video={name}");
        strings(&["-f", "dshow", "-rtbufsize", "64M", "-i", &input])
    } else {
        strings(&["-f", "v4l2", "-i", name])
    });
    Input {
        name: name.to_owned(),
        kind: InputKind::Device,
        live: true,
        arguments,
        filter: None,
    }
}

fn file(path: &Path, settings: &CameraSettings) -> Result<Input, FaceError> {
    let io = |source| FaceError::Io {
        path: path.to_owned(),
        source,
    };
    // ffmpeg would say the same in words to be guessed at.
    let metadata = std::fs::File::open(path)
        .and_then(|file| file.metadata())
        .map_err(io)?;
    if !metadata.is_file() {
        return Err(FaceError::NotVideo {
            source_name: path.display().to_string(),
        });
    }
    // `file:` and the whitelist: a name with a colon is no protocol, and a playlist inside the file
    // cannot make ffmpeg open the network.
    let mut input = OsString::from("file:");
    input.push(path);
    let mut arguments = strings(&["-protocol_whitelist", "file", "-i"]);
    arguments.push(input);
    Ok(Input {
        name: path.display().to_string(),
        kind: InputKind::File,
        live: false,
        arguments,
        filter: Some(format!("fps={}", settings.frames_per_second.clamp(1, 120))),
    })
}

fn address(url: &str) -> Result<Input, FaceError> {
    let lower = url.to_ascii_lowercase();
    if !SCHEMES.iter().any(|scheme| lower.starts_with(scheme)) {
        return Err(FaceError::UnsupportedAddress {
            url: without_password(url),
        });
    }
    let mut arguments = strings(&[
        "-fflags",
        "nobuffer",
        "-flags",
        "low_delay",
        "-protocol_whitelist",
        "http,https,httpproxy,tcp,tls,udp,rtp,rtsp,rtsps,srtp,rtmp,crypto,hls",
    ]);
    if lower.starts_with("rtsp") {
        // Over UDP lost packets smear the face.
        arguments.extend(strings(&["-rtsp_transport", "tcp"]));
    }
    arguments.extend(strings(&["-i", url]));
    Ok(Input {
        name: without_password(url),
        kind: InputKind::Address,
        live: true,
        arguments,
        filter: None,
    })
}

/// On Linux a bare number is short for the device file.
fn device_name(name: &str) -> String {
    if cfg!(target_os = "linux") && !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit()) {
        format!("/dev/video{name}")
    } else {
        name.to_owned()
    }
}

fn check_device(name: &str) -> Result<(), FaceError> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    match std::fs::File::open(name) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(FaceError::NoCamera {
            device: name.to_owned(),
        }),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            Err(FaceError::PermissionDenied {
                source_name: name.to_owned(),
            })
        }
        // Anything else ffmpeg says better.
        _ => Ok(()),
    }
}

fn default_device(settings: &CameraSettings) -> Result<String, FaceError> {
    if cfg!(target_os = "macos") {
        return Ok("default".to_owned());
    }
    if cfg!(windows) {
        let list = std::process::Command::new(&settings.ffmpeg)
            .args(["-hide_banner", "-nostdin", "-list_devices", "true"])
            .args(["-f", "dshow", "-i", "dummy"])
            .output()
            .map_err(|source| FaceError::FfmpegMissing {
                program: settings.ffmpeg.clone(),
                source,
            })?;
        let text = String::from_utf8_lossy(&list.stderr);
        return first_dshow_camera(&text).ok_or_else(|| FaceError::NoCamera {
            device: "any DirectShow device".to_owned(),
        });
    }
    // A camera often has a second device file without pictures, with a higher number.
    let first = (0..64)
        .map(|number| format!("/dev/video{number}"))
        .find(|name| Path::new(name).exists())
        .ok_or_else(|| FaceError::NoCamera {
            device: "/dev/video0 to /dev/video63".to_owned(),
        })?;
    check_device(&first)?;
    Ok(first)
}

/// The first video device in what `ffmpeg -list_devices true -f dshow` prints: since ffmpeg 5 lines
/// end in `(video)`; before, they followed a headline.
fn first_dshow_camera(list: &str) -> Option<String> {
    let quoted = |line: &str| {
        let (_, rest) = line.split_once('"')?;
        let (name, _) = rest.split_once('"')?;
        Some(name.to_owned())
    };
    let marked = list
        .lines()
        .find(|line| line.trim_end().ends_with("(video)"));
    if let Some(line) = marked {
        return quoted(line);
    }
    list.lines()
        .skip_while(|line| !line.contains("DirectShow video devices"))
        .take_while(|line| !line.contains("DirectShow audio devices"))
        .find_map(quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> CameraSource {
        text.parse().unwrap_or(CameraSource::Default)
    }

    #[test]
    fn what_users_type_is_understood() {
        assert_eq!(parsed(""), CameraSource::Default);
        assert_eq!(parsed("default"), CameraSource::Default);
        assert_eq!(
            parsed("/dev/video2"),
            CameraSource::Device("/dev/video2".into())
        );
        assert_eq!(parsed("2"), CameraSource::Device("2".into()));
        assert_eq!(
            parsed("FaceTime HD"),
            CameraSource::Device("FaceTime HD".into())
        );
        assert_eq!(
            parsed("not/there.MP4"),
            CameraSource::File("not/there.MP4".into())
        );
        assert_eq!(
            parsed("Cargo.toml"),
            CameraSource::File("Cargo.toml".into())
        );
        assert_eq!(
            parsed("rtsp://cam/1"),
            CameraSource::Url("rtsp://cam/1".into())
        );
    }

    #[test]
    fn only_cameras_addresses_are_opened() {
        for bad in ["file:///etc/passwd", "concat://a", "gopher://x", "data://x"] {
            let error = CameraSource::Url(bad.into())
                .to_input(&CameraSettings::default())
                .unwrap_err();
            assert!(
                matches!(error, FaceError::UnsupportedAddress { .. }),
                "{error}"
            );
        }
        assert!(address("HTTP://cam/video").is_ok());
    }

    #[test]
    fn a_missing_device_or_file_is_told_without_ffmpeg() {
        let settings = CameraSettings::default();
        let missing = CameraSource::File("no/such.mp4".into()).to_input(&settings);
        assert!(matches!(missing, Err(FaceError::Io { .. })));
        if cfg!(target_os = "linux") {
            let missing = CameraSource::Device("4711".into()).to_input(&settings);
            let message = missing.unwrap_err().to_string();
            assert!(message.contains("/dev/video4711"), "{message}");
        }
    }

    #[test]
    fn dshow_lists_are_read() {
        let new = "[dshow @ 01] \"Mic\" (audio)\n[dshow @ 01] \"HD Webcam\" (video)\n";
        assert_eq!(first_dshow_camera(new).as_deref(), Some("HD Webcam"));
        let old = "[dshow] DirectShow video devices\n[dshow]  \"Cam 1\"\n[dshow]     Alternative name \
                   \"@device\"\n[dshow] DirectShow audio devices\n[dshow]  \"Mic\"\n";
        assert_eq!(first_dshow_camera(old).as_deref(), Some("Cam 1"));
        let none = "[dshow] DirectShow video devices\n[dshow] Could not enumerate\n\
                    [dshow] DirectShow audio devices\n[dshow]  \"Mic\"\n";
        assert_eq!(first_dshow_camera(none), None);
    }
}
