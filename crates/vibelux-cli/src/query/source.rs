//! What the user may name as the source of a query, and what comes of it.

use std::path::PathBuf;
use std::str::FromStr;

use vibelux::EmotionVector;
use vibelux::recommend::Query;

/// The flags. All sources are in the argument group `source`; a command that needs one of them, or
/// adds its own, declares that group with what it requires.
#[derive(Debug, clap::Args)]
pub struct SourceArgs {
    /// Read the face in a picture (JPEG, PNG, WebP, HEIC, AVIF, GIF, BMP, TIFF)
    #[arg(long, value_name = "FILE", group = "source")]
    pub(super) image: Option<PathBuf>,
    /// Read a face from a camera, a video file or a stream [default: the first camera]
    #[arg(long, value_name = "SRC", group = "source", num_args = 0..=1)]
    pub(super) camera: Option<Option<String>>,
    /// Say the mood instead, like happy=0.7,sad=0.3
    #[arg(long, value_name = "MOOD", group = "source")]
    pub(super) mood: Option<EmotionVector>,
    /// With several faces: the N-th largest, each of them (all), or their mean
    #[arg(long, value_name = "N|all|mean", default_value = "1")]
    pub(super) face: FaceChoice,
    /// Take the whole picture as the face instead of looking for one
    #[arg(long)]
    pub(super) whole_image: bool,
    /// Use this face model (an ONNX file with its .toml beside it) instead of the built-in one
    #[arg(long, value_name = "F.onnx")]
    pub(super) face_model: Option<PathBuf>,
}

/// Which of several faces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaceChoice {
    /// The one of this rank by size, from 1.
    Rank(usize),
    /// Each by itself.
    All,
    /// One vector for all.
    Mean,
}

impl FromStr for FaceChoice {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "all" => Ok(Self::All),
            "mean" => Ok(Self::Mean),
            _ => match text.parse() {
                Ok(rank) if rank > 0 => Ok(Self::Rank(rank)),
                _ => Err("use a number from 1 (the largest face), all, or mean"),
            },
        }
    }
}

/// A query and what to call it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The beginning of a sentence, for example "This face looks".
    pub subject: String,
    /// What is sought.
    pub query: Query,
}

/// What a source gave.
#[derive(Debug)]
pub enum Answer {
    /// One query, or one per face with `--face all`.
    Asked(Vec<Asked>),
    /// There was no face in it; says where and what to try.
    NoFace(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn face_choices_are_read() {
        assert_eq!("2".parse(), Ok(FaceChoice::Rank(2)));
        assert_eq!("all".parse(), Ok(FaceChoice::All));
        assert_eq!("mean".parse(), Ok(FaceChoice::Mean));
        for bad in ["0", "-1", "", "both", "99999999999999999999999"] {
            assert!(bad.parse::<FaceChoice>().is_err(), "{bad}");
        }
    }
}
