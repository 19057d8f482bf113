//! What can go wrong on the way to a server and back.

/// Why a server gave no answer that could be used. Addresses in it have no passwords: these are in what is asked, not in where.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// That is no address of a server.
    #[error("{address:?} is no address of a server; give one such as http://nas.local:8080")]
    Address {
        /// As it was given.
        address: String,
    },
    /// Nobody answers there.
    #[error("no answer from {server}: {source}; see that it runs and that the address is right")]
    Connect {
        /// Where.
        server: String,
        /// Why.
        source: std::io::Error,
    },
    /// The connection broke off, or the answer did not come in time.
    #[error("the connection to {server} broke off: {source}")]
    Lost {
        /// Where.
        server: String,
        /// Why.
        source: std::io::Error,
    },
    /// It answers with the number of an error.
    #[error("{server} answers {status} to {path}{}", in_brief(said))]
    Status {
        /// Where.
        server: String,
        /// The answer's number.
        status: u16,
        /// What it was asked for.
        path: String,
        /// The beginning of what it says about that, as it came: a sentence, JSON, a page or nothing.
        said: String,
    },
    /// It sends us elsewhere. That is not followed: who asks is told by what is asked.
    #[error("{server} answers that it has moved to {to}; give that address")]
    Moved {
        /// Where.
        server: String,
        /// Where to, without what stands behind a question mark.
        to: String,
    },
    /// Its answer is longer than any that is sensible.
    #[error("the answer of {server} to {path} has more than {most} bytes")]
    TooLong {
        /// Where.
        server: String,
        /// What it was asked for.
        path: String,
        /// So many are read.
        most: u64,
    },
}

impl HttpError {
    /// Whether the same may go well a moment later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::Lost { .. } => true,
            // Too many requests, and a server or what stands before it that is busy or starts.
            Self::Status { status, .. } => matches!(status, 429 | 502 | 503 | 504),
            Self::Address { .. } | Self::Moved { .. } | Self::TooLong { .. } => false,
        }
    }
}

/// What a server says, if it is a sentence.
fn in_brief(said: &str) -> String {
    let line = said.trim().lines().next().unwrap_or_default();
    if line.is_empty() || line.starts_with(['<', '{', '[']) {
        return String::new();
    }
    let line: String = line.chars().filter(|c| !c.is_control()).take(200).collect();
    format!(": {line}")
}
