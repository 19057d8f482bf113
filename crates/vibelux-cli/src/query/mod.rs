//! What songs are sought for: the flags that name a picture, a camera or a mood, and how each becomes
//! a vector. Shared by the commands that recommend.

mod camera;
mod faces;
mod picture;
mod song;
mod source;

use vibelux::EmotionVector;
use vibelux::recommend::Query;

pub use faces::{FaceReader, choose};
pub use song::{find_song, similar_to};
pub use source::{Answer, Asked, FaceChoice, SourceArgs};

impl SourceArgs {
    /// The camera that the flags name, if they do.
    pub fn camera(&self) -> Option<&str> {
        let source = self.camera.as_ref()?;
        Some(source.as_deref().unwrap_or_default())
    }

    /// Which of several faces they mean.
    pub fn face_choice(&self) -> FaceChoice {
        self.face
    }

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
        if let Some(source) = self.camera() {
            return camera::ask(source, self).map(Some);
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
