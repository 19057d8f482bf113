//! Data sets: what a run is trained and judged on, read from class folders.

mod face;
mod folders;
mod labels;
mod music;
mod picture;
mod spectrogram_cache;
mod table;
mod trained_on;

pub use face::FaceSet;
pub use folders::{ClassFile, DatasetError, class_files, splits};
pub use labels::SoftLabels;
pub use music::{Crops, MusicSet, OnSong, songs_in_folders};
pub use picture::PictureSet;
pub use spectrogram_cache::SpectrogramCache;
pub use table::{Condition, TableRow, load_rows, load_table};
pub use trained_on::{TRAINED_ON, TrainedOn};

use std::path::Path;

use crate::nn::Random;

/// Examples to train on.
pub trait TrainingSet: Sync {
    /// Examples per epoch.
    fn len(&self) -> usize;

    /// Whether there is nothing to train on.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// 64 bits that tell this set from others: they follow from the examples, their order and their
    /// labels. A run is not resumed on a set with another fingerprint.
    fn fingerprint(&self) -> u64;

    /// Writes example `index` as it is, or its mirror image; false, and nothing written, where there
    /// is no such thing.
    fn unchanged(&self, _index: usize, _mirrored: bool, _input: &mut [f32]) -> bool {
        false
    }

    /// Draws example `index`: a changed copy of its input, and its target distribution, followed by the
    /// targets of other heads if there are any ([`crate::heads::Heads::targets`]).
    fn draw(&self, index: usize, random: &mut Random, input: &mut [f32], target: &mut [f32]);
}

/// Examples to judge on; each is seen in one or more views (mirror images, windows of a song).
pub trait EvaluationSet: Sync {
    /// Number of examples.
    fn len(&self) -> usize;

    /// Whether there is nothing to judge on.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of views of an example, at least 1.
    fn views(&self, index: usize) -> usize;

    /// The input of one view.
    fn view(&self, index: usize, view: usize, input: &mut [f32]);

    /// The class of an example; `None` where only other heads know something of it.
    fn class(&self, index: usize) -> Option<usize>;

    /// The file of an example, where it has one.
    fn path(&self, _index: usize) -> Option<&Path> {
        None
    }

    /// The target distribution of an example, where labels are softer than a class.
    fn target(&self, index: usize) -> Option<[f32; 7]>;

    /// Whether views are averaged before the softmax (mirror images) or after (windows).
    fn averages_logits(&self) -> bool;
}
