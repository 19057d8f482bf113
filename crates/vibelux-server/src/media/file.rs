//! A song's file, opened for a client: never another file than one that the library knows.

use std::fs;
use std::io;
use std::path::PathBuf;

use vibelux::library::FileStamp;
use vibelux::media::{self, MediaFacts, MediaFile};

use crate::http::error::ApiError;
use crate::library::catalogue::{Catalogue, Entry};
use crate::library::song_id::SongId;

/// An open song.
#[derive(Debug)]
pub struct SongFile {
    /// To read from.
    pub file: MediaFile,
    /// Where it really is, without links; or its address.
    pub path: PathBuf,
    /// Its size.
    pub length_bytes: u64,
    /// Tells this state of the file from others: the value of its `ETag`.
    pub tag: String,
}

/// Opens the song's file.
///
/// The library keeps paths without links. If there is a link in it now, somebody has put it there since
/// the scan, and it is followed only to a file that is itself a song of the library.
///
/// # Errors
/// [`ApiError::SongMissing`] if it is gone, is no file, or leads elsewhere; [`ApiError::Io`] if it cannot
/// be read.
pub fn open(catalogue: &Catalogue, song: Entry<'_>) -> Result<SongFile, ApiError> {
    let path = if media::is_address(&song.path()) {
        song.path()
    } else {
        fs::canonicalize(song.path()).map_err(unreadable)?
    };
    if path != song.path() && catalogue.get(SongId::of(&path)).is_none() {
        return Err(ApiError::SongMissing);
    }
    let file = MediaFile::open(&path).map_err(unreadable)?;
    let facts = file.facts();
    if !facts.is_file {
        return Err(ApiError::SongMissing);
    }
    Ok(SongFile {
        length_bytes: facts.size_bytes,
        tag: tag(facts),
        file,
        path,
    })
}

fn unreadable(error: io::Error) -> ApiError {
    if media::is_absent(&error) {
        ApiError::SongMissing
    } else {
        ApiError::Io(error)
    }
}

fn tag(facts: MediaFacts) -> String {
    let stamp = FileStamp::of(facts);
    format!(
        "\"{:x}-{:x}\"",
        stamp.size_bytes, stamp.modified_nanoseconds
    )
}
