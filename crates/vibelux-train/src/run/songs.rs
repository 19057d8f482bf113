//! The songs of a run, from class folders or a table, and what the table teaches its heads.

use super::choices::Choices;
use super::data_sets::DataSets;
use super::error::RunError;
use super::paths::RunPaths;
use crate::config::{TaskConfig, TrainingConfig};
use crate::dataset::{
    Crops, DatasetError, MusicSet, OnSong, TableRow, load_rows, songs_in_folders, splits,
};
use crate::heads::{self, Heads};

/// The rows of a table that teach the seven emotions or one of the other heads, and those that teach nothing.
fn table_rows(
    config: &TrainingConfig,
    paths: &RunPaths,
) -> Result<(Vec<TableRow>, Vec<TableRow>), RunError> {
    let rows = load_rows(&paths.data, &paths.conditions, |_| true)?;
    Ok(rows.into_iter().partition(|row| {
        row.target.is_some() || config.heads.iter().any(|head| head.is_taught_by(row))
    }))
}

/// Looks into the training rows of a table for what the configuration's heads are to learn: their names,
/// and so the width of the network.
///
/// # Errors
/// If the table cannot be read or has nothing for a head; if there are heads but no table.
pub fn resolve_heads(config: &mut TrainingConfig, paths: &RunPaths) -> Result<(), RunError> {
    if config.heads.is_empty() {
        return Ok(());
    }
    if !paths.data.is_file() {
        return Err(RunError::HeadsWithoutTable {
            path: paths.data.clone(),
        });
    }
    let training = |row: &TableRow| {
        row.fold
            .as_ref()
            .is_some_and(|f| paths.train_folds.contains(f))
    };
    let (rows, _) = table_rows(config, paths)?;
    let rows: Vec<TableRow> = rows.into_iter().filter(training).collect();
    heads::resolve(config, &rows)?;
    Ok(())
}

pub(super) fn load_songs(
    config: &TrainingConfig,
    paths: &RunPaths,
    on_song: OnSong<'_>,
) -> Result<DataSets, RunError> {
    let TaskConfig::Music {
        spectrogram,
        windows,
        augmentation,
        crops_per_song,
        crop_seconds,
        most_crops,
        statistics,
    } = &config.task
    else {
        return Err(DatasetError::NoFolder {
            path: paths.data.clone(),
        }
        .into());
    };
    let heads = Heads::new(&config.heads);
    let mut silent = Vec::new();
    let (train, validation) = if paths.data.is_file() {
        let (rows, teaching_nothing) = table_rows(config, paths)?;
        let used = |fold: &Option<String>| {
            let mut folds = paths.train_folds.iter().chain(&paths.validation_folds);
            folds.any(|used| fold.as_ref() == Some(used))
        };
        let teaching_nothing = teaching_nothing.into_iter().filter(|row| used(&row.fold));
        silent.extend(teaching_nothing.map(|row| row.path));
        let chosen = |folds: &[String]| -> Result<Vec<_>, RunError> {
            for fold in folds {
                if !rows.iter().any(|r| r.fold.as_ref() == Some(fold)) {
                    let (path, fold) = (paths.data.clone(), fold.clone());
                    return Err(RunError::NoFold { path, fold });
                }
            }
            let inside = |fold: &Option<String>| fold.as_ref().is_some_and(|f| folds.contains(f));
            Ok(rows.iter().filter(|r| inside(&r.fold)).cloned().collect())
        };
        (
            chosen(&paths.train_folds)?,
            chosen(&paths.validation_folds)?,
        )
    } else {
        let (train, validation) = splits(&paths.data)?;
        (songs_in_folders(&train)?, songs_in_folders(&validation)?)
    };
    for (rows, purpose) in [(&train, "train on"), (&validation, "judge on")] {
        if rows.iter().all(|row| row.target.is_none()) {
            let path = paths.data.clone();
            return Err(RunError::NoTargets { path, purpose });
        }
    }
    let cache = paths.spectrograms.as_ref();
    let load =
        |rows: &[TableRow]| MusicSet::load(rows, spectrogram, *windows, &heads, cache, on_song);
    let mut training = load(&train)?.with_training(
        augmentation.clone(),
        crop_seconds.map_or(Crops::PerSong(*crops_per_song), |seconds| {
            let most = most_crops.unwrap_or(usize::MAX);
            Crops::EverySeconds { seconds, most }
        }),
        config.label_smoothing,
    );
    if let Some(statistics) = statistics {
        training = training.with_statistics(statistics.clone());
    }
    let statistics = training.statistics().clone();
    let mut validation = load(&validation)?.with_statistics(statistics.clone());
    let mut failed = std::mem::take(&mut training.failed);
    failed.append(&mut validation.failed);
    let songs = train.into_iter().map(|row| row.path).collect();
    Ok(DataSets {
        training: Box::new(training),
        validation: Box::new(validation),
        failed,
        dropped: 0,
        silent,
        songs,
        choices: Choices::of(paths),
        statistics: Some(statistics),
    })
}
