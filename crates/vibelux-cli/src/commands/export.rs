//! `vibelux export`: the library for other programs.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use vibelux::library::json;

use crate::library_location::LibraryArgs;
use crate::output;

/// Flags of `vibelux export`.
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// The format
    #[command(subcommand)]
    format: ExportFormat,
}

/// The formats.
#[derive(Debug, Subcommand)]
enum ExportFormat {
    /// Write song_embeddings.json: {"path": [7 numbers], ...}
    Json(JsonArgs),
}

/// Flags of `vibelux export json`.
#[derive(Debug, clap::Args)]
struct JsonArgs {
    /// The file to write; replaced in one step if it exists
    file: PathBuf,
    #[command(flatten)]
    library: LibraryArgs,
}

/// Runs the command.
pub fn run(args: ExportArgs) -> anyhow::Result<ExitCode> {
    let ExportFormat::Json(args) = args.format;
    let store = args.library.open_existing()?;
    let count = json::export(&store, &args.file)?;
    output::print(&format!(
        "wrote {} to {}\n",
        output::songs(count),
        output::readable(&args.file)
    ))?;
    Ok(ExitCode::SUCCESS)
}
