//! [`PlayerArgs`]: which MPD is meant, and what it calls songs.

use std::path::{Path, PathBuf};

use vibelux::library::SongTable;
use vibelux::media::PathRule;
use vibelux::playlist::{Beside, Naming};
use vibelux_players::mpd::{Mpd, MpdAddress, MpdError};

use crate::filling::SongNames;
use crate::naming::naming;

/// Where MPD is, and what it calls songs.
#[derive(Debug, clap::Args)]
pub struct PlayerArgs {
    /// MPD's host, or the path of its socket, with PASSWORD@ before it if it has one [default: the socket of this machine, else
    /// localhost]
    // It may have a password in it, which help must not show.
    #[arg(long, value_name = "HOST", env = "MPD_HOST", hide_env_values = true)]
    host: Option<String>,
    /// MPD's port
    #[arg(long, value_name = "PORT", env = "MPD_PORT", default_value_t = 6600)]
    port: u16,
    /// The folder that MPD calls its library (music_directory), where MPD runs on another machine
    #[arg(long, value_name = "DIR")]
    base: Option<PathBuf>,
    /// What is below FROM in the library is below TO for MPD; may be given several times
    #[arg(long, value_name = "FROM=TO")]
    map: Vec<PathRule>,
}

/// Where Debian's and most others' MPD listens.
const SOCKET: &str = "/run/mpd/socket";

impl PlayerArgs {
    /// The MPD that is meant.
    pub fn mpd(&self) -> Mpd {
        let host = match &self.host {
            Some(host) => host.as_str(),
            None if Path::new(SOCKET).exists() => SOCKET,
            None => "localhost",
        };
        Mpd::new(MpdAddress::new(host, self.port))
    }

    /// What MPD calls songs.
    pub fn names(&self, mpd: &mut Mpd) -> anyhow::Result<MpdNames> {
        let told = match self.base {
            Some(_) => None,
            None => mpd.music_folder().map_err(advised)?,
        };
        // By their whole paths MPD finds songs of this machine below its library.
        naming(
            self.base.as_deref().or(told.as_deref()),
            Beside::Nothing,
            &self.map,
        )
        .map(MpdNames)
    }
}

/// What an MPD calls songs.
pub struct MpdNames(Naming);

impl SongNames for MpdNames {
    fn name(&self, path: &Path) -> Option<String> {
        self.0.name(path)
    }

    /// By its path below MPD's library.
    fn find(&self, table: &SongTable, name: &str) -> Option<usize> {
        let end = Path::new(name);
        let mut fitting = (0..table.len()).filter(|&at| table.path(at).ends_with(end));
        fitting.next().filter(|_| fitting.next().is_none())
    }
}

/// An error of MPD, with what to do about it here.
pub fn advised(error: MpdError) -> anyhow::Error {
    let advice = match &error {
        MpdError::Connect { .. } => "or say with --host and --port where it is",
        MpdError::Password { .. } => "give the password as --host PASSWORD@HOST",
        MpdError::Unknown { .. } => "see with --base and --map that it calls songs the same",
        _ => return error.into(),
    };
    anyhow::anyhow!("{error}; {advice}")
}
