//! A new library comes into being whole: laid out in a file beside its place, then named.
//!
//! SQLite takes a file without a byte for a new database. If ours began like that too, a library that was
//! cut to nothing would be opened as a new one, and its songs would be gone without a word.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use tempfile::NamedTempFile;

use crate::atomic::part_beside;
use crate::library::error::LibraryError;

/// SQLite takes a file of one byte for an empty one too: some file systems could not have one of none.
const EMPTY_BYTES: u64 = 1;

/// Makes an empty library at `path` if there is no file, by laying out another one beside it; the folder must be there. Of several
/// processes at once, one makes it and the others find it.
///
/// # Errors
/// [`LibraryError::Empty`] if the file is there and holds nothing, [`LibraryError::IsFolder`],
/// [`LibraryError::Io`] if it cannot be looked at or made, and what the layout of a new file can fail with.
pub(super) fn create_if_absent(
    path: &Path,
    lay_out: impl FnOnce(&Path) -> Result<(), LibraryError>,
) -> Result<(), LibraryError> {
    match fs::metadata(path) {
        Ok(found) if found.is_file() && found.len() <= EMPTY_BYTES => Err(LibraryError::Empty {
            path: path.to_owned(),
        }),
        Ok(found) if found.is_dir() => Err(LibraryError::IsFolder {
            path: path.to_owned(),
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => create(path, lay_out),
        found => found.map(drop).map_err(LibraryError::io(path)),
    }
}

fn create(
    path: &Path,
    lay_out: impl FnOnce(&Path) -> Result<(), LibraryError>,
) -> Result<(), LibraryError> {
    let part = part_beside(path).map_err(LibraryError::io(path))?;
    lay_out(part.path())
        // The user knows nothing of the part.
        .map_err(|error| error.at(path))?;
    match part.persist_noclobber(path) {
        Err(failed) if failed.error.kind() != ErrorKind::AlreadyExists => {
            name_without_link(path, failed.file)
        }
        _ => Ok(()),
    }
}

/// For file systems that can neither link nor refuse to replace. Of two processes that are here at the same
/// moment the later one's empty library stays.
fn name_without_link(path: &Path, part: NamedTempFile) -> Result<(), LibraryError> {
    if path.exists() {
        return Ok(());
    }
    part.persist(path)
        .map(drop)
        .map_err(|failed| LibraryError::io(path)(failed.error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::store::SongStore;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_library_that_was_cut_to_nothing_is_no_new_library() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("library.db");
        drop(SongStore::open(&path).unwrap());
        let whole = fs::read(&path).unwrap();
        for left in 0..=600 {
            fs::write(&path, &whole[..left]).unwrap();
            let error = SongStore::open(&path).map(drop).unwrap_err();
            let empty = matches!(error, LibraryError::Empty { .. });
            assert_eq!(empty, left <= 1, "{left} bytes: {error}");
            assert!(error.to_string().contains("library.db"), "{error}");
            assert_eq!(fs::metadata(&path).unwrap().len(), left as u64);
        }
    }

    #[test]
    fn a_new_library_leaves_no_other_file_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("library.db");
        drop(SongStore::open(&path).unwrap());
        assert_eq!(names(dir.path()), ["library.db"]);
    }
}
