//! `vibelux mpd`: lets the Music Player Daemon play what fits, once (`queue`, `shuffle`) or from now on (`follow`).
//!
//! ```text
//! flags, camera, lines -> moods.rs -> follow.rs -> vibelux_players::mpd -> MPD
//!                         songs.rs (what comes next) --^
//! ```

mod follow;
mod moods;
mod player;
mod songs;

use std::num::NonZeroUsize;
use std::process::ExitCode;

use clap::{ArgGroup, Subcommand};
use vibelux::library::unix_seconds;
use vibelux_players::mpd::enqueue;

use crate::at_least_one::at_least_one;
use crate::library_location::LibraryArgs;
use crate::output;
use crate::sought::{SoughtArgs, SoughtLibrary};
use follow::FollowArgs;
use player::{PlayerArgs, advised};

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
