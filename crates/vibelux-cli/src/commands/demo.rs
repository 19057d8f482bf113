//! `vibelux demo`: the whole program without a library, a camera or a download.
//!
//! Composes a dozen short pieces into a folder, then embeds and recommends them like anybody's
//! songs. Pieces that are already there are left alone.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use anyhow::Context;
use clap::ArgGroup;
use directories::ProjectDirs;
use indicatif::{ProgressBar, ProgressStyle};
use vibelux::audio::is_audio_file;
use vibelux::compose::{DEMO_SEED, Piece, compose_all, demo_folder_name, write_missing};
use vibelux::library::{EmbedOptions, Inclusion, SongStore, embed_songs, mark_missing, plan, scan};
use vibelux::model::MusicModel;
use vibelux::recommend::Mode;

use crate::chosen::Chosen;
use crate::failure::NoFace;
use crate::output;
use crate::query::{self, Answer, SourceArgs};
use crate::results;

/// The mood that is used when the flags name no source.
const DEFAULT_MOOD: &str = "happy=0.6,surprised=0.2,neutral=0.2";

/// Flags of `vibelux demo`.
#[derive(Debug, clap::Args)]
#[command(
    group = ArgGroup::new("source").multiple(false),
    after_help = "Without a source the mood is happy=0.6,surprised=0.2,neutral=0.2."
)]
pub struct DemoArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Where the pieces go [default: the user's cache folder]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// How many pieces to recommend
    #[arg(short = 'n', long, value_name = "N", default_value_t = 5)]
    count: usize,
    /// Say why each piece was chosen
    #[arg(long)]
    why: bool,
}

/// Runs the command.
pub fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    let pieces = compose_all(DEMO_SEED);
    let dir = match &args.dir {
        Some(dir) => dir.clone(),
        None => default_dir(&pieces)?,
    };
    let rendered = render_missing(&dir, &pieces)?;
    crate::tell!(
        "{} pieces in {} ({rendered} new)",
        pieces.len(),
        output::readable(&dir)
    );
    let store = embed(&dir)?;
    let asked = match args.source.ask()? {
        Some(Answer::Asked(asked)) => asked,
        Some(Answer::NoFace(message)) => return Err(NoFace(message).into()),
        None => vec![query::of_mood(DEFAULT_MOOD.parse()?)],
    };
    let songs = Chosen::load(&store, false, Inclusion::MUSIC)?;
    let index = songs.index(Mode::default());
    let found = songs.find(&index, asked, args.count, |_| true);
    output::print(&results::to_text(&found, &songs, &index, args.why))?;
    Ok(ExitCode::SUCCESS)
}

/// Embeds the pieces in `dir` into a library of their own beside them.
fn embed(dir: &Path) -> anyhow::Result<SongStore> {
    let model = MusicModel::shipped()?;
    let found = scan(&[dir.to_owned()], is_audio_file);
    let mut store = SongStore::open(&dir.join("demo.db"))?;
    let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let options = EmbedOptions {
        retry_failed: true,
        ..EmbedOptions::with_jobs(cores)
    };
    let plan = plan(&store, &found, model.name(), &options)?;
    mark_missing(&mut store, &found)?;
    let bar = ProgressBar::new(plan.songs.len() as u64).with_style(ProgressStyle::with_template(
        "listening {wide_bar} {pos}/{len}",
    )?);
    let never = AtomicBool::new(false);
    let summary = embed_songs(&mut store, &plan, &model, &options, &never, |progress| {
        bar.set_position(progress.done as u64);
    })?;
    bar.finish_and_clear();
    for failed in &summary.failed {
        crate::tell!("{}: {}", output::readable(&failed.path), failed.reason);
    }
    Ok(store)
}

/// In the user's cache folder.
pub fn default_dir(pieces: &[Piece]) -> anyhow::Result<PathBuf> {
    let project = ProjectDirs::from("", "", "vibelux")
        .context("this user has no home folder; say where the pieces may go with --dir DIR")?;
    Ok(project.cache_dir().join(demo_folder_name(pieces)))
}

/// Renders the pieces that `dir` does not hold yet and returns how many.
fn render_missing(dir: &Path, pieces: &[Piece]) -> anyhow::Result<usize> {
    let bar = ProgressBar::new(pieces.len() as u64).with_style(ProgressStyle::with_template(
        "composing {wide_bar} {pos}/{len}",
    )?);
    let rendered = write_missing(dir, pieces, |_| bar.inc(1))
        .context("choose another folder with --dir DIR")?;
    bar.finish_and_clear();
    Ok(rendered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use vibelux::{Emotion, EmotionVector};

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        _demo: DemoArgs,
    }

    #[test]
    fn flags_name_at_most_one_source() {
        assert!(DEFAULT_MOOD.parse::<EmotionVector>().is_ok());
        for one in [vec![], vec!["--mood=sad"], vec!["--camera"]] {
            let words = std::iter::once("demo").chain(one.iter().copied());
            assert!(Line::try_parse_from(words).is_ok(), "{one:?}");
        }
        for two in [
            ["--image=a", "--camera"],
            ["--image=a", "--mood=sad"],
            ["--camera", "--mood=sad"],
        ] {
            let words = std::iter::once("demo").chain(two);
            assert!(Line::try_parse_from(words).is_err(), "{two:?}");
        }
    }

    #[test]
    fn only_missing_pieces_are_rendered() {
        let dir = tempfile::tempdir().unwrap();
        let pieces = &compose_all(DEMO_SEED)[..2];
        assert_eq!(render_missing(dir.path(), pieces).unwrap(), 2);
        assert_eq!(render_missing(dir.path(), pieces).unwrap(), 0);
        std::fs::remove_file(dir.path().join(pieces[1].file_name())).unwrap();
        assert_eq!(render_missing(dir.path(), pieces).unwrap(), 1);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn the_pieces_of_each_mood_are_among_its_first_three() {
        let dir = tempfile::tempdir().unwrap();
        let pieces = compose_all(DEMO_SEED);
        render_missing(dir.path(), &pieces).unwrap();
        let songs = Chosen::load(&embed(dir.path()).unwrap(), false, Inclusion::MUSIC).unwrap();
        assert_eq!(songs.count(), pieces.len());
        let index = songs.index(Mode::default());
        for mood in Emotion::ALL {
            let asked = vec![query::of_mood(EmotionVector::one_hot(mood))];
            let found = songs.find(&index, asked, 3, |_| true);
            let paths = found[0]
                .matches
                .iter()
                .map(|found| songs.table.path(found.index));
            let first: Vec<String> = paths
                .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
                .collect();
            for piece in pieces.iter().filter(|piece| piece.emotion == mood) {
                assert!(first.contains(&piece.file_name()), "{mood}: {first:?}");
            }
        }
    }

    #[test]
    fn other_music_goes_into_another_folder() {
        let folder = |seed| demo_folder_name(&compose_all(seed));
        assert_eq!(folder(DEMO_SEED), folder(DEMO_SEED));
        assert_ne!(folder(DEMO_SEED), folder(DEMO_SEED + 1));
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        let error = render_missing(&file.join("sub"), &[]).unwrap_err();
        assert!(error.to_string().contains("--dir"), "{error}");
    }
}
