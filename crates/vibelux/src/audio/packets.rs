//! [`packet_digest`]: which encoded sound a file holds, to the last bit: what proves that a tag was written beside the sound and not into it.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use sha2::{Digest, Sha256};
use symphonia::core::errors::Error;
use symphonia::core::formats::FormatOptions;
use symphonia::core::formats::probe::Hint;
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;

use super::AudioError;
use super::codecs::unsupported;
use super::file_kind::UNKNOWN_FORMAT;

/// The SHA-256 of all packets of a song file, with their tracks and times, as its container gives them out. Reads all of the file, of this
/// machine alone.
///
/// # Errors
/// [`AudioError::Io`] if it cannot be read, [`AudioError::Unsupported`] if its container is not one of those that are built in,
/// [`AudioError::Malformed`] if that is damaged.
pub fn packet_digest(path: &Path) -> Result<[u8; 32], AudioError> {
    let file = File::open(path).map_err(|source| AudioError::io(path, source))?;
    packet_digest_of(path, file)
}

/// The same of an open file, from its beginning: `path` is what it is called, also in errors.
pub(crate) fn packet_digest_of(path: &Path, file: File) -> Result<[u8; 32], AudioError> {
    let stream = MediaSourceStream::new(Box::new(file), Default::default());
    let mut hint = Hint::new();
    if let Some(extension) = path.extension().and_then(|e| e.to_str()) {
        hint.with_extension(extension);
    }
    let failed = |error: Error| match error {
        Error::Unsupported(_) => unsupported(path, UNKNOWN_FORMAT),
        Error::IoError(source) if source.kind() != ErrorKind::UnexpectedEof => {
            AudioError::io(path, source)
        }
        other => AudioError::Malformed {
            path: path.to_owned(),
            detail: other.to_string(),
        },
    };
    let mut format = symphonia::default::get_probe()
        .probe(
            &hint,
            stream,
            FormatOptions::default(),
            MetadataOptions::default(),
        )
        .map_err(failed)?;
    let mut hasher = Sha256::new();
    let mut packets = 0_u64;
    loop {
        match format.next_packet() {
            Ok(Some(packet)) => {
                packets += 1;
                hasher.update(packet.track_id.to_le_bytes());
                hasher.update(packet.pts.get().to_le_bytes());
                hasher.update(packet.data.len().to_le_bytes());
                hasher.update(&packet.data);
            }
            Ok(None) => break,
            // A file that was cut short ends like this.
            Err(Error::IoError(error)) if error.kind() == ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(failed(error)),
        }
    }
    if packets == 0 {
        return Err(AudioError::Empty {
            path: path.to_owned(),
        });
    }
    Ok(hasher.finalize().into())
}
