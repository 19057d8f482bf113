//! [`Jellyfin`]: a server, and the user whose songs and playlists are meant.

use std::fmt;

use super::caller::{Caller, id_of};
use super::error::JellyfinError;
use super::login::JellyfinLogin;
use super::session::Session;
use crate::http::{HttpError, HttpServer};

/// The oldest version that replaces the songs of a playlist (`POST /Playlists/{id}`).
const OLDEST: (u64, u64) = (10, 9);

/// A Jellyfin that lets somebody in.
pub struct Jellyfin {
    stranger: Caller,
    access: Access,
    version: String,
}

/// By which right it is asked.
enum Access {
    /// A key of the server, and the id of the user that it is used for.
    Key { caller: Caller, user: String },
    /// A user's own.
    User(Session),
}

impl Jellyfin {
    /// Comes to a Jellyfin as somebody. `device` is what it calls this computer among the devices of the user; whoever signs in by password under
    /// the same name a second time signs the first one out.
    ///
    /// # Errors
    /// [`JellyfinError`]: nobody there, something else there, a version that is too old, credentials that it refuses.
    pub fn connect(
        address: &str,
        login: &JellyfinLogin,
        device: &str,
    ) -> Result<Self, JellyfinError> {
        let stranger = Caller::new(HttpServer::new(address)?, device);
        let version = version(&stranger)?;
        let access = match login {
            JellyfinLogin::ApiKey { key, user } => {
                let caller = stranger.with_token(key);
                let user = user_id(&caller, user)?;
                Access::Key { caller, user }
            }
            JellyfinLogin::Token { token } => Access::User(Session::of_token(&stranger, token)?),
            JellyfinLogin::Password { user, password } => {
                Access::User(Session::by_password(&stranger, user, password)?)
            }
        };
        Ok(Self {
            stranger,
            access,
            version,
        })
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Who asks for what a key may ask for too, and the user's id.
    pub(super) fn reader(&self) -> (&Caller, &str) {
        match &self.access {
            Access::Key { caller, user } => (caller, user),
            Access::User(session) => (&session.caller, &session.user),
        }
    }

    /// Does something as the user, which a key must sign in for.
    pub(super) fn as_user<T>(
        &self,
        work: impl FnOnce(&Session) -> Result<T, JellyfinError>,
    ) -> Result<T, JellyfinError> {
        match &self.access {
            Access::Key { caller, user } => work(&Session::by_key(&self.stranger, caller, user)?),
            Access::User(session) => work(session),
        }
    }
}

impl fmt::Debug for Jellyfin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jellyfin")
            .field("server", &self.stranger.server())
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

fn version(stranger: &Caller) -> Result<String, JellyfinError> {
    let server = stranger.server();
    let about = stranger
        .get("System/Info/Public", &[])
        .map_err(|error| match error {
            // Busy or starting, or not there at all.
            JellyfinError::Http(error) if error.is_passing() => JellyfinError::Http(error),
            JellyfinError::Http(error @ HttpError::Address { .. }) => JellyfinError::Http(error),
            _ => JellyfinError::NotJellyfin {
                server: server.clone(),
            },
        })?;
    let version = about["Version"].as_str();
    let product = about["ProductName"].as_str();
    let numbers = version.and_then(|version| {
        let mut parts = version.split('.').map(str::parse);
        Some((parts.next()?.ok()?, parts.next()?.ok()?))
    });
    match (version, product, numbers) {
        (Some(version), Some(product), Some(numbers)) if product.contains("Jellyfin") => {
            if numbers < OLDEST {
                let version = version.to_owned();
                return Err(JellyfinError::TooOld { server, version });
            }
            Ok(version.to_owned())
        }
        // Emby says no more of itself than its version, which begins with 4.
        (Some(version), None, Some((4, _))) if id_of(&about).is_some() => {
            Err(JellyfinError::Emby {
                server,
                version: version.to_owned(),
            })
        }
        _ => Err(JellyfinError::NotJellyfin { server }),
    }
}

fn user_id(caller: &Caller, name: &str) -> Result<String, JellyfinError> {
    let path = "Users";
    let users = caller.get(path, &[])?;
    let users = users.as_array().ok_or_else(|| caller.nonsense(path))?;
    // Jellyfin's own comparison of names knows no upper and lower case.
    let is_meant = |user: &&serde_json::Value| {
        let its = user["Name"].as_str().unwrap_or_default();
        its.to_lowercase() == name.trim().to_lowercase()
    };
    match users.iter().find(is_meant) {
        Some(user) => id_of(user).ok_or_else(|| caller.nonsense(path)),
        None => Err(JellyfinError::NoUser {
            server: caller.server(),
            user: name.to_owned(),
        }),
    }
}
