//! Where targets put their files: `SQLite` and the decoders need real ones.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tempfile::TempDir;

/// A folder of this process, below `TMPDIR`; `fuzz.py` lets that be in memory and clears it away.
pub(crate) fn folder() -> &'static Path {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    FOLDER
        .get_or_init(|| TempDir::with_prefix("vibelux-fuzz-").expect("a temporary folder"))
        .path()
}

/// Puts the bytes into a file of this name.
pub(crate) fn file(name: &str, data: &[u8]) -> PathBuf {
    let path = folder().join(name);
    std::fs::write(&path, data).expect("a file in the temporary folder");
    path
}
