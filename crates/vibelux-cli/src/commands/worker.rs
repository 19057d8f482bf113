//! `vibelux worker`: embeds the songs that `vibelux queue` put in, beside the workers of other machines.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use vibelux::library::{Completed, CpuShare, SongEmbedder};
use vibelux::media::{PathMap, PathRule};
use vibelux_worker::{WorkerConfig, WorkerProgress, WorkerSummary, run_worker};

use crate::analysis::AnalysisArgs;
use crate::interrupt::stop_on_ctrl_c;
use crate::library_location::LibraryArgs;
use crate::output;

/// Flags of `vibelux worker`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Run it on as many machines as you like; each song is embedded once. It can be stopped with Ctrl-C, or \
    killed, at any moment: the songs in its hands go to other workers after half a minute.\n\n\
    Exit codes: 0 ended, 2 could not run or go on."
)]
pub struct WorkerArgs {
    /// What is below FROM in the library is below TO on this machine; as often as needed
    #[arg(long, value_name = "FROM=TO")]
    map: Vec<PathRule>,
    /// End when there is nothing left, instead of waiting for more
    #[arg(long)]
    until_empty: bool,
    /// Use this share of the processor, such as 25% [default: all of it]
    #[arg(long, value_name = "PERCENT")]
    cpu: Option<CpuShare>,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    analysis: AnalysisArgs,
    #[command(flatten)]
    library: LibraryArgs,
}

#[derive(Debug, Serialize)]
struct WorkerAnswer {
    embedded: usize,
    failed: usize,
    kept: usize,
    taken_over: usize,
    absent: usize,
    elapsed_seconds: f64,
}

/// Runs the command.
pub fn run(args: WorkerArgs) -> anyhow::Result<ExitCode> {
    let embedder: Arc<dyn SongEmbedder> = Arc::new(args.analysis.embedder()?);
    let stop = stop_on_ctrl_c("finishing the songs in hand")?;
    let bar = spinner()?;
    let shown = bar.clone();
    let start = Instant::now();
    let config = WorkerConfig {
        library: args.library.address()?,
        paths: PathMap::new(args.map),
        embedder,
        pace: args.analysis.pace(args.cpu),
        until_empty: args.until_empty,
        stop,
        progress: Box::new(move |progress| show(&shown, progress, start)),
    };
    let ended = run_worker(config);
    bar.finish_and_clear();
    let summary = ended?;
    let elapsed_seconds = start.elapsed().as_secs_f64();
    if args.json {
        output::print_json(&answer(summary, elapsed_seconds))?;
    } else {
        output::print(&text(summary, elapsed_seconds))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// On standard error, and only if that is a terminal.
fn spinner() -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template("{spinner} {msg}")?;
    let bar = ProgressBar::new_spinner().with_style(style);
    bar.set_message("waiting for songs");
    bar.enable_steady_tick(Duration::from_millis(200));
    Ok(bar)
}

fn show(bar: &ProgressBar, progress: &WorkerProgress<'_>, start: Instant) {
    let done = progress.summary.embedded + progress.summary.failed + progress.summary.kept;
    let rate = done as f64 / start.elapsed().as_secs_f64().max(1e-9);
    bar.set_message(format!("{} done, {rate:.1} songs/s", output::songs(done)));
    let Completed::Failed(failure) = progress.done else {
        return;
    };
    let path = output::readable(progress.path);
    let reason = vibelux::error_text::without_path(progress.path, &failure.reason);
    let said = format!("failed {path}: {reason}");
    if std::io::stderr().is_terminal() {
        bar.println(said);
    } else {
        crate::tell!("{said}");
    }
}

fn text(summary: WorkerSummary, elapsed_seconds: f64) -> String {
    let mut text = format!(
        "embedded {} in {elapsed_seconds:.1} s, {} failed",
        output::songs(summary.embedded),
        summary.failed
    );
    text += &output::and_counts(&[
        (summary.kept, "known by their sound"),
        (summary.lost, "taken over by others"),
        (summary.absent, "not on this machine"),
    ]);
    text + "\n"
}

fn answer(summary: WorkerSummary, elapsed_seconds: f64) -> WorkerAnswer {
    WorkerAnswer {
        embedded: summary.embedded,
        failed: summary.failed,
        kept: summary.kept,
        taken_over: summary.lost,
        absent: summary.absent,
        elapsed_seconds,
    }
}
