//! `vibelux man DIR`: the manual pages, of the same texts as `--help`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;

use crate::output;

/// Flags of `vibelux man`.
#[derive(Debug, clap::Args)]
pub struct ManArgs {
    /// The folder for the pages, which is made if need be: `man -l DIR/vibelux.1` shows one, and packages put them into man1
    dir: PathBuf,
}

/// Runs the command; `program` is the command line that the pages describe.
pub fn run(args: &ManArgs, program: clap::Command) -> anyhow::Result<ExitCode> {
    let shown = output::readable(&args.dir);
    std::fs::create_dir_all(&args.dir).with_context(|| format!("cannot make {shown}"))?;
    clap_mangen::generate_to(program, &args.dir)
        .with_context(|| format!("cannot write the pages into {shown}"))?;
    crate::tell!("the pages are in {shown}");
    Ok(ExitCode::SUCCESS)
}
