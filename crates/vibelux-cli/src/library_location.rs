//! Where the library is: a flag, an environment variable, or the user's data directory; a file, or a server.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::builder::{OsStringValueParser, TypedValueParser};
use directories::ProjectDirs;
use vibelux::library::{BadLibraryAddress, LibraryAddress, SongStore};

/// The flag of every command that uses the library.
#[derive(Debug, clap::Args)]
pub struct LibraryArgs {
    /// The library: a file, or postgres://USER@HOST/DATABASE [default: library.db in the user's data directory]
    // An address may have a password in it, which help must not show.
    #[arg(
        long,
        value_name = "F",
        env = "VIBELUX_LIBRARY",
        hide_env_values = true,
        value_parser = OsStringValueParser::new().try_map(address)
    )]
    library: Option<LibraryAddress>,
}

fn address(text: OsString) -> Result<LibraryAddress, BadLibraryAddress> {
    LibraryAddress::parse(&text)
}

impl LibraryArgs {
    /// Where the library is.
    pub fn address(&self) -> anyhow::Result<LibraryAddress> {
        if let Some(address) = &self.library {
            return Ok(address.clone());
        }
        let folder = data_folder("say where the library is with --library")?;
        Ok(LibraryAddress::File(folder.join("library.db")))
    }

    /// Opens the library and creates it if there is none.
    pub fn open(&self) -> anyhow::Result<SongStore> {
        Ok(SongStore::open(self.address()?)?)
    }

    /// Opens the library; `Err` with the way out if there is none, so that reading commands leave no
    /// empty file behind.
    pub fn open_existing(&self) -> anyhow::Result<SongStore> {
        Ok(SongStore::open(self.existing()?)?)
    }

    /// The same without looking through all of it, for commands that read its table of songs.
    pub fn open_soon(&self) -> anyhow::Result<SongStore> {
        Ok(SongStore::open_soon(self.existing()?)?)
    }

    fn existing(&self) -> anyhow::Result<LibraryAddress> {
        let address = self.address()?;
        let Some(path) = address.file() else {
            return Ok(address);
        };
        let exists = path.try_exists();
        if exists.with_context(|| path.display().to_string())? {
            Ok(address)
        } else {
            Err(absent(path))
        }
    }
}

/// The user's folder for what VibeluX keeps; `otherwise` is the way out for a user without one.
pub fn data_folder(otherwise: &str) -> anyhow::Result<PathBuf> {
    let directories = ProjectDirs::from("", "", "vibelux")
        .with_context(|| format!("this user has no home directory; {otherwise}"))?;
    Ok(directories.data_dir().to_owned())
}

/// What to say where no library is: not yet, or not under this name.
fn absent(path: &Path) -> anyhow::Error {
    anyhow::anyhow!(
        "there is no library {}; `vibelux embed FOLDER` makes one, and --library names another",
        path.display()
    )
}

/// What to say about a library without songs.
pub fn empty(path: &Path) -> anyhow::Error {
    anyhow::anyhow!(
        "the library {} has no songs yet; add some with `vibelux embed FOLDER`",
        path.display()
    )
}
