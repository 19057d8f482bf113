//! `vibelux train face|music DIR`: trains a model on class folders into a run folder.

mod configure;
mod flags;
mod progress;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use vibelux_train::accelerator::open_gpu;
use vibelux_train::config::TrainingConfig;
use vibelux_train::config::preset;
use vibelux_train::dataset::SpectrogramCache;
use vibelux_train::run::{self, RunPaths};

use self::configure::{configure, distil, name_of};
use self::flags::{Device, FaceArgs, MusicArgs, RunArgs};
use self::progress::Progress;
use crate::interrupt::{INTERRUPTED, stop_on_ctrl_c};
use crate::output;

/// Flags of `vibelux train`.
#[derive(Debug, clap::Args)]
pub struct TrainArgs {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// On folders of faces: DIR/train/<emotion>/* and DIR/validation/<emotion>/* (or test/)
    Face(FaceArgs),
    /// On songs: DIR/train/<emotion>/* and DIR/validation/<emotion>/* (or test/), or a table
    ///
    /// The preset `default` wants audio files, `original` wants the pictures that `vibelux
    /// preprocess` makes (or audio, which it turns into such pictures). Instead of a folder, DIR may
    /// be a table (CSV) with columns path, p_angry ... p_surprised and fold.
    Music(MusicArgs),
}

/// Runs the command.
pub fn run(args: TrainArgs) -> anyhow::Result<ExitCode> {
    match args.task {
        Task::Face(args) => {
            let preset = name_of(args.preset)?;
            let mut config = configure(preset::face, &preset, &args.run)?;
            distil(
                &mut config,
                args.distil,
                args.distil_weight,
                args.distil_view,
            )?;
            let paths = paths(&args.run);
            train(&format!("face-{preset}"), config, args.run, paths)
        }
        Task::Music(args) => {
            let overlap = args
                .validation_folds
                .iter()
                .any(|f| args.train_folds.contains(f));
            if args.run.dir.is_file() && overlap {
                crate::tell!(
                    "The folds to judge on are trained on too: the figures say nothing about new songs."
                );
            }
            let paths = RunPaths {
                conditions: args.conditions,
                train_folds: args.train_folds,
                validation_folds: args.validation_folds,
                spectrograms: args.cache.map(SpectrogramCache::new),
                ..paths(&args.run)
            };
            let preset = name_of(args.preset)?;
            let config = configure(preset::music, &preset, &args.run)?;
            train(&format!("music-{preset}"), config, args.run, paths)
        }
    }
}

fn paths(args: &RunArgs) -> RunPaths {
    RunPaths {
        data: args.dir.clone(),
        labels: args.labels.clone(),
        conditions: Vec::new(),
        train_folds: Vec::new(),
        validation_folds: Vec::new(),
        spectrograms: None,
    }
}

/// Trains what `config` says; by default into the folder `name` among the runs.
fn train(
    name: &str,
    config: TrainingConfig,
    args: RunArgs,
    paths: RunPaths,
) -> anyhow::Result<ExitCode> {
    if args.print_config {
        config.check()?;
        output::print(&config.to_toml()?)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(jobs) = args.jobs {
        rayon::ThreadPoolBuilder::new()
            .num_threads(jobs)
            .build_global()?;
    }
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| PathBuf::from("runs").join(name));
    // Before anything is written: without the card that was asked for there is no run.
    let accelerator = match args.device {
        Device::Cpu => None,
        Device::Gpu => Some(open_gpu()?),
    };
    if let Some(accelerator) = &accelerator {
        crate::tell!("Training on {}", accelerator.name());
    }
    let mut config = run::prepare(config, &out, args.resume)?;
    run::resolve_heads(&mut config, &paths)?;
    if args.resume {
        crate::tell!(
            "Going on with the choices in {}/config.toml.",
            output::readable(&out)
        );
    }
    let stop = stop_on_ctrl_c("writing a checkpoint")?;
    crate::tell!("Reading {}", args.dir.display());
    let data = run::load_data(&config, &paths)?;
    crate::tell!(
        "{} training and {} validation examples, {} parameters",
        data.training.len(),
        data.validation.len(),
        config.architecture.parameter_count()?
    );
    if data.dropped > 0 {
        crate::tell!(
            "{} training files left out: their labels say there is no face",
            data.dropped
        );
    }
    if !args.resume && !run::has_outputs_of_start(&config)? {
        crate::tell!(
            "The run to start from had other heads: its last layer is left out and starts fresh."
        );
    }
    if let Some(distil) = &config.distil {
        crate::tell!(
            "{:.0} % of each target from {} finished run(s)",
            100.0 * distil.weight,
            distil.runs.len()
        );
    }
    for (path, reason) in &data.failed {
        crate::tell!("left out: {}: {reason}", path.display());
    }
    let progress = Progress::new(&config);
    let finished = run::run(
        &config,
        &data,
        &out,
        args.resume,
        accelerator,
        &stop,
        &mut |event| {
            progress.show(event);
        },
    )?;
    progress.bar.finish_and_clear();
    let Some(finished) = finished else {
        crate::tell!("Interrupted. Go on with the same command and --resume.");
        return Ok(ExitCode::from(INTERRUPTED));
    };
    output::print(&format!("{}\n", finished.report))?;
    output::print(&format!(
        "Weights of epoch {}, temperature {:.3}\nEverything is in {}\n",
        finished.epoch,
        finished.temperature,
        output::readable(&out)
    ))?;
    Ok(ExitCode::SUCCESS)
}
