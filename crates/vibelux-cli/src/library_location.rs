//! Where the library is: a flag, an environment variable, or the user's data directory.

use std::path::{Path, PathBuf};

use anyhow::Context;
use directories::ProjectDirs;
use vibelux::library::SongStore;

/// The flag of every command that uses the library.
#[derive(Debug, clap::Args)]
pub struct LibraryArgs {
    /// The library file [default: library.db in the user's data directory]
    #[arg(long, value_name = "F", env = "VIBELUX_LIBRARY")]
    library: Option<PathBuf>,
}

impl LibraryArgs {
    /// The library's path.
    pub fn path(&self) -> anyhow::Result<PathBuf> {
        if let Some(path) = &self.library {
            return Ok(path.clone());
        }
        let folder = data_folder("say where the library is with --library")?;
        Ok(folder.join("library.db"))
    }

    /// Opens the library and creates it if there is none.
    pub fn open(&self) -> anyhow::Result<SongStore> {
        Ok(SongStore::open(&self.path()?)?)
    }

    /// Opens the library; `Err` with the way out if there is none, so that reading commands leave no
    /// empty file behind.
    pub fn open_existing(&self) -> anyhow::Result<SongStore> {
        Ok(SongStore::open(&self.existing()?)?)
    }

    /// The same without looking through all of it, for commands that read its table of songs.
    pub fn open_soon(&self) -> anyhow::Result<SongStore> {
        Ok(SongStore::open_soon(&self.existing()?)?)
    }

    fn existing(&self) -> anyhow::Result<PathBuf> {
        let path = self.path()?;
        let exists = path.try_exists();
        if exists.with_context(|| path.display().to_string())? {
            Ok(path)
        } else {
            Err(empty(&path))
        }
    }
}

/// The user's folder for what VibeluX keeps; `otherwise` is the way out for a user without one.
pub fn data_folder(otherwise: &str) -> anyhow::Result<PathBuf> {
    let directories = ProjectDirs::from("", "", "vibelux")
        .with_context(|| format!("this user has no home directory; {otherwise}"))?;
    Ok(directories.data_dir().to_owned())
}

/// What to say about a library without songs.
pub fn empty(path: &Path) -> anyhow::Error {
    anyhow::anyhow!(
        "the library {} has no songs yet; add some with `vibelux embed FOLDER`",
        path.display()
    )
}
