//! [`Transcoder`]: songs that browsers do not play, through an installed ffmpeg.
//!
//! One child process per listener, ended as soon as the listener goes away: it belongs to the body that
//! is being sent.

use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::{io, io::Cursor, pin::Pin};

use axum::body::Body;
use tokio::io::{AsyncRead, AsyncReadExt, Chain, ReadBuf};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::io::ReaderStream;

use crate::http::error::ApiError;
use crate::security::Role;

/// Read before the answer begins.
const FIRST_BYTES: usize = 8 << 10;

/// What ffmpeg turns songs into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Target {
    mime: &'static str,
    arguments: &'static [&'static str],
}

const OPUS: Target = Target {
    mime: "audio/webm",
    arguments: &["-c:a", "libopus", "-b:a", "160k", "-f", "webm"],
};

const MP3: Target = Target {
    mime: "audio/mpeg",
    arguments: &["-c:a", "libmp3lame", "-b:a", "192k", "-f", "mp3"],
};

/// An installed ffmpeg that can write what browsers play.
#[derive(Debug)]
pub struct Transcoder {
    program: OsString,
    target: Target,
    /// For the owner.
    own_places: Arc<Semaphore>,
    /// For guests, who cannot keep the owner from hearing.
    guest_places: Arc<Semaphore>,
}

impl Transcoder {
    /// The ffmpeg of this computer (`VIBELUX_FFMPEG`, else `ffmpeg`), for so many songs of the owner at once, and as many of guests;
    /// `None` if there is none that can write Opus or MP3. Starts it once, to ask.
    pub async fn find(places: usize) -> Option<Self> {
        let program = std::env::var_os("VIBELUX_FFMPEG").unwrap_or_else(|| "ffmpeg".into());
        let mut ask = Command::new(&program);
        ask.args(["-v", "error", "-encoders"])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let patience = std::time::Duration::from_secs(10);
        let answer = tokio::time::timeout(patience, ask.output())
            .await
            .ok()?
            .ok()?;
        let encoders = String::from_utf8_lossy(&answer.stdout);
        let target = if encoders.contains(" libopus ") {
            OPUS
        } else if encoders.contains(" libmp3lame ") {
            MP3
        } else {
            return None;
        };
        Some(Self {
            program,
            target,
            own_places: Arc::new(Semaphore::new(places)),
            guest_places: Arc::new(Semaphore::new(places)),
        })
    }

    /// The media type of what comes out.
    pub fn mime(&self) -> &'static str {
        self.target.mime
    }

    /// The song from `start_seconds` on, while it is being made.
    ///
    /// # Errors
    /// [`ApiError::Busy`] if all places are taken, [`ApiError::Io`] if ffmpeg cannot be started,
    /// [`ApiError::Unconvertible`] if nothing comes out.
    pub async fn transcode(
        &self,
        path: &Path,
        start_seconds: f64,
        role: Role,
    ) -> Result<Body, ApiError> {
        let places = match role {
            Role::Owner => &self.own_places,
            Role::Guest => &self.guest_places,
        };
        let place = Arc::clone(places).try_acquire_owned().map_err(|_| {
            ApiError::Busy("too many songs are being converted; stop another first")
        })?;
        // `file:` keeps a name like `http:x` or `-i` from being read as something else.
        let mut source = OsString::from("file:");
        source.push(path);
        let mut command = Command::new(&self.program);
        command
            .args([
                "-v",
                "error",
                "-nostdin",
                "-protocol_whitelist",
                "file,pipe",
            ])
            .args(["-ss", &start_seconds.to_string(), "-i"])
            .arg(source)
            .args(["-map", "0:a:0", "-vn", "-sn", "-dn", "-map_metadata", "-1"])
            .args(self.target.arguments)
            .arg("pipe:1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let mut child = command.spawn().map_err(ApiError::Io)?;
        let mut output = child
            .stdout
            .take()
            .ok_or_else(|| ApiError::Io(io::Error::other("ffmpeg has no output")))?;
        // Waited for, as an answer that has begun can no longer say that it failed.
        let mut first = Vec::with_capacity(FIRST_BYTES);
        if output.read_buf(&mut first).await.map_err(ApiError::Io)? == 0 {
            return Err(ApiError::Unconvertible);
        }
        Ok(Body::from_stream(ReaderStream::new(Transcoding {
            output: Cursor::new(first).chain(output),
            _child: child,
            _place: place,
        })))
    }
}

/// What ffmpeg writes, with ffmpeg itself: whoever drops the one ends the other.
struct Transcoding {
    output: Chain<Cursor<Vec<u8>>, ChildStdout>,
    _child: Child,
    _place: OwnedSemaphorePermit,
}

impl AsyncRead for Transcoding {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.output).poll_read(context, buffer)
    }
}
