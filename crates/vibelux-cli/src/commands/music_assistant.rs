//! `vibelux music-assistant`: playlists on a Music Assistant server.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use vibelux_players::ServerSong;
use vibelux_players::music_assistant::{MusicAssistant, MusicAssistantLogin};

use crate::servers::{MusicServer, PlaylistFlags, collected, secret};

/// Where the token is looked for.
const TOKEN: &str = "VIBELUX_MUSIC_ASSISTANT_TOKEN";

/// Flags of `vibelux music-assistant`.
#[derive(Debug, clap::Args)]
pub struct MusicAssistantArgs {
    #[command(subcommand)]
    command: MusicAssistantCommand,
}

#[derive(Debug, Subcommand)]
enum MusicAssistantCommand {
    /// Put a playlist of songs that fit there, in the place of yours of that name
    #[command(
        after_help = "A long-lived token (in the server's page: Settings, Profile) is read from VIBELUX_MUSIC_ASSISTANT_TOKEN or \
        --token-file.\n\nExit codes: 0 done, 2 could not run, 3 no face found."
    )]
    Playlist(Box<ServerPlaylistArgs>),
}

#[derive(Debug, clap::Args)]
struct ServerPlaylistArgs {
    #[command(flatten)]
    playlist: PlaylistFlags,
    /// The server's address, such as http://homeassistant.local:8095
    #[arg(long, value_name = "ADDRESS", env = "VIBELUX_MUSIC_ASSISTANT_SERVER")]
    server: String,
    /// A file whose first line is a token
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

/// Runs the command.
pub fn run(args: &MusicAssistantArgs) -> anyhow::Result<ExitCode> {
    let MusicAssistantCommand::Playlist(args) = &args.command;
    args.playlist.run(|| {
        let Some(token) = secret(args.token_file.as_deref(), TOKEN)? else {
            anyhow::bail!("the token is missing: set {TOKEN}, or give --token-file");
        };
        let login = MusicAssistantLogin::Token { token };
        Ok(Box::new(MusicAssistantServer {
            server: MusicAssistant::connect(&args.server, &login)?,
            address: args.server.clone(),
        }))
    })
}

struct MusicAssistantServer {
    server: MusicAssistant,
    address: String,
}

impl MusicServer for MusicAssistantServer {
    fn called(&self) -> String {
        format!(
            "Music Assistant {} at {}",
            self.server.version(),
            self.address
        )
    }

    fn songs(&self, progress: &mut dyn FnMut(usize)) -> anyhow::Result<Vec<ServerSong>> {
        Ok(collected(progress, |each| self.server.songs(each))?)
    }

    fn put(&self, name: &str, ids: &[String]) -> anyhow::Result<()> {
        self.server.put_playlist(name, ids)?;
        Ok(())
    }
}
