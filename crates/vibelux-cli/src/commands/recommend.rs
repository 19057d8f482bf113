//! `vibelux recommend`: from a face, a mood or a song to the songs that fit.
//!
//! The sources are in [`crate::query`], the ranking in [`vibelux::recommend`]; here they meet, and
//! [`crate::results`] shows what came of it.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ArgGroup;
use vibelux::EmotionVector;
use vibelux::media;
use vibelux::playlist::{Naming, Playlist, PlaylistFormat};

use crate::at_least_one::at_least_one;
use crate::chosen::Chosen;
use crate::failure::NoFace;
use crate::library_location::LibraryArgs;
use crate::mode::ModeArg;
use crate::output;
use crate::query::{self, Answer, SourceArgs};
use crate::results;
use crate::song_filter::{IncludeArgs, WhereArgs};

/// Flags of `vibelux recommend`.
#[derive(Debug, clap::Args)]
#[command(
    group = ArgGroup::new("source").required(true).multiple(false),
    after_help = "Exit codes: 0 done, 2 could not run, 3 no face found."
)]
pub struct RecommendArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Find songs like this one of the library, named by its path, its title or a part of that
    #[arg(long, value_name = "SONG", group = "source")]
    similar_to: Option<PathBuf>,
    /// How many songs
    #[arg(short = 'n', long, value_name = "N", default_value = "10", value_parser = at_least_one)]
    count: NonZeroUsize,
    /// How faces and songs are compared
    #[arg(long, value_enum, default_value_t)]
    mode: ModeArg,
    /// Say for each song which emotions matched
    #[arg(long)]
    why: bool,
    /// Also name songs whose files are not on this disk
    #[arg(long)]
    include_missing: bool,
    #[command(flatten)]
    also: IncludeArgs,
    #[command(flatten)]
    only: WhereArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Also write the songs as a playlist
    #[arg(long, value_name = "FILE")]
    m3u: Option<PathBuf>,
    #[command(flatten)]
    library: LibraryArgs,
}

/// Runs the command.
pub fn run(args: RecommendArgs) -> anyhow::Result<ExitCode> {
    // The library first: without songs there is no need to start a camera.
    let store = args.library.open_soon()?;
    let mut songs = Chosen::load(&store, args.include_missing, args.also.include)?;
    songs.keep(&args.only, &store)?;
    songs.tell_mixed_models();
    let index = songs.index(args.mode.into());

    let mut itself = None;
    let asked = if let Some(name) = &args.similar_to {
        let mean = index.mean().unwrap_or(EmotionVector::UNIFORM);
        let (position, asked) = query::similar_to(name, &songs, mean)?;
        itself = Some(position);
        vec![asked]
    } else {
        match args.source.ask()? {
            Some(Answer::Asked(asked)) => asked,
            Some(Answer::NoFace(message)) => return Err(NoFace(message).into()),
            // clap lets nobody past without a source.
            None => {
                anyhow::bail!("say what to look for: --image, --camera, --mood or --similar-to")
            }
        }
    };
    let playable = |at: usize| {
        Some(at) != itself && (args.include_missing || media::is_at_hand(&songs.table.path(at)))
    };
    let found = songs.find(&index, asked, args.count.get(), playable);

    if args.json {
        output::print_json(&results::to_json(&found, &songs, &index))?;
    } else {
        output::print(&results::to_text(&found, &songs, &index, args.why))?;
    }
    // Last: a playlist that cannot be written should not hide the songs.
    if let Some(file) = &args.m3u {
        let list = Playlist {
            name: None,
            entries: results::playlist(&found, &songs),
        };
        let left_out = list.write(file, PlaylistFormat::M3u, &Naming::default())?;
        results::tell_playlist(file, &list, &left_out);
    }
    Ok(ExitCode::SUCCESS)
}
