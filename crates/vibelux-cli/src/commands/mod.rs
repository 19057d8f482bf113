//! One file per subcommand, each with its flags and a `run` that returns the exit code.

pub mod analyse_songs;
pub mod completions;
pub mod demo;
pub mod embed;
pub mod errors;
pub mod evaluate;
pub mod export;
pub mod import;
pub mod import_keras;
pub mod jellyfin;
pub mod man;
pub mod mpd;
#[cfg(feature = "mpris")]
pub mod mpris;
pub mod music_assistant;
pub mod music_model;
pub mod playlist;
pub mod preprocess;
#[cfg(feature = "postgres")]
pub mod queue;
pub mod recommend;
pub mod serve;
pub mod song;
pub mod subsonic;
mod table_rows;
pub mod tag;
pub mod taste;
pub mod train;
pub mod watch;
#[cfg(feature = "postgres")]
pub mod worker;
