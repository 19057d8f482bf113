//! The flags of `vibelux train`, as they were typed.

use std::path::PathBuf;

use clap::ValueEnum;
use vibelux_train::dataset::Condition;
use vibelux_train::distil::TeacherView;

use crate::commands::table_rows::condition;

/// Ready-made configurations for faces.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum FacePreset {
    /// The better one
    Default,
    /// The same on a network of twice the width: better, four times the work
    Large,
    /// The student project's network and recipe
    Original,
}

/// Ready-made configurations for songs.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum MusicPreset {
    /// The better one
    Default,
    /// The student project's network and recipe
    Original,
}

/// Where to train.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Device {
    /// The processor
    Cpu,
    /// The best graphics card
    Gpu,
}

/// What teachers are shown of a training image.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum View {
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

/// Flags of `vibelux train face`.
#[derive(Debug, clap::Args)]
pub struct FaceArgs {
    #[command(flatten)]
    pub run: RunArgs,
    /// Ready-made configuration [default: default]
    #[arg(long, value_enum)]
    pub preset: Option<FacePreset>,
    /// Learn from these finished runs too (run folders); they may be larger networks
    #[arg(long, value_name = "RUN", num_args = 1..)]
    pub distil: Vec<PathBuf>,
    /// Share of the target that comes from these runs [default: 0.7, or what --config says]
    #[arg(long, value_name = "SHARE")]
    pub distil_weight: Option<f32>,
    /// What these runs are shown of each training image [default: changed, or what --config says]
    #[arg(long, value_enum, value_name = "VIEW")]
    pub distil_view: Option<View>,
}

/// Flags of `vibelux train music`.
#[derive(Debug, clap::Args)]
pub struct MusicArgs {
    #[command(flatten)]
    pub run: RunArgs,
    /// Ready-made configuration [default: default]
    #[arg(long, value_enum)]
    pub preset: Option<MusicPreset>,
    /// Of a table, use only rows with this value in this column; can be given several times
    #[arg(long = "where", value_name = "COLUMN=VALUE", value_parser = condition)]
    pub conditions: Vec<Condition>,
    /// Of a table, the folds to train on [default: 0,1,2]
    #[arg(long, value_name = "FOLDS", value_delimiter = ',')]
    pub train_folds: Vec<String>,
    /// Of a table, the folds to judge on [default: 3]
    #[arg(long, value_name = "FOLDS", value_delimiter = ',')]
    pub validation_folds: Vec<String>,
    /// Keep the songs' spectrograms in this folder and use those that are there: the next run starts
    /// without decoding
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
}

/// Flags of every training run.
#[derive(Debug, clap::Args)]
pub struct RunArgs {
    /// Data set with train/ and validation/ (or test/), one folder per emotion in each
    pub dir: PathBuf,
    /// Run folder, where everything is written [default: runs/face-PRESET or runs/music-PRESET]
    #[arg(long, short, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Configuration file (TOML, as in a run folder) instead of a preset
    #[arg(long, value_name = "FILE", conflicts_with = "preset")]
    pub config: Option<PathBuf>,
    /// Print the configuration that these flags give (TOML, for --config), and do nothing else
    #[arg(long, conflicts_with = "resume")]
    pub print_config: bool,
    /// Soft labels [default: DIR/labels.csv, if it is there]
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,
    /// Passes over the training set at most
    #[arg(long)]
    pub epochs: Option<usize>,
    /// Examples per step
    #[arg(long)]
    pub batch_size: Option<usize>,
    /// Largest learning rate
    #[arg(long)]
    pub learning_rate: Option<f32>,
    /// Start from the weights of this finished run (or weights file) instead of fresh ones; the last
    /// layer starts fresh if that run had other heads
    #[arg(long, value_name = "RUN", conflicts_with = "resume")]
    pub from: Option<PathBuf>,
    /// Decides everything random
    #[arg(long)]
    pub seed: Option<u64>,
    /// Go on from the run folder's checkpoint, with its choices; flags that say otherwise are refused
    #[arg(long)]
    pub resume: bool,
    /// Where to train; `gpu` needs a program built with the feature gpu or cuda
    #[arg(long, value_enum, default_value = "cpu")]
    pub device: Device,
    /// Threads to use [default: all cores]
    #[arg(long)]
    pub jobs: Option<usize>,
}
