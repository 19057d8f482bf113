//! `vibelux music-assistant`: playlists on a Music Assistant server, and songs into the queues of its players.

mod queue;
mod server;

use std::process::ExitCode;

use clap::Subcommand;

use self::queue::QueueArgs;
use self::server::ServerArgs;
use crate::servers::ServerPlaylistArgs;

const AFTER_HELP: &str = "A long-lived token (in the server's page: Settings, Profile) is read from VIBELUX_MUSIC_ASSISTANT_TOKEN or \
    --token-file.\n\nExit codes: 0 done, 2 could not run, 3 no face found.";

/// Flags of `vibelux music-assistant`.
#[derive(Debug, clap::Args)]
pub struct MusicAssistantArgs {
    #[command(subcommand)]
    command: MusicAssistantCommand,
}

#[derive(Debug, Subcommand)]
enum MusicAssistantCommand {
    /// Put a playlist of songs that fit there, in the place of yours of that name
    #[command(after_help = AFTER_HELP)]
    Playlist(Box<ServerPlaylistArgs<ServerArgs>>),
    /// Put songs that fit at the end of the queue of one of its players, without those that are in it
    #[command(after_help = AFTER_HELP)]
    Queue(Box<QueueArgs>),
}

/// Runs the command.
pub fn run(args: &MusicAssistantArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        MusicAssistantCommand::Playlist(args) => {
            args.playlist.run(|| Ok(Box::new(args.server.connect()?)))
        }
        MusicAssistantCommand::Queue(args) => args.run(),
    }
}
