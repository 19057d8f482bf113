//! [`Session`]: a user who is signed in.

use serde_json::{Value, json};

use super::caller::{Caller, id_of};
use super::error::JellyfinError;
use crate::http::HttpError;

/// A user who is signed in, and out again at the end if it was only for this.
pub(super) struct Session {
    /// Who asks.
    pub caller: Caller,
    /// The user's id.
    pub user: String,
    signs_out: bool,
}

impl Session {
    /// Of a token that somebody else got.
    pub fn of_token(stranger: &Caller, token: &str) -> Result<Self, JellyfinError> {
        let caller = stranger.with_token(token);
        let path = "Users/Me";
        let user = caller.get(path, &[]).map_err(|error| match error {
            JellyfinError::Http(HttpError::Status {
                server,
                status: 400,
                ..
            }) => JellyfinError::NoUserOfToken { server },
            error => error,
        })?;
        let user = id_of(&user).ok_or_else(|| caller.nonsense(path))?;
        Ok(Self {
            caller,
            user,
            signs_out: false,
        })
    }

    /// By name and password.
    pub fn by_password(
        stranger: &Caller,
        user: &str,
        password: &str,
    ) -> Result<Self, JellyfinError> {
        let body = json!({ "Username": user, "Pw": password });
        Self::sign_in(stranger, "Users/AuthenticateByName", &body)
    }

    /// For a user that a key of the server speaks for: the key lets in whoever has the code, as that user would.
    pub fn by_key(stranger: &Caller, key: &Caller, user: &str) -> Result<Self, JellyfinError> {
        let path = "QuickConnect/Initiate";
        let closed = |error| match error {
            JellyfinError::Credentials { server } => JellyfinError::NoQuickConnect { server },
            error => error,
        };
        let begun = stranger.post(path, &[], None, true).map_err(closed)?;
        let begun = begun.json().unwrap_or_default();
        let (Some(code), Some(secret)) = (begun["Code"].as_str(), begun["Secret"].as_str()) else {
            return Err(stranger.nonsense(path));
        };
        key.post(
            "QuickConnect/Authorize",
            &[("code", code), ("userId", user)],
            None,
            false,
        )?;
        let body = json!({ "Secret": secret });
        Self::sign_in(stranger, "Users/AuthenticateWithQuickConnect", &body)
    }

    fn sign_in(stranger: &Caller, path: &str, body: &Value) -> Result<Self, JellyfinError> {
        let reply = stranger
            .post(path, &[], Some(body), true)
            .map_err(|error| match error {
                // A user that is locked or may not sign in from here.
                JellyfinError::Rights { server, .. } => JellyfinError::Credentials { server },
                error => error,
            })?;
        let answer = reply.json().unwrap_or_default();
        let (Some(token), Some(user)) = (answer["AccessToken"].as_str(), id_of(&answer["User"]))
        else {
            return Err(stranger.nonsense(path));
        };
        Ok(Self {
            caller: stranger.with_token(token),
            user,
            signs_out: true,
        })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.signs_out {
            // The token is of no use to anybody else; if it cannot be given back now, the next signing in does that.
            let _ = self.caller.post("Sessions/Logout", &[], None, false);
        }
    }
}
