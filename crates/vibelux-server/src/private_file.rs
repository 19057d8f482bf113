//! Files with secrets, which only their owner may read: the keys for phones and the account of players.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Written beside its place, for its owner's eyes alone, and named; its folder is made if need be.
///
/// # Errors
/// If it cannot be written.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)?;
    // Only its owner may read a temporary file.
    let mut part = tempfile::NamedTempFile::new_in(folder)?;
    part.write_all(text.as_bytes())?;
    part.as_file().sync_all()?;
    part.persist(path)?;
    Ok(())
}

/// Takes it from others who may read it: it may have come from a backup.
///
/// # Errors
/// If the system refuses.
pub fn restrict(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}
