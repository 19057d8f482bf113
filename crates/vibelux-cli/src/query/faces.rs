//! From the faces of one image to queries: which faces count, and how several become one.

use anyhow::Context;
use vibelux::EmotionVector;
use vibelux::recommend::Query;

use super::source::{Asked, FaceChoice, SourceArgs};
use crate::output;
use vibelux::detect::FaceDetector;
use vibelux::face::{FaceImage, FaceQuality, GreyImage};
use vibelux::model::FaceModel;

/// A face that was read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReadFace {
    /// How it looks; the average face where the reading does not count.
    pub vector: EmotionVector,
    /// How much of the reading counts, 0..=1.
    pub counts: f32,
    /// How far it looks to the side.
    pub turn_degrees: f32,
}

/// Finds and reads faces as the flags say.
pub struct FaceReader<'a> {
    args: &'a SourceArgs,
    model: FaceModel,
    /// `None` if the whole image is the face.
    detector: Option<FaceDetector>,
}

impl<'a> FaceReader<'a> {
    /// Loads the model, and the detector if it is needed.
    pub fn new(args: &'a SourceArgs) -> anyhow::Result<Self> {
        Ok(Self {
            args,
            model: match &args.face_model {
                Some(path) => FaceModel::load(path)?,
                None => FaceModel::shipped()?,
            },
            detector: if args.whole_image {
                None
            } else {
                Some(FaceDetector::new()?)
            },
        })
    }

    /// The faces in an image, the largest first. Only those that the flags ask for are classified.
    pub fn read(&mut self, image: &GreyImage) -> anyhow::Result<Vec<ReadFace>> {
        let Some(detector) = &mut self.detector else {
            let vector = self.model.classify(&FaceImage::whole(image))?;
            let turn_degrees = 0.0;
            return Ok(vec![ReadFace {
                vector,
                counts: 1.0,
                turn_degrees,
            }]);
        };
        let faces = detector.detect(image);
        let wanted = match self.args.face {
            FaceChoice::Rank(rank) => rank,
            FaceChoice::All | FaceChoice::Mean => faces.len(),
        };
        faces
            .iter()
            .take(wanted)
            .map(|face| {
                let crop = FaceImage::crop(image, face);
                let quality = FaceQuality::of_crop(&crop, face);
                let vector = self.model.classify(&crop)?;
                Ok(ReadFace {
                    vector: self.model.weighed(&vector, &quality),
                    counts: quality.weight(),
                    turn_degrees: quality.turn_degrees,
                })
            })
            .collect()
    }

    /// The queries for the faces of a picture, of which there is at least one.
    pub fn queries(&self, faces: &[ReadFace]) -> anyhow::Result<Vec<Asked>> {
        choose(faces, self.args.face).map(|chosen| {
            chosen
                .into_iter()
                .map(|(subject, vector)| self.asked(subject, vector))
                .collect()
        })
    }

    /// A query for a vector that this model gave.
    pub fn asked(&self, subject: String, vector: EmotionVector) -> Asked {
        Asked {
            subject,
            query: Query {
                vector,
                reference: self.model.average(),
            },
        }
    }
}

/// Picks among the faces, the largest first, and says what to call each.
pub fn choose(
    faces: &[ReadFace],
    choice: FaceChoice,
) -> anyhow::Result<Vec<(String, EmotionVector)>> {
    match choice {
        FaceChoice::Rank(rank) => {
            let face = faces.get(rank - 1).with_context(|| {
                let count = output::counted(faces.len(), "face");
                format!("there is no face {rank}: {count} found")
            })?;
            let subject = if rank == 1 {
                "This face looks".to_owned()
            } else {
                format!("Face {rank} looks")
            };
            Ok(vec![(subject, face.vector)])
        }
        FaceChoice::All if faces.len() > 1 => Ok(faces
            .iter()
            .enumerate()
            .map(|(i, face)| (format!("Face {} looks", i + 1), face.vector))
            .collect()),
        FaceChoice::All | FaceChoice::Mean => {
            let mean = EmotionVector::mean(faces.iter().map(|face| &face.vector))
                .context("there is no face")?;
            let subject = if faces.len() == 1 {
                "This face looks".to_owned()
            } else {
                format!("These {} faces together look", faces.len())
            };
            Ok(vec![(subject, mean)])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vibelux::Emotion;

    #[test]
    fn the_largest_all_or_the_mean() {
        let happy = EmotionVector::one_hot(Emotion::Happy);
        let sad = EmotionVector::one_hot(Emotion::Sad);
        let [alone, other] = [happy, sad].map(|vector| ReadFace {
            vector,
            counts: 1.0,
            turn_degrees: 0.0,
        });
        let faces = [alone, other];
        assert_eq!(choose(&faces, FaceChoice::Rank(1)).unwrap()[0].1, happy);
        assert_eq!(choose(&faces, FaceChoice::Rank(2)).unwrap()[0].1, sad);
        let all = choose(&faces, FaceChoice::All).unwrap();
        assert_eq!((all.len(), all[1].0.as_str()), (2, "Face 2 looks"));
        let mean = choose(&faces, FaceChoice::Mean).unwrap();
        assert_eq!(mean[0].1.get(Emotion::Sad), 0.5);
        let error = choose(&faces, FaceChoice::Rank(3)).unwrap_err().to_string();
        assert_eq!(error, "there is no face 3: 2 faces found");
        assert_eq!(
            choose(&[other], FaceChoice::All).unwrap()[0].0,
            "This face looks"
        );
    }
}
