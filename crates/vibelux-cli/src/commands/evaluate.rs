//! `vibelux evaluate face|music|matching`: how good a model is on files that it has not seen.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use vibelux::model::{FaceModel, MusicModel};
use vibelux::{Emotion, EmotionVector};
use vibelux_train::dataset::{
    ClassFile, Condition, SoftLabels, TableRow, class_files, load_table, songs_in_folders,
};
use vibelux_train::evaluate::{self, Judgement, MatchingReport};
use vibelux_train::run::write_report;

use super::train::condition;
use crate::output;

/// Drives the bootstrap.
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
    Face(FaceArgs),
    /// A music model, on class folders of songs (DIR/<emotion>/*) or a table of songs
    Music(MusicArgs),
    /// Both together: do the songs recommended for faces carry the faces' emotions?
    Matching(MatchingArgs),
}

#[derive(Debug, clap::Args)]
struct FaceArgs {
    /// One folder per emotion, or a data set with validation/ or test/
    dir: PathBuf,
    /// Soft labels [default: labels.csv in the data set's folder, if it is there]
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// The model (an ONNX file with its .toml beside it) [default: the built-in one]
    #[arg(long, value_name = "M.onnx")]
    model: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
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
}

#[derive(Debug, clap::Args)]
struct RowArgs {
    /// Of a table, use only rows with this value in this column; can be given several times
    #[arg(long = "where", value_name = "COLUMN=VALUE", value_parser = condition)]
    conditions: Vec<Condition>,
    /// Of a table, use only these folds
    #[arg(long, value_name = "FOLDS", value_delimiter = ',')]
    folds: Vec<String>,
}

#[derive(Debug, clap::Args)]
struct OutputArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Also write report.json and the plots into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Runs the command. Exit code 1 if some files could not be judged.
pub fn run(args: EvaluateArgs) -> anyhow::Result<ExitCode> {
    match args.task {
        Task::Face(args) => {
            let judgement =
                judge_faces(&args.dir, args.labels.as_deref(), &face_model(args.model)?)?;
            finish(&judgement, &args.output)
        }
        Task::Music(args) => {
            let judgement = judge_songs(&args.songs, &args.rows, &music_model(args.model)?)?;
            finish(&judgement, &args.output)
        }
        Task::Matching(args) => matching(args),
    }
}

fn face_model(path: Option<PathBuf>) -> anyhow::Result<FaceModel> {
    Ok(match path {
        Some(path) => FaceModel::load(&path)?,
        None => FaceModel::shipped()?,
    })
}

fn music_model(path: Option<PathBuf>) -> anyhow::Result<MusicModel> {
    Ok(match path {
        Some(path) => MusicModel::load(&path)?,
        None => MusicModel::shipped()?,
    })
}

fn judge_faces(dir: &Path, labels: Option<&Path>, model: &FaceModel) -> anyhow::Result<Judgement> {
    // A data set's folder stands for its validation split.
    let split = ["validation", "test"]
        .map(|name| dir.join(name))
        .into_iter()
        .find(|path| path.is_dir())
        .unwrap_or_else(|| dir.to_owned());
    let files: Vec<ClassFile> = class_files(&split)?;
    // Tables of labels name files from the data set's folder on: validation/happy/im0.png.
    let split = std::path::absolute(split)?;
    let root = split.parent().unwrap_or(&split).to_owned();
    let files: Vec<ClassFile> = files
        .into_iter()
        .map(|file| {
            Ok(ClassFile {
                path: std::path::absolute(file.path)?,
                ..file
            })
        })
        .collect::<std::io::Result<_>>()?;
    let beside = root.join("labels.csv");
    let labels = match labels {
        Some(path) => Some(SoftLabels::load(path)?),
        None if beside.is_file() => Some(SoftLabels::load(&beside)?),
        None => None,
    };
    with_progress(files.len(), |done| {
        evaluate::faces(model, &root, &files, labels.as_ref(), done)
    })
}

fn judge_songs(songs: &Path, rows: &RowArgs, model: &MusicModel) -> anyhow::Result<Judgement> {
    let rows: Vec<TableRow> = if songs.is_file() {
        let mut table = load_table(songs, &rows.conditions)?;
        if !rows.folds.is_empty() {
            table.retain(|row| {
                row.fold
                    .as_ref()
                    .is_some_and(|fold| rows.folds.contains(fold))
            });
        }
        table
    } else {
        songs_in_folders(songs)?
    };
    with_progress(rows.len(), |done| evaluate::songs(model, &rows, done))
}

