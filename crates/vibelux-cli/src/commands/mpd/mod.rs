//! `vibelux mpd`: lets the Music Player Daemon play what fits, once (`queue`, `shuffle`) or from now on (`follow`).
//!
//! ```text
//! flags, camera, lines -> moods.rs -> follow.rs -> vibelux_players::mpd -> MPD
//!                         songs.rs (what comes next) --^
//! ```

mod follow;
mod moods;
mod songs;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{ArgGroup, Subcommand};
use vibelux::library::unix_seconds;
use vibelux::media::{PathMap, PathRule};
use vibelux::playlist::{Beside, Naming};
use vibelux_players::mpd::{Mpd, MpdAddress, MpdError, enqueue};

use crate::at_least_one::at_least_one;
use crate::library_location::LibraryArgs;
use crate::output;
use crate::sought::{SoughtArgs, SoughtLibrary};
use follow::FollowArgs;

/// Flags of `vibelux mpd`.
#[derive(Debug, clap::Args)]
pub struct MpdArgs {
    #[command(subcommand)]
    command: MpdCommand,
}

#[derive(Debug, Subcommand)]
enum MpdCommand {
    /// Put songs that fit at the end of the queue
    Queue(QueueArgs),
    /// Put songs in the place of those after the one that plays, whoever put them there, by chance: those that fit come sooner
    Shuffle(QueueArgs),
    /// Keep the queue filled, and let it follow the mood, until stopped
    Follow(FollowArgs),
}

/// What `queue` and `shuffle` take.
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("needed").args(["image", "camera", "mood", "similar_to", "unlike"]).required(true).multiple(true))]
struct QueueArgs {
    #[command(flatten)]
    sought: SoughtArgs,
    /// How many songs
    #[arg(short = 'n', long, value_name = "N", default_value = "20", value_parser = at_least_one)]
    count: NonZeroUsize,
    /// Play the first of them if nothing plays
    #[arg(long)]
    play: bool,
    #[command(flatten)]
    player: PlayerArgs,
    #[command(flatten)]
    library: LibraryArgs,
}

/// Where MPD is, and what it calls songs.
#[derive(Debug, clap::Args)]
struct PlayerArgs {
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
    fn mpd(&self) -> Mpd {
        let host = match &self.host {
            Some(host) => host.as_str(),
            None if Path::new(SOCKET).exists() => SOCKET,
            None => "localhost",
        };
        Mpd::new(MpdAddress::new(host, self.port))
    }

    /// What MPD calls songs.
    fn naming(&self, mpd: &mut Mpd) -> anyhow::Result<Naming> {
        let base = match &self.base {
            Some(base) => Some(base.clone()),
            None => mpd.music_folder().map_err(advised)?,
        };
        let beside = match base {
            // By their whole paths MPD finds songs of this machine below its library.
            None => Beside::Nothing,
            Some(base) => {
                let whole = std::path::absolute(&base);
                Beside::Folder(whole.with_context(|| output::readable(&base))?)
            }
        };
        Ok(Naming {
            map: PathMap::new(self.map.clone()),
            beside,
        })
    }
}

/// An error of MPD, with what to do about it here.
fn advised(error: MpdError) -> anyhow::Error {
    let advice = match &error {
        MpdError::Connect { .. } => "or say with --host and --port where it is",
        MpdError::Password { .. } => "give the password as --host PASSWORD@HOST",
        MpdError::Unknown { .. } => "see with --base and --map that it calls songs the same",
        _ => return error.into(),
    };
    anyhow::anyhow!("{error}; {advice}")
}

/// Runs the command.
pub fn run(args: &MpdArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        MpdCommand::Queue(args) => args.run(false),
        MpdCommand::Shuffle(args) => args.run(true),
        MpdCommand::Follow(args) => args.run(),
    }
}

/// So many songs of the queue are looked at.
const LOOKED_AT: usize = 500;

/// How much fitting counts in a shuffle.
const SHUFFLE: f64 = 0.5;

impl QueueArgs {
    fn run(&self, is_shuffle: bool) -> anyhow::Result<ExitCode> {
        let mut mpd = self.player.mpd();
        // Before a camera is started for nothing.
        let status = mpd.status().map_err(advised)?;
        let naming = self.player.naming(&mut mpd)?;
        let store = self.library.open_soon()?;
        let library = SoughtLibrary::load(&self.sought, &store)?;
        let usual = if is_shuffle { SHUFFLE } else { 1.0 };
        let mut wish = self.sought.wish(&library, self.count.get(), usual)?;
        if is_shuffle && self.sought.seed.is_none() {
            // Each time another one.
            wish.request.seed = unix_seconds();
        }
        let table = &library.songs.table;
        // What plays or is to come does not come twice; what makes way may come again.
        let first = status.song.map_or(0, |(place, _)| place);
        let there = mpd.queue(first, if is_shuffle { 1 } else { LOOKED_AT });
        let there = there.map_err(advised)?;
        let there = there
            .iter()
            .filter_map(|song| songs::find_by_end(table, &song.name));
        let picks = library.picks(&wish.request, wish.left_out.into_iter().chain(there));
        let paths = picks.iter().map(|pick| table.path(pick.position));
        let names: Vec<String> = paths.filter_map(|path| naming.name(&path)).collect();
        if names.is_empty() {
            anyhow::bail!(
                "no other song of the library fits that is on this disk, so the queue stays as it is"
            );
        }
        let done = enqueue(&mut mpd, &names, is_shuffle, self.play).map_err(advised)?;
        for name in &done.unknown {
            crate::tell!("MPD does not know {name}");
        }
        let removed = match done.removed {
            0 => String::new(),
            removed => format!(" in the place of {}", output::songs(removed)),
        };
        output::print(&format!(
            "{} put into the queue{removed}\n",
            output::songs(done.added)
        ))?;
        Ok(ExitCode::SUCCESS)
    }
}
