//! Finding song files: the first step of `vibelux embed`.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::mounts::{device, is_mount};
use super::song::FileStamp;
use crate::media::{self, Found, Listing};

/// A song file that a scan came across.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundSong {
    /// Its canonical path: symbolic links are followed, so that a file has one name however it is
    /// reached. Or its address.
    pub path: PathBuf,
    /// The file as it was at the scan.
    pub stamp: FileStamp,
}

/// A file or folder that could not be read.
#[derive(Debug)]
pub struct ScanProblem {
    /// Which one.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
    /// Whether it is one of the paths that the scan was asked for.
    pub is_root: bool,
}

/// What a scan found.
#[derive(Debug, Default)]
pub struct Scan {
    /// The songs in the order of their names, folder by folder, each once.
    pub songs: Vec<FoundSong>,
    /// What could not be read.
    pub problems: Vec<ScanProblem>,
    /// The folders that were asked for and could be listed. Only below these can a song be said to
    /// be gone; a drive that is not plugged in proves nothing.
    pub reachable: Vec<PathBuf>,
    /// The folders among these and below them at which another file system begins.
    pub mounts: Vec<PathBuf>,
    /// Of the folders that were asked for: holds nothing at all.
    bare: Vec<PathBuf>,
}

/// Collects the songs among `roots`, which are files or folders, here or at addresses; folders are searched recursively.
///
/// Hidden files and folders (name starts with a dot) are skipped unless they are a root. Symbolic
/// links are followed; loops end where they close. `is_song` decides by name which files of a folder
/// count; a file that is itself a root always does, so that the user hears why it is no song.
#[must_use]
pub fn scan(roots: &[PathBuf], is_song: impl Fn(&Path) -> bool) -> Scan {
    let mut scan = Scan::default();
    let mut seen = HashSet::new();
    let mut folders = HashMap::new();
    for root in roots {
        if media::is_address(root) {
            scan.add_address(root, &is_song, &mut seen);
            continue;
        }
        let canonical = match fs::canonicalize(root) {
            Ok(path) => path,
            Err(error) => {
                scan.problem(root, &error.to_string(), true);
                continue;
            }
        };
        // Of the folders from the root to the one that is listed.
        let mut devices = Vec::new();
        for entry in WalkDir::new(&canonical)
            .follow_links(true)
            .sort_by_file_name()
            .into_iter()
            .filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry))
        {
            match entry {
                Ok(entry) if entry.depth() == 0 && entry.file_type().is_dir() => {
                    scan.reachable.push(canonical.clone());
                    scan.bare.push(canonical.clone());
                    if is_mount(&canonical) {
                        scan.mounts.push(canonical.clone());
                    }
                    devices = vec![device_of(&entry)];
                }
                Ok(entry) if entry.file_type().is_dir() => {
                    scan.bare.retain(|folder| *folder != canonical);
                    devices.truncate(entry.depth());
                    let here = device_of(&entry);
                    if here.is_some() && devices.last().is_some_and(|above| *above != here) {
                        scan.mounts.extend(fs::canonicalize(entry.path()).ok());
                    }
                    devices.push(here);
                }
                Ok(entry) if entry.file_type().is_file() => {
                    scan.bare.retain(|folder| *folder != canonical);
                    if entry.depth() > 0 && !is_song(entry.path()) {
                        continue;
                    }
                    scan.add(&entry, &mut seen, &mut folders);
                }
                Ok(_) => {}
                // A loop is where the search ends, not something the user must act upon.
                Err(error) if error.loop_ancestor().is_some() => {}
                Err(error) => {
                    let path = error.path().unwrap_or(&canonical).to_owned();
                    let reason = error
                        .io_error()
                        .map_or_else(|| error.to_string(), ToString::to_string);
                    if error.depth() == 0 {
                        scan.reachable.retain(|folder| *folder != canonical);
                    }
                    scan.problem(&path, &reason, error.depth() == 0);
                }
            }
        }
    }
    scan
}

impl Scan {
    /// Whether a folder that was asked for holds nothing at all, not even other files.
    #[must_use]
    pub fn is_bare(&self, folder: &Path) -> bool {
        self.bare.iter().any(|bare| bare == folder)
    }

    fn problem(&mut self, path: &Path, reason: &str, is_root: bool) {
        self.problems.push(ScanProblem {
            path: path.to_owned(),
            reason: reason.to_owned(),
            is_root,
        });
    }

    /// Adds the file, or the songs of the folder, at an address.
    fn add_address(
        &mut self,
        root: &Path,
        is_song: impl Fn(&Path) -> bool,
        seen: &mut HashSet<PathBuf>,
    ) {
        let found = match media::list(root) {
            Ok(Listing::File(found)) => vec![found],
            Ok(Listing::Folder(folder, mut found)) => {
                self.reachable.push(folder.clone());
                if found.is_empty() {
                    self.bare.push(folder.clone());
                }
                found.retain(|found| {
                    let below = found.address.strip_prefix(&folder);
                    below.is_ok_and(|below| !has_hidden(below)) && is_song(&found.address)
                });
                found
            }
            Err(error) => return self.problem(root, &error.to_string(), true),
        };
        for Found { address, facts } in found {
            if seen.insert(address.clone()) {
                self.songs.push(FoundSong {
                    path: address,
                    stamp: FileStamp::of(facts),
                });
            }
        }
    }

