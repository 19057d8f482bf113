//! Cameras and videos through a real ffmpeg; skipped, loudly, where there is none.

#![allow(clippy::unwrap_used, clippy::panic)] // A helper of a test may fail like the test itself.

use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use vibelux::face::{Camera, CameraSettings, CameraSource, FaceError};

fn ffmpeg_is_there() -> bool {
    let found = Command::new("ffmpeg")
        .arg("-version")
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !found {
        eprintln!("SKIPPED: no ffmpeg on this machine, so no test of cameras and videos");
    }
    found
}

/// Makes a file with ffmpeg from a lavfi source.
fn make(path: &Path, source: &str, arguments: &[&str]) {
    let made = Command::new("ffmpeg")
        .args([
            "-loglevel",
            "error",
            "-nostdin",
            "-y",
            "-f",
            "lavfi",
            "-i",
            source,
        ])
        .args(arguments)
        .arg(path)
        .status()
        .unwrap();
    assert!(made.success());
}

fn quick() -> CameraSettings {
    CameraSettings {
        timeout: Duration::from_secs(20),
        ..CameraSettings::default()
    }
}

fn open(source: CameraSource) -> Camera {
    Camera::open_with(&source, quick()).unwrap()
}

#[test]
fn a_video_gives_every_frame_and_ends() {
    if !ffmpeg_is_there() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    // A name that ffmpeg would take for a protocol, options or a pattern.
    let path = dir.path().join("-i concat:%03d face.mp4");
    make(
        &path,
        "testsrc=size=320x240:rate=30:duration=1",
        &["-pix_fmt", "yuv420p"],
    );
    let frames: Vec<_> = open(CameraSource::File(path))
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(frames.len(), 30);
    assert!(frames.iter().all(|f| (f.width, f.height) == (320, 240)));
    assert!(frames.iter().all(|f| f.pixels.len() == 320 * 240));
}

#[test]
fn grey_levels_survive_the_way_through_video() {
    if !ffmpeg_is_there() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    for (colour, expected) in [
        ("black", 0),
        ("white", 255),
        ("0x808080", 128),
        ("0xE0AC69", 180),
    ] {
        let path = dir.path().join("flat.mp4");
        let source = format!("color=c={colour}:size=64x64:rate=5:duration=1");
        make(&path, &source, &["-pix_fmt", "yuv420p"]);
        let frame = open(CameraSource::File(path)).next().unwrap().unwrap();
        let got = frame.pixels[32 * 64 + 32];
        assert!(
            got.abs_diff(expected) <= 3,
            "{colour}: {got} for {expected}"
        );
    }
}

#[test]
fn large_frames_are_scaled_down_and_small_ones_left() {
    if !ffmpeg_is_there() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    for (size, expected) in [
        ("1920x1080", (640, 360)),
        ("720x1280", (360, 640)),
        ("100x60", (100, 60)),
    ] {
        let path = dir.path().join(format!("{size}.mkv"));
        make(
            &path,
            &format!("testsrc=size={size}:rate=5:duration=0.4"),
            &[],
        );
        let frame = open(CameraSource::File(path)).next().unwrap().unwrap();
        assert_eq!((frame.width, frame.height), expected);
    }
}

#[test]
fn a_stretch_of_time_is_that_many_frames_of_a_file() {
    if !ffmpeg_is_there() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("slow.mkv");
    // At 10 frames a second: each is delivered three times, so that a second stays a second.
    make(&path, "testsrc=size=64x64:rate=10:duration=3", &[]);
    let mut camera = open(CameraSource::File(path));
    assert_eq!(camera.frames_for(1.0).unwrap().len(), 30);
    assert_eq!(camera.frames_for(0.0).unwrap().len(), 1);
    assert_eq!(camera.frames_for(1.5).unwrap().len(), 45);
    let rest = camera.frames_for(f64::INFINITY).unwrap().len() + camera.count();
    assert_eq!(rest, 90 - 76);
}

#[test]
fn what_is_no_video_is_said_to_be_none() {
    if !ffmpeg_is_there() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let text = dir.path().join("text.mp4");
    std::fs::write(&text, "This is a letter, not a film.\n".repeat(100)).unwrap();
    let sound = dir.path().join("sound.wav");
    make(&sound, "sine=duration=0.2", &[]);
    let empty = dir.path().join("empty.mp4");
    std::fs::write(&empty, b"").unwrap();
    for path in [text, sound, empty, dir.path().to_owned()] {
        let source = CameraSource::File(path.clone());
        let error = Camera::open_with(&source, quick())
            .and_then(|mut camera| camera.frames_for(1.0))
            .unwrap_err();
        assert!(
            matches!(error, FaceError::NotVideo { .. }),
            "{}: {error}",
            path.display()
        );
        assert!(error.to_string().contains(&path.display().to_string()));
    }
}

