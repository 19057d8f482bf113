//! `vibelux evaluate matching`: do the songs recommended for faces carry the faces' emotions?

use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;
use vibelux::EmotionVector;
use vibelux_train::evaluate::{self, FaceEnsemble, FaceFiles, MatchingReport};
use vibelux_train::plots;

use super::judging::{SEED, face_model, judge_faces};
use super::matching_text;
use super::song_rows::{RowArgs, judge_songs, song_rows};
use crate::json::Failure;
use crate::output;

/// Flags of `vibelux evaluate matching`.
#[derive(Debug, clap::Args)]
pub struct MatchingArgs {
    /// Class folders of face crops
    #[arg(long, value_name = "DIR")]
    faces: PathBuf,
    /// Class folders of songs, or a table of songs
    #[arg(long, value_name = "DIR|TABLE")]
    songs: PathBuf,
    #[command(flatten)]
    rows: RowArgs,
    /// Songs recommended per face
    #[arg(short = 'n', long, default_value_t = 10)]
    count: usize,
    /// The face model [default: the built-in one]
    #[arg(long, value_name = "M.onnx")]
    face_model: Option<PathBuf>,
    /// The music model [default: the built-in one]
    #[arg(long, value_name = "M.onnx")]
    music_model: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Also draw it, into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Everything for programs.
#[derive(Debug, Serialize)]
struct MatchingEvaluation<'a> {
    report: &'a MatchingReport,
    failures: Vec<Failure>,
}

/// Runs the command. Exit code 1 if some files could not be judged.
pub fn run(args: MatchingArgs) -> anyhow::Result<ExitCode> {
    if let Some(out) = &args.out {
        output::make_folder(out)?;
    }
    let model = FaceEnsemble::from(face_model(args.face_model.as_deref())?);
    let files = FaceFiles::open(&args.faces, None)?;
    let faces = judge_faces(&model, &files)?;
    let rows = song_rows(&args.songs, &args.rows, false)?;
    let songs = judge_songs(&rows, &args.rows, args.music_model)?;
    let prior = model.prior().unwrap_or(EmotionVector::UNIFORM);
    let report = evaluate::matching(&faces.judged, prior, &songs.judged, args.count, SEED);
    let Some(report) = report else {
        anyhow::bail!("there is nothing to match: no face or no song could be read");
    };
    if let Some(out) = &args.out {
        plots::matching(out, &report)?;
    }
    if args.json {
        output::print_json(&MatchingEvaluation {
            report: &report,
            failures: Failure::all(faces.failed.iter().chain(&songs.failed)),
        })?;
    } else {
        output::print(&matching_text::matching_text(&report))?;
    }
    let failed = !faces.failed.is_empty() || !songs.failed.is_empty();
    Ok(ExitCode::from(u8::from(failed)))
}
