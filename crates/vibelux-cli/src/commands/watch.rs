//! `vibelux watch`: keeps the library up to date with folders, at a low priority and with a share of the processor, until
//! it is stopped.
//!
//! The system tells what changes (`notify`); once it has been quiet for a moment, the folders with changes are scanned. A
//! look at everything now and then is the net below: network drives tell nothing, and a queue of changes may overflow.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use vibelux::audio::is_audio_file;
use vibelux::library::{
    CpuShare, EmbedOptions, EmbedSummary, LibraryError, SongEmbedder, SongStore, embed_songs,
    mark_missing, plan, scan,
};
use vibelux::media::is_address;

use crate::analysis::AnalysisArgs;
use crate::interrupt::stop_on_ctrl_c;
use crate::library_location::LibraryArgs;
use crate::output;

/// The flag that ends it is looked at so often.
const PATIENCE: Duration = Duration::from_millis(200);
/// So many problems are told of; `vibelux errors` lists all.
const MOST_TOLD: usize = 10_000;
/// Where changes do not end, songs are taken after so long all the same.
const LONGEST_UNREST: Duration = Duration::from_secs(60);

/// Flags of `vibelux watch`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Says what it did on standard output, a line each time. Ctrl-C ends it; what was done is stored."
)]
pub struct WatchArgs {
    /// Folders of songs, watched with all below them
    #[arg(required = true, value_name = "FOLDERS")]
    folders: Vec<PathBuf>,
    /// The share of the processor to use
    #[arg(long, value_name = "PERCENT", default_value = "25%")]
    cpu: CpuShare,
    /// Look at all songs again after so many minutes, even if nobody told of a change
    #[arg(long, value_name = "MINUTES", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=10_080))]
    every: u64,
    /// Wait until so many seconds have passed without a change
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    quiet: u64,
    #[command(flatten)]
    analysis: AnalysisArgs,
    #[command(flatten)]
    library: LibraryArgs,
}

/// Runs the command.
pub fn run(args: WatchArgs) -> anyhow::Result<ExitCode> {
    be_humble();
    let embedder = args.analysis.embedder()?;
    let mut store = args.library.open()?;
    let stop = stop_on_ctrl_c("finishing the songs in hand")?;
    let (sender, changes) = channel();
    let mut watcher = notify::recommended_watcher(sender)?;
    let options = EmbedOptions {
        pace: args.analysis.pace(Some(args.cpu)),
        force: false,
        retry_failed: false,
        patient: true,
    };
    let every = Duration::from_secs(60 * args.every);
    let folders = absolute(&args.folders);
    if !folders
        .iter()
        .any(|folder| is_address(folder) || folder.exists())
    {
        anyhow::bail!(
            "{}: there is no such folder; check the path, or bring the drive back",
            output::readable(&folders[0])
        );
    }
    crate::tell!(
        "watching {}; Ctrl-C ends it",
        output::counted(folders.len(), "folder")
    );
    let mut known_away = BTreeSet::new();
    let mut told = HashSet::new();
    let mut wanted = folders.clone();
    let mut looked = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        let all = wanted == folders;
        if all {
            looked = Instant::now();
            listen(&mut watcher, &folders, &mut known_away);
        }
        match cycle(&wanted, &mut store, &embedder, &options, &stop, &mut told) {
            Ok(None) => {}
            Ok(Some(did)) => output::print(&format!("{did}\n"))?,
            // Somebody else writes for long; the next look finds what was left.
            Err(error @ LibraryError::Busy { .. }) => crate::tell!("{error}"),
            Err(error) => return Err(error.into()),
        }
        let quiet = Duration::from_secs(args.quiet);
        wanted = loop {
            if stop.load(Ordering::Relaxed) || looked.elapsed() >= every {
                break folders.clone();
            }
            let changed = wait(&changes, quiet, &stop);
            let below = folders_of(&changed, &folders);
            if !below.is_empty() {
                // Where not all can be watched at once, a new folder is not watched by itself.
                if !known_away.is_empty() {
                    listen(&mut watcher, &folders, &mut known_away);
                }
                break below;
            }
        };
    }
    Ok(ExitCode::SUCCESS)
}

