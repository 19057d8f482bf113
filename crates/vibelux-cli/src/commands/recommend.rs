//! `vibelux recommend`: from a face, a mood or a song to the songs that fit.
//!
//! The sources are in [`crate::query`], the ranking in [`vibelux::recommend`]; here they meet, and
//! [`crate::results`] shows what came of it.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgGroup, ValueEnum};
use vibelux::EmotionVector;
use vibelux::library::Inclusion;
use vibelux::media;
use vibelux::recommend::Mode;

use crate::at_least_one::at_least_one;
use crate::chosen::Chosen;
use crate::failure::NoFace;
use crate::library_location::LibraryArgs;
use crate::output;
use crate::query::{self, Answer, SourceArgs};
use crate::results;
use crate::song_filter::WhereArgs;
use vibelux::playlist::write_m3u;

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
    /// Also take what is no music: speech, effects, jingle (music of less than 20 s), with commas between them
    #[arg(
        long,
        value_name = "CLASSES",
        default_value = "",
        hide_default_value = true
    )]
    include: Inclusion,
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

/// [`Mode`] as a flag.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum ModeArg {
    /// The vectors as they are; their cosines are close to each other
    #[default]
    Plain,
    /// What sets the face apart from the average face with what sets the song apart from your library
    Centred,
}

impl From<ModeArg> for Mode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Plain => Self::Plain,
            ModeArg::Centred => Self::Centred,
        }
    }
}

/// Runs the command.
pub fn run(args: RecommendArgs) -> anyhow::Result<ExitCode> {
    // The library first: without songs there is no need to start a camera.
    let store = args.library.open_soon()?;
    let mut songs = Chosen::load(&store, args.include_missing, args.include)?;
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
        let entries = results::playlist(&found, &songs);
        let left_out = write_m3u(file, &entries)?;
        for song in &left_out {
            let song = output::readable(song);
            crate::tell!(
                "left out of the playlist: {song}; its path has a line break or is no UTF-8, which no playlist holds"
            );
        }
        let written = output::songs(entries.len() - left_out.len());
        crate::tell!("wrote a playlist of {written}: {}", output::readable(file));
    }
    Ok(ExitCode::SUCCESS)
}
