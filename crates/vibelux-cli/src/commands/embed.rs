//! `vibelux embed`: scan, embed on all cores, store; can be stopped or killed at any moment.
//!
//! Exit codes: 0 every song found has a vector, 1 some have none or some of the given paths could not
//! be read, 2 could not run, 130 stopped by Ctrl-C (what was done is stored).

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use vibelux::library::{
    ClassCounts, CpuShare, Depth, EmbedOptions, EmbedPlan, EmbedSummary, FailedSong, NotMusic,
    Scan, SongClass, SongEmbedder, SongStore, embed_songs, mark_missing, plan, scan,
};

use crate::analysis::AnalysisArgs;
use crate::interrupt::{INTERRUPTED, stop_on_ctrl_c};
use crate::json::{Failure, path_text};
use crate::library_location::LibraryArgs;
use crate::output;
use vibelux::audio::is_audio_file;

/// So many failures are listed; --json lists all.
const MAX_LISTED: usize = 20;

/// Flags of `vibelux embed`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Can be stopped with Ctrl-C, or killed, at any moment: every song is stored as \
    soon as it is done, and the same command goes on where the last one stopped (with --force it begins anew).\n\n\
    Exit codes: 0 all songs have a vector, 1 some failed, 2 could not run, 130 stopped by Ctrl-C."
)]
pub struct EmbedArgs {
    /// Song files and folders of songs, here or at s3://... and http(s)://...; folders are searched recursively, hidden files
    /// are skipped
    #[arg(required = true, value_name = "SONGS")]
    songs: Vec<PathBuf>,
    /// Use this share of the processor, such as 25% [default: all of it]
    #[arg(long, value_name = "PERCENT")]
    cpu: Option<CpuShare>,
    /// Embed all songs again, also those that have not changed
    #[arg(long)]
    force: bool,
    /// Try songs again that failed before and have not changed since
    #[arg(long)]
    retry_failed: bool,
    /// The given files and all in the given folders are music, whatever they sound like: recommend them
    #[arg(long)]
    as_music: bool,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    analysis: AnalysisArgs,
    #[command(flatten)]
    library: LibraryArgs,
}

/// What one run did, for the report.
struct Run {
    scan: Scan,
    plan: EmbedPlan,
    summary: EmbedSummary,
    newly_missing: usize,
    classes: ClassCounts,
    /// Songs that --as-music says are music.
    declared_music: Option<usize>,
    interrupted: bool,
    elapsed_seconds: f64,
}

/// Runs the command.
pub fn run(args: EmbedArgs) -> anyhow::Result<ExitCode> {
    let embedder = args.analysis.embedder()?;
    let found = find(&args.songs)?;
    // Last, so that a mistyped path leaves no empty library behind.
    let mut store = args.library.open()?;
    let run = embed(&args, found, &mut store, &embedder)?;
    if args.json {
        output::print_json(&run.to_json(&store))?;
    } else {
        output::print(&run.to_text(&store))?;
    }
    if run.interrupted {
        let again = if args.force {
            "the same command begins anew; without --force it embeds only what is new or has changed"
        } else {
            "run the same command again to go on"
        };
        crate::tell!(
            "stopped with {} to go; what was done is stored: {again}",
            output::songs(run.summary.remaining)
        );
    }
    Ok(ExitCode::from(run.exit_code()))
}

/// Scans the given paths and reports what cannot be read.
pub(super) fn find(songs: &[PathBuf]) -> anyhow::Result<Scan> {
    let spinner = ProgressBar::new_spinner().with_message("looking for songs");
    spinner.enable_steady_tick(Duration::from_millis(100));
    let found = scan(songs, is_audio_file);
    spinner.finish_and_clear();
    for problem in &found.problems {
        let path = output::readable(&problem.path);
        crate::tell!("cannot read {path}: {}", problem.reason);
    }
    if found.problems.iter().filter(|p| p.is_root).count() == songs.len() {
        anyhow::bail!(
            "none of the given files and folders can be read; check the paths: {}",
            listed(songs)
        );
    }
    if found.songs.is_empty() {
        crate::tell!("there are no song files in {}", listed(songs));
    }
    Ok(found)
}

