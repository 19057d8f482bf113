//! `vibelux mpris`: controls the music player of a Linux desktop, and lets it play what fits, once (`queue`, `shuffle`) or from now on
//! (`follow`).
//!
//! ```text
//! flags -> player.rs (which player, what it calls songs) -> filling -> vibelux_players::mpris -> D-Bus -> the player
//! ```

mod player;

use std::process::ExitCode;

use clap::Subcommand;
use vibelux_players::PlayState;
use vibelux_players::mpris::{MprisBus, MprisError, MprisPlayer, PlayerInfo};

use crate::filling::{FollowFlags, PutFlags};
use crate::output;
use player::{FollowedPlayer, PlayerArgs, UriNames, advised};

/// Flags of `vibelux mpris`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Players are found on the D-Bus session of this user (DBUS_SESSION_BUS_ADDRESS). Of several the one that plays is meant.\n\n\
    Exit codes: 0 done, 2 could not run or go on, 3 no face found."
)]
pub struct MprisArgs {
    #[command(subcommand)]
    command: MprisCommand,
}

#[derive(Debug, Subcommand)]
enum MprisCommand {
    /// List the players that are there, and what they play
    Players,
    /// Let it play
    Play(PlayerArgs),
    /// Let it pause
    Pause(PlayerArgs),
    /// Let it pause if it plays, else play
    PlayPause(PlayerArgs),
    /// Go on to the next song
    Next(PlayerArgs),
    /// Go back to the song before
    Previous(PlayerArgs),
    /// Stop it
    Stop(PlayerArgs),
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
    /// Give it one song at a time, each when the one before has ended: for players whose queue is not for others
    #[arg(long, conflicts_with_all = ["ahead", "replace"])]
    one_by_one: bool,
    #[command(flatten)]
    player: PlayerArgs,
}

/// Runs the command.
pub fn run(args: &MprisArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        MprisCommand::Players => list()?,
        MprisCommand::Play(player) => tell(player, MprisPlayer::play)?,
        MprisCommand::Pause(player) => tell(player, MprisPlayer::pause)?,
        MprisCommand::PlayPause(player) => tell(player, MprisPlayer::play_pause)?,
        MprisCommand::Next(player) => tell(player, MprisPlayer::next)?,
        MprisCommand::Previous(player) => tell(player, MprisPlayer::previous)?,
        MprisCommand::Stop(player) => tell(player, MprisPlayer::stop)?,
        MprisCommand::Queue(args) => args.run(false)?,
        MprisCommand::Shuffle(args) => args.run(true)?,
        MprisCommand::Follow(args) => return args.run(),
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(
    args: &PlayerArgs,
    order: impl Fn(&MprisPlayer) -> Result<(), MprisError>,
) -> anyhow::Result<()> {
    let player = MprisBus::connect(None)?.player(args.player.as_deref());
    Ok(order(&player.map_err(advised)?)?)
}

fn list() -> anyhow::Result<()> {
    let listing = MprisBus::connect(None)?.players()?;
    for error in &listing.silent {
        crate::tell!("{error}");
    }
    if listing.players.is_empty() {
        return Err(MprisError::NoPlayer.into());
    }
    let lines: String = listing.players.iter().map(line).collect();
    output::print(&lines)
}

/// `VLC media player (vlc)  plays  One — Ada`.
fn line(player: &PlayerInfo) -> String {
    let state = match player.state {
        PlayState::Play => "plays",
        PlayState::Pause => "pauses",
        PlayState::Stop => "stopped",
    };
    let track = player.track.as_ref().and_then(|track| {
        let title = track.title.clone().or_else(|| track.url.clone())?;
        Some(if track.artists.is_empty() {
            title
        } else {
            format!("{title} \u{2014} {}", track.artists.join(", "))
        })
    });
    let queue = if player.can_queue() {
        ""
    } else {
        "  (follow --one-by-one only)"
    };
    let track = output::readable(track.unwrap_or_default().as_ref());
    let label = output::readable(player.label().as_ref());
    format!("{label}  {state}  {track}{queue}\n")
}

impl QueueArgs {
    fn run(&self, is_shuffle: bool) -> anyhow::Result<()> {
        let mut player = self.player.mpris();
        let called = player.player()?.label();
        self.put
            .put(&mut player, &called, &UriNames, is_shuffle, advised)
    }
}

impl FollowArgs {
    fn run(&self) -> anyhow::Result<ExitCode> {
        let mut player = FollowedPlayer::new(self.player.mpris(), &self.follow, self.one_by_one)?;
        self.follow.run(&mut player, Box::new(UriNames))
    }
}
