//! [`Revision`]: which state of a library something was read from.

/// The state of a library at one moment: equal states hold equal songs. By chance, another one after each time that the library
/// was written, as a copy from before may be brought back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Revision(pub i64);
