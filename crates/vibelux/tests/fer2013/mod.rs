//! Where the real faces are, for the tests of all crates that need some.

use std::path::{Path, PathBuf};

/// The folder of FER2013 with class folders of pictures, or none and a loud line.
pub fn folder() -> Option<PathBuf> {
    let data = std::env::var_os("VIBELUX_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let folder =
        std::env::var_os("VIBELUX_FER2013").map_or_else(|| data.join("fer2013"), PathBuf::from);
    if folder.join("validation/happy").is_dir() {
        return Some(folder);
    }
    eprintln!(
        "SKIPPED: no FER2013 faces unpacked in {} (set VIBELUX_FER2013)",
        folder.display()
    );
    None
}
