//! [`MusicFolders`]: where music may be, for a page that cannot look at the disk itself.
//!
//! Only the names of folders are told, only below some places where people have music, and only to the owner.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use vibelux::audio::is_audio_file;

/// More folders in one are not listed.
const MOST: usize = 2000;

/// Where to look for music.
#[derive(Debug, Clone, Default)]
pub struct MusicFolders {
    /// Where this user's music usually is.
    pub usual: Option<PathBuf>,
    /// Nothing outside of these is told of: the user's home, and where drives are mounted.
    pub roots: Vec<PathBuf>,
    /// Where composed pieces go, if somebody wants them.
    pub demo: Option<PathBuf>,
}

/// One folder as the page sees it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct FolderList {
    path: Option<String>,
    parent: Option<String>,
    usual: Option<String>,
    demo: bool,
    audio_files: usize,
    folders: Vec<Folder>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Folder {
    name: String,
    path: String,
}

impl MusicFolders {
    /// The places themselves.
    pub fn start(&self) -> FolderList {
        let roots = self.roots.iter().filter(|root| root.is_dir());
        let folders = roots.filter_map(|root| folder(text(root)?, root)).collect();
        self.list(None, folders, 0)
    }

    /// What is in a folder; `None` if it is not below the places, or is none that can be read.
    pub fn inside(&self, path: &Path) -> Option<FolderList> {
        // Links are followed before it is asked whether they lead away.
        let roots = self.canonical_roots();
        let is_inside = |path: &Path| roots.iter().any(|root| path.starts_with(root));
        let path = path.canonicalize().ok().filter(|path| is_inside(path))?;
        let mut folders = Vec::new();
        let mut audio_files = 0;
        for entry in fs::read_dir(&path).ok()?.flatten() {
            let name = entry.file_name();
            // What JSON cannot name is left out, as are hidden folders.
            let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else {
                continue;
            };
            let inside = entry.path();
            if inside.is_dir() {
                if inside.canonicalize().is_ok_and(|inside| is_inside(&inside)) {
                    folders.extend(folder(name.to_owned(), &inside));
                }
            } else if is_audio_file(&inside) {
                audio_files += 1;
            }
        }
        folders.sort_by_key(|folder| folder.name.to_lowercase());
        folders.truncate(MOST);
        Some(self.list(Some(&path), folders, audio_files))
    }

    fn list(&self, path: Option<&Path>, folders: Vec<Folder>, audio_files: usize) -> FolderList {
        let parent = path.and_then(Path::parent);
        let roots = self.canonical_roots();
        let usual = self.usual.as_ref().filter(|usual| usual.is_dir());
        FolderList {
            path: path.and_then(text),
            parent: parent
                .filter(|parent| roots.iter().any(|root| parent.starts_with(root)))
                .and_then(text),
            usual: usual.and_then(|usual| text(usual)),
            demo: self.demo.is_some(),
            audio_files,
            folders,
        }
    }

    fn canonical_roots(&self) -> Vec<PathBuf> {
        let roots = self.roots.iter();
        roots.filter_map(|root| root.canonicalize().ok()).collect()
    }
}

fn text(path: &Path) -> Option<String> {
    path.to_str().map(str::to_owned)
}

fn folder(name: String, path: &Path) -> Option<Folder> {
    let path = text(path)?;
    Some(Folder { name, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &FolderList) -> Vec<&str> {
        list.folders
            .iter()
            .map(|folder| folder.name.as_str())
            .collect()
    }

    #[test]
    fn folders_are_listed_below_the_places_alone() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        for folder in ["Music/b", "Music/A", "Music/.hidden", "Films"] {
            fs::create_dir_all(home.join(folder)).unwrap();
        }
        fs::create_dir_all(dir.path().join("secret/inner")).unwrap();
        fs::write(home.join("Music/song.mp3"), b"").unwrap();
        fs::write(home.join("Music/list.txt"), b"").unwrap();
        let folders = MusicFolders {
            usual: Some(home.join("Music")),
            roots: vec![home.clone(), dir.path().join("not/there")],
            demo: None,
        };
        assert_eq!(folders.start().folders.len(), 1);
        assert_eq!(folders.start().parent, None);
        let music = folders.inside(&home.join("Music")).unwrap();
        assert_eq!((names(&music), music.audio_files), (vec!["A", "b"], 1));
        assert!(music.parent.unwrap().ends_with("home"));
        assert_eq!(names(&folders.inside(&home).unwrap()), ["Films", "Music"]);
        assert_eq!(folders.inside(&home).unwrap().parent, None);
        for outside in [
            "secret",
            "home/../secret",
            ".",
            "nowhere",
            "home/Music/song.mp3",
        ] {
            assert_eq!(folders.inside(&dir.path().join(outside)), None, "{outside}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_away_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        fs::create_dir_all(home.join("Music")).unwrap();
        fs::create_dir_all(dir.path().join("secret")).unwrap();
        std::os::unix::fs::symlink(dir.path().join("secret"), home.join("away")).unwrap();
        std::os::unix::fs::symlink(home.join("Music"), home.join("near")).unwrap();
        let folders = MusicFolders {
            roots: vec![home.clone()],
            ..MusicFolders::default()
        };
        assert_eq!(names(&folders.inside(&home).unwrap()), ["Music", "near"]);
        assert_eq!(folders.inside(&home.join("away")), None);
    }
}
