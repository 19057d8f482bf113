//! The shapes that the JSON of several commands shares; `docs/guide/json.md` explains them and
//! `docs/schema/vibelux.schema.json` describes them to the last field, which a test holds them to.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use serde::Serialize;
use vibelux::error_text::without_path;
use vibelux::library::{SongTable, Tags};
use vibelux::{Emotion, EmotionVector, by_emotion};

/// A song, named by its file. What is not known of it is `null`.
#[derive(Debug, Serialize)]
pub struct FileSong {
    path: String,
    title: String,
    artist: Option<String>,
    album: Option<String>,
    duration_seconds: Option<f64>,
    #[serde(serialize_with = "by_emotion::serialize")]
    vector: EmotionVector,
    strongest: Emotion,
}

impl FileSong {
    /// A song that says this of itself.
    pub fn new(
        path: &Path,
        tags: &Tags,
        duration_seconds: Option<f64>,
        vector: EmotionVector,
    ) -> Self {
        Self {
            path: path_text(path),
            title: tags.title_or_name(path),
            artist: tags.artist.clone(),
            album: tags.album.clone(),
            duration_seconds,
            vector,
            strongest: vector.strongest(),
        }
    }

    /// A song of the library.
    pub fn of(songs: &SongTable, at: usize) -> Self {
        let vector = songs.vectors()[at];
        Self {
            path: path_text(&songs.path(at)),
            title: songs.title(at).into_owned(),
            artist: songs.artist(at).map(Cow::into_owned),
            album: songs.album(at).map(Cow::into_owned),
            duration_seconds: songs.duration_seconds(at),
            vector,
            strongest: vector.strongest(),
        }
    }
}

/// A file that could not be used.
#[derive(Debug, Serialize)]
pub struct Failure {
    /// Which file.
    pub path: String,
    /// Why, for people and without the path.
    pub reason: String,
}

impl Failure {
    /// Which file, and what was said of it.
    pub fn new(path: &Path, reason: &str) -> Self {
        Self {
            path: path_text(path),
            reason: without_path(path, reason).to_owned(),
        }
    }

    /// The same for a list of pairs.
    pub fn all<'a>(failed: impl IntoIterator<Item = &'a (PathBuf, String)>) -> Vec<Self> {
        let failed = failed.into_iter();
        failed
            .map(|(path, reason)| Self::new(path, reason))
            .collect()
    }
}

/// A path as JSON has it. Bytes that are no text are replaced.
pub fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
