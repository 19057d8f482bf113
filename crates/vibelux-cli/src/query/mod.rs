//! What songs are sought for: the flags that name a picture, a camera or a mood, and how each becomes
//! a vector. Shared by the commands that recommend.

mod camera;
mod faces;
mod picture;
mod song;

use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use vibelux::EmotionVector;
use vibelux::recommend::Query;

pub use song::similar_to;

/// Exit code when no face was found.
const NO_FACE: u8 = 3;

/// The flags. All sources are in the argument group `source`; a command that needs one of them, or
/// adds its own, declares that group with what it requires.
#[derive(Debug, clap::Args)]
pub struct SourceArgs {
    /// Read the face in a picture (JPEG or PNG)
    #[arg(long, value_name = "FILE", group = "source")]
    image: Option<PathBuf>,
    /// Read a face from a camera, a video file or a stream [default: the first camera]
    #[arg(long, value_name = "SRC", group = "source", num_args = 0..=1)]
    camera: Option<Option<String>>,
    /// Say the mood instead, like happy=0.7,sad=0.3
    #[arg(long, value_name = "MOOD", group = "source")]
    mood: Option<EmotionVector>,
    /// With several faces: the N-th largest, each of them (all), or their mean
    #[arg(long, value_name = "N|all|mean", default_value = "1")]
    face: FaceChoice,
    /// Take the whole picture as the face instead of looking for one
    #[arg(long)]
    whole_image: bool,
    /// Use this face model (an ONNX file with its .toml beside it) instead of the built-in one
    #[arg(long, value_name = "F.onnx")]
    face_model: Option<PathBuf>,
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

/// Tells the user that there was no face; the exit code for it.
pub fn no_face(message: &str) -> ExitCode {
    crate::tell!("vibelux: {message}");
    ExitCode::from(NO_FACE)
}

impl SourceArgs {
    /// Reads the source; `None` if the flags name none.
    ///
    /// # Errors
    /// If a picture, camera or model cannot be read, or there are fewer faces than `--face` names.
    pub fn ask(&self) -> anyhow::Result<Option<Answer>> {
        if let Some(mood) = self.mood {
            return Ok(Some(Answer::Asked(vec![of_mood(mood)])));
        }
        if let Some(file) = &self.image {
            return picture::ask(file, self).map(Some);
        }
        if let Some(source) = &self.camera {
            return camera::ask(source.as_deref().unwrap_or_default(), self).map(Some);
        }
        Ok(None)
    }
}

/// A mood is seen against no mood at all.
pub fn of_mood(mood: EmotionVector) -> Asked {
    Asked {
        subject: "The mood is mostly".to_owned(),
        query: Query {
            vector: mood,
            reference: EmotionVector::UNIFORM,
        },
    }
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
