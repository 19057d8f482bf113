//! [`Refusal`]: what can go wrong with one request, in the numbers of the protocol.

use vibelux::library::LibraryError;

use crate::http::error::ApiError;

/// Why a request is not done. Players know these by their numbers.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Something that has no number of its own.
    #[error("{0}")]
    Other(String),
    /// A parameter is not there.
    #[error("the parameter {0} is missing")]
    Missing(&'static str),
    /// A parameter cannot be.
    #[error("the parameter {name} cannot be {value:?}")]
    Wrong {
        /// Which.
        name: &'static str,
        /// As it came.
        value: String,
    },
    /// No such user, or another password.
    #[error("wrong user name or password")]
    Password,
    /// A password was sent as it is.
    #[error("passwords are not taken in the clear; choose token authentication or an API key")]
    Mechanism,
    /// A key and something else.
    #[error("an API key comes alone, without user and token")]
    Conflict,
    /// Another key.
    #[error("wrong API key; vibelux shows the right one when it starts")]
    ApiKey,
    /// Not for players.
    #[error("{0}")]
    Forbidden(&'static str),
    /// No such song, album, artist or method.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// What the rest of the server says.
    #[error(transparent)]
    Server(#[from] ApiError),
}

impl Refusal {
    /// The number of the protocol.
    pub fn code(&self) -> u32 {
        match self {
            Self::Other(_) | Self::Wrong { .. } => 0,
            Self::Missing(_) => 10,
            Self::Password => 40,
            Self::Mechanism => 42,
            Self::Conflict => 43,
            Self::ApiKey => 44,
            Self::Forbidden(_) => 50,
            Self::NotFound(_) | Self::Server(ApiError::NotFound(_) | ApiError::SongMissing) => 70,
            Self::Server(_) => 0,
        }
    }
}

impl From<LibraryError> for Refusal {
    fn from(error: LibraryError) -> Self {
        Self::Server(error.into())
    }
}