    /// Adds a file under its canonical path, unless it is already there.
    fn add(
        &mut self,
        entry: &DirEntry,
        seen: &mut HashSet<PathBuf>,
        folders: &mut HashMap<PathBuf, PathBuf>,
    ) {
        let found = canonical(entry, folders)
            .and_then(|path| Ok((path, FileStamp::of(&fs::metadata(entry.path())?))));
        match found {
            Ok((path, stamp)) => {
                if seen.insert(path.clone()) {
                    self.songs.push(FoundSong { path, stamp });
                }
            }
            Err(error) => self.problem(entry.path(), &error.to_string(), entry.depth() == 0),
        }
    }
}

/// The canonical path of a file. Resolved once per folder, since every path component costs a system
/// call.
fn canonical(
    entry: &DirEntry,
    folders: &mut HashMap<PathBuf, PathBuf>,
) -> std::io::Result<PathBuf> {
    let path = entry.path();
    let (Some(folder), Some(name), false) =
        (path.parent(), path.file_name(), entry.path_is_symlink())
    else {
        return fs::canonicalize(path);
    };
    if let Some(resolved) = folders.get(folder) {
        return Ok(resolved.join(name));
    }
    let resolved = fs::canonicalize(folder)?;
    let file = resolved.join(name);
    folders.insert(folder.to_owned(), resolved);
    Ok(file)
}

fn device_of(entry: &DirEntry) -> Option<u64> {
    entry.metadata().ok().and_then(|found| device(&found))
}

fn is_hidden(entry: &DirEntry) -> bool {
    has_hidden(Path::new(entry.file_name()))
}

/// Whether a part of a path is hidden.
fn has_hidden(path: &Path) -> bool {
    path.iter()
        .any(|name| name.as_encoded_bytes().starts_with(b"."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_mp3(path: &Path) -> bool {
        path.extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("mp3"))
    }

    fn touch(path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"x").unwrap();
    }

    fn names(scan: &Scan, base: &Path) -> Vec<String> {
        let base = fs::canonicalize(base).unwrap();
        scan.songs
            .iter()
            .map(|s| s.path.strip_prefix(&base).unwrap().display().to_string())
            .collect()
    }

    #[test]
    fn folders_are_searched_and_hidden_files_are_not() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b.MP3", "a/1.mp3", "a/2.txt", "a/.3.mp3", ".git/4.mp3"] {
            touch(&dir.path().join(name));
        }
        let root = dir.path().to_owned();
        let found = scan(&[root.clone(), root.join("b.MP3"), root.join("a")], is_mp3);
        assert_eq!(names(&found, &root), ["a/1.mp3", "b.MP3"]);
        assert!(found.problems.is_empty());
        assert_eq!(found.reachable.len(), 2);
        assert!(!found.is_bare(&fs::canonicalize(&root).unwrap()));
        // A file that is asked for by name is taken whatever its name.
        assert_eq!(scan(&[root.join("a/2.txt")], is_mp3).songs.len(), 1);
    }

    #[test]
    fn an_absent_root_is_reported_and_not_reachable() {
        let dir = tempfile::tempdir().unwrap();
        let found = scan(&[dir.path().join("absent")], is_mp3);
        assert!(found.songs.is_empty() && found.reachable.is_empty());
        assert!(found.problems[0].is_root);
        let empty = scan(&[dir.path().to_owned()], is_mp3);
        assert!(empty.is_bare(&fs::canonicalize(dir.path()).unwrap()));
        assert!(empty.mounts.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn links_give_a_song_once_and_loops_end() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        touch(&root.join("a/1.mp3"));
        symlink(root, root.join("a/up")).unwrap();
        symlink(root.join("a"), root.join("also-a")).unwrap();
        symlink(root.join("a/1.mp3"), root.join("link.mp3")).unwrap();
        symlink(root.join("nowhere"), root.join("dangling.mp3")).unwrap();
        let found = scan(&[root.to_owned()], is_mp3);
        assert_eq!(names(&found, root), ["a/1.mp3"]);
        assert_eq!(found.problems.len(), 1, "{:?}", found.problems);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn names_need_not_be_utf8() {
        use std::os::unix::ffi::OsStrExt;
        let dir = tempfile::tempdir().unwrap();
        let name = std::ffi::OsStr::from_bytes(b"\xff\xfe.mp3");
        touch(&dir.path().join(name));
        let found = scan(&[dir.path().to_owned()], is_mp3);
        assert_eq!(found.songs[0].path.file_name(), Some(name));
    }
}
