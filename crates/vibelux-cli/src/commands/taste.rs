//! `vibelux taste`: what was learnt from the listener, listed and taken back.

use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;
use vibelux::emotion::EMOTION_COUNT;
use vibelux::library::{Said, Verdict, VerdictKind};
use vibelux::{EmotionVector, by_emotion};

use crate::json::path_text;
use crate::library_location::LibraryArgs;
use crate::output;

/// Flags of `vibelux taste`.
#[derive(Debug, clap::Args)]
pub struct TasteArgs {
    /// Forget everything that was learnt of this song, named by its path
    #[arg(long, value_name = "SONG", conflicts_with = "forget_all")]
    forget: Option<PathBuf>,
    /// Forget everything: likes, skips, corrections and reactions
    #[arg(long)]
    forget_all: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    library: LibraryArgs,
}

#[derive(Debug, Serialize)]
struct TasteAnswer {
    verdicts: Vec<FileVerdict>,
    forgotten: usize,
}

#[derive(Debug, Serialize)]
struct FileVerdict {
    path: String,
    verdict: &'static str,
    times: u32,
    unix_seconds: Option<u64>,
    #[serde(serialize_with = "by_emotion::option::serialize")]
    vector: Option<EmotionVector>,
    #[serde(serialize_with = "by_emotion::option::serialize")]
    change: Option<[f32; EMOTION_COUNT]>,
}

impl From<&Said> for FileVerdict {
    fn from(said: &Said) -> Self {
        Self {
            path: path_text(&said.path),
            verdict: said.verdict.kind().name(),
            times: said.times,
            unix_seconds: said.unix_seconds(),
            vector: said.verdict.vector(),
            change: said.verdict.change(),
        }
    }
}

/// Runs the command.
pub fn run(args: TasteArgs) -> anyhow::Result<ExitCode> {
    let mut store = args.library.open_existing()?;
    let mut forgotten = 0;
    if args.forget_all {
        forgotten = store.unsay_all(&VerdictKind::TASTE)?;
    } else if let Some(song) = &args.forget {
        let path = std::path::absolute(song)?;
        let said = store.said()?;
        for said in said
            .iter()
            .filter(|said| said.path == path && said.is_taste())
        {
            store.unsay(&path, said.verdict.kind())?;
            forgotten += 1;
        }
        if forgotten == 0 {
            anyhow::bail!(
                "nothing was learnt of {}; `vibelux taste` lists the songs of which something was",
                output::readable(&path)
            );
        }
    }
    let mut said = store.said()?;
    said.retain(Said::is_taste);
    if args.json {
        let verdicts = said.iter().map(FileVerdict::from).collect();
        output::print_json(&TasteAnswer {
            verdicts,
            forgotten,
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    if forgotten > 0 {
        crate::tell!("forgot {}", output::counted(forgotten, "thing"));
    }
    if said.is_empty() {
        crate::tell!(
            "nothing was learnt yet; the page of `vibelux serve` learns from what you like, skip and correct"
        );
    }
    output::print(&said.iter().map(row).collect::<String>())?;
    Ok(ExitCode::SUCCESS)
}

fn row(said: &Said) -> String {
    let what = match said.verdict {
        Verdict::Sounds(vector) => format!("sounds {} to you", vector.strongest()),
        Verdict::Skipped => "left early".to_owned(),
        Verdict::Finished => "heard to its end".to_owned(),
        Verdict::Reaction(_) => "how your face changed".to_owned(),
        Verdict::Liked | Verdict::Music => said.verdict.kind().name().to_owned(),
    };
    let times = if said.times > 1 {
        format!(", {} times", said.times)
    } else {
        String::new()
    };
    format!("{}\n    {what}{times}\n", output::readable(&said.path))
}
