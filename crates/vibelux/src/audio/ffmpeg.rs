//! An installed `ffmpeg` as a child process, for the codecs that are not built in (WMA, HE-AAC,
//! Musepack, ...). It is never linked, never fed from a network, and killed when time is up.

use std::ffi::OsString;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;

use super::limits::MAX_WAVEFORM_SECONDS;
use super::source::Deadline;
use super::window::{SongAudio, WindowPlan};
use super::{AudioError, Waveform};

/// Whether `ffmpeg` can be started.
pub(super) fn is_installed() -> bool {
    Command::new("ffmpeg")
        .arg("-version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// As [`super::decode_windows`], through ffmpeg. `codec` names the format in the result.
pub(super) fn decode_windows(
    path: &Path,
    plan: &WindowPlan,
    codec: &str,
    deadline: Deadline,
) -> Result<SongAudio, AudioError> {
    // Without a length (a raw stream) the best that can be done is one window at the start.
    let duration = probe_duration(path, deadline)?;
    let mut song = SongAudio {
        windows: Vec::new(),
        starts_seconds: Vec::new(),
        duration_seconds: duration.unwrap_or(plan.window_seconds),
        // It comes as one channel, cut to the analysed frequencies.
        loudness_lufs: None,
        codec: codec.to_owned(),
    };
    for start in plan.starts_seconds(song.duration_seconds) {
        let samples = decode(
            path,
            plan.sample_rate_hz,
            start,
            Some(plan.window_seconds),
            deadline,
        )?;
        song.push(start, samples, plan);
    }
    song.drop_fragments();
    if song.windows.is_empty() {
        return Err(AudioError::Empty {
            path: path.to_owned(),
        });
    }
    Ok(song)
}

/// As [`super::decode_start`], through ffmpeg.
pub(super) fn decode_start(
    path: &Path,
    sample_rate_hz: u32,
    seconds: Option<f64>,
    deadline: Deadline,
) -> Result<Waveform, AudioError> {
    let samples = decode(path, sample_rate_hz, 0.0, seconds, deadline)?;
    if samples.is_empty() {
        return Err(AudioError::Empty {
            path: path.to_owned(),
        });
    }
    Ok(Waveform {
        samples,
        sample_rate_hz,
    })
}

/// Mono samples of one part of the file.
fn decode(
    path: &Path,
    sample_rate_hz: u32,
    start_seconds: f64,
    seconds: Option<f64>,
    deadline: Deadline,
) -> Result<Vec<f32>, AudioError> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-protocol_whitelist", "file"]);
    if start_seconds > 0.0 {
        command.args(["-ss", &start_seconds.to_string()]);
    }
    let longest = seconds.unwrap_or(MAX_WAVEFORM_SECONDS + 1.0);
    command
        .args(["-t", &longest.to_string(), "-i"])
        .arg(file_url(path));
    command.args([
        "-map",
        "0:a:0",
        "-ac",
        "1",
        "-ar",
        &sample_rate_hz.to_string(),
    ]);
    command.args(["-f", "f32le", "-"]);

    let limit = ((longest + 1.0) * f64::from(sample_rate_hz) * 4.0) as u64;
    let bytes = output_of(command, path, limit, deadline)?;
    let samples = bytes.chunks_exact(4).map(|b| {
        let sample = f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
        if sample.is_finite() { sample } else { 0.0 }
    });
    let samples: Vec<f32> = samples.collect();
    if seconds.is_none() && samples.len() as f64 > MAX_WAVEFORM_SECONDS * f64::from(sample_rate_hz)
    {
        return Err(AudioError::TooLong {
            path: path.to_owned(),
            limit_seconds: MAX_WAVEFORM_SECONDS,
        });
    }
    Ok(samples)
}

/// The length by the container's header; `None` if it names none or ffprobe is missing.
fn probe_duration(path: &Path, deadline: Deadline) -> Result<Option<f64>, AudioError> {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-protocol_whitelist", "file"]);
    command
        .args(["-show_entries", "format=duration", "-of", "csv=p=0"])
        .arg(file_url(path));
    let text = match output_of(command, path, 4096, deadline) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).trim().to_owned(),
        Err(error @ AudioError::TooSlow { .. }) => return Err(error),
        Err(_) => return Ok(None),
    };
    Ok(text
        .parse()
        .ok()
        .filter(|&seconds: &f64| seconds.is_finite() && seconds > 0.0))
}

/// `file:` keeps a name like `http:x` or `-i` from being read as something else.
fn file_url(path: &Path) -> OsString {
    let mut url = OsString::from("file:");
    url.push(path);
    url
}

/// Standard output of the command, at most `limit` bytes.
fn output_of(
    mut command: Command,
    path: &Path,
    limit: u64,
    deadline: Deadline,
) -> Result<Vec<u8>, AudioError> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|source| AudioError::Unsupported {
        path: path.to_owned(),
        codec: format!("this format (ffmpeg: {source})"),
        hint: "install ffmpeg, or convert the file to FLAC or MP3",
    })?;
    let stdout = read_in_background(child.stdout.take(), limit);
    let stderr = read_in_background(child.stderr.take(), 64 << 10);
    let bytes = stdout.recv_timeout(deadline.remaining());
    // Also ends a child that would write on past the limit.
    let finished = bytes.is_ok() && wait_until(&mut child, deadline);
    if !finished {
        let _ = child.kill();
        let _ = child.wait();
    }
    match bytes {
        Ok(bytes) if !bytes.is_empty() || finished && child.wait().is_ok_and(|s| s.success()) => {
            Ok(bytes)
        }
        Ok(_) => {
            let said = stderr
                .recv_timeout(deadline.remaining())
                .unwrap_or_default();
            let said = String::from_utf8_lossy(&said);
            let detail = said.lines().last().unwrap_or("no output").trim().to_owned();
            Err(AudioError::Malformed {
                path: path.to_owned(),
                detail: format!("ffmpeg: {detail}"),
            })
        }
        Err(_) => Err(AudioError::TooSlow {
            path: path.to_owned(),
            limit: deadline.limit,
        }),
    }
}

/// Waits for the child's own end for a moment after its output has ended.
fn wait_until(child: &mut Child, deadline: Deadline) -> bool {
    for _ in 0..200 {
        match child.try_wait() {
            Ok(Some(_)) => return true,
            Ok(None) if !deadline.passed() => thread::sleep(std::time::Duration::from_millis(5)),
            _ => return false,
        }
    }
    false
}

fn read_in_background(
    pipe: Option<impl Read + Send + 'static>,
    limit: u64,
) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // What was read before an error is still worth having.
            let _ = pipe.take(limit).read_to_end(&mut bytes);
        }
        let _ = sender.send(bytes);
    });
    receiver
}
