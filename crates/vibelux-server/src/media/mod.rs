//! A song's sound on its way to the browser: which formats it plays, ranges of a file, and ffmpeg for
//! the rest.

mod file;
mod format;
mod range;
mod transcode;

pub use file::{SongFile, open};
pub use format::{AudioFormat, Playable};
pub use range::{Requested, requested};
pub use transcode::Transcoder;
