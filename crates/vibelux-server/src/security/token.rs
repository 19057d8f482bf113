//! [`Token`]: what a client shows where the server can be reached from elsewhere.

use std::fmt;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};

use crate::http::error::ServerError;

/// The fewest characters of a token that somebody chose.
const LEAST_CHARACTERS: usize = 16;

/// A secret of letters, digits, `-` and `_`, which mean themselves in an address and a cookie.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A new one that nobody can guess: 192 random bits.
    ///
    /// # Errors
    /// [`ServerError::Start`] if the system gives no randomness.
    pub fn random() -> Result<Self, ServerError> {
        const DIGITS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes).map_err(|error| ServerError::Start {
            source: std::io::Error::other(error),
        })?;
        let digit = |byte: u8| char::from(DIGITS[usize::from(byte % 64)]);
        Ok(Self(bytes.into_iter().map(digit).collect()))
    }

    /// Somebody's own.
    ///
    /// # Errors
    /// [`ServerError::WeakToken`] if it is short or has other characters.
    pub fn given(text: &str) -> Result<Self, ServerError> {
        let known = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
        if text.len() >= LEAST_CHARACTERS && text.bytes().all(known) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ServerError::WeakToken {
                least: LEAST_CHARACTERS,
            })
        }
    }

    /// The secret itself, to be told to the user.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Whether this was shown. Hashes are compared, so that the time it takes says nothing of how much
    /// was right.
    pub(crate) fn is(&self, shown: &str) -> bool {
        Sha256::digest(shown) == Sha256::digest(&self.0)
    }
}

impl fmt::Debug for Token {
    /// Not the secret: it should not get into anybody's log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// What `Authorization: Bearer` shows.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_tokens_differ_and_are_fit_for_an_address() {
        let (a, b) = (Token::random().unwrap(), Token::random().unwrap());
        assert_ne!(a, b);
        assert_eq!(Token::given(a.text()).unwrap(), a);
        assert!(a.is(a.text()) && !a.is(b.text()) && !a.is(""));
        assert!(!format!("{a:?}").contains(a.text()));
    }

    #[test]
    fn weak_tokens_are_refused() {
        for weak in [
            "",
            "secret",
            "123456789012345",
            "with space in it!!",
            "a;b=c;d=e;f=g;h=i",
        ] {
            assert!(Token::given(weak).is_err(), "{weak}");
        }
    }
}
