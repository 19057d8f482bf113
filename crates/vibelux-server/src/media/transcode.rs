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
pub struct Target {
    mime: &'static str,
    suffix: &'static str,
    codec: &'static str,
    container: &'static str,
    /// In kbit/s, where nobody asks for another.
    usual_kbit: u32,
}

const OPUS: Target = Target {
    mime: "audio/webm",
    suffix: "webm",
    codec: "libopus",
    container: "webm",
    usual_kbit: 160,
};

/// For players, of which not all know WebM.
const OGG_OPUS: Target = Target {
    mime: "audio/ogg",
    suffix: "opus",
    container: "ogg",
    ..OPUS
};

const MP3: Target = Target {
    mime: "audio/mpeg",
    suffix: "mp3",
    codec: "libmp3lame",
    container: "mp3",
    usual_kbit: 192,
};

impl Target {
    /// The media type of what comes out.
    pub fn mime(self) -> &'static str {
        self.mime
    }

    /// How files of it end, without the dot.
    pub fn suffix(self) -> &'static str {
        self.suffix
    }

    /// The same at so many kbit/s, within what the codec does.
    pub fn at_most(self, kbit: u32) -> Self {
        Self {
            usual_kbit: kbit.clamp(32, self.usual_kbit),
            ..self
        }
    }
}

/// An installed ffmpeg that can write what browsers play.
#[derive(Debug)]
pub struct Transcoder {
    program: OsString,
    /// For browsers.
    target: Target,
    /// For players, the one that more of them know first.
    of_players: Vec<Target>,
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
        let has = |target: &Target| encoders.contains(&format!(" {} ", target.codec));
        let target = [OPUS, MP3].into_iter().find(has)?;
        Some(Self {
            program,
            target,
            of_players: [MP3, OGG_OPUS].into_iter().filter(has).collect(),
            own_places: Arc::new(Semaphore::new(places)),
            guest_places: Arc::new(Semaphore::new(places)),
        })
    }

    /// The media type of what comes out.
    pub fn mime(&self) -> &'static str {
        self.target.mime
    }

    /// What players get, by the name that they give it; the one that most know, where they give none or there is no such.
    pub fn of_players(&self, name: Option<&str>) -> Target {
        let named = |target: &&Target| {
            name.is_some_and(|name| {
                name == target.suffix || (name == "ogg" || name == "oga") && **target == OGG_OPUS
            })
        };
        let mut targets = self.of_players.iter();
        let found = targets.clone().find(named).or(targets.next());
        found.copied().unwrap_or(self.target)
    }

    /// The song from `start_seconds` on as browsers play it, while it is being made.
    ///
    /// # Errors
    /// As [`Self::transcode_to`].
    pub async fn transcode(
        &self,
        path: &Path,
        start_seconds: f64,
        role: Role,
    ) -> Result<Body, ApiError> {
        self.transcode_to(self.target, path, start_seconds, role)
            .await
    }

    /// The song from `start_seconds` on, while it is being made.
    ///
    /// # Errors
    /// [`ApiError::Busy`] if all places are taken, [`ApiError::Io`] if ffmpeg cannot be started,
    /// [`ApiError::Unconvertible`] if nothing comes out.
    pub async fn transcode_to(
        &self,
        target: Target,
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
            .args(["-c:a", target.codec])
            .args(["-b:a", &format!("{}k", target.usual_kbit)])
            .args(["-f", target.container])
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
