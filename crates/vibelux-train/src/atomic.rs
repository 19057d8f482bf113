//! Files that are either complete or not there: every result file is written through here.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Writes `bytes` beside `path` and renames them into place, so that a reader (or a crash) never
/// sees half a file. Missing parent folders are made.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let partial = partial_path(path);
    fs::write(&partial, bytes)
        .and_then(|()| fs::rename(&partial, path))
        .inspect_err(|_| {
            let _ = fs::remove_file(&partial);
        })
}

/// The process id keeps two runs into the same folder from writing one partial file.
fn partial_path(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.partial", std::process::id()));
    path.with_file_name(name)
}
