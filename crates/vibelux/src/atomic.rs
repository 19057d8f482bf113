//! Files that are either complete or not there: models, run folders and pictures are written through
//! here.

use std::ffi::OsString;
use std::io;
use std::path::Path;

/// Writes `bytes` to a temporary file beside `path` and moves it there, so that a reader (or a crash)
/// finds the old file or the new one, never half of one. Missing parent folders are made.
///
/// # Errors
/// Whatever the file system says; the temporary file is gone then.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    // The process id keeps two runs into the same folder from writing one temporary file.
    name.push(format!(".{}.part", std::process::id()));
    let temporary = path.with_file_name(name);
    std::fs::write(&temporary, bytes)
        .and_then(|()| std::fs::rename(&temporary, path))
        .inspect_err(|_| {
            // The first error is the one to report; what is left over is only litter.
            let _ = std::fs::remove_file(&temporary);
        })
}
