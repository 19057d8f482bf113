//! The songs as the server knows them: a [`song_library`] that reads the store again when it has changed, into a
//! [`catalogue`] that never changes; [`ranking`] makes a queue of it, [`scan`] brings songs in.

pub mod catalogue;
pub mod filtered;
pub mod folders;
pub mod measured;
pub mod ranking;
pub mod scan;
pub mod song_id;
pub mod song_library;
#[cfg(test)]
mod taste_tests;
