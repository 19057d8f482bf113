//! [`SongEmbedder`]: whatever turns a song file into a vector. What `worker.rs` and helpers run, guarded.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::library::error::LibraryError;
use crate::library::facts::FileFacts;
use crate::library::failure::{Failure, FailureKind};
use crate::model::{MusicModel, SongEmbedding};

/// How much of a song is listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    /// One window from the middle.
    FirstLook,
    /// All that the model asks for.
    Full,
}

/// Whatever turns a song file into a vector: the music model, or a test's substitute.
pub trait SongEmbedder: fmt::Debug + Send + Sync {
    /// Names the model. Stored with each vector: when it changes, songs are embedded again.
    fn name(&self) -> &str;

    /// Looks into one file without listening to it. A panic costs what would have been learnt.
    fn look(&self, path: &Path) -> FileFacts {
        FileFacts::read(path)
    }

    /// Why nothing can be embedded any more, if that is so: the run ends, and no song is blamed.
    fn fault(&self) -> Option<LibraryError> {
        None
    }

    /// There is nothing more to do for now: what is kept ready for the next song can go.
    fn rest(&self) {}

    /// Embeds one file.
    ///
    /// # Errors
    /// Says why the file has no vector. A panic counts as an error too.
    fn embed(&self, path: &Path, depth: Depth) -> Result<SongEmbedding, Failure>;
}

impl SongEmbedder for MusicModel {
    fn name(&self) -> &str {
        Self::name(self)
    }

    fn embed(&self, path: &Path, depth: Depth) -> Result<SongEmbedding, Failure> {
        match depth {
            Depth::FirstLook => Ok(self.embed_song_soon(path)?),
            Depth::Full => Ok(self.embed_song(path)?),
        }
    }
}

/// Looks into a file; a parser that panics learns nothing.
pub fn look_guarded(embedder: &dyn SongEmbedder, path: &Path) -> FileFacts {
    catch_unwind(AssertUnwindSafe(|| embedder.look(path))).unwrap_or_default()
}

/// Embeds a file; decoders have met files that nobody tested them with, and a panic costs that one song.
pub fn embed_guarded(
    embedder: &dyn SongEmbedder,
    path: &Path,
    depth: Depth,
) -> Result<SongEmbedding, Failure> {
    catch_unwind(AssertUnwindSafe(|| embedder.embed(path, depth))).unwrap_or_else(|panic| {
        let reason = panic_reason(panic.as_ref());
        Err(Failure::new(FailureKind::Crashed, reason))
    })
}

fn panic_reason(panic: &(dyn Any + Send)) -> String {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    format!("the analysis broke off ({message}); the file is probably damaged")
}
