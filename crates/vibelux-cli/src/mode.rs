//! `--mode`: how faces and songs are compared.

use clap::ValueEnum;
use vibelux::recommend::Mode;

/// [`Mode`] as a flag.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub enum ModeArg {
    /// The vectors as they are; their cosines are close to each other
    #[default]
    Plain,
    /// What sets the face apart from the average face with what sets the song apart from your library
    Centred,
}

impl From<ModeArg> for Mode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Plain => Self::Plain,
            ModeArg::Centred => Self::Centred,
        }
    }
}
