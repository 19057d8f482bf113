//! `vibelux train face|music DIR`: trains a model on class folders into a run folder.

mod configure;
mod flags;
mod progress;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use vibelux_train::accelerator::open_gpu;
use vibelux_train::config::{TrainingConfig, preset};
use vibelux_train::dataset::SpectrogramCache;
use vibelux_train::run::{self, RunError, RunPaths};

use self::configure::{Asked, name_of};
use self::flags::{Device, FaceArgs, MusicArgs, RunArgs};
use self::progress::{Progress, reading_bar};
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

/// Folds of a table where none are named: to train on, and to judge on.
const FOLDS: ([&str; 3], [&str; 1]) = (["0", "1", "2"], ["3"]);

/// Runs the command.
pub fn run(args: TrainArgs) -> anyhow::Result<ExitCode> {
    match args.task {
        Task::Face(args) => {
            let asked = Asked {
                presets: preset::face,
                preset: args.preset.map(name_of).transpose()?,
                teachers: args.distil,
                distil_weight: args.distil_weight,
                distil_view: args.distil_view,
            };
            let paths = paths(&args.run);
            train("face", &asked, args.run, paths)
        }
        Task::Music(args) => {
            let asked = Asked {
                presets: preset::music,
                preset: args.preset.map(name_of).transpose()?,
                teachers: Vec::new(),
                distil_weight: None,
                distil_view: None,
            };
            let paths = RunPaths {
                conditions: args.conditions,
                train_folds: args.train_folds,
                validation_folds: args.validation_folds,
                spectrograms: args.cache.map(SpectrogramCache::new),
                ..paths(&args.run)
            };
            train("music", &asked, args.run, paths)
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

/// The usual folds of a table where none are named; warns of those that are trained and judged on.
fn choose_folds(paths: &mut RunPaths) {
    if !paths.data.is_file() {
        return;
    }
    if paths.train_folds.is_empty() {
        paths.train_folds = FOLDS.0.map(str::to_owned).to_vec();
    }
    if paths.validation_folds.is_empty() {
        paths.validation_folds = FOLDS.1.map(str::to_owned).to_vec();
    }
    let judged = &paths.validation_folds;
    if judged.iter().any(|fold| paths.train_folds.contains(fold)) {
        crate::tell!(
            "The folds to judge on are trained on too: the figures say nothing about new songs."
        );
    }
}

/// The choices of the run in `out`, if the flags say nothing else.
fn resumed(
    asked: &Asked,
    args: &RunArgs,
    paths: RunPaths,
    out: &Path,
) -> anyhow::Result<(TrainingConfig, RunPaths)> {
    let saved = run::saved(out)?;
    let (mut paths, mut differences) = run::resumed_paths(paths, out)?;
    choose_folds(&mut paths);
    let mut config = asked.configure(args, Some(&saved))?;
    run::settle(&mut config)?;
    run::resolve_heads(&mut config, &paths)?;
    differences.extend(run::config_differences(&config, &saved)?);
    if !differences.is_empty() {
        return Err(RunError::OtherChoices {
            path: out.to_owned(),
            differences: differences.join("; "),
        }
        .into());
    }
    crate::tell!("Going on with the choices of {}.", output::readable(out));
    Ok((saved, paths))
}

/// Trains what the flags ask for; by default into a folder with the preset's name among the runs.
fn train(
    kind: &str,
    asked: &Asked,
    args: RunArgs,
    mut paths: RunPaths,
) -> anyhow::Result<ExitCode> {
    if args.print_config {
        let config = asked.configure(&args, None)?;
        config.check()?;
        output::print(&config.to_toml()?)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(jobs) = args.jobs {
        rayon::ThreadPoolBuilder::new()
            .num_threads(jobs)
            .build_global()?;
    }
    let usual = || PathBuf::from("runs").join(format!("{kind}-{}", asked.preset()));
    let out = args.out.clone().unwrap_or_else(usual);
    // Before anything is written: without the card that was asked for there is no run.
    let accelerator = match args.device {
        Device::Cpu => None,
        Device::Gpu => Some(open_gpu()?),
    };
    if let Some(accelerator) = &accelerator {
        crate::tell!("Training on {}", accelerator.name());
    }
    let config = if args.resume {
        let (config, of_the_run) = resumed(asked, &args, paths, &out)?;
        paths = of_the_run;
        config
    } else {
        choose_folds(&mut paths);
        let mut config = run::prepare(asked.configure(&args, None)?, &out)?;
        run::resolve_heads(&mut config, &paths)?;
        config
    };
    let stop = stop_on_ctrl_c("writing a checkpoint")?;
    crate::tell!("Reading {}", args.dir.display());
    let reading = reading_bar()?;
    let data = run::load_data(&config, &paths, &|song, songs| {
        reading.set_length(songs as u64);
        reading.set_position(song as u64);
    });
    // Also where the reading failed: the error stands on a line of its own.
    reading.finish_and_clear();
    let data = data?;
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
    if !data.silent.is_empty() {
        let rows = output::counted(data.silent.len(), "row");
        let names = output::listed(&data.silent);
        crate::tell!("{rows} left out, which say nothing of any emotion or head: {names}");
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
    output::tell_left_out(&data.failed);
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
