//! [`MusicAssistantLogin`]: who comes to Music Assistant.

use std::fmt;

/// Who comes to Music Assistant, and how that is shown. Its secrets are never printed.
#[derive(Clone)]
pub enum MusicAssistantLogin {
    /// A token, long-lived ones are made in its settings, Profile.
    Token {
        /// The token.
        token: String,
    },
    /// A user's name and password, by which a token for a short time is got.
    Password {
        /// The user's name.
        user: String,
        /// The password.
        password: String,
    },
}

impl fmt::Debug for MusicAssistantLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token { .. } => f.write_str("Token { .. }"),
            Self::Password { user, .. } => write!(f, "Password {{ user: {user:?}, .. }}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_printed() {
        let logins = [
            MusicAssistantLogin::Token {
                token: "s3cret".to_owned(),
            },
            MusicAssistantLogin::Password {
                user: "ann".to_owned(),
                password: "s3cret".to_owned(),
            },
        ];
        assert!(!format!("{logins:?}").contains("s3cret"));
    }
}
