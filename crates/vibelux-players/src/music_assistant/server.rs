//! [`MusicAssistant`]: a server that takes commands.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use super::error::MusicAssistantError;
use super::login::MusicAssistantLogin;
use crate::http::{Ask, HttpError, HttpServer, Payload};

/// The oldest API that takes commands of known users over HTTP: that of 2.7.
const OLDEST_SCHEMA: u64 = 28;

/// For so long the server may take for what it does in the background.
const PATIENCE: Duration = Duration::from_secs(60);

/// A Music Assistant that lets somebody in.
pub struct MusicAssistant {
    http: HttpServer,
    authorization: String,
    version: String,
    pub(super) patience: Duration,
}

impl MusicAssistant {
    /// Comes to a Music Assistant as somebody. Whether a token is taken is seen by the first command.
    ///
    /// # Errors
    /// [`MusicAssistantError`]: nobody there, something else there, a version that is too old, a name and password that it refuses.
    pub fn connect(
        address: &str,
        login: &MusicAssistantLogin,
    ) -> Result<Self, MusicAssistantError> {
        let http = HttpServer::new(address)?;
        let version = version(&http)?;
        let token = match login {
            MusicAssistantLogin::Token { token } => token.clone(),
            MusicAssistantLogin::Password { user, password } => sign_in(&http, user, password)?,
        };
        // Tokens are visible characters; anything else would be a head that is none.
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(MusicAssistantError::Credentials {
                server: http.address().to_owned(),
            });
        }
        Ok(Self {
            authorization: format!("Bearer {token}"),
            http,
            version,
            patience: PATIENCE,
        })
    }

    /// The same that waits as long as this for what the server does in the background, in the place of a minute.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Where it is.
    pub(super) fn address(&self) -> String {
        self.http.address().to_owned()
    }

    /// What it answers to a command; `null` if that has no result.
    pub(super) fn command(
        &self,
        command: &str,
        arguments: &Value,
        is_repeatable: bool,
    ) -> Result<Value, MusicAssistantError> {
        let body = json!({ "message_id": "vibelux", "command": command, "args": arguments });
        let headers = [("authorization", self.authorization.as_str())];
        let ask = Ask {
            method: "POST",
            headers: &headers,
            payload: Payload::Json(&body),
            is_repeatable,
            ..Ask::get("api", &[])
        };
        let command = command.to_owned();
        let reply = self.http.ask(&ask).map_err(|error| match error {
            HttpError::Status {
                server,
                status: 401,
                ..
            } => MusicAssistantError::Credentials { server },
            HttpError::Status {
                server,
                status: 403,
                ..
            } => MusicAssistantError::Rights {
                server,
                command: command.clone(),
            },
            HttpError::Status {
                server,
                status: status @ (400 | 404 | 500),
                ..
            } => MusicAssistantError::Refused {
                server,
                command: command.clone(),
                status,
            },
            error => MusicAssistantError::Http(error),
        })?;
        if reply.body.is_empty() {
            return Ok(Value::Null);
        }
        reply.json().ok_or_else(|| self.nonsense(&command))
    }

    /// The same of an answer that is a list.
    pub(super) fn list(
        &self,
        command: &str,
        arguments: &Value,
    ) -> Result<Vec<Value>, MusicAssistantError> {
        match self.command(command, arguments, true)? {
            Value::Array(items) => Ok(items),
            _ => Err(self.nonsense(command)),
        }
    }

    /// An answer of a wrong shape.
    pub(super) fn nonsense(&self, command: &str) -> MusicAssistantError {
        MusicAssistantError::Nonsense {
            server: self.address(),
            command: command.to_owned(),
        }
    }
}

impl fmt::Debug for MusicAssistant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MusicAssistant")
            .field("server", &self.http.address())
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

fn version(http: &HttpServer) -> Result<String, MusicAssistantError> {
    let server = http.address().to_owned();
    let reply = http
        .ask(&Ask::get("info", &[]))
        .map_err(|error| match error {
            HttpError::Status { .. } if !error.is_passing() => {
                MusicAssistantError::NotMusicAssistant {
                    server: server.clone(),
                }
            }
            error => MusicAssistantError::Http(error),
        })?;
    let info = reply.json().unwrap_or_default();
    let version = info["server_version"].as_str();
    let (Some(version), Some(schema)) = (version, info["schema_version"].as_u64()) else {
        return Err(MusicAssistantError::NotMusicAssistant { server });
    };
    let version = version.to_owned();
    if schema < OLDEST_SCHEMA {
        return Err(MusicAssistantError::TooOld { server, version });
    }
    Ok(version)
}

fn sign_in(http: &HttpServer, user: &str, password: &str) -> Result<String, MusicAssistantError> {
    let path = "auth/login";
    let credentials = json!({ "username": user, "password": password });
    // Versions before 2.8.4 have the two beside "credentials".
    let body = json!({ "username": user, "password": password, "credentials": credentials });
    let ask = Ask {
        method: "POST",
        payload: Payload::Json(&body),
        ..Ask::get(path, &[])
    };
    let reply = http.ask(&ask).map_err(|error| match error {
        HttpError::Status {
            server,
            status: 401 | 403,
            ..
        } => MusicAssistantError::Credentials { server },
        error => MusicAssistantError::Http(error),
    })?;
    let answer = reply.json().unwrap_or_default();
    let token = answer["token"]
        .as_str()
        .or_else(|| answer["access_token"].as_str());
    token
        .map(str::to_owned)
        .ok_or_else(|| MusicAssistantError::Nonsense {
            server: http.address().to_owned(),
            command: path.to_owned(),
        })
}
