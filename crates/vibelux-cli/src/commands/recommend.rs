//! `vibelux recommend`: from a face, a mood or a song to the songs that fit.
//!
//! The sources are in [`crate::query`], the ranking in [`vibelux::recommend`]; here they meet, and
//! [`crate::results`] shows what came of it.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgGroup, ValueEnum};
use vibelux::EmotionVector;
use vibelux::library::{Heard, Inclusion, Song, SongStore};
use vibelux::recommend::{Mode, SongIndex};

use crate::failure::NoFace;
use crate::library_location::{self, LibraryArgs};
use crate::output;
use crate::query::{self, Answer, Asked, SourceArgs};
use crate::results::{self, Found};
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
    #[arg(short = 'n', long, value_name = "N", default_value = "10")]
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
    let store = args.library.open_existing()?;
    let all = load(&store, args.include_missing, args.include)?;
    let count = all.len();
    let songs = args.only.keep(&store, all)?;
    if songs.is_empty() {
        anyhow::bail!("the filter leaves none of {}", output::songs(count));
    }
    tell_mixed_models(&songs);
    let vectors: Vec<EmotionVector> = songs.iter().map(|(_, vector)| *vector).collect();
    let index = SongIndex::new(&vectors, args.mode.into());

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
    let playable =
        |i: usize| Some(i) != itself && (args.include_missing || songs[i].0.path.is_file());
    let found = find(&index, asked, args.count.get(), playable);

    if args.json {
        output::print_json(&results::to_json(&found, &songs, &index))?;
    } else {
        output::print(&results::to_text(&found, &songs, &index, args.why))?;
    }
    // Last: a playlist that cannot be written should not hide the songs.
    if let Some(file) = &args.m3u {
        let entries = results::playlist(&found, &songs);
        write_m3u(file, &entries)?;
        let written = output::songs(entries.len());
        crate::tell!("wrote a playlist of {written}: {}", output::readable(file));
    }
    Ok(ExitCode::SUCCESS)
}

/// Vectors of two models cannot be compared, however alike they look.
fn tell_mixed_models(songs: &[(Song, EmotionVector)]) {
    let models: BTreeSet<&str> = songs.iter().map(|(song, _)| song.model.as_str()).collect();
    if models.len() > 1 {
        let models: Vec<&str> = models.into_iter().collect();
        crate::tell!(
            "the library mixes the vectors of {} models ({}), which do not compare well; run `vibelux \
             embed` on all its folders with one of them",
            models.len(),
            models.join(", ")
        );
    }
}

/// The best songs for each query, of those that may be played.
pub(super) fn find(
    index: &SongIndex,
    asked: Vec<Asked>,
    count: usize,
    playable: impl Fn(usize) -> bool,
) -> Vec<Found> {
    asked
        .into_iter()
        .map(|asked| {
            let matches = results::best(index, &asked.query, count, &playable);
            Found { asked, matches }
        })
        .collect()
}

/// The songs that have a vector and are of a class that is taken, in the order of their paths, each with what it sounds like
/// to the listener.
pub(super) fn load(
    store: &SongStore,
    include_missing: bool,
    include: Inclusion,
) -> anyhow::Result<Vec<(Song, EmotionVector)>> {
    let songs = store.songs()?;
    let heard = Heard::new(&songs, &store.said()?);
    if songs.is_empty() {
        return Err(library_location::empty(store.path()));
    }
    let usable: Vec<_> = songs
        .into_iter()
        .filter(|song| include_missing || !song.missing)
        .filter(|song| song.copy_of.is_none())
        .filter_map(|song| {
            let vector = heard.vector(&song.path, &song.vector()?);
            Some((song, vector))
        })
        .collect();
    let library = output::readable(store.path());
    if usable.is_empty() {
        anyhow::bail!(
            "no song of the library {library} can be used: all have failed or are gone from disk; run \
             `vibelux embed` on your folders to see why"
        );
    }
    let count = usable.len();
    let taken: Vec<_> = usable
        .into_iter()
        .filter(|(song, _)| include.takes(song.class()))
        .collect();
    if taken.is_empty() {
        anyhow::bail!(
            "the library {library} has {} and no music; --include speech,effects,jingle takes what is none",
            output::counted(count, "file")
        );
    }
    Ok(taken)
}
