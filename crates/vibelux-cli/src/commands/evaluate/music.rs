//! `vibelux evaluate music`: a music model on songs that it has not heard.

use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;
use vibelux_train::evaluate::{self, HeadReport, QuadrantReport};
use vibelux_train::heads::HeadKind;
use vibelux_train::metrics::Report;
use vibelux_train::run::write_report;

use super::judging::{OutputArgs, SEED};
use super::song_rows::{RowArgs, judge_songs, song_rows};
use crate::json::Failure;
use crate::output;

/// Flags of `vibelux evaluate music`.
#[derive(Debug, clap::Args)]
pub struct MusicArgs {
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

/// Everything for programs.
#[derive(Debug, Serialize)]
struct MusicEvaluation<'a> {
    report: &'a Report,
    quadrants: Option<&'a QuadrantReport>,
    heads: &'a [HeadReport],
    failures: Vec<Failure>,
}

/// Runs the command. Exit code 1 if some songs could not be judged.
pub fn run(args: MusicArgs) -> anyhow::Result<ExitCode> {
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
        output::print_json(&MusicEvaluation {
            report: &report,
            quadrants: quadrants.as_ref(),
            heads: &heads,
            failures: Failure::all(&judgement.failed),
        })?;
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
            HeadKind::Scales | HeadKind::TagTrack | HeadKind::ValueTrack => "mean correlation",
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
