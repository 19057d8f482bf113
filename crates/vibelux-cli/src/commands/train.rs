//! `vibelux train face|music DIR`: trains a model on class folders into a run folder.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use vibelux_train::accelerator::open_gpu;
use vibelux_train::config::TrainingConfig;
use vibelux_train::config::preset;
use vibelux_train::dataset::{Condition, SpectrogramCache};
use vibelux_train::distil::{DistilConfig, TeacherView};
use vibelux_train::run::{self, RunPaths};
use vibelux_train::trainer::Event;

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

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FacePreset {
    /// The better one
    Default,
    /// The same on a network of twice the width: better, four times the work
    Large,
    /// The student project's network and recipe
    Original,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MusicPreset {
    /// The better one
    Default,
    /// The student project's network and recipe
    Original,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Device {
    /// The processor
    Cpu,
    /// The best graphics card
    Gpu,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum View {
    /// As augmentation left it, at full size
    Changed,
    /// As augmentation left it, at the student's size
    ChangedSmall,
    /// As it is in its file, with its mirror image, once
    Unchanged,
}

impl From<View> for TeacherView {
    fn from(view: View) -> Self {
        match view {
            View::Changed => Self::Changed,
            View::ChangedSmall => Self::ChangedSmall,
            View::Unchanged => Self::Unchanged,
        }
    }
}

#[derive(Debug, clap::Args)]
struct FaceArgs {
    #[command(flatten)]
    run: RunArgs,
    /// Ready-made configuration
    #[arg(long, value_enum, default_value = "default")]
    preset: FacePreset,
    /// Learn from these finished runs too (run folders); they may be larger networks
    #[arg(long, value_name = "RUN", num_args = 1..)]
    distil: Vec<PathBuf>,
    /// Share of the target that comes from these runs [default: 0.7, or what --config says]
    #[arg(long, value_name = "SHARE")]
    distil_weight: Option<f32>,
    /// What these runs are shown of each training image [default: changed, or what --config says]
    #[arg(long, value_enum, value_name = "VIEW")]
    distil_view: Option<View>,
}

#[derive(Debug, clap::Args)]
struct MusicArgs {
    #[command(flatten)]
    run: RunArgs,
    /// Ready-made configuration
    #[arg(long, value_enum, default_value = "default")]
    preset: MusicPreset,
    /// Of a table, use only rows with this value in this column; can be given several times
    #[arg(long = "where", value_name = "COLUMN=VALUE", value_parser = condition)]
    conditions: Vec<Condition>,
    /// Of a table, the folds to train on
    #[arg(
        long,
        value_name = "FOLDS",
        value_delimiter = ',',
        default_value = "0,1,2"
    )]
    train_folds: Vec<String>,
    /// Of a table, the folds to judge on
    #[arg(long, value_name = "FOLDS", value_delimiter = ',', default_value = "3")]
    validation_folds: Vec<String>,
    /// Keep the songs' spectrograms in this folder and use those that are there: the next run starts
    /// without decoding
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
}

/// Reads `COLUMN=VALUE`.
pub(super) fn condition(text: &str) -> Result<Condition, String> {
    text.split_once('=')
        .map(|(column, value)| (column.to_owned(), value.to_owned()))
        .ok_or_else(|| format!("write {text:?} as COLUMN=VALUE"))
}

#[derive(Debug, clap::Args)]
struct RunArgs {
    /// Data set with train/ and validation/ (or test/), one folder per emotion in each
    dir: PathBuf,
    /// Run folder, where everything is written
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Configuration file (TOML, as in a run folder) instead of a preset
    #[arg(long, value_name = "FILE", conflicts_with = "preset")]
    config: Option<PathBuf>,
    /// Print the configuration that these flags give (TOML, for --config), and do nothing else
    #[arg(long, conflicts_with = "resume")]
    print_config: bool,
    /// Soft labels [default: DIR/labels.csv, if it is there]
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Passes over the training set at most
    #[arg(long)]
    epochs: Option<usize>,
    /// Examples per step
    #[arg(long)]
    batch_size: Option<usize>,
    /// Largest learning rate
    #[arg(long)]
    learning_rate: Option<f32>,
    /// Start from the weights of this finished run (or weights file) instead of fresh ones; the last
    /// layer starts fresh if that run had other heads
    #[arg(long, value_name = "RUN", conflicts_with = "resume")]
    from: Option<PathBuf>,
    /// Decides everything random
    #[arg(long)]
    seed: Option<u64>,
    /// Go on from the run folder's checkpoint, with its configuration
    #[arg(long)]
    resume: bool,
    /// Where to train; `gpu` needs a program built with the feature gpu or cuda
    #[arg(long, value_enum, default_value = "cpu")]
    device: Device,
    /// Threads to use [default: all cores]
    #[arg(long)]
    jobs: Option<usize>,
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

/// A preset's name as it is written in a command.
fn name_of(preset: impl ValueEnum) -> anyhow::Result<String> {
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

fn configure(
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

/// The progress bar of the current epoch, and a line per finished one.
struct Progress {
    bar: ProgressBar,
    epochs: usize,
    batch_size: usize,
    /// What a step of each epoch takes, in values of an example: smaller images are quicker.
    work: Vec<f64>,
}

impl Progress {
    fn new(config: &TrainingConfig) -> Self {
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{prefix} {wide_bar} {pos}/{len} {msg}") {
            bar.set_style(style);
        }
        Self {
            bar,
            epochs: config.epochs,
            batch_size: config.batch_size,
            work: (0..config.epochs)
                .map(|epoch| config.input_at(epoch).iter().product::<usize>() as f64)
                .collect(),
        }
    }

    fn show(&self, event: &Event) {
        match event {
            Event::Step {
                epoch,
                step,
                steps,
                loss,
                examples_per_second,
            } => {
                let work_left = self.work[*epoch..].iter().sum::<f64>() * *steps as f64
                    + self.work[epoch - 1] * (steps - step) as f64;
                let work_per_second =
                    examples_per_second / self.batch_size as f64 * self.work[epoch - 1];
                let seconds = work_left / work_per_second;
                self.bar.set_length(*steps as u64);
                self.bar.set_position(*step as u64);
                self.bar
                    .set_prefix(format!("epoch {epoch}/{}", self.epochs));
                self.bar.set_message(format!(
                    "loss {loss:.3} {examples_per_second:.0}/s, {} left",
                    indicatif::HumanDuration(std::time::Duration::from_secs_f64(
                        if seconds.is_finite() {
                            seconds.clamp(0.0, 1e9)
                        } else {
                            0.0
                        }
                    ))
                ));
            }
            Event::Epoch(m) => {
                let line = format!(
                    "epoch {:3}  loss {:.4}  accuracy {:.4}  validation loss {:.4}  accuracy {:.4}  {:.0} s  {:.0}/s",
                    m.epoch,
                    m.train_loss,
                    m.train_accuracy,
                    m.validation_loss,
                    m.validation_accuracy,
                    m.seconds,
                    m.images_per_second
                );
                if self.bar.is_hidden() {
                    crate::tell!("{line}");
                } else {
                    self.bar.println(line);
                }
            }
            Event::Checkpoint => {}
        }
    }
}
