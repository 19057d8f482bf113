//! `vibelux demo`: the whole program without a library, a camera or a download.
//!
//! Composes a dozen short pieces into a folder, then embeds and recommends them like anybody's
//! songs. Pieces that are already there are left alone.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use directories::ProjectDirs;
use indicatif::{ParallelProgressIterator, ProgressBar, ProgressStyle};
use rayon::prelude::*;
use vibelux::EmotionVector;
use vibelux::compose::{ARTIST, Piece, compose_all, write_wav};

/// Everybody's demo sounds the same.
const SEED: u64 = 1;

/// CD quality, which every player takes.
const SAMPLE_RATE_HZ: u32 = 44_100;

/// Flags of `vibelux demo`.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// Use the face in this picture
    #[arg(long, value_name = "FILE", group = "query")]
    image: Option<PathBuf>,
    /// Use the face in front of a camera (or in a video): a device or an address
    #[arg(long, value_name = "SRC", num_args = 0..=1, group = "query")]
    camera: Option<Option<String>>,
    /// Use no face but this mood
    #[arg(
        long,
        value_name = "MOOD",
        group = "query",
        default_value = "happy=0.6,surprised=0.2,neutral=0.2"
    )]
    mood: EmotionVector,
    /// Where the pieces go [default: the user's cache folder]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// How many pieces to recommend
    #[arg(long, value_name = "N", default_value_t = 5)]
    count: usize,
    /// Say why each piece was chosen
    #[arg(long)]
    why: bool,
}

/// What the recommendation starts from.
#[derive(Debug)]
enum Query {
    Image(PathBuf),
    /// A device or an address; the default camera without one.
    Camera(Option<String>),
    Mood(EmotionVector),
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(path) => write!(f, "the face in {}", path.display()),
            Self::Camera(None) => f.write_str("the face in front of the camera"),
            Self::Camera(Some(source)) => write!(f, "the face in {source}"),
            Self::Mood(mood) => write!(f, "the mood {mood}"),
        }
    }
}

impl DemoArgs {
    fn query(&self) -> Query {
        match (&self.image, &self.camera) {
            (Some(path), _) => Query::Image(path.clone()),
            (None, Some(source)) => Query::Camera(source.clone()),
            (None, None) => Query::Mood(self.mood),
        }
    }
}

/// Runs the command.
pub fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    let query = args.query();
    let dir = match args.dir {
        Some(dir) => dir,
        None => default_dir()?,
    };
    let pieces = compose_all(SEED);
    let rendered = render_missing(&dir, &pieces)?;
    eprintln!(
        "{} pieces in {} ({rendered} new)",
        pieces.len(),
        dir.display()
    );
    embed_and_recommend(&dir, &query, args.count, args.why)
}

/// The version is part of the name, because another version may compose other music.
fn default_dir() -> anyhow::Result<PathBuf> {
    let project = ProjectDirs::from("", "", "vibelux")
        .context("this user has no home folder; say where the pieces may go with --dir DIR")?;
    let name = concat!("demo-", env!("CARGO_PKG_VERSION"));
    Ok(project.cache_dir().join(name))
}

/// Renders the pieces that `dir` does not hold yet, on all cores, and returns how many. A file is
/// complete or absent, so what exists is not looked into.
fn render_missing(dir: &Path, pieces: &[Piece]) -> anyhow::Result<usize> {
    std::fs::create_dir_all(dir).with_context(|| {
        format!(
            "cannot make the folder {}; choose another with --dir DIR",
            dir.display()
        )
    })?;
    let missing: Vec<(PathBuf, &Piece)> = pieces
        .iter()
        .map(|piece| (dir.join(piece.file_name()), piece))
        .filter(|(path, _)| !path.exists())
        .collect();
    let bar = ProgressBar::new(missing.len() as u64).with_style(ProgressStyle::with_template(
        "composing {wide_bar} {pos}/{len}",
    )?);
    missing
        .par_iter()
        .progress_with(bar.clone())
        .try_for_each(|(path, piece)| {
            let sound = piece.render(SAMPLE_RATE_HZ);
            write_wav(path, &sound, piece.title, ARTIST, "Demo")
        })?;
    bar.finish_and_clear();
    Ok(missing.len())
}

/// THE SEAM: embeds the pieces in `dir` into a library of their own beside them, finds the `count`
/// that fit `query`, and prints them, with reasons if `why`.
fn embed_and_recommend(
    dir: &Path,
    query: &Query,
    count: usize,
    why: bool,
) -> anyhow::Result<ExitCode> {
    let reasons = if why { " with reasons" } else { "" };
    anyhow::bail!(
        "recommending {count} pieces{reasons} from {} for {query}: being written",
        dir.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        demo: DemoArgs,
    }

    fn query(line: &[&str]) -> Query {
        let words = std::iter::once("demo").chain(line.iter().copied());
        Line::try_parse_from(words).unwrap().demo.query()
    }

    #[test]
    fn flags_choose_the_query() {
        assert!(matches!(query(&[]), Query::Mood(_)));
        assert!(matches!(query(&["--mood", "sad"]), Query::Mood(_)));
        assert!(matches!(query(&["--image", "a.jpg"]), Query::Image(_)));
        assert!(matches!(query(&["--camera"]), Query::Camera(None)));
        assert!(matches!(
            query(&["--camera", "/dev/video2"]),
            Query::Camera(Some(_))
        ));
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
        let pieces = &compose_all(SEED)[..2];
        assert_eq!(render_missing(dir.path(), pieces).unwrap(), 2);
        assert_eq!(render_missing(dir.path(), pieces).unwrap(), 0);
        std::fs::remove_file(dir.path().join(pieces[1].file_name())).unwrap();
        assert_eq!(render_missing(dir.path(), pieces).unwrap(), 1);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
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
