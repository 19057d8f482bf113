//! [`SubsonicAccount`]: who asks, and [`Credentials`]: what of that a request carries.

use std::fmt::{self, Write};

use md5::{Digest, Md5};

use super::error::SubsonicError;

/// Who asks a server. It is never shown with its password or key.
#[derive(Clone, PartialEq, Eq)]
pub struct SubsonicAccount {
    secret: Secret,
}

#[derive(Clone, PartialEq, Eq)]
enum Secret {
    /// A token is made of the password, with a new salt for each connection: `md5(password + salt)`.
    Token { user: String, password: String },
    /// The password itself is sent, in the body of a request and never in an address.
    Password { user: String, password: String },
    /// A key that the server made for this program.
    ApiKey(String),
}

/// How an account proves who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignIn {
    Token,
    Password,
    ApiKey,
}

/// What requests carry of an account. It has no `Debug`.
#[derive(Clone)]
pub(super) struct Credentials {
    pub(super) sign_in: SignIn,
    pub(super) user: Option<String>,
    pub(super) fields: Vec<(&'static str, String)>,
    secrets: Vec<String>,
}

impl SubsonicAccount {
    /// A user and a password, of which the server only gets a token.
    #[must_use]
    pub fn with_password(user: &str, password: &str) -> Self {
        Self {
            secret: Secret::Token {
                user: user.to_owned(),
                password: password.to_owned(),
            },
        }
    }

    /// A user and a password that the server gets itself, for servers that cannot check tokens because they do not know the password either
    /// (LDAP, supysonic). Over `http://` whoever is on the way can read it.
    #[must_use]
    pub fn sending_password(user: &str, password: &str) -> Self {
        Self {
            secret: Secret::Password {
                user: user.to_owned(),
                password: password.to_owned(),
            },
        }
    }

    /// A key that the server made for this program (OpenSubsonic's `apiKeyAuthentication`).
    #[must_use]
    pub fn with_api_key(key: &str) -> Self {
        Self {
            secret: Secret::ApiKey(key.to_owned()),
        }
    }

    pub(super) fn credentials(&self) -> Result<Credentials, SubsonicError> {
        Ok(match &self.secret {
            Secret::Token { user, password } => {
                let salt = random_hex::<16>()?;
                let token = token(password, &salt);
                Credentials {
                    sign_in: SignIn::Token,
                    user: Some(user.clone()),
                    fields: vec![
                        ("u", user.clone()),
                        ("t", token.clone()),
                        ("s", salt.clone()),
                    ],
                    secrets: vec![password.clone(), token, salt],
                }
            }
            Secret::Password { user, password } => {
                let encoded = format!("enc:{}", hex(password.as_bytes()));
                Credentials {
                    sign_in: SignIn::Password,
                    user: Some(user.clone()),
                    fields: vec![("u", user.clone()), ("p", encoded.clone())],
                    secrets: vec![password.clone(), encoded],
                }
            }
            Secret::ApiKey(key) => Credentials {
                sign_in: SignIn::ApiKey,
                user: None,
                fields: vec![("apiKey", key.clone())],
                secrets: vec![key.clone()],
            },
        })
    }
}

impl fmt::Debug for SubsonicAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for SubsonicAccount {
    /// Without the password or the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.secret {
            Secret::Token { user, .. } | Secret::Password { user, .. } => f.write_str(user),
            Secret::ApiKey(_) => f.write_str("an API key"),
        }
    }
}

impl Credentials {
    /// What a server says, without the secrets that it may repeat.
    pub(super) fn hide(&self, said: &str) -> String {
        let mut said = said.to_owned();
        for secret in self.secrets.iter().filter(|secret| !secret.is_empty()) {
            said = said.replace(secret, "***");
        }
        said
    }
}

fn token(password: &str, salt: &str) -> String {
    let mut hash = Md5::new();
    hash.update(password);
    hash.update(salt);
    hex(&hash.finalize())
}

/// Twice as many hexadecimal digits as there are random bytes.
pub(super) fn random_hex<const BYTES: usize>() -> Result<String, SubsonicError> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(SubsonicError::Random)?;
    Ok(hex(&bytes))
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing into a string never fails.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_as_the_specification_says() {
        // The example of subsonic.org/pages/api.jsp.
        assert_eq!(
            token("sesame", "c19b2d"),
            "26719a1196d2a940705a59634eb18eab"
        );
    }

    #[test]
    fn each_connection_has_another_salt_and_never_the_password() {
        let account = SubsonicAccount::with_password("joe", "sesame");
        let [one, other] = [(), ()].map(|()| account.credentials().unwrap());
        assert_ne!(one.fields, other.fields);
        assert!(!format!("{:?}", one.fields).contains("sesame"));
        let said = format!("joe's sesame is {}", one.fields[1].1);
        assert_eq!(one.hide(&said), "joe's *** is ***");
    }

    #[test]
    fn no_account_shows_its_secret() {
        for account in [
            SubsonicAccount::with_password("joe", "sesame"),
            SubsonicAccount::sending_password("joe", "sesame"),
            SubsonicAccount::with_api_key("sesame"),
        ] {
            assert!(!format!("{account} {account:?}").contains("sesame"));
        }
    }
}
