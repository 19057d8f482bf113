//! `vibelux import`: what other programs made, brought in.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use vibelux::library::{ImportSummary, SongStore, json};

use super::import_keras::{self, ImportKerasArgs};
use crate::library_location::LibraryArgs;
use crate::output;

/// Flags of `vibelux import`.
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// What to bring in
    #[command(subcommand)]
    source: ImportSource,
}

/// The sources.
#[derive(Debug, Subcommand)]
enum ImportSource {
    /// Put the vectors of a song_embeddings.json into the library
    Json(JsonArgs),
    /// Put the songs of Parquet files, as clusters write them, into the library
    #[cfg(feature = "parquet")]
    Parquet(ParquetArgs),
    /// Turn a Keras model into one that vibelux runs
    Keras(ImportKerasArgs),
}

/// Flags of `vibelux import json`.
#[derive(Debug, clap::Args)]
struct JsonArgs {
    /// The file: {"path": [7 numbers], ...}
    file: PathBuf,
    /// What relative paths in the file are relative to [default: the folder of the file]
    #[arg(long, value_name = "DIR")]
    base: Option<PathBuf>,
    #[command(flatten)]
    library: LibraryArgs,
}

/// Flags of `vibelux import parquet`.
#[cfg(feature = "parquet")]
#[derive(Debug, clap::Args)]
struct ParquetArgs {
    /// A Parquet file, or a folder of them: `path`, and `vector` or a column for each emotion
    file: PathBuf,
    /// What relative paths in the file are relative to [default: the current folder]
    #[arg(long, value_name = "DIR")]
    base: Option<PathBuf>,
    #[command(flatten)]
    library: LibraryArgs,
}

/// Runs the command. Exit code 1 if some rows were refused.
pub fn run(args: ImportArgs) -> anyhow::Result<ExitCode> {
    match args.source {
        ImportSource::Json(args) => import_json(&args),
        #[cfg(feature = "parquet")]
        ImportSource::Parquet(args) => import_parquet(&args),
        ImportSource::Keras(args) => import_keras::run(args),
    }
}

fn import_json(args: &JsonArgs) -> anyhow::Result<ExitCode> {
    // Absolute, as the library is used from other folders too.
    let file = std::path::absolute(&args.file)?;
    let base = match &args.base {
        Some(base) => std::path::absolute(base)?,
        None => file.parent().unwrap_or(&file).to_owned(),
    };
    let mut store = args.library.open()?;
    let summary = json::import(&mut store, &file, &base)?;
    tell(&summary, &store)
}

#[cfg(feature = "parquet")]
fn import_parquet(args: &ParquetArgs) -> anyhow::Result<ExitCode> {
    let base = std::path::absolute(args.base.as_deref().unwrap_or(".".as_ref()))?;
    let mut store = args.library.open()?;
    let summary = vibelux::library::parquet::import(&mut store, &args.file, &base)?;
    tell(&summary, &store)
}

fn tell(summary: &ImportSummary, store: &SongStore) -> anyhow::Result<ExitCode> {
    report(summary);
    output::print(&format!(
        "imported {}, {} unchanged, {} refused\nlibrary: {}\n",
        output::songs(summary.imported),
        summary.unchanged,
        summary.bad,
        output::readable(store.path())
    ))?;
    let complete = summary.bad == 0 && summary.broken_off.is_none();
    Ok(ExitCode::from(u8::from(!complete)))
}

fn report(summary: &ImportSummary) {
    for (path, reason) in &summary.described {
        crate::tell!("refused {}: {reason}", output::readable(path.as_ref()));
    }
    if summary.bad > summary.described.len() {
        let more = summary.bad - summary.described.len();
        crate::tell!("refused {more} more rows");
    }
    if let Some(error) = &summary.broken_off {
        crate::tell!("the rest of the file cannot be read ({error}); what came before was kept");
    }
}
