//! `vibelux tag`: the moods of the library into the tags of its songs, for other players. The only command that writes to songs.
//!
//! ```text
//! library -> what is to be written -> vibelux::tagging -> song files
//!                                 \-> sidecar.rs -> files beside them
//! ```

mod sidecar;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use vibelux::error_text::with_causes;
use vibelux::library::{ContentHash, FileStamp, SongStore, SongTable};
use vibelux::media;
use vibelux::tagging::{MoodTags, TagEdit, TagError, Tagged, clear_leftovers, edit, would_edit};

use crate::interrupt::{INTERRUPTED, stop_on_ctrl_c};
use crate::json::{Failure, FileSong};
use crate::library_location::LibraryArgs;
use crate::output;
use crate::song_filter::{IncludeArgs, WhereArgs};

/// Flags of `vibelux tag`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Writes MOOD (the strongest emotion) and VIBELUX_ANGRY ... VIBELUX_SURPRISED (0 to 1) to MP3, FLAC, Ogg Vorbis, Opus, M4A, WAV and \
    AIFF. A copy gets them, is compared with the song packet by packet, and takes its place in one step.\n\n\
    Exit codes: 0 done, 1 some songs failed, 2 could not run, 130 interrupted."
)]
pub struct TagArgs {
    /// Say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Write to the song files
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
    /// Take out again what was written, of every song of the library, and put back the moods that were there before
    #[arg(long)]
    undo: bool,
    /// Write a JSON file for each song into this folder, by the song's whole path, and nothing to songs
    #[arg(long, value_name = "DIR", conflicts_with_all = ["undo", "yes"])]
    sidecars: Option<PathBuf>,
    #[command(flatten)]
    also: IncludeArgs,
    #[command(flatten)]
    only: WhereArgs,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    library: LibraryArgs,
}

/// What the command prints with `--json`.
#[derive(Debug, Default, Serialize)]
struct TagAnswer {
    /// Whether nothing was written.
    dry_run: bool,
    /// How many songs were, or would be, written to.
    changed: usize,
    /// How many say so already.
    same: usize,
    failures: Vec<Failure>,
    interrupted: bool,
}

/// Runs the command.
pub fn run(args: TagArgs) -> anyhow::Result<ExitCode> {
    let store = args.library.open_soon()?;
    let table = SongTable::heard(&store)?;
    let files = args.files(&store, &table)?;
    if files.is_empty() {
        anyhow::bail!("the library has no song file that is meant");
    }
    if !(args.dry_run || args.yes || args.sidecars.is_some()) {
        anyhow::bail!(
            "this would look at {} and write to them; see with --dry-run what, then add --yes",
            output::counted(files.len(), "song file")
        );
    }
    if let Some(folder) = args.sidecars.as_deref().filter(|_| !args.dry_run) {
        output::make_folder(folder)?;
    }
    let stop = stop_on_ctrl_c("finishing the song in hand")?;
    let answer = args.tag(&store, &table, &files, &stop)?;
    let code = if answer.interrupted {
        ExitCode::from(INTERRUPTED)
    } else {
        ExitCode::from(u8::from(!answer.failures.is_empty()))
    };
    if args.json {
        output::print_json(&answer)?;
    } else {
        output::print(&args.to_text(&answer))?;
    }
    Ok(code)
}

/// A file that is to be tagged.
struct SongFile {
    path: PathBuf,
    /// Its row in the table; none of a song that has no vector, whose tags are only taken out.
    row: Option<usize>,
}

impl TagArgs {
    /// The files that are meant. Copies of a recording are files like others; what was tagged once is found again whatever became of it.
    fn files(&self, store: &SongStore, table: &SongTable) -> anyhow::Result<Vec<SongFile>> {
        let meant = self.only.rows(table, store)?;
        let is_meant = |&at: &usize| {
            !table.is_missing(at)
                && (self.undo || self.also.include.takes(table.class(at)))
                && meant.as_ref().is_none_or(|meant| meant[at])
        };
        let rows = (0..table.len()).filter(is_meant);
        let mut files: Vec<SongFile> = rows
            .map(|at| SongFile {
                path: table.path(at),
                row: Some(at),
            })
            .collect();
        if self.undo && meant.is_none() {
            let failed = store.failures()?.into_iter();
            files.extend(failed.map(|(path, _)| SongFile { path, row: None }));
        }
        Ok(files)
    }

