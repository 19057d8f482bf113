//! `vibelux subsonic`: servers that speak Subsonic or OpenSubsonic, such as Navidrome. Playlists are put there, and songs that are not in the
//! library are listened to (`embed.rs`).

mod embed;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use vibelux_players::ServerSong;
use vibelux_players::subsonic::{Subsonic, SubsonicAccount, SubsonicError};

use embed::EmbedArgs;

use crate::servers::{MusicServer, PlaylistFlags, secret};

/// Where the secrets are looked for.
const PASSWORD: &str = "VIBELUX_SUBSONIC_PASSWORD";
const API_KEY: &str = "VIBELUX_SUBSONIC_API_KEY";

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
    #[arg(long, value_name = "FILE", conflicts_with_all = ["password_file", "send_password"])]
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

impl ServerArgs {
    fn connect(&self) -> anyhow::Result<Subsonic> {
        Subsonic::connect(&self.server, &self.account()?).map_err(advised)
    }

    fn account(&self) -> anyhow::Result<SubsonicAccount> {
        let key = match (&self.api_key_file, &self.user) {
            (Some(file), _) => secret(Some(file), API_KEY)?,
            (None, None) => secret(None, API_KEY)?,
            (None, Some(_)) => None,
        };
        if let Some(key) = key {
            return Ok(SubsonicAccount::with_api_key(&key));
        }
        let Some(user) = &self.user else {
            anyhow::bail!(
                "say who asks: --user with a password, or an API key in {API_KEY} or --api-key-file"
            );
        };
        match secret(self.password_file.as_deref(), PASSWORD)? {
            Some(password) if self.send_password => {
                Ok(SubsonicAccount::sending_password(user, &password))
            }
            Some(password) => Ok(SubsonicAccount::with_password(user, &password)),
            // The name may stand in the environment beside a key.
            None => match secret(None, API_KEY)? {
                Some(key) => Ok(SubsonicAccount::with_api_key(&key)),
                None => anyhow::bail!(
                    "the password of {user} is missing: set {PASSWORD}, or give --password-file"
                ),
            },
        }
    }
}

/// An error of a server, with what to do about it here.
fn advised(error: SubsonicError) -> anyhow::Error {
    let advice = match &error {
        SubsonicError::NoTokens { .. } => {
            "--api-key-file gives a key, --send-password sends the password"
        }
        SubsonicError::NoSuchSignIn { .. } => "try without --send-password and without a key",
        _ => return error.into(),
    };
    anyhow::anyhow!("{error}; {advice}")
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
