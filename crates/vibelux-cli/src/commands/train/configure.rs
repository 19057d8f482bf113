//! From the flags to the configuration of a run.

use std::path::PathBuf;

use anyhow::Context;
use clap::ValueEnum;
use vibelux_train::config::TrainingConfig;
use vibelux_train::distil::{DistilConfig, TeacherView};

use super::flags::{RunArgs, View};

/// A preset's name as it is written in a command.
pub fn name_of(preset: impl ValueEnum) -> anyhow::Result<String> {
    let value = preset
        .to_possible_value()
        .context("every preset has a name")?;
    Ok(value.get_name().to_owned())
}

/// Takes the teachers over from the flags; what the flags leave out stays as in the configuration.
pub fn distil(
    config: &mut TrainingConfig,
    runs: Vec<PathBuf>,
    weight: Option<f32>,
    view: Option<View>,
) -> anyhow::Result<()> {
    if !runs.is_empty() {
        let asked = DistilConfig::new(runs);
        config.distil = Some(match config.distil.take() {
            Some(before) => DistilConfig {
                weight: before.weight,
                view: before.view,
                ..asked
            },
            None => asked,
        });
    }
    if weight.is_none() && view.is_none() {
        return Ok(());
    }
    let distil = config.distil.as_mut().context(
        "--distil-weight and --distil-view need teachers: name their run folders with --distil",
    )?;
    distil.weight = weight.unwrap_or(distil.weight);
    distil.view = view.map_or(distil.view, TeacherView::from);
    Ok(())
}

/// The configuration file or preset that the flags name, with what other flags change in it.
pub fn configure(
    presets: fn(&str) -> Option<TrainingConfig>,
    preset: &str,
    args: &RunArgs,
) -> anyhow::Result<TrainingConfig> {
    let mut config = match &args.config {
        Some(path) => TrainingConfig::load(path)?,
        None => presets(preset).with_context(|| format!("there is no preset {preset}"))?,
    };
    config.epochs = args.epochs.unwrap_or(config.epochs);
    config.batch_size = args.batch_size.unwrap_or(config.batch_size);
    config.seed = args.seed.unwrap_or(config.seed);
    config.from = args.from.clone().or(config.from);
    config.optimiser.learning_rate = args.learning_rate.unwrap_or(config.optimiser.learning_rate);
    Ok(config)
}
