//! What all kinds of evaluation share: the flags for their output, progress, and the files that failed.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use vibelux::model::FaceModel;
use vibelux_train::evaluate::{self, FaceEnsemble, FaceFiles, Judgement};

use crate::output;

/// Drives the bootstrap, and how files are split in halves.
pub const SEED: u64 = 1;

/// Where the figures go.
#[derive(Debug, clap::Args)]
pub struct OutputArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Also write the report, the plots and (faces) all other figures into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// The user's own face model, or the one inside the program.
pub fn face_model(path: Option<&Path>) -> anyhow::Result<FaceModel> {
    Ok(match path {
        Some(path) => FaceModel::load(path)?,
        None => FaceModel::shipped()?,
    })
}

/// What a model says of faces, with a progress bar.
pub fn judge_faces(model: &FaceEnsemble, files: &FaceFiles) -> anyhow::Result<Judgement> {
    let judgement = with_progress("faces", files.faces().len(), |done| {
        evaluate::faces(model, files, done)
    })?;
    output::tell_left_out(&judgement.failed);
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
pub fn with_progress<T>(
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