/// The first of them, with commas.
fn listed(paths: &[PathBuf]) -> String {
    const MOST: usize = 5;
    let first: Vec<String> = paths
        .iter()
        .take(MOST)
        .map(|p| output::readable(p))
        .collect();
    let more = match paths.len().saturating_sub(MOST) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    first.join(", ") + &more
}

fn embed(
    args: &EmbedArgs,
    found: Scan,
    store: &mut SongStore,
    embedder: &dyn SongEmbedder,
) -> anyhow::Result<Run> {
    let stop = stop_on_ctrl_c("finishing the songs in hand")?;
    let options = EmbedOptions {
        pace: args.analysis.pace(args.cpu),
        force: args.force,
        retry_failed: args.retry_failed,
        patient: false,
    };
    let plan = plan(store, &found, embedder.name(), &options)?;
    if args.as_music {
        store.set_declared_music(found.songs.iter().map(|song| &song.path), true)?;
    }
    let newly_missing = mark_missing(store, &found)?;
    let bar = progress_bar(plan.songs.len())?;
    let start = Instant::now();
    let mut depth = None;
    let summary = embed_songs(store, &plan, embedder, &options, &stop, |progress| {
        if depth.replace(progress.depth) != Some(progress.depth) {
            bar.set_length(progress.total as u64);
            bar.reset();
            bar.set_message(match progress.depth {
                Depth::FirstLook => "a first look: ",
                Depth::Full => "",
            });
        }
        bar.set_position(progress.done as u64);
    });
    bar.finish_and_clear();
    let summary = summary?;
    Ok(Run {
        // Ctrl-C during the very last song stopped nothing.
        interrupted: stop.load(Ordering::Relaxed) && summary.remaining > 0,
        elapsed_seconds: start.elapsed().as_secs_f64(),
        classes: store.class_counts()?,
        declared_music: args.as_music.then_some(found.songs.len()),
        scan: found,
        plan,
        // What was moved is not gone.
        newly_missing: newly_missing.saturating_sub(summary.moved),
        summary,
    })
}

/// On standard error, and only if that is a terminal.
fn progress_bar(songs: usize) -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template(
        "{wide_bar} {msg}{pos}/{len} songs, {rate} songs/s, {eta} left",
    )?
    .with_key(
        "rate",
        |state: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
            // The number is all there is to show if writing it fails.
            let _ = write!(out, "{:.1}", state.per_sec());
        },
    );
    Ok(ProgressBar::new(songs as u64).with_style(style))
}

impl Run {
    fn exit_code(&self) -> u8 {
        if self.interrupted {
            return INTERRUPTED;
        }
        let complete = self.summary.failed.is_empty()
            && self.plan.known_failures.is_empty()
            && self.scan.problems.is_empty();
        u8::from(!complete)
    }

    fn songs_per_second(&self) -> f64 {
        self.summary.embedded as f64 / self.elapsed_seconds.max(1e-9)
    }

