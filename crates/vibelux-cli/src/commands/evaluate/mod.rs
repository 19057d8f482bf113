//! `vibelux evaluate face|music|matching`: how good a model is on files that it has not seen.

mod face;
mod face_text;
mod matching_text;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use vibelux::EmotionVector;
use vibelux::model::FaceModel;
use vibelux_train::dataset::{Condition, TableRow, load_rows, songs_in_folders};
use vibelux_train::evaluate::{self, FaceEnsemble, FaceFiles, HeadReport, Judgement};
use vibelux_train::heads::HeadKind;
use vibelux_train::plots;
use vibelux_train::run::write_report;

use super::train::condition;
use crate::output;

/// Drives the bootstrap, and how files are split in halves.
const SEED: u64 = 1;

/// Flags of `vibelux evaluate`.
#[derive(Debug, clap::Args)]
pub struct EvaluateArgs {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// A face model, on class folders of face crops: DIR/<emotion>/*
    Face(face::FaceArgs),
    /// A music model, on class folders of songs (DIR/<emotion>/*) or a table of songs
    Music(MusicArgs),
    /// Both together: do the songs recommended for faces carry the faces' emotions?
    Matching(MatchingArgs),
}

#[derive(Debug, clap::Args)]
struct MusicArgs {
    /// One folder per emotion, or a table (CSV) with columns path, p_angry ... p_surprised
    #[arg(value_name = "DIR|TABLE")]
    songs: PathBuf,
    #[command(flatten)]
    rows: RowArgs,
    /// The model (an ONNX file with its .toml beside it) [default: the built-in one]
    #[arg(long, value_name = "M.onnx")]
    model: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
struct MatchingArgs {
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

#[derive(Debug, clap::Args)]
struct RowArgs {
    /// Of a table, use only rows with this value in this column; can be given several times
    #[arg(long = "where", value_name = "COLUMN=VALUE", value_parser = condition)]
    conditions: Vec<Condition>,
    /// Of a table, use only these folds
    #[arg(long, value_name = "FOLDS", value_delimiter = ',')]
    folds: Vec<String>,
    /// Judge by what these training runs (run folders) said of the songs they were not trained on,
    /// instead of by a model
    #[arg(long, value_name = "RUN", num_args = 1..)]
    runs: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct OutputArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Also write the report, the plots and (faces) all other figures into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Runs the command. Exit code 1 if some files could not be judged.
pub fn run(args: EvaluateArgs) -> anyhow::Result<ExitCode> {
    match args.task {
        Task::Face(args) => face::run(args),
        Task::Music(args) => music(args),
        Task::Matching(args) => matching(args),
    }
}

fn face_model(path: Option<&Path>) -> anyhow::Result<FaceModel> {
    Ok(match path {
        Some(path) => FaceModel::load(path)?,
        None => FaceModel::shipped()?,
    })
}

fn judge_faces(model: &FaceEnsemble, files: &FaceFiles) -> anyhow::Result<Judgement> {
    let judgement = with_progress("faces", files.faces().len(), |done| {
        evaluate::faces(model, files, done)
    })?;
    tell_failures(&judgement.failed);
    Ok(judgement)
}

/// The songs of a folder or table that are to be judged; also those that say nothing of the seven
/// emotions where `all` is set.
fn song_rows(songs: &Path, args: &RowArgs, all: bool) -> anyhow::Result<Vec<TableRow>> {
    Ok(if songs.is_file() {
        let mut table = load_rows(songs, &args.conditions, |row| all || row.target.is_some())?;
        if !args.folds.is_empty() {
            table.retain(|row| {
                row.fold
                    .as_ref()
                    .is_some_and(|fold| args.folds.contains(fold))
            });
        }
        table
    } else {
        songs_in_folders(songs)?
    })
}

fn judge_songs(
    rows: &[TableRow],
    args: &RowArgs,
    model: Option<PathBuf>,
) -> anyhow::Result<Judgement> {
    let judgement = if args.runs.is_empty() {
        let model = super::music_model(model.as_deref())?;
        with_progress("songs", rows.len(), |done| {
            evaluate::songs(&model, rows, done)
        })?
    } else {
        evaluate::predicted_songs(rows, &args.runs)?
    };
    tell_failures(&judgement.failed);
    Ok(judgement)
}

/// Raises a flag at the end of its scope, even where a panic ends it: nobody waits for ever.
struct RaiseOnDrop<'a>(&'a AtomicBool);

impl Drop for RaiseOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Shows how far `work` has counted; the bar is gone afterwards.
fn with_progress<T>(
    what: &str,
    len: usize,
    work: impl FnOnce(&AtomicUsize) -> T,
) -> anyhow::Result<T> {
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}, {eta} left")?;
    let bar = ProgressBar::new(len as u64)
        .with_style(style)
        .with_message(what.to_owned());
    let (done, finished) = (AtomicUsize::new(0), AtomicBool::new(false));
    let result = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !finished.load(Ordering::Relaxed) {
                bar.set_position(done.load(Ordering::Relaxed) as u64);
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        let _finish = RaiseOnDrop(&finished);
        work(&done)
    });
    bar.finish_and_clear();
    Ok(result)
}

