//! From the paths of a run to its training and validation set: pictures and faces.

use super::choices::Choices;
use super::data_sets::DataSets;
use super::error::RunError;
use super::paths::RunPaths;
use super::songs::load_songs;
use crate::config::{TaskConfig, TrainingConfig};
use crate::dataset::{DatasetError, FaceSet, OnSong, PictureSet, SoftLabels, splits};

/// Reads the data of a run; `on_song` hears how far the songs of the training set are, then of the other.
///
/// # Errors
/// If the folders are not there or nothing in them can be read.
pub fn load_data(
    config: &TrainingConfig,
    paths: &RunPaths,
    on_song: OnSong<'_>,
) -> Result<DataSets, RunError> {
    match &config.task {
        TaskConfig::Face { .. } => load_faces(config, paths),
        TaskConfig::Music { .. } => load_songs(config, paths, on_song),
        TaskConfig::SpectrogramImage { mean, std } => {
            let (train, validation) = splits(&paths.data)?;
            let input = config.architecture.input;
            let mut training = PictureSet::load(&train, input, (*mean, *std))?;
            let mut validation = PictureSet::load(&validation, input, (*mean, *std))?;
            let mut failed = std::mem::take(&mut training.failed);
            failed.append(&mut validation.failed);
            Ok(DataSets {
                training: Box::new(training),
                validation: Box::new(validation),
                failed,
                dropped: 0,
                silent: Vec::new(),
                songs: Vec::new(),
                choices: Choices::of(paths),
                statistics: None,
            })
        }
    }
}

fn load_faces(config: &TrainingConfig, paths: &RunPaths) -> Result<DataSets, RunError> {
    let TaskConfig::Face {
        mean,
        std,
        mirror,
        augmentation,
    } = &config.task
    else {
        return Err(DatasetError::NoFolder {
            path: paths.data.clone(),
        }
        .into());
    };
    let (train, validation) = splits(&paths.data)?;
    let beside = paths.data.join("labels.csv");
    let labels = match &paths.labels {
        Some(path) => Some(SoftLabels::load(path)?),
        None if beside.is_file() => Some(SoftLabels::load(&beside)?),
        None => None,
    };
    let how = (*mean, *std, *mirror);
    let labels = labels.as_ref();
    // Without soft targets nothing says that the votes should be heeded at all.
    let drop = config.soft_target_weight > 0.0;
    let mut training = FaceSet::load(&paths.data, &train, labels, drop, how)?.with_training(
        augmentation.clone(),
        config.soft_target_weight,
        config.label_smoothing,
    );
    let mut validation = FaceSet::load(&paths.data, &validation, labels, false, how)?;
    let mut failed = std::mem::take(&mut training.failed);
    failed.append(&mut validation.failed);
    let dropped = training.dropped;
    Ok(DataSets {
        training: Box::new(training),
        validation: Box::new(validation),
        failed,
        dropped,
        silent: Vec::new(),
        songs: Vec::new(),
        choices: Choices::of(paths),
        statistics: None,
    })
}
