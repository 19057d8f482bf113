//! `vibelux jellyfin`: playlists on a Jellyfin server.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use vibelux_players::ServerSong;
use vibelux_players::jellyfin::{Jellyfin, JellyfinLogin};

use crate::servers::{MusicServer, ServerPlaylistArgs, collected, secret};

/// Where the secrets are looked for.
const PASSWORD: &str = "VIBELUX_JELLYFIN_PASSWORD";
const API_KEY: &str = "VIBELUX_JELLYFIN_API_KEY";

/// Flags of `vibelux jellyfin`.
#[derive(Debug, clap::Args)]
pub struct JellyfinArgs {
    #[command(subcommand)]
    command: JellyfinCommand,
}

#[derive(Debug, Subcommand)]
enum JellyfinCommand {
    /// Put a playlist of songs that fit there, in the place of yours of that name
    #[command(
        after_help = "The password is read from VIBELUX_JELLYFIN_PASSWORD or --password-file, an API key from VIBELUX_JELLYFIN_API_KEY or \
        --api-key-file; the user is needed with both.\n\nExit codes: 0 done, 2 could not run, 3 no face found."
    )]
    Playlist(Box<ServerPlaylistArgs<ServerArgs>>),
}

#[derive(Debug, clap::Args)]
struct ServerArgs {
    /// The server's address, such as http://nas.local:8096
    #[arg(long, value_name = "ADDRESS", env = "VIBELUX_JELLYFIN_SERVER")]
    server: String,
    /// The user whose playlist it is
    #[arg(long, value_name = "NAME", env = "VIBELUX_JELLYFIN_USER")]
    user: String,
    /// A file whose first line is the password
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// A file whose first line is an API key of the server
    #[arg(long, value_name = "FILE", conflicts_with = "password_file")]
    api_key_file: Option<PathBuf>,
    /// What the server calls this computer; two computers of one user need two names
    #[arg(long, value_name = "NAME", default_value = "vibelux")]
    device: String,
}

/// Runs the command.
pub fn run(args: &JellyfinArgs) -> anyhow::Result<ExitCode> {
    let JellyfinCommand::Playlist(args) = &args.command;
    args.playlist.run(|| {
        let server = &args.server;
        let jellyfin = Jellyfin::connect(&server.server, &server.login()?, &server.device)?;
        Ok(Box::new(JellyfinServer {
            jellyfin,
            address: server.server.clone(),
        }))
    })
}

impl ServerArgs {
    fn login(&self) -> anyhow::Result<JellyfinLogin> {
        let user = self.user.clone();
        let key_is_meant = self.api_key_file.is_some() || self.password_file.is_none();
        if key_is_meant && let Some(key) = secret(self.api_key_file.as_deref(), API_KEY)? {
            return Ok(JellyfinLogin::ApiKey { key, user });
        }
        match secret(self.password_file.as_deref(), PASSWORD)? {
            Some(password) => Ok(JellyfinLogin::Password { user, password }),
            None => anyhow::bail!(
                "the password of {user} is missing: set {PASSWORD} or {API_KEY}, or give --password-file or --api-key-file"
            ),
        }
    }
}

struct JellyfinServer {
    jellyfin: Jellyfin,
    address: String,
}

impl MusicServer for JellyfinServer {
    fn called(&self) -> String {
        format!("Jellyfin {} at {}", self.jellyfin.version(), self.address)
    }

    fn songs(&self, progress: &mut dyn FnMut(usize)) -> anyhow::Result<Vec<ServerSong>> {
        Ok(collected(progress, |each| self.jellyfin.songs(each))?)
    }

    fn put(&self, name: &str, ids: &[String]) -> anyhow::Result<()> {
        self.jellyfin.put_playlist(name, ids)?;
        Ok(())
    }
}
