//! The ffmpeg child process: its pictures, its complaints, its end.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::process::{ChildStdout, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use image::RgbImage;

use super::source::{Input, InputKind, without_password};
use super::{CameraSettings, FaceError, GreyImage};
use crate::face::grey_rec601;

/// Largest side of a frame that is believed; ffmpeg is told to stay far below.
const MAX_FRAME_SIDE: u32 = 16_384;

/// How many of ffmpeg's last lines are kept for an error.
const COMPLAINT_LINES: usize = 20;

/// What comes next from the child.
#[derive(Debug)]
pub enum Next {
    Frame(GreyImage),
    End,
    Failed(FaceError),
}

/// Where the reading thread leaves frames.
#[derive(Debug, Default)]
struct Slot {
    frame: Option<GreyImage>,
    /// The pipe is at its end.
    ended: bool,
    /// Nobody wants frames any more.
    closed: bool,
}

#[derive(Debug, Default)]
struct Shared {
    slot: Mutex<Slot>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Slot> {
        // A panic elsewhere leaves a slot that is still a slot.
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves a frame; of a live source in place of one not yet taken. False once nobody wants more.
    fn put(&self, frame: GreyImage, live: bool) -> bool {
        let mut slot = self.lock();
        while !live && slot.frame.is_some() && !slot.closed {
            slot = self
                .changed
                .wait(slot)
                .unwrap_or_else(PoisonError::into_inner);
        }
        slot.frame = Some(frame);
        self.changed.notify_all();
        !slot.closed
    }

    fn take(&self, timeout: Duration) -> Taken {
        let deadline = Instant::now() + timeout;
        let mut slot = self.lock();
        loop {
            if let Some(frame) = slot.frame.take() {
                self.changed.notify_all();
                return Taken::Frame(frame);
            }
            if slot.ended {
                return Taken::End;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Taken::TimedOut;
            }
            let waited = self.changed.wait_timeout(slot, left);
            slot = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

enum Taken {
    Frame(GreyImage),
    End,
    TimedOut,
}

/// A running ffmpeg.
#[derive(Debug)]
pub struct Child {
    process: std::process::Child,
    input: Input,
    shared: Arc<Shared>,
    complaints: Arc<Mutex<VecDeque<String>>>,
    threads: Vec<JoinHandle<()>>,
    frames: u64,
}

impl Child {
    /// Starts ffmpeg on an input.
    pub fn start(input: Input, settings: &CameraSettings) -> Result<Self, FaceError> {
        let missing = |source| FaceError::FfmpegMissing {
            program: settings.ffmpeg.clone(),
            source,
        };
        let mut process = Command::new(&settings.ffmpeg)
            .args(["-hide_banner", "-nostdin", "-loglevel", "error"])
            .args(&input.arguments)
            .args(["-map", "0:v:0", "-vf", &filters(&input, settings)])
            .args(["-f", "image2pipe", "-c:v", "ppm", "-pix_fmt", "rgb24", "-"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(missing)?;
        let shared = Arc::new(Shared::default());
        let complaints = Arc::new(Mutex::new(VecDeque::new()));
        let mut threads = Vec::new();
        if let Some(stderr) = process.stderr.take() {
            let complaints = Arc::clone(&complaints);
            threads.push(thread::spawn(move || listen(stderr, &complaints)));
        }
        if let Some(stdout) = process.stdout.take() {
            let (shared, live) = (Arc::clone(&shared), input.live);
            threads.push(thread::spawn(move || read_frames(stdout, &shared, live)));
        }
        Ok(Self {
            process,
            input,
            shared,
            complaints,
            threads,
            frames: 0,
        })
    }

    /// What errors call the source.
    pub fn name(&self) -> &str {
        &self.input.name
    }

    /// How many frames were handed out.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Waits for the next frame.
    pub fn next_frame(&mut self, timeout: Duration) -> Next {
        match self.shared.take(timeout) {
            Taken::Frame(frame) => {
                self.frames += 1;
                Next::Frame(frame)
            }
            Taken::End => self.ended(),
            Taken::TimedOut => Next::Failed(self.timed_out(timeout)),
        }
    }

    fn ended(&mut self) -> Next {
        if self.frames > 0 {
            return Next::End;
        }
        Next::Failed(self.explain())
    }

    fn timed_out(&mut self, timeout: Duration) -> FaceError {
        let complained = !self
            .complaints
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty();
        // ffmpeg may try something hopeless again and again; what it says then is the reason.
        if self.frames == 0 && complained {
            return self.explain();
        }
        FaceError::TimedOut {
            source_name: self.input.name.clone(),
            seconds: timeout.as_secs_f64(),
        }
    }

    fn explain(&mut self) -> FaceError {
        // The complaints are complete once the child is gone and its listener with it.
        self.stop();
        let complaints = self
            .complaints
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let lines: Vec<&str> = complaints.iter().map(String::as_str).collect();
        explain(&self.input, &lines)
    }

    fn stop(&mut self) {
        {
            let mut slot = self.shared.lock();
            slot.closed = true;
            self.shared.changed.notify_all();
        }
        // It may be gone already; either way nothing is left to do about it.
        let _ = self.process.kill();
        let _ = self.process.wait();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.stop();
    }
}

fn filters(input: &Input, settings: &CameraSettings) -> String {
    let side = settings.longest_side.clamp(16, MAX_FRAME_SIDE);
    let scale = format!(
        "scale=w='min(iw,{side})':h='min(ih,{side})':force_original_aspect_ratio=decrease:flags=area"
    );
    match &input.filter {
        Some(filter) => format!("{filter},{scale}"),
        None => scale,
    }
}

fn listen(stderr: impl Read, complaints: &Mutex<VecDeque<String>>) {
    let mut reader = BufReader::new(stderr);
    let mut line = Vec::new();
    loop {
        line.clear();
        // Bounded, so that a child that prints without end of line fills no memory.
        match reader.by_ref().take(4096).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                let mut kept = complaints.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.len() == COMPLAINT_LINES {
                    kept.pop_front();
                }
                kept.push_back(String::from_utf8_lossy(&line).trim().to_owned());
            }
        }
    }
}

fn read_frames(stdout: ChildStdout, shared: &Shared, live: bool) {
    let mut reader = BufReader::with_capacity(1 << 16, stdout);
    while let Some(rgb) = read_ppm(&mut reader) {
        if !shared.put(grey_rec601(&rgb), live) {
            break;
        }
    }
    shared.lock().ended = true;
    shared.changed.notify_all();
}

/// The next binary PPM (`P6 width height 255`) of a stream; `None` at its end or if it is cut short
/// or not one.
fn read_ppm(reader: &mut impl BufRead) -> Option<RgbImage> {
    if ppm_word(reader)? != "P6" {
        return None;
    }
    let mut number = || ppm_word(reader)?.parse::<u32>().ok();
    let (width, height, largest) = (number()?, number()?, number()?);
    let sizes = 1..=MAX_FRAME_SIDE;
    if !sizes.contains(&width) || !sizes.contains(&height) || largest != 255 {
        return None;
    }
    let mut pixels = vec![0; width as usize * height as usize * 3];
    reader.read_exact(&mut pixels).ok()?;
    RgbImage::from_raw(width, height, pixels)
}

/// A word of at most 8 bytes and the one white-space byte behind it, as ffmpeg writes headers.
fn ppm_word(reader: &mut impl BufRead) -> Option<String> {
    let mut word = String::new();
    loop {
        let mut byte = [0];
        reader.read_exact(&mut byte).ok()?;
        if byte[0].is_ascii_whitespace() {
            return Some(word);
        }
        if word.len() == 8 || !byte[0].is_ascii() {
            return None;
        }
        word.push(char::from(byte[0]));
    }
}

/// What ffmpeg's last words mean, where not a single frame came.
fn explain(input: &Input, lines: &[&str]) -> FaceError {
    let text = lines.join("\n").to_ascii_lowercase();
    let says = |needles: &[&str]| needles.iter().any(|needle| text.contains(needle));
    let source_name = input.name.clone();
    // The line that names the input is ffmpeg's verdict; it repeats the address with its password.
    let reason = lines.last().map_or_else(
        || "it ended without a word".to_owned(),
        |line| {
            line.split(' ')
                .map(without_password)
                .collect::<Vec<_>>()
                .join(" ")
        },
    );
    if says(&[
        "permission denied",
        "not authorized",
        "operation not permitted",
    ]) {
        return FaceError::PermissionDenied { source_name };
    }
    match input.kind {
        InputKind::Device if says(&["resource busy", "in use", "could not run graph"]) => {
            FaceError::CameraBusy {
                device: source_name,
            }
        }
        InputKind::Device
            if says(&[
                "no such file",
                "no such device",
                "could not find video device",
                "video device not found",
                "inappropriate ioctl",
                "not a video capture device",
                "cannot open video device",
            ]) =>
        {
            FaceError::NoCamera {
                device: source_name,
            }
        }
        InputKind::Address
            if says(&[
                "connection refused",
                "failed to resolve",
                "timed out",
                "server returned",
                "no route to host",
                "network is unreachable",
                "connection reset",
                "401 unauthorized",
                "404 not found",
            ]) =>
        {
            FaceError::Unreachable {
                url: source_name,
                reason,
            }
        }
        InputKind::File | InputKind::Address
            if text.is_empty()
                || says(&[
                    "invalid data found",
                    "matches no streams",
                    "does not contain any stream",
                    "moov atom not found",
                    "unknown format",
                    "end of file",
                    "not on whitelist",
                    "could not find codec parameters",
                ]) =>
        {
            FaceError::NotVideo { source_name }
        }
        _ => FaceError::Ffmpeg {
            source_name,
            reason,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn input(kind: InputKind) -> Input {
        Input {
            name: "the source".to_owned(),
            kind,
            live: false,
            arguments: Vec::new(),
            filter: None,
        }
    }

    #[test]
    fn pictures_follow_each_other_in_the_pipe() {
        let mut bytes = b"P6\n2 1\n255\n".to_vec();
        bytes.extend([255, 255, 255, 0, 0, 0]);
        bytes.extend(b"P6\n1 1\n255\n");
        // White space as pixel values must not be taken for the header's.
        bytes.extend([10, 32, 10]);
        let mut reader = bytes.as_slice();
        assert_eq!(read_ppm(&mut reader).unwrap().dimensions(), (2, 1));
        assert_eq!(read_ppm(&mut reader).unwrap().as_raw(), &[10, 32, 10]);
        assert!(read_ppm(&mut reader).is_none());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = read_ppm(&mut bytes.as_slice());
            let with_header = [b"P6\n2 2\n255\n".as_slice(), &bytes].concat();
            prop_assert_eq!(read_ppm(&mut with_header.as_slice()).is_some(), bytes.len() >= 12);
        }
    }

    #[test]
    fn huge_frames_are_not_believed() {
        assert!(read_ppm(&mut b"P6\n99999999 99999999\n255\n".as_slice()).is_none());
    }

    #[test]
    fn complaints_of_ffmpeg_become_errors_of_ours() {
        let device = input(InputKind::Device);
        let of = |input: &Input, line: &str| explain(input, &[line]);
        assert!(matches!(
            of(
                &device,
                "[video4linux2] Cannot open video device /dev/video9: No such file or directory"
            ),
            FaceError::NoCamera { .. }
        ));
        assert!(matches!(
            of(&device, "/dev/video0: Device or resource busy"),
            FaceError::CameraBusy { .. }
        ));
        assert!(matches!(
            of(&device, "/dev/video0: Permission denied"),
            FaceError::PermissionDenied { .. }
        ));
        assert!(matches!(
            of(
                &input(InputKind::File),
                "file:x: Invalid data found when processing input"
            ),
            FaceError::NotVideo { .. }
        ));
        let refused = of(
            &input(InputKind::Address),
            "http://me:secret@cam/: Connection refused",
        );
        assert!(matches!(refused, FaceError::Unreachable { .. }));
        assert!(!refused.to_string().contains("secret"), "{refused}");
    }

    #[test]
    fn a_live_source_keeps_only_its_newest_frame() {
        let shared = Shared::default();
        let frame = |value| GreyImage::new(1, 1, vec![value]).unwrap();
        assert!(shared.put(frame(1), true) && shared.put(frame(2), true));
        assert!(matches!(
            shared.take(Duration::ZERO),
            Taken::Frame(frame) if frame.pixels == [2]
        ));
        assert!(matches!(shared.take(Duration::ZERO), Taken::TimedOut));
    }
}