/// The folders as the system names them, by which it tells of changes; as they were given, where they are not there.
fn absolute(folders: &[PathBuf]) -> Vec<PathBuf> {
    let absolute = folders.iter().map(|folder| {
        if is_address(folder) {
            return folder.clone();
        }
        let canonical = folder.canonicalize();
        canonical.unwrap_or_else(|_| std::path::absolute(folder).unwrap_or_else(|_| folder.clone()))
    });
    absolute.collect()
}

/// Says something that was not said before.
fn tell_once(told: &mut HashSet<String>, text: String) {
    if told.len() < MOST_TOLD && !told.contains(&text) {
        crate::tell!("{text}");
        told.insert(text);
    }
}

/// Lets whatever else the computer does go first.
fn be_humble() {
    #[cfg(unix)]
    if let Err(error) = rustix::process::nice(10) {
        crate::tell!("cannot lower the priority ({error}); --cpu holds all the same");
    }
}

/// Has the system tell of changes, as far as it can: anew each time, as a drive may have been away.
fn listen(
    watcher: &mut RecommendedWatcher,
    folders: &[PathBuf],
    known_away: &mut BTreeSet<PathBuf>,
) {
    for folder in folders {
        let unheard = if is_address(folder) {
            vec![(folder.clone(), "it is an address".to_owned())]
        } else {
            let _ = watcher.unwatch(folder);
            listen_below(watcher, folder)
        };
        if unheard.is_empty() {
            known_away.retain(|away| !away.starts_with(folder));
        }
        for (path, reason) in unheard {
            if known_away.insert(path.clone()) {
                crate::tell!(
                    "{}: nobody tells of changes there ({reason}); it is looked at now and then",
                    output::readable(&path)
                );
            }
        }
    }
}

/// The same of one folder and all below it, but for those that may not be looked into, which are returned with the reason.
fn listen_below(watcher: &mut RecommendedWatcher, folder: &Path) -> Vec<(PathBuf, String)> {
    match watcher.watch(folder, RecursiveMode::Recursive) {
        Ok(()) => return Vec::new(),
        Err(error) if !is_denied(&error) => return vec![(folder.to_owned(), text_of(&error))],
        Err(_) => {}
    }
    // The system stopped at the first one that it may not look into.
    let _ = watcher.unwatch(folder);
    let entries = watcher
        .watch(folder, RecursiveMode::NonRecursive)
        .and_then(|()| std::fs::read_dir(folder).map_err(notify::Error::io));
    match entries {
        Err(error) => vec![(folder.to_owned(), text_of(&error))],
        Ok(entries) => {
            let below = entries.flatten().map(|entry| entry.path());
            let folders = below.filter(|path| path.is_dir() && !path.is_symlink());
            folders
                .flat_map(|below| listen_below(watcher, &below))
                .collect()
        }
    }
}

fn is_denied(error: &notify::Error) -> bool {
    matches!(&error.kind, notify::ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::PermissionDenied)
}

/// What an error says, without the paths.
fn text_of(error: &notify::Error) -> String {
    match &error.kind {
        notify::ErrorKind::Io(error) => error.to_string(),
        notify::ErrorKind::PathNotFound => "it is not there".to_owned(),
        _ => error.to_string(),
    }
}

/// Scans these folders and does what is to be done; says what that was, if it was something.
fn cycle(
    folders: &[PathBuf],
    store: &mut SongStore,
    embedder: &dyn SongEmbedder,
    options: &EmbedOptions,
    stop: &AtomicBool,
    told: &mut HashSet<String>,
) -> Result<Option<String>, LibraryError> {
    let found = scan(folders, |path| {
        !stop.load(Ordering::Relaxed) && is_audio_file(path)
    });
    if stop.load(Ordering::Relaxed) {
        return Ok(None);
    }
    for problem in &found.problems {
        let path = output::readable(&problem.path);
        tell_once(told, format!("cannot read {path}: {}", problem.reason));
    }
    let plan = plan(store, &found, embedder.name(), options)?;
    let gone = mark_missing(store, &found)?;
    let is_idle = plan.songs.is_empty() && plan.returned.is_empty() && gone == 0;
    if is_idle {
        return Ok(None);
    }
    let summary = embed_songs(store, &plan, embedder, options, stop, |_| {})?;
    for failed in &summary.failed {
        let path = output::readable(&failed.path);
        tell_once(told, format!("failed {path}: {}", failed.reason));
    }
    // What was moved is not gone.
    let gone = gone.saturating_sub(summary.moved);
    Ok(Some(line(&summary, plan.returned.len(), gone)))
}

