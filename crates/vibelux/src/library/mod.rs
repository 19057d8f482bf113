//! The user's songs and what is known of them: where both sides of the flow meet.
//!
//! [`scan`] finds song files, [`embed_songs`] has a [`SongEmbedder`] turn each into a vector and
//! puts it into the [`SongStore`], one SQLite file. [`json`] reads and writes the same vectors as
//! `song_embeddings.json`.

mod address;
mod class;
mod clock;
mod codec;
mod content;
mod copies;
mod cover;
mod embed;
mod error;
mod facts;
mod failure;
pub mod filter;
mod heard;
mod hex;
mod import;
mod isolate;
pub mod json;
mod mounts;
#[cfg(feature = "parquet")]
pub mod parquet;
mod path_bytes;
mod path_text;
#[cfg(feature = "postgres")]
mod postgres_address;
mod revision;
mod scan;
mod song;
mod store;
mod table;
mod tag_file;
mod tags;

pub use address::{BadLibraryAddress, LibraryAddress};
pub use class::{
    ClassCounts, Inclusion, NotMusic, SHORTEST_SONG_SECONDS, SongClass, UnknownSongClass,
};
pub use clock::unix_seconds;
pub use codec::{Mp4Codec, read_mp4_codec};
pub use content::ContentHash;
pub use copies::{CopySummary, find_copies};
pub use cover::{Cover, read_cover};
#[cfg(feature = "postgres")]
pub use embed::{Completed, complete_song, finish};
pub use embed::{
    CpuShare, Depth, EmbedOptions, EmbedPlan, EmbedProgress, EmbedSummary, FailedSong, MANY_SONGS,
    Pace, PlannedSong, SongEmbedder, UnknownPace, Work, embed_guarded, embed_songs, look_guarded,
    mark_missing, plan,
};
pub use error::LibraryError;
pub use facts::FileFacts;
pub use failure::{Failure, FailureKind, Retry};
pub use heard::Heard;
pub use import::ImportSummary;
pub use isolate::{FileLimits, IsolatedEmbedder, serve_songs};
pub use mounts::Presence;
pub use path_text::{BadPathText, PathText};
#[cfg(feature = "postgres")]
pub use postgres_address::{BadPostgresAddress, PostgresAddress};
pub use revision::Revision;
pub use scan::{FoundSong, Scan, ScanProblem, scan};
pub use song::{FileStamp, Outcome, Song};
#[cfg(feature = "postgres")]
pub use store::QueuedJob;
pub use store::{
    Analysis, Change, DatabaseError, KnownSong, Said, SongStore, Verdict, VerdictKind,
};
pub use table::{Likes, SongTable};
pub use tags::{Encoding, FileTags, Tags, read_tags};
