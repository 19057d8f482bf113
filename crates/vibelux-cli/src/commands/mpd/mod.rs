//! `vibelux mpd`: lets the Music Player Daemon play what fits, once (`queue`, `shuffle`) or from now on (`follow`).
//!
//! ```text
//! flags -> player.rs (which MPD, what it calls songs) -> filling -> vibelux_players::mpd -> MPD
//! ```

mod player;

use std::process::ExitCode;

use clap::Subcommand;
use vibelux_players::mpd::{Mpd, MpdError};
use vibelux_players::{Follower, Tick};

use crate::filling::{FollowFlags, Followed, LibrarySongs, PutFlags, Trouble};
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
struct QueueArgs {
    #[command(flatten)]
    put: PutFlags,
    #[command(flatten)]
    player: PlayerArgs,
}

/// What `follow` takes.
#[derive(Debug, clap::Args)]
struct FollowArgs {
    #[command(flatten)]
    follow: FollowFlags,
    #[command(flatten)]
    player: PlayerArgs,
}

/// Runs the command.
pub fn run(args: &MpdArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        MpdCommand::Queue(args) => args.run(false),
        MpdCommand::Shuffle(args) => args.run(true),
        MpdCommand::Follow(args) => args.run(),
    }
}

impl QueueArgs {
    fn run(&self, is_shuffle: bool) -> anyhow::Result<ExitCode> {
        let mut mpd = self.player.mpd();
        let names = self.player.names(&mut mpd)?;
        self.put.put(&mut mpd, "MPD", &names, is_shuffle, advised)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl FollowArgs {
    fn run(&self) -> anyhow::Result<ExitCode> {
        let mut mpd = self.player.mpd();
        mpd.status().map_err(advised)?;
        let names = self.player.names(&mut mpd)?;
        let flags = &self.follow;
        let follower = Follower::new(flags.ahead.into(), !flags.no_play, flags.replace);
        flags.run(&mut FollowedMpd { mpd, follower }, Box::new(names))
    }
}

struct FollowedMpd {
    mpd: Mpd,
    follower: Follower,
}

impl Followed for FollowedMpd {
    fn called(&self) -> String {
        "MPD".to_owned()
    }

    fn place(&self) -> String {
        self.mpd.address().to_string()
    }

    fn tick(&mut self, songs: &mut LibrarySongs) -> Result<Tick, Trouble> {
        let ticked = self.follower.tick(&mut self.mpd, songs);
        ticked.map_err(|error| match error {
            error if error.is_passing() => Trouble::Away(error.to_string()),
            MpdError::Refused { .. } => Trouble::Refused(advised(error)),
            error => Trouble::Lasting(advised(error)),
        })
    }

    fn change(&mut self) {
        self.follower.change();
    }

    fn reconnect(&mut self) {
        self.follower.reconnect();
    }
}