/// One line of what was done.
fn line(summary: &EmbedSummary, returned: usize, gone: usize) -> String {
    let counts = [
        (summary.embedded, "embedded"),
        (summary.moved, "moved"),
        (summary.retagged, "retagged"),
        (summary.copied, "copied"),
        (summary.looked, "looked into"),
        (returned, "back"),
        (gone, "gone"),
        (summary.failed.len(), "failed"),
    ];
    let counts = counts.into_iter().filter(|&(count, _)| count > 0);
    let said: Vec<String> = counts
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if said.is_empty() {
        return "nothing was to be done".to_owned();
    }
    said.join(", ")
}

/// The paths that have changed, once it has been quiet for a while; none if nothing happens for a moment.
fn wait(
    changes: &Receiver<notify::Result<Event>>,
    quiet: Duration,
    stop: &AtomicBool,
) -> Vec<PathBuf> {
    let mut changed = Vec::new();
    let (mut first, mut latest) = (None, Instant::now());
    while !stop.load(Ordering::Relaxed) {
        match changes.recv_timeout(PATIENCE) {
            Ok(Ok(event)) if event.kind.is_access() => {}
            Ok(Ok(event)) => {
                first.get_or_insert_with(Instant::now);
                latest = Instant::now();
                changed.extend(event.paths);
            }
            // Changes were lost, or a folder can no longer be watched: the look at everything finds them.
            Ok(Err(_)) => {}
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(PATIENCE),
        }
        match first {
            None => break,
            Some(first) if latest.elapsed() >= quiet || first.elapsed() >= LONGEST_UNREST => break,
            Some(_) => {}
        }
    }
    changed
}

/// The folders to scan for these changes: where each lies, or the nearest folder above that is still there.
fn folders_of(changed: &[PathBuf], roots: &[PathBuf]) -> Vec<PathBuf> {
    let mut folders = BTreeSet::new();
    for path in changed {
        let above = path.ancestors().skip(1).find(|above| above.is_dir());
        // What is told of is below a root by another name, where the root is a link.
        let is_inside = |folder: &&Path| {
            roots.iter().any(|root| {
                folder.starts_with(root)
                    || root
                        .canonicalize()
                        .is_ok_and(|root| folder.starts_with(root))
            })
        };
        if let Some(folder) = above.filter(is_inside) {
            folders.insert(folder.to_owned());
        }
    }
    // What lies below another one is scanned with it.
    let all: Vec<PathBuf> = folders.into_iter().collect();
    let nested = |folder: &&PathBuf| {
        !all.iter()
            .any(|other| other != *folder && folder.starts_with(other))
    };
    all.iter().filter(nested).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_looked_at_where_they_are_and_once() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("a/b")).unwrap();
        let folders = |paths: &[&str]| {
            let changed: Vec<PathBuf> = paths.iter().map(|path| root.join(path)).collect();
            folders_of(&changed, std::slice::from_ref(&root))
        };
        assert_eq!(folders(&["a/b/1.mp3", "a/b/2.mp3"]), [root.join("a/b")]);
        assert_eq!(folders(&["a/b/1.mp3", "a/2.mp3"]), [root.join("a")]);
        // An album that is gone altogether.
        assert_eq!(folders(&["a/gone/deep/1.mp3"]), [root.join("a")]);
        let outside = root.with_file_name("elsewhere").join("1.mp3");
        assert!(folders_of(&[outside], std::slice::from_ref(&root)).is_empty());
    }

    #[test]
    fn what_was_done_is_one_line() {
        let summary = EmbedSummary {
            embedded: 3,
            moved: 1,
            ..EmbedSummary::default()
        };
        assert_eq!(line(&summary, 0, 2), "3 embedded, 1 moved, 2 gone");
        assert_eq!(
            line(&EmbedSummary::default(), 0, 0),
            "nothing was to be done"
        );
    }
}
