//! Where other file systems begin, so that a drive that is not plugged in is not taken for songs that are gone.

use std::collections::HashSet;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

/// Of the folders at which file systems began, those at which none does now.
pub(super) fn away(mounts: &HashSet<PathBuf>) -> Vec<PathBuf> {
    let away = mounts.iter().filter(|mount| !is_mount(mount));
    away.cloned().collect()
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
        assert_eq!(away(&mounts), [below]);
    }
}