#[test]
fn a_playlist_cannot_make_a_file_open_the_network() {
    if !ffmpeg_is_there() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let path = dir.path().join("list.mp4");
    let list =
        format!("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:{port}/a.ts\n");
    std::fs::write(&path, list).unwrap();
    let settings = CameraSettings {
        timeout: Duration::from_secs(2),
        ..CameraSettings::default()
    };
    let mut camera = Camera::open_with(&CameraSource::File(path), settings).unwrap();
    let error = camera.next().unwrap().unwrap_err();
    assert!(matches!(error, FaceError::NotVideo { .. }), "{error}");
    assert!(listener.accept().is_err(), "it connected");
}

#[test]
fn a_missing_ffmpeg_is_said_to_be_missing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("film.mp4");
    std::fs::write(&path, b"any").unwrap();
    let settings = CameraSettings {
        ffmpeg: PathBuf::from("/nonexistent/ffmpeg"),
        ..CameraSettings::default()
    };
    let error = Camera::open_with(&CameraSource::File(path), settings).unwrap_err();
    assert!(matches!(error, FaceError::FfmpegMissing { .. }), "{error}");
    assert!(error.to_string().contains("VIBELUX_FFMPEG"), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_missing_camera_is_said_to_be_missing() {
    let source = CameraSource::Device("/dev/video4711".to_owned());
    let error = Camera::open(&source).unwrap_err();
    assert!(error.to_string().contains("/dev/video4711"), "{error}");
    assert!(matches!(error, FaceError::NoCamera { .. }), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_device_that_is_no_camera_is_refused() {
    if !ffmpeg_is_there() {
        return;
    }
    let error = open(CameraSource::Device("/dev/null".to_owned()))
        .next()
        .unwrap()
        .unwrap_err();
    assert!(matches!(error, FaceError::NoCamera { .. }), "{error}");
}

#[test]
fn an_address_that_is_silent_times_out() {
    if !ffmpeg_is_there() {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(
        "http://user:secret@{}/video",
        listener.local_addr().unwrap()
    );
    let settings = CameraSettings {
        timeout: Duration::from_millis(600),
        ..CameraSettings::default()
    };
    let mut camera = Camera::open_with(&CameraSource::Url(url), settings).unwrap();
    let error = camera.next().unwrap().unwrap_err();
    assert!(matches!(error, FaceError::TimedOut { .. }), "{error}");
    assert!(!error.to_string().contains("secret"), "{error}");
    assert!(camera.next().is_none(), "nothing after an error");
}

#[test]
fn an_address_without_a_server_cannot_be_reached() {
    if !ffmpeg_is_there() {
        return;
    }
    // Port 9 (discard) of this machine: nobody listens.
    let url = "http://user:secret@127.0.0.1:9/video".to_owned();
    let error = open(CameraSource::Url(url)).next().unwrap().unwrap_err();
    assert!(matches!(error, FaceError::Unreachable { .. }), "{error}");
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[test]
fn an_mjpeg_camera_over_http_sends_frames_until_it_stops() {
    if !ffmpeg_is_there() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let jpeg = dir.path().join("frame.jpg");
    make(
        &jpeg,
        "testsrc=size=160x120:rate=1:duration=1",
        &["-frames:v", "1"],
    );
    let jpeg = std::fs::read(jpeg).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/video", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut send = |bytes: &[u8]| client.write_all(bytes);
        let head =
            "HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n";
        let _ = send(head.as_bytes());
        for _ in 0..40 {
            let part = format!(
                "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n",
                jpeg.len()
            );
            if send(part.as_bytes())
                .and_then(|()| send(&jpeg))
                .and_then(|()| send(b"\r\n"))
                .is_err()
            {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let mut camera = open(CameraSource::Url(url));
    let first = camera.next().unwrap().unwrap();
    assert_eq!((first.width, first.height), (160, 120));
    let end = camera.by_ref().find_map(Result::err).unwrap();
    assert!(matches!(end, FaceError::StreamEnded { .. }), "{end}");
    assert!(camera.next().is_none());
    server.join().unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_dropped_camera_leaves_no_ffmpeg_behind() {
    if !ffmpeg_is_there() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a-long-film-of-its-own.mkv");
    make(&path, "testsrc=size=640x480:rate=30:duration=5", &[]);
    let running = || {
        std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
            std::fs::read(entry.path().join("cmdline")).is_ok_and(|line| {
                String::from_utf8_lossy(&line).contains(&path.display().to_string())
            })
        })
    };
    let mut camera = open(CameraSource::File(path.clone()));
    assert!(camera.next().unwrap().is_ok());
    assert!(running());
    drop(camera);
    assert!(!running());
}
