//! [`Caller`]: somebody who asks Jellyfin, known by a line of the request's head.

use serde_json::Value;

use super::error::JellyfinError;
use super::login::authorization;
use crate::http::{Ask, HttpError, HttpServer, Payload, Reply};

/// Somebody who asks, with a token or without.
pub(super) struct Caller {
    http: HttpServer,
    device: String,
    authorization: String,
}

impl Caller {
    /// Somebody without a token.
    pub fn new(http: HttpServer, device: &str) -> Self {
        Self {
            http,
            device: device.to_owned(),
            authorization: authorization(device, None),
        }
    }

    /// The same with a token.
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            http: self.http.clone(),
            device: self.device.clone(),
            authorization: authorization(&self.device, Some(token)),
        }
    }

    /// Where Jellyfin is.
    pub fn server(&self) -> String {
        self.http.address().to_owned()
    }

    /// What it answers, as JSON.
    pub fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, JellyfinError> {
        let reply = self.ask(&Ask::get(path, query))?;
        reply.json().ok_or_else(|| self.nonsense(path))
    }

    /// Sends something; only what does no harm if it comes twice `is_repeatable`.
    pub fn post(
        &self,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
        is_repeatable: bool,
    ) -> Result<Reply, JellyfinError> {
        self.ask(&Ask {
            method: "POST",
            payload: body.map_or(Payload::None, Payload::Json),
            is_repeatable,
            ..Ask::get(path, query)
        })
    }

    /// Deletes something.
    pub fn delete(&self, path: &str) -> Result<Reply, JellyfinError> {
        self.ask(&Ask {
            method: "DELETE",
            ..Ask::get(path, &[])
        })
    }

    /// An answer of a wrong shape.
    pub fn nonsense(&self, path: &str) -> JellyfinError {
        JellyfinError::Nonsense {
            server: self.server(),
            path: path.to_owned(),
        }
    }

    fn ask(&self, ask: &Ask<'_>) -> Result<Reply, JellyfinError> {
        let headers = [("authorization", self.authorization.as_str())];
        let ask = Ask {
            headers: &headers,
            ..*ask
        };
        self.http.ask(&ask).map_err(|error| match error {
            HttpError::Status {
                server,
                status: 401,
                ..
            } => JellyfinError::Credentials { server },
            HttpError::Status {
                server,
                status: 403,
                path,
                ..
            } => JellyfinError::Rights { server, path },
            error => JellyfinError::Http(error),
        })
    }
}

/// An id as Jellyfin writes it: 32 digits of base 16. No other text gets into the path of a request.
pub(super) fn item_id(text: &str) -> Option<String> {
    let id: String = text.chars().filter(|&digit| digit != '-').collect();
    let is_id = id.len() == 32 && id.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_id.then(|| id.to_ascii_lowercase())
}

/// The id of an object of an answer.
pub(super) fn id_of(object: &Value) -> Option<String> {
    object["Id"].as_str().and_then(item_id)
}
