//! The ffmpeg child process: its pictures, its complaints, its end.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::process::{ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::complaint::explain;
use super::ppm::{MAX_FRAME_SIDE, read_ppm};
use super::settings::CameraSettings;
use super::slot::{Shared, Taken};
use super::source::Input;
use crate::face::{FaceError, GreyImage, grey_rec601};

/// How many of ffmpeg's last lines are kept for an error.
const COMPLAINT_LINES: usize = 20;

/// What comes next from the child.
#[derive(Debug)]
pub enum Next {
    Frame(GreyImage),
    End,
    Failed(FaceError),
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
        self.shared.close();
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
    shared.end();
}
