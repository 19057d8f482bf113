//! [`SoughtArgs`]: the flags that say what songs are sought.

use std::path::PathBuf;

use clap::{ArgGroup, ValueEnum};
use vibelux::recommend::Apart;

use crate::mode::ModeArg;
use crate::query::SourceArgs;
use crate::song_filter::{IncludeArgs, WhereArgs};

/// Where the songs lean.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Lean {
    /// From the mood towards happy
    Lift,
    /// From the mood towards neutral, which is calm in music
    Calm,
}

/// The flags.
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("source").multiple(false))]
pub struct SoughtArgs {
    #[command(flatten)]
    pub source: SourceArgs,
    /// Songs like this one of the library, named by its path, its title or a part of that, or like those of a playlist; may be given
    /// several times
    #[arg(long, value_name = "SONG", group = "source")]
    pub(super) similar_to: Vec<PathBuf>,
    /// Songs unlike this one, named the same way; may be given several times
    #[arg(long, value_name = "SONG")]
    pub(super) unlike: Vec<PathBuf>,
    /// Lead there, song by song: a mood like happy=0.7,neutral=0.3, or a song
    #[arg(long, value_name = "MOOD|SONG", conflicts_with = "lean")]
    pub(super) to: Option<String>,
    /// Lean towards happy, or towards calm
    #[arg(long, value_enum, value_name = "WAY")]
    pub(super) lean: Option<Lean>,
    /// From 0, a plain shuffle, to 1, the best first [default: 1 for one list, 0.7 for more of them and with --seed, 0.5 for a shuffle]
    #[arg(long, value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    pub strength: Option<f64>,
    /// Another number, other songs; the same one, the same songs [default: 0; for a shuffle and for `follow` another one each time]
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// Of so many songs in a row, at most one of an artist, and one of an album
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(0..=1000))]
    apart: u16,
    /// Leave out what you like and skip
    #[arg(long)]
    pub(super) no_taste: bool,
    /// How faces and songs are compared
    #[arg(long, value_enum, default_value_t)]
    pub(super) mode: ModeArg,
    /// Also take songs whose files are not on this disk
    #[arg(long)]
    pub(super) include_missing: bool,
    #[command(flatten)]
    pub(super) also: IncludeArgs,
    #[command(flatten)]
    pub(super) only: WhereArgs,
}

/// One of the flags that say what is sought, or more: what a command needs that makes no list without.
pub fn needed() -> ArgGroup {
    ArgGroup::new("needed")
        .args(["image", "camera", "mood", "similar_to", "unlike"])
        .required(true)
        .multiple(true)
}

impl SoughtArgs {
    pub(super) fn apart(&self) -> Apart {
        Apart {
            artist: self.apart.into(),
            album: self.apart.into(),
        }
    }
}

/// With a seed of its own, a list has this strength, so that another seed is another list.
pub(super) const SEEDED: f64 = 0.7;

fn share(text: &str) -> Result<f64, &'static str> {
    let share = text.parse().ok();
    let share = share.filter(|share| (0.0..=1.0).contains(share));
    share.ok_or("give a number from 0 to 1")
}
