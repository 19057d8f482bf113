//! `--image`: the faces in a picture file.

use std::path::Path;

use super::faces::FaceReader;
use super::source::{Answer, SourceArgs};
use crate::output;
use vibelux::face::load_picture;

/// Reads the faces in a picture.
pub fn ask(file: &Path, args: &SourceArgs) -> anyhow::Result<Answer> {
    // The picture first: a wrong path is told at once.
    let image = load_picture(file)?;
    let mut reader = FaceReader::new(args)?;
    let faces = reader.read(&image)?;
    if faces.is_empty() {
        return Ok(Answer::NoFace(format!(
            "no face found in {}; if the picture is nothing but a face, add --whole-image",
            output::readable(file)
        )));
    }
    for (i, face) in faces
        .iter()
        .enumerate()
        .filter(|(_, face)| face.counts < 1.0)
    {
        crate::tell!(
            "face {} is turned away by {:.0} degrees: {:.0} % of its reading counts, the rest is the average face",
            i + 1,
            face.turn_degrees.abs(),
            100.0 * face.counts
        );
    }
    Ok(Answer::Asked(reader.queries(&faces)?))
}
