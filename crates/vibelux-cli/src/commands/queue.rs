//! `vibelux queue`: puts songs in for the workers of all machines, and says how many are left.
//!
//! The scan is done here, where the files are; what listens is `vibelux worker`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use vibelux::library::{EmbedOptions, EmbedPlan, Pace, Scan, SongStore, mark_missing, plan};
use vibelux_worker::{Queue, QueueState};

use crate::commands::embed::find;
use crate::commands::music_model::music_model;
use crate::json::{Failure, path_text};
use crate::library_location::LibraryArgs;
use crate::output;

/// Flags of `vibelux queue`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The library must be on a PostgreSQL server, such as --library postgres://USER@HOST/DATABASE.\n\n\
    Exit codes: 0 done, 1 some of the given paths could not be read, 2 could not run."
)]
pub struct QueueArgs {
    /// Song files and folders of songs to put in, here or at s3://... and http(s)://...; without any, only says how many are left
    #[arg(value_name = "SONGS")]
    songs: Vec<PathBuf>,
    /// Put all songs in, also those that have not changed
    #[arg(long)]
    force: bool,
    /// Put songs in again that failed before and have not changed since, and let workers try again what they gave up
    #[arg(long)]
    retry_failed: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// For workers with this music model (an ONNX file with its .toml beside it) instead of the built-in one
    #[arg(long, value_name = "F.onnx")]
    music_model: Option<PathBuf>,
    #[command(flatten)]
    library: LibraryArgs,
}

/// What a scan put in.
struct Added {
    scan: Scan,
    plan: EmbedPlan,
    gone: usize,
}

#[derive(Debug, Serialize)]
struct QueueAnswer {
    library: String,
    added: Option<AddedAnswer>,
    retried: usize,
    waiting: usize,
    running: usize,
    given_up: usize,
}

#[derive(Debug, Serialize)]
struct AddedAnswer {
    found: usize,
    queued: usize,
    unchanged: usize,
    failed_before: usize,
    gone: usize,
    unreadable: Vec<Failure>,
}

/// Runs the command.
pub fn run(args: QueueArgs) -> anyhow::Result<ExitCode> {
    // First, so that a library that is a file is refused before anything is made.
    let queue = Queue::open(&args.library.address()?)?;
    let mut store = args.library.open()?;
    let retried = if args.retry_failed { queue.retry()? } else { 0 };
    let added = if args.songs.is_empty() {
        None
    } else {
        Some(add(&args, &queue, &mut store)?)
    };
    let state = queue.state()?;
    if args.json {
        output::print_json(&answer(&store, added.as_ref(), retried, state))?;
    } else {
        output::print(&text(&store, added.as_ref(), retried, state))?;
    }
    let unread = added.is_some_and(|added| !added.scan.problems.is_empty());
    Ok(ExitCode::from(u8::from(unread)))
}

fn add(args: &QueueArgs, queue: &Queue, store: &mut SongStore) -> anyhow::Result<Added> {
    let model = music_model(args.music_model.as_deref())?;
    let model = model.name();
    let scan = find(&args.songs)?;
    let options = EmbedOptions {
        pace: Pace::jobs(NonZeroUsize::MIN),
        force: args.force,
        retry_failed: args.retry_failed,
        patient: false,
    };
    let mut plan = plan(store, &scan, model, &options)?;
    // Of all folders first, as the library is used meanwhile.
    plan.spread();
    let gone = mark_missing(store, &scan)?;
    store.set_missing(&plan.returned, false)?;
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} songs put in")?;
    let bar = ProgressBar::new(plan.songs.len() as u64).with_style(style);
    let done = queue.add(&plan.songs, model, |count| {
        bar.set_position(count as u64);
    });
    bar.finish_and_clear();
    done?;
    Ok(Added { scan, plan, gone })
}

fn text(store: &SongStore, added: Option<&Added>, retried: usize, state: QueueState) -> String {
    let mut text = String::new();
    if let Some(added) = added {
        text += &format!(
            "put {} into the queue, {} unchanged",
            output::songs(added.plan.songs.len()),
            added.plan.unchanged
        );
        text += &output::and_counts(&[
            (added.plan.known_failures.len(), "failed before"),
            (added.gone, "gone from disk"),
        ]);
        text.push('\n');
    }
    if retried > 0 {
        text += &format!(
            "{} that were given up are tried again\n",
            output::songs(retried)
        );
    }
    text += &format!(
        "{} waiting, {} in work",
        output::songs(state.waiting),
        state.running
    );
    if state.given_up > 0 {
        text += &format!(
            ", {} given up, as no worker has the files; --retry-failed tries them again",
            state.given_up
        );
    }
    if state.waiting > 0 && state.running == 0 {
        text += "; start `vibelux worker` on this and other machines";
    }
    text + &format!("\nlibrary: {}\n", output::readable(store.path()))
}

fn answer(
    store: &SongStore,
    added: Option<&Added>,
    retried: usize,
    state: QueueState,
) -> QueueAnswer {
    let added = added.map(|added| {
        let problems = added.scan.problems.iter();
        AddedAnswer {
            found: added.scan.songs.len(),
            queued: added.plan.songs.len(),
            unchanged: added.plan.unchanged,
            failed_before: added.plan.known_failures.len(),
            gone: added.gone,
            unreadable: problems.map(|p| Failure::new(&p.path, &p.reason)).collect(),
        }
    });
    QueueAnswer {
        library: path_text(store.path()),
        added,
        retried,
        waiting: state.waiting,
        running: state.running,
        given_up: state.given_up,
    }
}
