//! [`Revision`]: which state of a library something was read from.

/// The state of a library at one moment: equal states hold equal songs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Revision {
    /// By chance, another for each time.
    pub token: i64,
    /// Counts what was written to it.
    pub number: i64,
}
