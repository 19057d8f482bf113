//! What requests and answers are made of: what goes wrong ([`error`]), how a request is read ([`extract`]),
//! the files of the page ([`assets`]), and compression.

pub mod assets;
pub mod compress;
pub mod error;
pub mod extract;
pub mod sending;
