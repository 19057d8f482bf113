//! [`SubsonicAccount`]: who may ask, kept so that a player that was told once need not be told again.
//!
//! One file, `subsonic.toml`, that only its owner may read. The protocol's token is an MD5 of password and salt, so the password itself is
//! kept: one that was made for this alone, and that nobody uses elsewhere.

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use super::error::SubsonicError;
use super::parameters::Parameters;
use super::refusal::Refusal;
use crate::hex::hex;
use crate::private_file;
use crate::security::Token;

const FILE: &str = "subsonic.toml";

/// The name that players give.
const USER: &str = "vibelux";

/// Of the password, which people type into phones: those of Base32 (RFC 4648), of which none is mistaken for another, 5 bits each.
const PASSWORD_LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const PASSWORD_LENGTH: usize = 20;

/// As it stands in the file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    user: String,
    password: String,
    api_key: String,
}

/// The account that players use.
#[derive(Clone)]
pub struct SubsonicAccount {
    user: String,
    password: String,
    api_key: Token,
}

impl SubsonicAccount {
    /// Reads the file in `folder`, or makes it.
    pub(super) fn open(folder: &Path) -> Result<Self, SubsonicError> {
        let path = folder.join(FILE);
        let io = |source| SubsonicError::Io {
            path: path.clone(),
            source,
        };
        let damaged = |detail: &str| SubsonicError::Damaged {
            path: path.clone(),
            detail: detail.to_owned(),
        };
        let kept: Kept = match fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|error| damaged(error.message()))?,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let kept = made()?;
                let text = toml::to_string(&kept).map_err(|error| damaged(&error.to_string()))?;
                private_file::write(&path, &text).map_err(io)?;
                kept
            }
            Err(error) => return Err(io(error)),
        };
        private_file::restrict(&path).map_err(io)?;
        if kept.user.is_empty() || kept.password.len() < PASSWORD_LENGTH {
            return Err(damaged("the user has no name, or a short password"));
        }
        let api_key = Token::given(&kept.api_key);
        Ok(Self {
            api_key: api_key.map_err(|_| damaged("the API key is none"))?,
            user: kept.user,
            password: kept.password,
        })
    }

    /// Forgets the account in `folder`: every player has to be told anew.
    ///
    /// # Errors
    /// [`SubsonicError::Io`] if the file cannot be deleted.
    pub fn forget(folder: &Path) -> Result<(), SubsonicError> {
        let path = folder.join(FILE);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != ErrorKind::NotFound => {
                Err(SubsonicError::Io { path, source })
            }
            _ => Ok(()),
        }
    }

    /// The name that a player gives.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The password, to be told to the user.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The API key, in the place of name and password for players that can use one.
    #[must_use]
    pub fn api_key(&self) -> &str {
        self.api_key.text()
    }

    /// Lets a request in that shows the API key, or a user with the token of the password.
    ///
    /// # Errors
    /// [`Refusal`] with the numbers 10, 40 and 42 to 44.
    pub(super) fn admit(&self, sent: &Parameters) -> Result<(), Refusal> {
        let others = ["u", "p", "t", "s"];
        if let Some(key) = sent.get("apiKey") {
            if others.iter().any(|name| sent.get(name).is_some()) {
                return Err(Refusal::Conflict);
            }
            return if self.api_key.is(key) {
                Ok(())
            } else {
                Err(Refusal::ApiKey)
            };
        }
        let user = sent.required("u")?;
        if sent.get("p").is_some() {
            return Err(Refusal::Mechanism);
        }
        let (token, salt) = (sent.required("t")?, sent.required("s")?);
        let right = hex(&Md5::digest(format!("{}{salt}", self.password)));
        // Hashes are compared by hashes, so that the time it takes says nothing of how much was right.
        let is_right = Md5::digest(right) == Md5::digest(token.to_ascii_lowercase());
        if is_right && user == self.user {
            Ok(())
        } else {
            Err(Refusal::Password)
        }
    }
}

impl fmt::Debug for SubsonicAccount {
    /// Without the secrets: they should not get into anybody's log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubsonicAccount")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

fn made() -> Result<Kept, SubsonicError> {
    let mut bytes = [0_u8; PASSWORD_LENGTH];
    let random = |source| SubsonicError::Random { source };
    getrandom::fill(&mut bytes).map_err(|error| random(std::io::Error::other(error)))?;
    let letter = |byte: u8| char::from(PASSWORD_LETTERS[usize::from(byte % 32)]);
    let key = Token::random().map_err(|error| random(std::io::Error::other(error)))?;
    Ok(Kept {
        user: USER.to_owned(),
        password: bytes.into_iter().map(letter).collect(),
        api_key: key.text().to_owned(),
    })
}
