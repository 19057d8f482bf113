//! [`ServerArgs`]: which Music Assistant is meant; [`MusicAssistantServer`]: the same when it has let us in.

use std::path::PathBuf;

use vibelux_players::ServerSong;
use vibelux_players::music_assistant::{MusicAssistant, MusicAssistantLogin};

use crate::servers::{MusicServer, collected, secret};

/// Where the token is looked for.
const TOKEN: &str = "VIBELUX_MUSIC_ASSISTANT_TOKEN";

/// Which Music Assistant is meant.
#[derive(Debug, clap::Args)]
pub struct ServerArgs {
    /// The server's address, such as http://homeassistant.local:8095
    #[arg(long, value_name = "ADDRESS", env = "VIBELUX_MUSIC_ASSISTANT_SERVER")]
    server: String,
    /// A file whose first line is a token
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

impl ServerArgs {
    /// Signs in there.
    ///
    /// # Errors
    /// If there is no token, or the server does not take it.
    pub fn connect(&self) -> anyhow::Result<MusicAssistantServer> {
        let Some(token) = secret(self.token_file.as_deref(), TOKEN)? else {
            anyhow::bail!("the token is missing: set {TOKEN}, or give --token-file");
        };
        let login = MusicAssistantLogin::Token { token };
        Ok(MusicAssistantServer {
            server: MusicAssistant::connect(&self.server, &login)?,
            address: self.server.clone(),
        })
    }
}

/// A Music Assistant that has let us in.
pub struct MusicAssistantServer {
    /// The server.
    pub server: MusicAssistant,
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
