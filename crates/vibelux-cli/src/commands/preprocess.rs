//! `vibelux preprocess RAW PROCESSED`: class folders of music to class folders of pictures.
//!
//! Every song under RAW becomes one grey spectrogram PNG at the same place under PROCESSED, so
//! `RAW/train/happy/a.mp3` gives `PROCESSED/train/happy/a.png`. A second run does only what is new.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;
use serde::Serialize;
use vibelux::audio::{decode_start, is_audio_file};
use vibelux::spectrogram::image::{SAMPLE_RATE_HZ, SECONDS, spectrogram_image};
use walkdir::WalkDir;

use crate::json::Failure;
use crate::output;

/// Flags of `vibelux preprocess`.
#[derive(Debug, clap::Args)]
pub struct PreprocessArgs {
    /// Folder of music: [train|test/]<emotion>/<song>, any nesting
    raw: PathBuf,
    /// Folder for the pictures; made if missing
    processed: PathBuf,
    /// Make every picture again, also those that are up to date
    #[arg(long)]
    force: bool,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

/// What happened, for people and for `--json`.
#[derive(Debug, Serialize)]
struct Summary {
    found: usize,
    written: usize,
    unchanged: usize,
    failures: Vec<Failure>,
}

/// One picture to make.
struct Job {
    song: PathBuf,
    picture: PathBuf,
}

enum Outcome {
    Written,
    UpToDate,
}

/// Runs the command.
pub fn run(args: PreprocessArgs) -> anyhow::Result<ExitCode> {
    let mut songs = Vec::new();
    find_songs(&args.raw, &mut songs)
        .with_context(|| format!("{}: cannot read the folder of music", args.raw.display()))?;
    if songs.is_empty() {
        bail!(
            "{}: no audio files in it; name a folder of music",
            args.raw.display()
        );
    }
    songs.sort();
    let jobs = plan(songs, &args.raw, &args.processed);
    fs::create_dir_all(&args.processed)
        .with_context(|| format!("{}: cannot make the folder", args.processed.display()))?;

    let bar = progress_bar(jobs.len() as u64);
    let results: Vec<_> = jobs
        .par_iter()
        .map(|job| {
            let result = make_picture(job, args.force);
            bar.inc(1);
            result
        })
        .collect();
    bar.finish_and_clear();

    let mut summary = Summary {
        found: jobs.len(),
        written: 0,
        unchanged: 0,
        failures: Vec::new(),
    };
    for (job, result) in jobs.into_iter().zip(results) {
        match result {
            Ok(Outcome::Written) => summary.written += 1,
            Ok(Outcome::UpToDate) => summary.unchanged += 1,
            Err(error) => {
                let reason = format!("{error:#}");
                summary.failures.push(Failure::new(&job.song, &reason));
            }
        }
    }
    report(&summary, args.json)?;
    Ok(if summary.failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

/// All audio files below `folder`; a loop of links ends where it closes. A folder that cannot be read
/// stops the run: a class that is silently missing would be worse.
fn find_songs(folder: &Path, songs: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in WalkDir::new(folder).follow_links(true) {
        let error = match entry {
            Ok(entry) => {
                if entry.file_type().is_file() && is_audio_file(entry.path()) {
                    songs.push(entry.into_path());
                }
                continue;
            }
            Err(error) => error,
        };
        let link = error.path().filter(|path| path.is_symlink());
        match link.filter(|_| error.depth() > 0) {
            _ if error.loop_ancestor().is_some() => {}
            // A link that leads nowhere is one song that fails.
            Some(link) if is_audio_file(link) => songs.push(link.to_owned()),
            Some(link) => {
                let link = output::readable(link);
                crate::tell!("{link} leads nowhere and is left out");
            }
            None => return Err(error.into()),
        }
    }
    Ok(())
}

/// Where each picture goes. Two songs that differ in the extension only keep it in their picture's
/// name, so that neither hides the other.
fn plan(songs: Vec<PathBuf>, raw: &Path, processed: &Path) -> Vec<Job> {
    let mut same_name: HashMap<PathBuf, usize> = HashMap::new();
    for song in &songs {
        *same_name.entry(song.with_extension("png")).or_default() += 1;
    }
    let picture = |song: &Path| {
        let mut name = song.with_extension("png");
        if same_name.get(&name).is_some_and(|&count| count > 1) {
            let mut whole = song.as_os_str().to_owned();
            whole.push(".png");
            name = PathBuf::from(whole);
        }
        processed.join(name.strip_prefix(raw).unwrap_or(&name))
    };
    let jobs = songs.into_iter().map(|song| Job {
        picture: picture(&song),
        song,
    });
    jobs.collect()
}

fn make_picture(job: &Job, force: bool) -> anyhow::Result<Outcome> {
    if !force && is_up_to_date(job) {
        return Ok(Outcome::UpToDate);
    }
    let waveform = decode_start(&job.song, SAMPLE_RATE_HZ, Some(SECONDS))?;
    let picture = spectrogram_image(&waveform);
    let mut png = io::Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png)?;
    // An interrupted run leaves no half picture that the next one would take for done.
    vibelux::atomic::write(&job.picture, png.get_ref())
        .with_context(|| format!("{}: cannot write the picture", job.picture.display()))?;
    Ok(Outcome::Written)
}

/// Whether the picture exists and is newer than the song.
fn is_up_to_date(job: &Job) -> bool {
    let modified = |path: &Path| fs::metadata(path).and_then(|m| m.modified()).ok();
    match (modified(&job.picture), modified(&job.song)) {
        (Some(picture), Some(song)) => picture >= song,
        _ => false,
    }
}

fn progress_bar(songs: u64) -> ProgressBar {
    let bar = ProgressBar::new(songs);
    let template = "{bar:40} {pos}/{len} songs  {per_sec}  ETA {eta}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}

fn report(summary: &Summary, json: bool) -> anyhow::Result<()> {
    if json {
        return output::print_json(summary);
    }
    let Summary {
        found,
        written,
        unchanged,
        failures,
    } = summary;
    let mut text = format!(
        "{}: {written} written, {unchanged} up to date, {} failed\n",
        output::songs(*found),
        failures.len()
    );
    for failure in failures {
        let path = output::readable(Path::new(&failure.path));
        text += &format!("  failed {path}: {}\n", failure.reason);
    }
    output::print(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_mirrored_and_equal_names_kept_apart() {
        let songs = [
            "raw/train/happy/a.mp3",
            "raw/train/happy/a.flac",
            "raw/test/sad/b.ogg",
        ];
        let jobs = plan(
            songs.iter().map(PathBuf::from).collect(),
            Path::new("raw"),
            Path::new("out"),
        );
        let pictures: Vec<_> = jobs
            .iter()
            .map(|job| job.picture.to_str().unwrap())
            .collect();
        assert_eq!(
            pictures,
            [
                "out/train/happy/a.mp3.png",
                "out/train/happy/a.flac.png",
                "out/test/sad/b.png"
            ]
        );
    }
    #[cfg(unix)]
    #[test]
    fn loops_of_links_end_and_links_to_nowhere_fail_alone() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let raw = dir.path().join("raw");
        fs::create_dir_all(raw.join("happy")).unwrap();
        for name in ["happy/a.mp3", "happy/notes.txt"] {
            fs::write(raw.join(name), "").unwrap();
        }
        symlink(&raw, raw.join("happy/loop")).unwrap();
        symlink(&raw, raw.join("happy/loop.mp3")).unwrap();
        symlink("nowhere", raw.join("happy/gone.mp3")).unwrap();
        symlink("nowhere", raw.join("happy/gone.txt")).unwrap();
        let mut songs = Vec::new();
        find_songs(&raw, &mut songs).unwrap();
        songs.sort();
        let expected = ["happy/a.mp3", "happy/gone.mp3"].map(|name| raw.join(name));
        assert_eq!(songs, expected);
        assert!(find_songs(&dir.path().join("absent"), &mut songs).is_err());
        assert!(find_songs(&raw.join("happy/gone.txt"), &mut songs).is_err());
    }
}
