//! The bytes of a song, from a file of this machine or from an address: below everything that reads songs.
//!
//! A path that begins with `s3://`, `http://` or `https://` is an address (`address.rs`). What is read of it travels in blocks
//! (`blocks.rs`), and nothing else of it (`remote.rs`), so that a song of which a few windows are heard costs a few windows. `path_map.rs` says
//! what another machine calls a file.

mod address;
#[cfg(feature = "remote")]
mod blocks;
mod facts;
mod path_map;
#[cfg(feature = "remote")]
mod remote;

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

pub(crate) use address::is_encoded as is_web_address;
pub(crate) use address::{address_of_uri, address_uri, os_path, relative_uri};
pub use address::{is_address, join, strip_prefix};
pub use facts::{Found, Listing, MediaFacts};
pub use path_map::{BadPathRule, PathMap, PathRule};
#[cfg(feature = "remote")]
pub use remote::{Traffic, traffic};

/// What is known of the file at a path or an address.
///
/// # Errors
/// [`io::ErrorKind::NotFound`] if nothing is there, others if that cannot be told.
pub fn facts(path: &Path) -> io::Result<MediaFacts> {
    if !is_address(path) {
        return Ok(MediaFacts::from(&fs::metadata(path)?));
    }
    #[cfg(feature = "remote")]
    return remote::RemoteFile::open(path).map(|file| file.facts());
    #[cfg(not(feature = "remote"))]
    Err(no_addresses())
}

/// Whether something is at a path or an address.
///
/// # Errors
/// If that cannot be told.
pub fn exists(path: &Path) -> io::Result<bool> {
    match facts(path) {
        Ok(_) => Ok(true),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether a song is there to be played, as far as this machine can tell: of addresses it is believed.
#[must_use]
pub fn is_at_hand(path: &Path) -> bool {
    is_address(path) || path.is_file()
}

/// Whether an error says that nothing is there.
#[must_use]
pub fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// What is at an address: of a folder all files below it.
///
/// An address that ends with `/` is a folder; so is one of a bucket at which no object is.
///
/// # Errors
/// If nothing is there, or the server does not say. Folders of web servers are listed by WebDAV (RFC 4918), which not all speak.
pub fn list(address: &Path) -> io::Result<Listing> {
    #[cfg(feature = "remote")]
    return remote::list(address);
    #[cfg(not(feature = "remote"))]
    {
        let _ = address;
        Err(no_addresses())
    }
}

/// An open file, wherever it is.
#[derive(Debug)]
pub struct MediaFile {
    source: Source,
    facts: MediaFacts,
}

#[derive(Debug)]
enum Source {
    Local(File),
    #[cfg(feature = "remote")]
    Remote(remote::RemoteFile),
}

impl MediaFile {
    /// Opens the file at a path or an address, at its beginning.
    ///
    /// # Errors
    /// As [`facts`].
    pub fn open(path: &Path) -> io::Result<Self> {
        if !is_address(path) {
            return File::open(path)?.try_into();
        }
        #[cfg(feature = "remote")]
        return remote::RemoteFile::open(path).map(|file| Self {
            facts: file.facts(),
            source: Source::Remote(file),
        });
        #[cfg(not(feature = "remote"))]
        Err(no_addresses())
    }

    /// What is known of it.
    #[must_use]
    pub fn facts(&self) -> MediaFacts {
        self.facts
    }
}

impl TryFrom<File> for MediaFile {
    type Error = io::Error;

    fn try_from(file: File) -> io::Result<Self> {
        Ok(Self {
            facts: MediaFacts::from(&file.metadata()?),
            source: Source::Local(file),
        })
    }
}

impl Read for MediaFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.source {
            Source::Local(file) => file.read(buffer),
            #[cfg(feature = "remote")]
            Source::Remote(file) => file.read(buffer),
        }
    }
}

impl Seek for MediaFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &mut self.source {
            Source::Local(file) => file.seek(to),
            #[cfg(feature = "remote")]
            Source::Remote(file) => file.seek(to),
        }
    }
}

#[cfg(not(feature = "remote"))]
fn no_addresses() -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        "this program was built without the feature `remote`, which reads addresses",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_this_machine_is_read_and_known() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("song.mp3");
        assert!(matches!(exists(&path), Ok(false)));
        assert!(is_absent(&MediaFile::open(&path).unwrap_err()));
        fs::write(&path, b"sound").unwrap();
        assert!(matches!(exists(&path), Ok(true)));
        assert!(matches!(exists(&path.join("below")), Ok(false)));
        let mut file = MediaFile::open(&path).unwrap();
        assert_eq!(file.facts(), facts(&path).unwrap());
        assert_eq!((file.facts().size_bytes, file.facts().is_file), (5, true));
        let mut text = String::new();
        file.seek(SeekFrom::End(-2)).unwrap();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "nd");
        assert!(!facts(dir.path()).unwrap().is_file);
    }
}
