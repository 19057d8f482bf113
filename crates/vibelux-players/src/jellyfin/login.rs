//! [`JellyfinLogin`]: who comes to Jellyfin.

use std::fmt;

/// Who comes to Jellyfin, and how that is shown. Its secrets are never printed.
#[derive(Clone)]
pub enum JellyfinLogin {
    /// A key of the server, and the user that it is used for.
    ApiKey {
        /// From Dashboard, API Keys.
        key: String,
        /// The user's name.
        user: String,
    },
    /// The access token of a user.
    Token {
        /// What Jellyfin gave a program that signed in.
        token: String,
    },
    /// A user's name and password.
    Password {
        /// The user's name.
        user: String,
        /// The password; may be empty.
        password: String,
    },
}

impl fmt::Debug for JellyfinLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ApiKey { user, .. } => write!(f, "ApiKey {{ user: {user:?}, .. }}"),
            Self::Token { .. } => f.write_str("Token { .. }"),
            Self::Password { user, .. } => write!(f, "Password {{ user: {user:?}, .. }}"),
        }
    }
}

/// The line `Authorization` of a request. Jellyfin decodes the values as those of a form.
pub(super) fn authorization(device: &str, token: Option<&str>) -> String {
    let encoded = |value: &str| -> String {
        url::form_urlencoded::byte_serialize(value.as_bytes()).collect()
    };
    let version = env!("CARGO_PKG_VERSION");
    let device = encoded(device);
    let mut line = format!(
        "MediaBrowser Client=\"VibeluX\", Device=\"{device}\", DeviceId=\"vibelux-{device}\", Version=\"{version}\""
    );
    if let Some(token) = token {
        line += &format!(", Token=\"{}\"", encoded(token));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_printed() {
        let logins = [
            JellyfinLogin::ApiKey {
                key: "s3cret".to_owned(),
                user: "ann".to_owned(),
            },
            JellyfinLogin::Token {
                token: "s3cret".to_owned(),
            },
            JellyfinLogin::Password {
                user: "ann".to_owned(),
                password: "s3cret".to_owned(),
            },
        ];
        assert!(!format!("{logins:?}").contains("s3cret"));
    }

    #[test]
    fn no_value_ends_its_quotes() {
        let line = authorization("a \"b\", Token=\"x\"", Some("t\r\nX: y"));
        assert_eq!(line.matches('"').count(), 10);
        assert!(!line.contains('\n'));
    }
}
