//! `vibelux subsonic`: servers that speak Subsonic or OpenSubsonic, such as Navidrome. Playlists are put there, and songs that are not in the
//! library are listened to (`embed.rs`).

mod embed;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use vibelux_players::ServerSong;
use vibelux_players::subsonic::{Subsonic, SubsonicAccount};

use embed::EmbedArgs;

use crate::servers::{MusicServer, PlaylistFlags, secret};

/// Where the secrets are looked for.
const PASSWORD: &str = "VIBELUX_SUBSONIC_PASSWORD";
const API_KEY: &str = "VIBELUX_SUBSONIC_API_KEY";

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
    Playlist(Box<ServerPlaylistArgs>),
    /// Listen to the songs there that are not in the library, one by one, so that playlists can have them
    Embed(EmbedArgs),
}

#[derive(Debug, clap::Args)]
struct ServerPlaylistArgs {
    #[command(flatten)]
    playlist: PlaylistFlags,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Debug, clap::Args)]
struct ServerArgs {
    /// The server's address, such as http://nas.local:4533
    #[arg(long, value_name = "ADDRESS", env = "VIBELUX_SUBSONIC_SERVER")]
    server: String,
    /// The user there; none with an API key
    #[arg(long, value_name = "NAME", env = "VIBELUX_SUBSONIC_USER")]
    user: Option<String>,
    /// A file whose first line is the password
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// A file whose first line is an API key
    #[arg(long, value_name = "FILE", conflicts_with_all = ["user", "password_file"])]
    api_key_file: Option<PathBuf>,
    /// Send the password itself, for servers that take no token (supysonic): anybody on the way can read it without https
    #[arg(long, requires = "user")]
    send_password: bool,
}

/// Runs the command.
pub fn run(args: &SubsonicArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        SubsonicCommand::Playlist(args) => args
            .playlist
            .run(|| Ok(Box::new(SubsonicServer(args.server.connect()?)))),
        SubsonicCommand::Embed(args) => args.run(),
    }
}

impl ServerArgs {
    fn connect(&self) -> anyhow::Result<Subsonic> {
        Ok(Subsonic::connect(&self.server, &self.account()?)?)
    }

    fn account(&self) -> anyhow::Result<SubsonicAccount> {
        if let Some(user) = &self.user {
            let password = secret(self.password_file.as_deref(), PASSWORD)?;
            let Some(password) = password else {
                anyhow::bail!(
                    "the password of {user} is missing: set {PASSWORD}, or give --password-file"
                );
            };
            return Ok(if self.send_password {
                SubsonicAccount::sending_password(user, &password)
            } else {
                SubsonicAccount::with_password(user, &password)
            });
        }
        match secret(self.api_key_file.as_deref(), API_KEY)? {
            Some(key) => Ok(SubsonicAccount::with_api_key(&key)),
            None => anyhow::bail!(
                "say who asks: --user with a password, or an API key in {API_KEY} or --api-key-file"
            ),
        }
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