    fn tag(
        &self,
        store: &SongStore,
        table: &SongTable,
        files: &[SongFile],
        stop: &AtomicBool,
    ) -> anyhow::Result<TagAnswer> {
        let mut answer = TagAnswer {
            dry_run: self.dry_run,
            ..TagAnswer::default()
        };
        let mut folders = HashSet::new();
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} songs, {eta} left")?;
        let bar = ProgressBar::new(files.len() as u64).with_style(style);
        for file in files {
            if stop.load(Ordering::Relaxed) {
                answer.interrupted = true;
                break;
            }
            if let Some(folder) = file.path.parent().filter(|_| self.yes)
                && folders.insert(folder)
            {
                // What a run that was killed left there. A folder that cannot be listed says so with its songs.
                let _ = clear_leftovers(folder);
            }
            match self.tag_one(store, table, file) {
                Ok(Tagged::Changed) => {
                    answer.changed += 1;
                    if self.dry_run && !self.json {
                        bar.suspend(|| self.say_change(table, file))?;
                    }
                }
                Ok(Tagged::Same) => answer.same += 1,
                Err(error) => {
                    let reason = with_causes(error.as_ref());
                    let failure = Failure::new(&file.path, &reason);
                    if !self.json {
                        let path = output::readable(&file.path);
                        bar.suspend(|| crate::tell!("failed: {path}: {}", failure.reason));
                    }
                    answer.failures.push(failure);
                }
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(answer)
    }

    fn tag_one(
        &self,
        store: &SongStore,
        table: &SongTable,
        file: &SongFile,
    ) -> anyhow::Result<Tagged> {
        let path = &file.path;
        if let (Some(folder), Some(at)) = (&self.sidecars, file.row) {
            let place = sidecar::place(folder, path);
            let text = serde_json::to_string_pretty(&FileSong::of(table, at))? + "\n";
            return sidecar::write(&place, &text, self.dry_run)
                .with_context(|| output::readable(&place));
        }
        if media::is_address(path) {
            anyhow::bail!("is at an address, and only files of this machine are written to");
        }
        let tags = file.row.filter(|_| !self.undo).map(|at| MoodTags {
            vector: table.vectors()[at],
        });
        let wanted = tags.as_ref().map_or(TagEdit::Undo, TagEdit::Write);
        if tags.is_some() && !is_as_heard(store, path)? {
            anyhow::bail!(
                "holds another sound than the one that was listened to; run `vibelux embed` first"
            );
        }
        let done = if self.dry_run {
            would_edit(path, wanted)
        } else {
            edit(path, wanted)
        };
        match done {
            // What cannot be tagged never was, and what is no song any more says nothing.
            Err(TagError::Unsupported { .. }) if self.undo => Ok(Tagged::Same),
            Err(TagError::Tags { .. }) if file.row.is_none() => Ok(Tagged::Same),
            Err(error @ TagError::ReadOnly { .. }) if !self.undo => Err(anyhow::anyhow!(
                "{error}; --sidecars DIR writes the moods into a folder instead"
            )),
            done => Ok(done?),
        }
    }

    /// What would be written to a song.
    fn say_change(&self, table: &SongTable, file: &SongFile) -> anyhow::Result<()> {
        let path = output::readable(&file.path);
        let Some(at) = file.row.filter(|_| !self.undo) else {
            return output::print(&format!("would undo  {path}\n"));
        };
        let vector = table.vectors()[at];
        let mood = vector.strongest();
        let share = 100.0 * vector.get(mood);
        output::print(&format!("would write MOOD={mood} ({share:.0} %)  {path}\n"))
    }

    fn to_text(&self, answer: &TagAnswer) -> String {
        let songs = output::songs(answer.changed);
        let mut text = match (self.dry_run, self.undo, &self.sidecars) {
            (true, false, _) => format!("{songs} would be written"),
            (true, true, _) => format!("{songs} would be as they were before"),
            (false, true, _) => format!("{songs} are as they were before"),
            (false, false, None) => format!("{songs} tagged"),
            (false, false, Some(folder)) => {
                format!("{songs} described below {}", output::readable(folder))
            }
        };
        text += &output::and_counts(&[
            (answer.same, "the same already"),
            (answer.failures.len(), "failed"),
        ]);
        if answer.interrupted {
            text += ", interrupted; the same command goes on";
        }
        text + "\n"
    }
}

/// Whether a file still holds the sound that its vector is of. Of a vector that was imported nobody knows.
fn is_as_heard(store: &SongStore, path: &Path) -> anyhow::Result<bool> {
    let Some(song) = store.get(path)? else {
        return Ok(false);
    };
    let (Some(stamp), Some(content)) = (song.stamp, song.content) else {
        return Ok(true);
    };
    let facts = std::fs::metadata(path)?;
    Ok(stamp == FileStamp::of(&facts) || content == ContentHash::of_file(path)?)
}
