//! `vibelux evaluate face`: a face model on class folders, also with corrupted faces and with the
//! detector before it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use serde::Serialize;
use vibelux_train::evaluate::{
    self, ClassPrior, CoverageReport, DetectorReport, FaceEnsemble, FaceFiles, RobustnessReport,
};
use vibelux_train::metrics::{CrossFitted, Report};
use vibelux_train::plots;
use vibelux_train::run::write_report;

use super::face_figures::FaceFigures;
use super::face_text;
use super::judging::{OutputArgs, SEED, face_model, judge_faces, with_progress};
use crate::json::Failure;
use crate::output;

/// Flags of `vibelux evaluate face`.
#[derive(Debug, clap::Args)]
pub struct FaceArgs {
    /// One folder per emotion, or a data set with validation/ or test/
    dir: PathBuf,
    /// Soft labels [default: labels.csv in the data set's folder, if it is there]
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// The model (an ONNX file with its .toml beside it) [default: the built-in one]. Given several
    /// times, the models are judged as an ensemble: the mean of their vectors
    #[arg(long, value_name = "M.onnx")]
    model: Vec<PathBuf>,
    /// Judge N of the files, evenly spaced, so that the classes keep their shares
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Also judge faces that are blurred, noisy, dark, compressed, small, turned or badly framed.
    /// Pixels that a moved or larger frame would show beyond the picture are its border, mirrored
    #[arg(long)]
    corruptions: bool,
    /// Another model to hold the costs of the corruptions against; can be given several times
    #[arg(long, value_name = "M.onnx", requires = "corruptions")]
    baseline: Vec<PathBuf>,
    /// Also find each face with the detector, in a made 640x480 frame, and judge what is cropped there
    #[arg(long)]
    detector: bool,
    /// Tilt the heads by so many degrees, half of them to either side; several for a report of each
    #[arg(long, value_name = "DEGREES", requires = "detector", value_delimiter = ',', default_value = "0", value_parser = tilt)]
    tilt: Vec<f64>,
    #[command(flatten)]
    output: OutputArgs,
}

/// Runs the command. Exit code 1 if some files could not be judged.
pub fn run(args: FaceArgs) -> anyhow::Result<ExitCode> {
    // The models first: a wrong path is told at once.
    let model = ensemble(&args.model)?;
    let baselines = args
        .baseline
        .iter()
        .map(|path| Ok(FaceEnsemble::from(face_model(Some(path))?)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let mut files = FaceFiles::open(&args.dir, args.labels.as_deref())?;
    if let Some(limit) = args.limit {
        files.limit(limit as usize);
    }
    if let Some(out) = &args.output.out {
        // Before minutes of work, not after them.
        output::make_folder(out)?;
    }
    let (figures, failed) = judge(&args, &model, &baselines, &files)?;
    let json = to_json(&model, &figures, &failed);
    if let Some(out) = &args.output.out {
        write(out, &figures, &json)?;
    }
    if args.output.json {
        output::print_json(&json)?;
    } else {
        output::print(&face_text::figures(&figures))?;
    }
    Ok(ExitCode::from(u8::from(!failed.is_empty())))
}

fn ensemble(paths: &[PathBuf]) -> anyhow::Result<FaceEnsemble> {
    let Some((first, others)) = paths.split_first() else {
        return Ok(FaceEnsemble::from(face_model(None)?));
    };
    let mut ensemble = FaceEnsemble::from(face_model(Some(first))?);
    for path in others {
        ensemble.push(face_model(Some(path))?);
    }
    Ok(ensemble)
}

type Failures = Vec<(PathBuf, String)>;

fn judge(
    args: &FaceArgs,
    model: &FaceEnsemble,
    baselines: &[FaceEnsemble],
    files: &FaceFiles,
) -> anyhow::Result<(FaceFigures, Failures)> {
    let training_votes = files.training_votes()?;
    let judgement = judge_faces(model, files)?;
    let mut figures = FaceFigures {
        report: judgement.report(SEED)?,
        without_twins: judgement
            .without_twins()
            .filter(|rest| !rest.judged.is_empty())
            .map(|rest| rest.report(SEED))
            .transpose()?,
        cross_fitted: judgement.cross_fitted_temperature(SEED),
        coverage: judgement.coverage(SEED),
        class_prior: judgement.class_prior(training_votes),
        corruptions: None,
        detector: Vec::new(),
    };
    let mut failed = judgement.failed;
    let count = files.faces().len();
    if args.corruptions {
        let (report, more) = with_progress("corruptions", count, |done| {
            evaluate::robustness(model, baselines, files, SEED, done)
        })?;
        figures.corruptions = report;
        add_new(&mut failed, more);
    }
    if args.detector {
        for &tilt in &args.tilt {
            let (report, more) = with_progress("detector", count, |done| {
                evaluate::through_the_detector(model, files, tilt, SEED, done)
            })?;
            figures.detector.extend(report);
            add_new(&mut failed, more);
        }
    }
    Ok((figures, failed))
}

fn tilt(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(degrees) if (0.0..=180.0).contains(&degrees) => Ok(degrees),
        _ => Err("give degrees between 0 and 180".to_owned()),
    }
}

/// A file that cannot be read fails each time; it is told once.
fn add_new(failed: &mut Failures, mut more: Failures) {
    more.retain(|(path, _)| failed.iter().all(|(known, _)| known != path));
    output::tell_left_out(&more);
    failed.extend(more);
}

/// Everything for programs, and for `evaluation.json`.
#[derive(Debug, Serialize)]
struct FaceEvaluation<'a> {
    model: String,
    report: &'a Report,
    without_training_twins: Option<&'a Report>,
    temperature_cross_fitted: Option<&'a CrossFitted>,
    coverage: Option<&'a CoverageReport>,
    class_prior: Option<&'a ClassPrior>,
    corruptions: Option<&'a RobustnessReport>,
    detector: &'a [DetectorReport],
    failures: Vec<Failure>,
}

fn to_json<'a>(
    model: &FaceEnsemble,
    figures: &'a FaceFigures,
    failed: &Failures,
) -> FaceEvaluation<'a> {
    FaceEvaluation {
        model: model.name(),
        report: &figures.report,
        without_training_twins: figures.without_twins.as_ref(),
        temperature_cross_fitted: figures.cross_fitted.as_ref(),
        coverage: figures.coverage.as_ref(),
        class_prior: figures.class_prior.as_ref(),
        corruptions: figures.corruptions.as_ref(),
        detector: &figures.detector,
        failures: Failure::all(failed),
    }
}

/// Writes `report.json` with its plots, `evaluation.json` (all that `--json` prints), and the files of
/// the corruptions.
fn write(out: &Path, figures: &FaceFigures, json: &FaceEvaluation<'_>) -> anyhow::Result<()> {
    let file = |name: &str, text: String| {
        let path = out.join(name);
        vibelux::atomic::write(&path, text.as_bytes()).with_context(|| output::readable(&path))
    };
    write_report(out, &figures.report)?;
    file(
        "evaluation.json",
        serde_json::to_string_pretty(json)? + "\n",
    )?;
    if let Some(corruptions) = &figures.corruptions {
        let json = serde_json::to_string_pretty(corruptions)?;
        file("corruptions.json", json + "\n")?;
        file("corruptions.csv", corruptions.csv())?;
        plots::corruptions(out, corruptions)?;
    }
    if !figures.detector.is_empty() {
        let json = serde_json::to_string_pretty(&figures.detector)?;
        file("detector.json", json + "\n")?;
    }
    Ok(())
}
