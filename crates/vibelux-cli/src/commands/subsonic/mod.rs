//! `vibelux subsonic`: servers that speak Subsonic or OpenSubsonic, such as Navidrome. Playlists are put there, and songs that are not in the
//! library are listened to (`embed.rs`).

mod embed;
mod server;

use std::process::ExitCode;

use clap::Subcommand;
use vibelux_players::ServerSong;
use vibelux_players::subsonic::Subsonic;

use embed::EmbedArgs;
use server::ServerArgs;

use crate::servers::{MusicServer, ServerPlaylistArgs};

/// What `vibelux serve --subsonic` calls itself.
const OURS: &str = "vibelux";

/// What stands beside a playlist there.
const NOTE: &str = "Made by VibeluX of the moods of the songs";

/// Flags of `vibelux subsonic`.
#[derive(Debug, clap::Args)]
pub struct SubsonicArgs {
    #[command(subcommand)]
    command: SubsonicCommand,
}

#[derive(Debug, Subcommand)]
enum SubsonicCommand {
    /// Put a playlist of songs that fit there, in the place of yours of that name
    #[command(
        after_help = "The password is read from VIBELUX_SUBSONIC_PASSWORD or --password-file, an API key from VIBELUX_SUBSONIC_API_KEY or \
        --api-key-file.\n\nExit codes: 0 done, 2 could not run, 3 no face found."
    )]
    Playlist(Box<ServerPlaylistArgs<ServerArgs>>),
    /// Listen to the songs there that are not in the library, one by one, so that playlists can have them
    Embed(EmbedArgs),
}

/// Runs the command.
pub fn run(args: &SubsonicArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        SubsonicCommand::Playlist(args) => args
            .playlist
            .run(|| {
                let server = args.server.connect()?;
                anyhow::ensure!(
                    server.info().kind.as_deref() != Some(OURS),
                    "{} is a VibeluX itself, whose playlists are made of moods; name the server that keeps yours",
                    server.address()
                );
                Ok(Box::new(SubsonicServer(server)))
            }),
        SubsonicCommand::Embed(args) => args.run(),
    }
}

struct SubsonicServer(Subsonic);

impl MusicServer for SubsonicServer {
    fn called(&self) -> String {
        let info = self.0.info();
        let kind = info.kind.as_deref().unwrap_or("the Subsonic server");
        let version = info
            .version
            .as_deref()
            .map_or(String::new(), |v| format!(" {v}"));
        format!("{kind}{version} at {}", self.0.address())
    }

    fn songs(&self, progress: &mut dyn FnMut(usize)) -> anyhow::Result<Vec<ServerSong>> {
        Ok(self.0.all_songs(progress)?)
    }

    fn put(&self, name: &str, ids: &[String]) -> anyhow::Result<()> {
        self.0.put_playlist(name, ids, NOTE)?;
        Ok(())
    }
}
