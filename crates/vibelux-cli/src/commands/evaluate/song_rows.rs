//! Which songs are judged, and by what.

use std::path::{Path, PathBuf};

use anyhow::Context;
use rayon::prelude::*;
use vibelux_train::dataset::{
    Condition, DatasetError, TableRow, TrainedOn, load_rows, songs_in_folders,
};
use vibelux_train::evaluate::{self, Judgement};

use super::judging::with_progress;
use crate::commands::music_model::music_model;
use crate::commands::table_rows::condition;
use crate::output;

/// Which rows of a table, and whether training runs answer for a model.
#[derive(Debug, clap::Args)]
pub struct RowArgs {
    /// Of a table, use only rows with this value in this column; can be given several times
    #[arg(long = "where", value_name = "COLUMN=VALUE", value_parser = condition)]
    pub conditions: Vec<Condition>,
    /// Of a table, use only these folds
    #[arg(long, value_name = "FOLDS", value_delimiter = ',')]
    pub folds: Vec<String>,
    /// Judge by what these training runs (run folders) said of the songs they were not trained on,
    /// instead of by a model
    #[arg(long, value_name = "RUN", num_args = 1..)]
    pub runs: Vec<PathBuf>,
}

/// The songs of a folder or table that are to be judged; also those that say nothing of the seven
/// emotions where `all` is set.
pub fn song_rows(songs: &Path, args: &RowArgs, all: bool) -> anyhow::Result<Vec<TableRow>> {
    Ok(if songs.is_file() {
        let mut table = load_rows(songs, &args.conditions, |_| true)?;
        if !args.folds.is_empty() {
            table.retain(|row| {
                row.fold
                    .as_ref()
                    .is_some_and(|fold| args.folds.contains(fold))
            });
        }
        let (rows, silent): (Vec<_>, Vec<_>) = table
            .into_iter()
            .partition(|row| all || row.target.is_some());
        if !silent.is_empty() {
            let silent: Vec<PathBuf> = silent.into_iter().map(|row| row.path).collect();
            let count = output::counted(silent.len(), "row");
            let names = output::listed(&silent);
            crate::tell!("{count} left out, which say nothing of the seven emotions: {names}");
        }
        if rows.is_empty() {
            let path = songs.to_owned();
            return Err(DatasetError::NoRows { path }.into());
        }
        rows
    } else {
        songs_in_folders(songs)?
    })
}

/// What a model, or the runs that have not heard them, say of songs.
pub fn judge_songs(
    rows: &[TableRow],
    args: &RowArgs,
    model: Option<PathBuf>,
) -> anyhow::Result<Judgement> {
    let judgement = if args.runs.is_empty() {
        tell_heard(rows, model.as_deref())?;
        let model = music_model(model.as_deref())?;
        with_progress("songs", rows.len(), |done| {
            evaluate::songs(&model, rows, done)
        })?
    } else {
        evaluate::predicted_songs(rows, &args.runs)?
    };
    output::tell_left_out(&judgement.failed);
    Ok(judgement)
}

/// Says how many of the songs the model was trained on: figures about those say nothing about new songs.
fn tell_heard(rows: &[TableRow], model: Option<&Path>) -> anyhow::Result<()> {
    let heard = match model {
        Some(model) => TrainedOn::beside(model).with_context(|| output::readable(model))?,
        None => Some(TrainedOn::shipped()),
    };
    let Some(heard) = heard else {
        crate::tell!("Nothing beside the model says which songs it was trained on.");
        return Ok(());
    };
    // What cannot be read is told where it is judged.
    let known = |row: &&TableRow| heard.has_heard(&row.path).unwrap_or(false);
    let count = rows.par_iter().filter(known).count();
    if count > 0 {
        crate::tell!(
            "The model was trained on {count} of these {}: the figures say little about new ones. \
             Judge it with one training run per fold (--runs).",
            output::songs(rows.len())
        );
    }
    Ok(())
}
