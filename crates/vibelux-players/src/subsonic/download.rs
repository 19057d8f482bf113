//! [`Download`]: the file of a song, as the server has it.

use std::fmt;
use std::io::{self, Cursor, Read};

use super::client::Subsonic;
use super::error::SubsonicError;
use crate::http::Opened;

/// No answer of the API that tells of an error is longer.
const MOST_ERROR_BYTES: u64 = 64 << 10;

/// A song's file that is being read. One that breaks off is an error of [`Read`], never an end.
pub struct Download {
    body: Box<dyn Read + Send>,
    size_bytes: Option<u64>,
    content_type: Option<String>,
    read_bytes: u64,
}

impl Download {
    /// How many bytes it has, if the server says so.
    #[must_use]
    pub fn size_bytes(&self) -> Option<u64> {
        self.size_bytes
    }

    /// What the server takes it for, such as `audio/flac`.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }
}

impl Read for Download {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.body.read(buffer)?;
        self.read_bytes += read as u64;
        let is_end = read == 0 && !buffer.is_empty();
        if is_end && self.size_bytes.is_some_and(|size| self.read_bytes < size) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(read)
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("content_type", &self.content_type)
            .field("size_bytes", &self.size_bytes)
            .field("read_bytes", &self.read_bytes)
            .finish_non_exhaustive()
    }
}

impl Subsonic {
    /// The file of a song, unchanged. Users who may not download get it as what they may listen to.
    ///
    /// # Errors
    /// [`SubsonicError`]; [`SubsonicError::is_absent`] if it does not know the song.
    pub fn download(&self, id: &str) -> Result<Download, SubsonicError> {
        match self.fetch("download", id) {
            Err(SubsonicError::Forbidden { .. }) => self.fetch("stream", id),
            done => done,
        }
    }

    fn fetch(&self, method: &str, id: &str) -> Result<Download, SubsonicError> {
        let Opened {
            content_type,
            length,
            mut body,
        } = self.open(method, id)?;
        let kind = content_type
            .as_deref()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let is_sound = kind.starts_with("audio/") || kind.starts_with("video/");
        let mut first = Vec::new();
        // An error comes as an answer of the API with the number of one that went well.
        if !is_sound {
            let lost = |source| self.lost(source);
            body.by_ref()
                .take(64)
                .read_to_end(&mut first)
                .map_err(lost)?;
            let is_text = ["text/", "application/json", "application/xml"];
            let is_text = is_text.iter().any(|text| kind.starts_with(text));
            // No kind of sound begins like that.
            let start = first
                .iter()
                .find(|byte| !byte.is_ascii_whitespace() && !b"\xEF\xBB\xBF".contains(byte));
            if is_text || first.is_empty() || matches!(start, Some(b'{' | b'<')) {
                let mut rest = body.by_ref().take(MOST_ERROR_BYTES);
                rest.read_to_end(&mut first).map_err(lost)?;
                self.read(method, &first)?;
                // It says that all is well, and gives no song.
                return Err(SubsonicError::Nonsense {
                    server: self.address().to_owned(),
                    method: method.to_owned(),
                });
            }
        }
        Ok(Download {
            body: Box::new(Cursor::new(first).chain(body)),
            size_bytes: length,
            content_type,
            read_bytes: 0,
        })
    }

    fn lost(&self, source: io::Error) -> SubsonicError {
        SubsonicError::Http(crate::http::HttpError::Lost {
            server: self.address().to_owned(),
            source,
        })
    }
}
