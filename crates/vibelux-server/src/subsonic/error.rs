//! What can go wrong with the account: [`SubsonicError`].

use std::path::PathBuf;

/// Why players cannot be let in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubsonicError {
    /// The account's file cannot be read or written.
    #[error("cannot use {path}: {source}; see to its permissions")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The account's file is no longer what was written.
    #[error(
        "{path} is damaged ({detail}); delete it for a new account, of which every player has to be told"
    )]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// The system gives no randomness.
    #[error("cannot make a password: {source}")]
    Random {
        /// Why.
        source: std::io::Error,
    },
}