    fn to_text(&self, store: &SongStore) -> String {
        let summary = &self.summary;
        let mut text = format!("embedded {}", output::songs(summary.embedded));
        if !self.plan.songs.is_empty() {
            let rate = self.songs_per_second();
            text += &format!(" in {:.1} s ({rate:.1} songs/s)", self.elapsed_seconds);
        }
        text += &format!(
            ", {} unchanged, {} failed",
            self.plan.unchanged,
            summary.failed.len() + self.plan.known_failures.len()
        );
        text += &output::and_counts(&[
            (summary.moved, "moved"),
            (summary.retagged, "retagged"),
            (summary.copied, "copied"),
        ]);
        if let Some(count) = self.declared_music {
            text += &format!(", {} said to be music", output::songs(count));
        }
        if self.newly_missing > 0 {
            text += &format!(", {} gone from disk", self.newly_missing);
        }
        text.push('\n');
        for failed in summary.failed.iter().take(MAX_LISTED) {
            let path = output::readable(&failed.path);
            text += &format!("  failed {path}: {}\n", failed.reason);
        }
        if summary.failed.len() > MAX_LISTED {
            let more = summary.failed.len() - MAX_LISTED;
            text += &format!("  and {more} more; --json lists them all\n");
        }
        if !self.plan.known_failures.is_empty() {
            text += &format!(
                "  {} of them failed before and did not change; `vibelux errors` says what to do, --retry-failed \
                 tries again\n",
                self.plan.known_failures.len()
            );
        }
        if summary.copies > 0 {
            text += &format!(
                "  {} held twice: the better file of each is recommended\n",
                if summary.copies == 1 {
                    "1 song is".to_owned()
                } else {
                    format!("{} songs are", summary.copies)
                }
            );
        }
        if summary.waiting > 0 {
            text += &format!(
                "  the new model's vectors of {} wait until it has heard all; the old ones serve meanwhile\n",
                output::songs(summary.waiting)
            );
        }
        text += &self.left_out();
        text + &format!("library: {}\n", output::readable(store.path()))
    }

    /// What the library holds that is not recommended, and how it would be; nothing if there is none.
    fn left_out(&self) -> String {
        let classes = SongClass::ALL.into_iter();
        let others: Vec<(SongClass, usize)> = classes
            .filter(|&class| class != SongClass::Music)
            .map(|class| (class, self.classes.get(class)))
            .filter(|&(_, count)| count > 0)
            .collect();
        if others.is_empty() {
            return String::new();
        }
        let counts: Vec<String> = others
            .iter()
            .map(|(class, count)| match class {
                SongClass::Jingle => {
                    format!("{} of less than 20 s", output::counted(*count, "jingle"))
                }
                class => output::counted(*count, &format!("{class} file")),
            })
            .collect();
        let names: Vec<&str> = others.iter().map(|(class, _)| class.name()).collect();
        format!(
            "  not recommended, of the whole library: {}\n  (`vibelux recommend --include {}` \
             takes them in; `vibelux embed --as-music FILE` says that a file is music)\n",
            counts.join(", "),
            names.join(",")
        )
    }

    fn to_json(&self, store: &SongStore) -> EmbedAnswer {
        let failures = |songs: &[FailedSong]| {
            let failure = |song: &FailedSong| Failure::new(&song.path, &song.reason);
            songs.iter().map(failure).collect()
        };
        let problems = self.scan.problems.iter();
        EmbedAnswer {
            library: path_text(store.path()),
            found: self.scan.songs.len(),
            embedded: self.summary.embedded,
            moved: self.summary.moved,
            retagged: self.summary.retagged,
            copied: self.summary.copied,
            unchanged: self.plan.unchanged,
            failures: failures(&self.summary.failed),
            failed_before: failures(&self.plan.known_failures),
            unreadable: problems.map(|p| Failure::new(&p.path, &p.reason)).collect(),
            copies: self.summary.copies,
            waiting: self.summary.waiting,
            gone: self.newly_missing,
            not_music: self.classes.not_music(),
            remaining: self.summary.remaining,
            interrupted: self.interrupted,
            elapsed_seconds: self.elapsed_seconds,
            songs_per_second: self.songs_per_second(),
        }
    }
}

/// What one run did, for programs.
#[derive(Debug, Serialize)]
struct EmbedAnswer {
    library: String,
    found: usize,
    embedded: usize,
    moved: usize,
    retagged: usize,
    copied: usize,
    unchanged: usize,
    failures: Vec<Failure>,
    failed_before: Vec<Failure>,
    unreadable: Vec<Failure>,
    copies: usize,
    waiting: usize,
    gone: usize,
    not_music: NotMusic,
    remaining: usize,
    interrupted: bool,
    elapsed_seconds: f64,
    songs_per_second: f64,
}
