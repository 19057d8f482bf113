//! Music from nothing: a dozen short pieces in different moods, so that the whole program can be
//! tried without a library.
//!
//! ```text
//! style (what psychology knows) + seed -> score (notes) -> synth, reverb -> StereoWaveform -> .wav
//! ```
//!
//! No sample, recording or model is used; the pieces belong to whoever renders them. What a piece
//! is meant to express is [`Piece::emotion`]; what a model hears in it is another matter.

mod accompaniment;
mod error;
mod melody;
mod note;
mod reverb;
mod score;
mod stereo;
mod style;
mod synth;
mod timbre;
mod wav;
mod writer;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use rayon::prelude::*;

use crate::emotion::Emotion;

pub use error::ComposeError;
pub use stereo::StereoWaveform;
pub use wav::write_wav;

/// The artist tag of every piece.
pub const ARTIST: &str = "VibeluX demo";

/// Everybody's demo sounds the same.
pub const DEMO_SEED: u64 = 1;

/// CD quality, which every player takes.
const SAMPLE_RATE_HZ: u32 = 44_100;

/// The folder for these pieces. Other music, and another version, which may play it in another way, goes into
/// another one, because what a folder holds is not made again.
#[must_use]
pub fn demo_folder_name(pieces: &[Piece]) -> String {
    let mut hasher = DefaultHasher::new();
    format!("{pieces:?}").hash(&mut hasher);
    let version = env!("CARGO_PKG_VERSION");
    format!("demo-{version}-{:016x}", hasher.finish())
}

/// One composed piece, not yet rendered.
#[derive(Debug, Clone)]
pub struct Piece {
    /// Its name.
    pub title: &'static str,
    /// What it is meant to express.
    pub emotion: Emotion,
    style: style::Style,
    score: note::Score,
}

/// Renders the pieces that `folder` does not hold yet into it, on all cores, and makes the folder if there is none.
/// A file is complete or absent, so what is there is not looked into. `done` is told after each.
///
/// # Errors
/// As [`write_wav`], also for the folder.
pub fn write_missing(
    folder: &Path,
    pieces: &[Piece],
    done: impl Fn(&Piece) + Sync,
) -> Result<usize, ComposeError> {
    std::fs::create_dir_all(folder).map_err(|source| ComposeError::Write {
        path: folder.to_owned(),
        source,
    })?;
    let is_missing = |piece: &&Piece| !folder.join(piece.file_name()).exists();
    let missing: Vec<&Piece> = pieces.iter().filter(is_missing).collect();
    missing.par_iter().try_for_each(|piece| {
        piece.write_into(folder)?;
        done(piece);
        Ok(())
    })?;
    Ok(missing.len())
}

impl Piece {
    /// Renders the piece into a file of `folder`, named by [`Self::file_name`].
    fn write_into(&self, folder: &Path) -> Result<(), ComposeError> {
        let sound = self.render(SAMPLE_RATE_HZ);
        let path = folder.join(self.file_name());
        write_wav(&path, &sound, self.title, ARTIST, "Demo")
    }

    /// Renders the piece in stereo at `sample_rate_hz` (a rate of 0 counts as 1); peaks stay below
    /// 1. Deterministic.
    #[must_use]
    pub fn render(&self, sample_rate_hz: u32) -> StereoWaveform {
        let sample_rate_hz = sample_rate_hz.max(1);
        StereoWaveform {
            frames: synth::render(&self.style, &self.score, sample_rate_hz),
            sample_rate_hz,
        }
    }

    /// How many notes begin per second, chords counted once: how busy the piece is.
    #[must_use]
    pub fn onsets_per_second(&self) -> f64 {
        const TOGETHER_SECONDS: f64 = 0.04;
        let mut starts: Vec<f64> = self.score.notes.iter().map(|n| n.start_seconds).collect();
        starts.sort_by(f64::total_cmp);
        let mut last = f64::NEG_INFINITY;
        let onsets = starts
            .into_iter()
            .filter(|start| {
                let new = start - last > TOGETHER_SECONDS;
                if new {
                    last = *start;
                }
                new
            })
            .count();
        onsets as f64 / self.score.seconds
    }

    /// A file name without its folder, such as `sunday-bicycle.wav`.
    #[must_use]
    pub fn file_name(&self) -> String {
        let slug: String = self
            .title
            .to_lowercase()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        slug + ".wav"
    }
}

/// Composes the dozen: each of the seven emotions once among the first seven, then five more. The
/// same seed gives the same music.
#[must_use]
pub fn compose_all(seed: u64) -> Vec<Piece> {
    style::STYLES
        .iter()
        .map(|style| Piece {
            title: style.title,
            emotion: style.emotion,
            style: *style,
            score: score::write(style, seed),
        })
        .collect()
}

#[cfg(test)]
mod tests;
