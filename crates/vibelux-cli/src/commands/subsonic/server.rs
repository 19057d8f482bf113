//! [`ServerArgs`]: which server is meant, and who asks.

use std::path::PathBuf;

use vibelux_players::subsonic::{Subsonic, SubsonicAccount, SubsonicError};

use crate::servers::secret;

/// Where the secrets are looked for.
const PASSWORD: &str = "VIBELUX_SUBSONIC_PASSWORD";
const API_KEY: &str = "VIBELUX_SUBSONIC_API_KEY";

/// The flags.
#[derive(Debug, clap::Args)]
pub struct ServerArgs {
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

impl ServerArgs {
    /// Comes to the server.
    ///
    /// # Errors
    /// If a secret is missing, or the server does not let anybody in.
    pub fn connect(&self) -> anyhow::Result<Subsonic> {
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
