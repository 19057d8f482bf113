//! The program `vibelux`: parses the command line, runs one command, turns its result into an exit
//! code.
//!
//! Exit codes: 0 done, 1 some songs failed, 2 could not run, 3 no face was found.

mod args;
mod bars;
mod commands;
mod library_location;
mod output;
mod query;
mod results;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

fn main() -> ExitCode {
    let result = match Args::parse().command {
        Command::Demo(args) => commands::demo::run(args),
        Command::Embed(args) => commands::embed::run(args),
        Command::Recommend(args) => commands::recommend::run(args),
        Command::Preprocess(args) => commands::preprocess::run(args),
        Command::Train(args) => commands::train::run(args),
        Command::Evaluate(args) => commands::evaluate::run(args),
        Command::Import(args) => commands::import::run(args),
        Command::Export(args) => commands::export::run(args),
        Command::Completions(args) => commands::completions::run(args),
    };
    result.unwrap_or_else(|error| {
        eprintln!("vibelux: {}", whole_story(&error));
        ExitCode::from(2)
    })
}

/// The error and its causes in one line; a cause that a message before it quotes is not repeated.
fn whole_story(error: &anyhow::Error) -> String {
    let mut story = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !story.contains(&cause) {
            story = format!("{story}: {cause}");
        }
    }
    story
}
