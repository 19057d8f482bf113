//! The command line: what the user typed, before any of it is acted on.

use clap::{Parser, Subcommand};

use crate::commands;

/// Your face picks the music: reads the emotion in a face and finds the songs of your own library
/// that fit it. Everything stays on this computer.
#[derive(Debug, Parser)]
#[command(
    name = "vibelux",
    version,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub struct Args {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Compose a dozen short pieces, embed them, and recommend: needs nothing
    Demo(commands::demo::DemoArgs),
    /// Embed folders of songs into the library
    Embed(commands::embed::EmbedArgs),
    /// Keep the library up to date with folders of songs, gently, until it is stopped
    Watch(commands::watch::WatchArgs),
    /// Put songs into the queue of a library on a server, for the workers of many machines
    #[cfg(feature = "postgres")]
    Queue(commands::queue::QueueArgs),
    /// Embed the songs of the queue, beside the workers of other machines
    #[cfg(feature = "postgres")]
    Worker(commands::worker::WorkerArgs),
    /// List the songs that could not be analysed, why, and what to do
    Errors(commands::errors::ErrorsArgs),
    /// Find the songs that fit a face, a picture or a mood
    Recommend(commands::recommend::RecommendArgs),
    /// Make a playlist of a face, a mood or songs, once or by the clock
    Playlist(Box<commands::playlist::PlaylistArgs>),
    /// Let the Music Player Daemon (MPD) play what fits
    Mpd(Box<commands::mpd::MpdArgs>),
    /// Control the music player of a Linux desktop (MPRIS), and let it play what fits
    #[cfg(feature = "mpris")]
    Mpris(Box<commands::mpris::MprisArgs>),
    /// Put playlists on a server that speaks Subsonic or OpenSubsonic, such as Navidrome
    Subsonic(commands::subsonic::SubsonicArgs),
    /// Put playlists on a Jellyfin server
    Jellyfin(commands::jellyfin::JellyfinArgs),
    /// Put playlists on a Music Assistant server, and songs into the queues of its players
    MusicAssistant(commands::music_assistant::MusicAssistantArgs),
    /// Open the page: your camera, your mood, your music
    Serve(commands::serve::ServeArgs),
    /// Show how the emotion of one song changes while it plays
    Song(commands::song::SongArgs),
    /// Write the moods into the tags of the songs, for other players: the only command that writes to songs
    Tag(commands::tag::TagArgs),
    /// Show what was learnt from what you like, skip and correct, and forget it
    Taste(commands::taste::TasteArgs),
    /// Turn class folders of music into spectrogram pictures
    Preprocess(commands::preprocess::PreprocessArgs),
    /// Train a face or music model on class folders
    Train(commands::train::TrainArgs),
    /// Measure a model on class folders
    Evaluate(commands::evaluate::EvaluateArgs),
    /// Bring in a Keras model, song_embeddings.json or Parquet files of songs
    Import(commands::import::ImportArgs),
    /// Write the library out as song_embeddings.json
    Export(commands::export::ExportArgs),
    /// Answer the questions of another vibelux about songs
    #[command(hide = true)]
    AnalyseSongs(commands::analyse_songs::AnalyseSongsArgs),
    /// Print a completion script for a shell
    Completions(commands::completions::CompletionsArgs),
    /// Write the manual pages, one for each command
    Man(commands::man::ManArgs),
}
