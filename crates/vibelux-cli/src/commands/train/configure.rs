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
fn distil(
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

/// What the flags ask for that only one kind of model has.
pub struct Asked {
    /// The ready-made configurations.
    pub presets: fn(&str) -> Option<TrainingConfig>,
    /// Which of them, if one is named.
    pub preset: Option<String>,
    /// Run folders of teachers.
    pub teachers: Vec<PathBuf>,
    /// The teachers' share.
    pub distil_weight: Option<f32>,
    /// What the teachers see.
    pub distil_view: Option<View>,
}

/// The preset that is meant where none is named.
const DEFAULT: &str = "default";

impl Asked {
    /// Name of the preset.
    pub fn preset(&self) -> &str {
        self.preset.as_deref().unwrap_or(DEFAULT)
    }

    /// The configuration file or preset that the flags name, else `saved`, a run's own, with what other
    /// flags change in it.
    pub fn configure(
        &self,
        args: &RunArgs,
        saved: Option<&TrainingConfig>,
    ) -> anyhow::Result<TrainingConfig> {
        let mut config = match (&args.config, saved) {
            (Some(path), _) => TrainingConfig::load(path)?,
            (None, Some(saved)) if self.preset.is_none() => saved.clone(),
            (None, _) => {
                let preset = self.preset();
                (self.presets)(preset).with_context(|| format!("there is no preset {preset}"))?
            }
        };
        config.epochs = args.epochs.unwrap_or(config.epochs);
        config.batch_size = args.batch_size.unwrap_or(config.batch_size);
        config.seed = args.seed.unwrap_or(config.seed);
        // A run goes on without --from: it has been read.
        let start = args.from.clone().or(config.from);
        config.from = start.or_else(|| saved.and_then(|saved| saved.from.clone()));
        config.optimiser.learning_rate =
            args.learning_rate.unwrap_or(config.optimiser.learning_rate);
        let teachers = self.teachers.clone();
        distil(&mut config, teachers, self.distil_weight, self.distil_view)?;
        Ok(config)
    }
}
