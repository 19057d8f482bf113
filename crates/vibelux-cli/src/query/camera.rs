//! `--camera`: a face that is watched for a moment, since a single frame catches a blink as easily as
//! an expression.

use vibelux::EmotionVector;

use super::faces::{FaceReader, choose};
use super::source::{Answer, FaceChoice, SourceArgs};
use vibelux::face::{Camera, CameraSource};

/// How long to watch.
const WATCH_SECONDS: f64 = 1.0;

/// So many of the frames, spread evenly, are searched for faces; finding one takes longer than a
/// frame lasts.
const MAX_FRAMES: usize = 8;

/// Reads the face before a camera: the mean over the frames that show one.
pub fn ask(source: &str, args: &SourceArgs) -> anyhow::Result<Answer> {
    if args.face == FaceChoice::All {
        anyhow::bail!(
            "--face all needs a picture: before a camera, faces cannot be told apart from frame to \
             frame; use --face N or --face mean"
        );
    }
    let source: CameraSource = source.parse()?;
    let mut reader = FaceReader::new(args)?;
    let frames = Camera::open(&source)?.frames_for(WATCH_SECONDS)?;
    let step = frames.len().div_ceil(MAX_FRAMES).max(1);
    let mut seen = Vec::new();
    let mut subject = String::new();
    let mut any_face = false;
    for frame in frames.iter().step_by(step) {
        let faces = reader.read(frame)?;
        any_face |= !faces.is_empty();
        // A frame that lacks the wanted face is passed over.
        for (name, vector) in choose(&faces, args.face).unwrap_or_default() {
            subject = name;
            seen.push(vector);
        }
    }
    match EmotionVector::mean(&seen) {
        Some(vector) => Ok(Answer::Asked(vec![reader.asked(subject, vector)])),
        None if any_face => anyhow::bail!("fewer faces were seen than --face asks for"),
        None => Ok(Answer::NoFace(
            "no face seen by the camera; face it with some light from the front and try again, or add \
             --whole-image if the face fills the picture"
                .to_owned(),
        )),
    }
}