/// Names the files that could not be judged.
fn tell_failures(failed: &[(PathBuf, String)]) {
    for (path, reason) in failed {
        crate::tell!("left out: {}: {reason}", output::readable(path));
    }
}

/// The same for programs.
fn failures_json(failed: &[(PathBuf, String)]) -> Value {
    let failed = failed
        .iter()
        .map(|(path, reason)| json!({"path": path.to_string_lossy(), "reason": reason}));
    Value::Array(failed.collect())
}

fn music(args: MusicArgs) -> anyhow::Result<ExitCode> {
    if let Some(out) = &args.output.out {
        // Before minutes of work, not after them.
        output::make_folder(out)?;
    }
    let rows = song_rows(&args.songs, &args.rows, false)?;
    let judgement = judge_songs(&rows, &args.rows, args.model)?;
    // What the runs learnt beside the seven emotions may be known of more songs.
    let heads = match &args.rows.runs[..] {
        [] => Vec::new(),
        runs => evaluate::heads(&song_rows(&args.songs, &args.rows, true)?, runs, SEED)?,
    };
    let report = judgement.report(SEED)?;
    let quadrants = judgement.quadrants();
    if let Some(out) = &args.output.out {
        write_report(out, &report)?;
    }
    if args.output.json {
        output::print_json(&json!({
            "report": report,
            "quadrants": quadrants,
            "heads": heads,
            "failed": failures_json(&judgement.failed),
        }))?;
    } else {
        output::print(&format!("{report}\n"))?;
        if let Some(q) = quadrants {
            output::print(&format!(
                "Quadrants of valence and arousal, from the seven: {:.1} % of {} (arousal {:.1} %, \
                 valence {:.1} %; chance 25.0 %, majority {:.1} %)\n",
                100.0 * q.accuracy,
                q.examples,
                100.0 * q.arousal_accuracy,
                100.0 * q.valence_accuracy,
                100.0 * q.majority_share
            ))?;
        }
        output::print(&heads_text(&heads))?;
    }
    Ok(ExitCode::from(u8::from(!judgement.failed.is_empty())))
}

/// What the runs are worth on what they learnt beside the seven emotions.
fn heads_text(heads: &[HeadReport]) -> String {
    let mut text = String::new();
    for head in heads {
        let figure = match head.kind {
            HeadKind::Class => "accuracy",
            HeadKind::Tags => "mean area under the ROC curve",
            HeadKind::Scales => "mean correlation",
        };
        let [low, high] = head.figure.interval;
        text.push_str(&format!(
            "\nHead {}, {} songs: {figure} {:.3} (95 %: {low:.3} to {high:.3}; {:.3} without a model)\n",
            head.column, head.songs, head.figure.mean, head.trivial
        ));
        // A hundred tags would hide the rest.
        if head.names.len() <= 16 {
            let names = head.names.iter();
            let names: Vec<String> = names.map(|(n, v)| format!("{n} {v:.2}")).collect();
            text.push_str(&format!("  {}\n", names.join(", ")));
        }
    }
    text
}

fn matching(args: MatchingArgs) -> anyhow::Result<ExitCode> {
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
        output::print_json(&serde_json::to_value(&report)?)?;
    } else {
        output::print(&matching_text::matching_text(&report))?;
    }
    let failed = !faces.failed.is_empty() || !songs.failed.is_empty();
    Ok(ExitCode::from(u8::from(failed)))
}