/// Shows how far `work` has counted.
fn with_progress(
    len: usize,
    work: impl FnOnce(&AtomicUsize) -> Judgement,
) -> anyhow::Result<Judgement> {
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len}, {eta} left")?;
    let bar = ProgressBar::new(len as u64).with_style(style);
    let (done, finished) = (AtomicUsize::new(0), AtomicBool::new(false));
    let judgement = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !finished.load(Ordering::Relaxed) {
                bar.set_position(done.load(Ordering::Relaxed) as u64);
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        let judgement = work(&done);
        finished.store(true, Ordering::Relaxed);
        judgement
    });
    bar.finish_and_clear();
    for (path, reason) in &judgement.failed {
        crate::tell!("left out: {}: {reason}", output::readable(path));
    }
    Ok(judgement)
}

fn finish(judgement: &Judgement, args: &OutputArgs) -> anyhow::Result<ExitCode> {
    let report = judgement.report(SEED)?;
    let quadrants = judgement.quadrants();
    let unseen = judgement
        .without_twins()
        .map(|rest| rest.report(SEED))
        .transpose()?;
    if let Some(out) = &args.out {
        std::fs::create_dir_all(out)?;
        write_report(out, &report)?;
    }
    if args.json {
        let failed: Vec<_> = judgement
            .failed
            .iter()
            .map(|(path, reason)| json!({"path": path.to_string_lossy(), "reason": reason}))
            .collect();
        output::print_json(&json!({
            "report": report,
            "without_training_twins": unseen,
            "quadrants": quadrants,
            "failed": failed,
        }))?;
    } else {
        output::print(&format!("{report}\n"))?;
        if let Some(unseen) = unseen {
            output::print(&format!(
                "Without the {} that are also among the training pictures: {:.1} % of {} (95 %: {:.1} to \
                 {:.1})\n",
                report.examples - unseen.examples,
                100.0 * unseen.accuracy,
                unseen.examples,
                100.0 * unseen.accuracy_interval[0],
                100.0 * unseen.accuracy_interval[1]
            ))?;
        }
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
    }
    Ok(ExitCode::from(u8::from(!judgement.failed.is_empty())))
}

fn matching(args: MatchingArgs) -> anyhow::Result<ExitCode> {
    let model = face_model(args.face_model)?;
    let faces = judge_faces(&args.faces, None, &model)?;
    let songs = judge_songs(&args.songs, &args.rows, &music_model(args.music_model)?)?;
    let prior = model.prior().unwrap_or(EmotionVector::UNIFORM);
    let report = evaluate::matching(&faces.judged, prior, &songs.judged, args.count, SEED);
    let Some(report) = report else {
        anyhow::bail!("there is nothing to match: no face or no song could be read");
    };
    if args.json {
        output::print_json(&serde_json::to_value(&report)?)?;
    } else {
        output::print(&matching_text(&report))?;
    }
    let failed = !faces.failed.is_empty() || !songs.failed.is_empty();
    Ok(ExitCode::from(u8::from(failed)))
}

fn matching_text(report: &MatchingReport) -> String {
    use std::fmt::Write as _;
    let mut text = format!(
        "The {} songs (of {}) recommended for each of {} faces carry this much of the face's class:\n",
        report.count, report.songs, report.faces
    );
    let percent = |share: f64| 100.0 * share;
    let mut line = |name: &str, value: f64, interval: Option<[f64; 2]>| {
        let interval = interval.map_or(String::new(), |[low, high]| {
            format!("  (95 %: {:.1} to {:.1})", percent(low), percent(high))
        });
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name:<34} {:5.1} %{interval}", percent(value));
    };
    line("songs at random", report.random, None);
    line(
        "plain cosine",
        report.plain.mean,
        Some(report.plain.interval),
    );
    line(
        "centred cosine",
        report.centred.mean,
        Some(report.centred.interval),
    );
    line(
        "plain cosine, true song vectors",
        report.plain_true_songs,
        None,
    );
    line(
        "centred cosine, true song vectors",
        report.centred_true_songs,
        None,
    );
    line("the best songs for the true class", report.oracle, None);
    let _ = writeln!(
        text,
        "\n  {:<12} {:^19}   {:^29}\n  {:<12} {:>9} {:>9}   {:>9} {:>9} {:>9}",
        "",
        "carried",
        "found when asked for it alone",
        "emotion",
        "plain",
        "centred",
        "plain",
        "centred",
        "of all"
    );
    for emotion in Emotion::ALL {
        let i = emotion.index();
        let cell =
            |value: Option<f64>| value.map_or("-".to_owned(), |v| format!("{:.1} %", percent(v)));
        let _ = writeln!(
            text,
            "  {:<12} {:>9} {:>9}   {:>9} {:>9} {:>9}",
            emotion.name(),
            cell(report.plain_per_class[i]),
            cell(report.centred_per_class[i]),
            cell(Some(report.plain_precision[i])),
            cell(Some(report.centred_precision[i])),
            cell(Some(report.base_rate[i]))
        );
    }
    text
}
