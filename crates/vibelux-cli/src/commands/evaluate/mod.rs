//! `vibelux evaluate face|music|matching`: how good a model is on files that it has not seen.

mod face;
mod face_figures;
mod face_text;
mod judging;
mod matching;
mod matching_text;
mod music;
mod song_rows;

use std::process::ExitCode;

use clap::Subcommand;

/// Flags of `vibelux evaluate`.
#[derive(Debug, clap::Args)]
pub struct EvaluateArgs {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// A face model, on class folders of face crops: DIR/<emotion>/*
    Face(face::FaceArgs),
    /// A music model, on class folders of songs (DIR/<emotion>/*) or a table of songs
    Music(music::MusicArgs),
    /// Both together: do the songs recommended for faces carry the faces' emotions?
    Matching(matching::MatchingArgs),
}

/// Runs the command. Exit code 1 if some files could not be judged.
pub fn run(args: EvaluateArgs) -> anyhow::Result<ExitCode> {
    match args.task {
        Task::Face(args) => face::run(args),
        Task::Music(args) => music::run(args),
        Task::Matching(args) => matching::run(args),
    }
}
