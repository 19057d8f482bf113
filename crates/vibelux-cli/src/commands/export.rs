//! `vibelux export`: the library for other programs.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use vibelux::library::{Song, SongTable, json};

use crate::library_location::LibraryArgs;
use crate::output;
use crate::song_filter::WhereArgs;

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
    only: WhereArgs,
    #[command(flatten)]
    library: LibraryArgs,
}

/// Runs the command.
pub fn run(args: ExportArgs) -> anyhow::Result<ExitCode> {
    let ExportFormat::Json(args) = args.format;
    let store = args.library.open_existing()?;
    // A filter means what the listener hears; what is written is what the model heard.
    let table = SongTable::heard(&store)?;
    let meant = args.only.rows(&table, &store)?;
    let wanted = |song: &Song| {
        meant.as_ref().is_none_or(|meant| {
            let position = table.position(&song.path);
            position.is_some_and(|at| meant[at])
        })
    };
    let count = json::export(&store, &args.file, wanted)?;
    output::print(&format!(
        "wrote {} to {}\n",
        output::songs(count),
        output::readable(&args.file)
    ))?;
    Ok(ExitCode::SUCCESS)
}
