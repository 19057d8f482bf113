//! Judging finished models as they are used: files in, vectors out, figures about them.
//!
//! Unlike the validation inside a run, everything here goes the way that a user's pictures and songs
//! go: `FaceModel` and `MusicModel` on files. [`robustness`] corrupts the faces before, and
//! [`through_the_detector`] has them found in a frame first. [`matching`] judges faces and songs
//! together: do the songs recommended for a face carry the face's emotion?

mod corruption;
mod coverage;
mod detector;
mod faces;
mod heads;
mod intervals;
mod judgement;
mod matching;
mod pixels;
mod predicted;
mod prior;
mod quadrant;
mod robustness;
mod scene;
mod songs;
mod suite;

pub use corruption::Corruption;
pub use coverage::{CoverageReport, Part, Surest};
pub use detector::{DetectorReport, OnFound, through_the_detector};
pub use faces::{FaceEnsemble, FaceFile, FaceFiles, faces};
pub use heads::{HeadReport, heads};
pub use intervals::Share;
pub use judgement::{Judged, Judgement};
pub use matching::{MatchingReport, matching};
pub use predicted::{RunsError, predicted_songs};
pub use prior::ClassPrior;
pub use quadrant::{QuadrantReport, quadrant_of};
pub use robustness::{
    BesideBaseline, CorruptionRow, RobustnessReport, UnderCorruption, robustness,
};
pub use songs::songs;
pub use suite::{CorruptionKind, SUITE};
