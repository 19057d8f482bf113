//! Writing a model's files so that a crash leaves either the old one or the new one.

use std::ffi::OsString;
use std::io;
use std::path::Path;

/// Writes `bytes` to a temporary file beside `path` and moves it there.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.part", std::process::id()));
    let temporary = path.with_file_name(name);
    std::fs::write(&temporary, bytes)
        .and_then(|()| std::fs::rename(&temporary, path))
        .inspect_err(|_| {
            // The first error is the one to report; what is left over is only litter.
            let _ = std::fs::remove_file(&temporary);
        })
}
