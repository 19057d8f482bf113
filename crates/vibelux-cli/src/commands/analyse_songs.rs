//! `vibelux analyse-songs`: what a helper process runs. Not for people: it answers the questions of another `vibelux`.

use std::io::BufReader;
use std::path::PathBuf;
use std::process::ExitCode;

use vibelux::library::serve_songs;

/// Flags of `vibelux analyse-songs`.
#[derive(Debug, clap::Args)]
pub struct AnalyseSongsArgs {
    /// The most memory to use, in MB
    #[arg(long, value_name = "MB")]
    memory_limit: u64,
    /// The music model
    #[arg(long, value_name = "F.onnx")]
    music_model: Option<PathBuf>,
}

/// Runs the command.
pub fn run(args: AnalyseSongsArgs) -> anyhow::Result<ExitCode> {
    let model = super::music_model::music_model(args.music_model.as_deref())?;
    let input = BufReader::new(std::io::stdin());
    serve_songs(
        &model,
        args.memory_limit << 20,
        input,
        std::io::stdout().lock(),
    )?;
    Ok(ExitCode::SUCCESS)
}
