//! Where other file systems begin, so that a drive that is not plugged in is not taken for songs that are gone.

use std::collections::HashSet;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

use crate::media;

/// A song's file, as the library knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KnownFile {
    pub path: PathBuf,
    /// Whether it was gone at the last scan.
    pub missing: bool,
}

/// What can be told of files that are not where they were.
#[derive(Debug, Clone, Default)]
pub struct Presence {
    /// Folders at which file systems began and none does now.
    away: Vec<PathBuf>,
    /// Only what was noted of files counts: they are not where this program could look.
    as_noted: bool,
}

impl Presence {
    /// Looks which of the file systems that were ever seen are there.
    #[must_use]
    pub fn of(mounts: &HashSet<PathBuf>) -> Self {
        let away = mounts.iter().filter(|mount| !is_mount(mount));
        Self {
            away: away.cloned().collect(),
            as_noted: false,
        }
    }

    /// For whoever works on files whose paths are those of another machine: gone is what a scan there has found to be gone.
    #[must_use]
    pub fn as_noted() -> Self {
        Self {
            as_noted: true,
            ..Self::default()
        }
    }

    /// For tests with files that never were: whatever it is, it is away and not gone.
    #[cfg(test)]
    pub(super) fn nothing_is_gone() -> Self {
        Self {
            away: vec!["/".into()],
            as_noted: false,
        }
    }

    /// Whether a path is on a file system that is not there now.
    #[must_use]
    pub fn is_away(&self, path: &Path) -> bool {
        self.away.iter().any(|mount| path.starts_with(mount))
    }

    /// Whether a file is certainly no longer there: "not allowed", "does not answer" and "is away" are not "gone".
    #[must_use]
    pub fn is_gone(&self, path: &Path) -> bool {
        !self.is_away(path) && matches!(media::exists(path), Ok(false))
    }

    /// The same of a song's file that may be `now`, under a name that only the case of its letters tells from the old one.
    #[must_use]
    pub(super) fn is_gone_to(&self, song: &KnownFile, now: &Path) -> bool {
        let path = &song.path;
        if self.as_noted {
            return path != now && song.missing;
        }
        path != now
            && (self.is_gone(path) || path.canonicalize().is_ok_and(|canonical| canonical == now))
    }
}

/// Whether another file system begins at this folder.
pub(super) fn is_mount(folder: &Path) -> bool {
    let Some(parent) = folder.parent() else {
        return true;
    };
    let device = |path: &Path| path.metadata().ok().and_then(|found| device(&found));
    match (device(folder), device(parent)) {
        (Some(here), Some(above)) => here != above,
        _ => false,
    }
}

/// The number of the file system that a file is on; systems without one know drives by their letters, which vanish with
/// them.
#[cfg(unix)]
pub(super) fn device(found: &Metadata) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    Some(found.dev())
}

/// The number of the file system that a file is on; systems without one know drives by their letters, which vanish with
/// them.
#[cfg(not(unix))]
pub(super) fn device(_: &Metadata) -> Option<u64> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_file_system_of_its_own_is_told() {
        // Where processes are listed there is no disk.
        assert!(is_mount(Path::new("/proc")) && is_mount(Path::new("/")));
        let dir = tempfile::tempdir().unwrap();
        let below = dir.path().join("below");
        std::fs::create_dir(&below).unwrap();
        assert!(!is_mount(&below) && !is_mount(&below.join("absent")));
        let mounts = HashSet::from(["/proc".into(), below.clone()]);
        let presence = Presence::of(&mounts);
        assert!(presence.is_away(&below.join("a.mp3")) && !presence.is_gone(&below.join("a.mp3")));
        assert!(presence.is_gone(&dir.path().join("absent")) && !presence.is_gone(dir.path()));
        assert!(!presence.is_away(Path::new("/proc/1")));
    }
}
