//! How songs are analysed: by which model, how fast, and in which processes. The flags that `vibelux embed` and
//! `vibelux watch` share, and the helper processes that they and the server start.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use vibelux::library::{CpuShare, FileLimits, IsolatedEmbedder, Pace};

use crate::at_least_one::at_least_one;
use crate::commands::music_model::music_model;

/// The name of the command that helpers run.
pub const HELPER: &str = "analyse-songs";

/// The flags.
#[derive(Debug, clap::Args)]
pub struct AnalysisArgs {
    /// How many songs to work on at once [default: one per core, or as --cpu needs]
    #[arg(short, long, value_name = "N", value_parser = at_least_one)]
    pub jobs: Option<NonZeroUsize>,
    /// Give a song up that takes longer than so many seconds to analyse
    #[arg(long, value_name = "SECONDS", default_value_t = 150, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    time_limit: u64,
    /// Give a song up that needs more than so many MB of memory (on Linux)
    #[arg(long, value_name = "MB", default_value_t = 2048, value_parser = clap::value_parser!(u64).range(64..=1_048_576))]
    memory_limit: u64,
    /// Use this music model (an ONNX file with its .toml beside it) instead of the built-in one
    #[arg(long, value_name = "F.onnx")]
    pub music_model: Option<PathBuf>,
}

impl AnalysisArgs {
    /// How fast: with this share of the processor, or as fast as can be.
    pub fn pace(&self, share: Option<CpuShare>) -> Pace {
        let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        match share {
            Some(share) => Pace::share(share, cores, self.jobs),
            None => Pace::jobs(self.jobs.unwrap_or(cores)),
        }
    }

    /// The processes that analyse.
    ///
    /// # Errors
    /// As [`isolated`].
    pub fn embedder(&self) -> anyhow::Result<IsolatedEmbedder> {
        let limits = FileLimits {
            time: Duration::from_secs(self.time_limit),
            memory_bytes: self.memory_limit << 20,
        };
        isolated(self.music_model.as_deref(), limits)
    }
}

/// Helpers with the user's own model or the one inside the program, started when there is something to analyse: this very
/// program, as [`HELPER`].
///
/// # Errors
/// If the model cannot be loaded, or the system does not say which program this is.
pub fn isolated(own: Option<&Path>, limits: FileLimits) -> anyhow::Result<IsolatedEmbedder> {
    let model = music_model(own)?;
    let program = std::env::current_exe().context("cannot tell where this program is")?;
    let own = own.map(Path::to_owned);
    let command = move || {
        let mut command = Command::new(&program);
        let megabytes = (limits.memory_bytes >> 20).to_string();
        command.args([HELPER, "--memory-limit", &megabytes]);
        if let Some(own) = &own {
            command.arg("--music-model").arg(own);
        }
        command
    };
    Ok(IsolatedEmbedder::later(model.name(), command, limits))
}
