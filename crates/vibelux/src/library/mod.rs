//! The user's songs and what is known of them: where both sides of the flow meet.
//!
//! [`scan`] finds song files, [`embed_songs`] has a [`SongEmbedder`] turn each into a vector and
//! puts it into the [`SongStore`], one SQLite file. [`json`] reads and writes the same vectors as
//! `song_embeddings.json`.

mod class;
mod codec;
mod cover;
mod embed;
mod error;
mod heard;
pub mod json;
mod path_bytes;
mod scan;
mod song;
mod store;
mod tag_file;
mod tags;

pub use class::{
    ClassCounts, Inclusion, NotMusic, SHORTEST_SONG_SECONDS, SongClass, UnknownSongClass,
};
pub use codec::{Mp4Codec, read_mp4_codec};
pub use cover::{Cover, read_cover};
pub use embed::{
    EmbedOptions, EmbedPlan, EmbedProgress, EmbedSummary, FailedSong, SongEmbedder, embed_songs,
    mark_missing, plan,
};
pub use error::LibraryError;
pub use heard::Heard;
pub use scan::{FoundSong, Scan, ScanProblem, scan};
pub use song::{FileStamp, Outcome, Song};
pub use store::{KnownSong, Said, SongStore, Verdict, VerdictKind};
pub use tags::{Tags, read_tags};
