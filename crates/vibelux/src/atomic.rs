//! Files that are either complete or not there: models, run folders, pictures, playlists and libraries are
//! written through here.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

/// Writes `bytes` to a temporary file beside `path` and moves it there, so that a reader (or a crash)
/// finds the old file or the new one, never half of one. Missing parent folders are made.
///
/// # Errors
/// Whatever the file system says; the temporary file is gone then.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    write_with(path, |file| file.write_all(bytes))
}

/// The same for what is written piece by piece; gives back what `fill` gives. The folder must be there.
///
/// # Errors
/// Whatever the file system or `fill` says; the temporary file is gone then.
pub fn write_with<T>(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<T>) -> io::Result<T> {
    let mut part = part_beside(path)?;
    let filled = fill(part.as_file_mut())?;
    part.persist(path)?;
    Ok(filled)
}

/// A hidden file in the same folder, with a name that no other has. It goes when it is dropped.
pub(crate) fn part_beside(path: &Path) -> io::Result<NamedTempFile> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".");
    let mut builder = Builder::new();
    builder.prefix(&name).suffix(".part");
    // As any new file: what the user's mask leaves.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let folder = folder.unwrap_or(Path::new("."));
    if let Err(error) = fs::metadata(folder)
        && error.kind() == io::ErrorKind::NotFound
    {
        let message = "its folder is not there; make it first";
        return Err(io::Error::new(io::ErrorKind::NotFound, message));
    }
    // The user knows nothing of the part, which the message would name.
    builder.tempfile_in(folder).map_err(|error| {
        let message = error.to_string();
        let reason = message.split(" at path ").next().unwrap_or(&message);
        io::Error::new(error.kind(), reason)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }

    #[test]
    fn a_folder_that_is_not_there_is_said_in_so_many_words() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("absent/list.m3u8");
        let error = write_with(&path, |_| Ok(())).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(error.to_string().contains("make it first"), "{error}");
        // A file in the folder's place: the system's own words, without the part's name.
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let error = write_with(&file.join("list.m3u8"), |_| Ok(())).unwrap_err();
        assert!(!error.to_string().contains(".part"), "{error}");
        assert!(error.to_string().contains("os error"), "{error}");
    }

    #[test]
    fn the_old_file_stays_until_the_new_one_is_complete() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("below/file.txt");
        write(&path, b"old").unwrap();
        let failed = write_with(&path, |file| {
            file.write_all(b"half")?;
            Err::<(), _>(io::Error::other("no more"))
        });
        assert_eq!(failed.unwrap_err().to_string(), "no more");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(write_with(&path, |file| file.write(b"new")).unwrap(), 3);
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(path.parent().unwrap()), ["file.txt"]);
    }

    #[test]
    #[cfg(unix)]
    fn a_new_file_has_the_mode_of_any_other() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (ours, other) = (dir.path().join("ours"), dir.path().join("other"));
        write(&ours, b"a").unwrap();
        fs::write(&other, b"b").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&other));
    }
}
