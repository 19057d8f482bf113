//! The program `vibelux`: parses the command line, runs one command, turns its result into an exit
//! code.
//!
//! Exit codes: 0 done, 1 some songs failed, 2 could not run, 3 no face was found.

/// Writes a line to standard error. A closed one (`2>&1 | head`) is no reason to stop, let alone to
/// panic, as `eprintln!` does.
macro_rules! tell {
    ($($arg:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($arg)*);
    }};
}
pub(crate) use tell;

mod analysis;
mod args;
mod at_least_one;
mod bars;
mod chosen;
mod commands;
mod failure;
mod filling;
mod interrupt;
mod json;
mod library_location;
mod mode;
mod naming;
mod output;
mod query;
mod results;
mod schedule;
mod servers;
mod song_filter;
mod sought;

use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use clap::{CommandFactory, Parser};

use args::{Args, Command};

fn main() -> ExitCode {
    // A decoder that panics on a broken file is caught and becomes a row in a summary; it should not
    // write to the terminal as well. What nobody catches is told below.
    std::panic::set_hook(Box::new(|panic| {
        let mut last = LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner);
        *last = panic.to_string();
    }));
    let json = failure::wants_json(std::env::args_os());
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return failure::tell_usage(&error, json),
    };
    match std::panic::catch_unwind(|| run(args)) {
        Ok(Ok(code)) => code,
        Ok(Err(error)) => failure::tell_error(&error, json),
        Err(_) => {
            // The lock is given back at once: a panic while telling would wait for it for ever.
            let last = LAST_PANIC
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            failure::tell_panic(&last, json)
        }
    }
}

/// What the latest panic said.
static LAST_PANIC: Mutex<String> = Mutex::new(String::new());

fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Demo(args) => commands::demo::run(args),
        Command::Embed(args) => commands::embed::run(args),
        Command::Watch(args) => commands::watch::run(args),
        Command::Errors(args) => commands::errors::run(args),
        #[cfg(feature = "postgres")]
        Command::Queue(args) => commands::queue::run(args),
        #[cfg(feature = "postgres")]
        Command::Worker(args) => commands::worker::run(args),
        Command::Recommend(args) => commands::recommend::run(args),
        Command::Mpd(args) => commands::mpd::run(&args),
        #[cfg(feature = "mpris")]
        Command::Mpris(args) => commands::mpris::run(&args),
        Command::Playlist(args) => commands::playlist::run(&args),
        Command::Serve(args) => commands::serve::run(args),
        Command::Song(args) => commands::song::run(args),
        Command::Tag(args) => commands::tag::run(args),
        Command::Subsonic(args) => commands::subsonic::run(&args),
        Command::Jellyfin(args) => commands::jellyfin::run(&args),
        Command::MusicAssistant(args) => commands::music_assistant::run(&args),
        Command::Taste(args) => commands::taste::run(args),
        Command::Preprocess(args) => commands::preprocess::run(args),
        Command::Train(args) => commands::train::run(args),
        Command::Evaluate(args) => commands::evaluate::run(args),
        Command::Import(args) => commands::import::run(args),
        Command::Export(args) => commands::export::run(args),
        Command::AnalyseSongs(args) => commands::analyse_songs::run(args),
        Command::Completions(args) => commands::completions::run(args, Args::command()),
        Command::Man(args) => commands::man::run(&args, Args::command()),
    }
}
