//! Faces in class folders, held in memory as 48x48 grey images.

use std::path::Path;

use rayon::prelude::*;
use vibelux::face::{FaceImage, load_picture};
use vibelux::{Emotion, EmotionVector};

use super::folders::{DatasetError, class_files};
use super::labels::SoftLabels;
use super::{EvaluationSet, TrainingSet};
use crate::augment::FaceAugmentation;
use crate::fingerprint::{bytes_of, combined, fnv1a};
use crate::nn::Random;

/// One face with its labels.
#[derive(Debug, Clone)]
struct FaceExample {
    image: FaceImage,
    class: Emotion,
    votes: Option<EmotionVector>,
}

/// How a face's labels become a target, and its pixels an input.
#[derive(Debug, Clone)]
pub struct FaceSet {
    examples: Vec<FaceExample>,
    /// Files that could not be read, with the reason.
    pub failed: Vec<(std::path::PathBuf, String)>,
    /// Files left out because their labels say that there is no face to see.
    pub dropped: usize,
    mean: f32,
    std: f32,
    mirror: bool,
    augmentation: FaceAugmentation,
    soft_target_weight: f32,
    label_smoothing: f32,
}

impl FaceSet {
    /// Reads all pictures in the class folders of `split`; `root` is what `labels` is relative to.
    ///
    /// Pictures are taken as face crops and resized to 48x48; the pixels are later standardised by
    /// `mean` and `std` on the 0..1 scale. With `drop_faceless`, files whose labels say that they
    /// show no face are left out (for training, never for judging).
    ///
    /// # Errors
    /// If there are no class folders, or no file can be read.
    pub fn load(
        root: &Path,
        split: &Path,
        labels: Option<&SoftLabels>,
        drop_faceless: bool,
        (mean, std, mirror): (f32, f32, bool),
    ) -> Result<Self, DatasetError> {
        let files = class_files(split)?;
        let count = files.len();
        let read: Vec<_> = files
            .into_par_iter()
            .map(|file| match load_picture(&file.path) {
                Ok(picture) => Ok((FaceImage::whole(&picture), file)),
                Err(error) => Err((file.path, error.to_string())),
            })
            .collect();
        let (mut examples, mut failed, mut dropped) = (Vec::new(), Vec::new(), 0);
        for row in read {
            match row {
                Ok((image, file)) => {
                    let relative = file.path.strip_prefix(root).unwrap_or(&file.path);
                    let name = relative.to_string_lossy().replace('\\', "/");
                    let votes = labels.and_then(|l| l.get(&name));
                    if drop_faceless && votes == Some(None) {
                        dropped += 1;
                        continue;
                    }
                    let votes = votes.flatten();
                    examples.push(FaceExample {
                        image,
                        class: file.class,
                        votes,
                    });
                }
                Err(failure) => failed.push(failure),
            }
        }
        if examples.is_empty() {
            let first = failed.first().map_or_else(String::new, |f| f.1.clone());
            return Err(DatasetError::AllFailed {
                path: split.to_owned(),
                count,
                first,
            });
        }
        Ok(Self {
            examples,
            failed,
            dropped,
            mean,
            std,
            mirror,
            augmentation: FaceAugmentation::default(),
            soft_target_weight: 0.0,
            label_smoothing: 0.0,
        })
    }

    /// Sets what training draws: the changes made to pictures and the softness of targets.
    #[must_use]
    pub fn with_training(
        mut self,
        augmentation: FaceAugmentation,
        soft_target_weight: f32,
        label_smoothing: f32,
    ) -> Self {
        self.augmentation = augmentation;
        self.soft_target_weight = soft_target_weight;
        self.label_smoothing = label_smoothing;
        self
    }
}

impl TrainingSet for FaceSet {
    fn fingerprint(&self) -> u64 {
        let faces: Vec<u64> = self
            .examples
            .par_iter()
            .map(|example| {
                let label = [example.class.index() as u8];
                let votes = example.votes.map_or([0.0; 7], |votes| *votes.values());
                let pixels = example.image.0.iter().copied();
                fnv1a(pixels.chain(label).chain(bytes_of(&votes)))
            })
            .collect();
        combined(faces)
    }

    fn len(&self) -> usize {
        self.examples.len()
    }

    fn unchanged(&self, index: usize, mirrored: bool, input: &mut [f32]) -> bool {
        self.view(index, usize::from(mirrored), input);
        true
    }

    fn draw(&self, index: usize, random: &mut Random, input: &mut [f32], target: &mut [f32]) {
        let example = &self.examples[index];
        self.augmentation.apply(&example.image.0, random, input);
        for v in input {
            *v = (*v - self.mean) / self.std;
        }
        let soft = if example.votes.is_some() {
            self.soft_target_weight
        } else {
            0.0
        };
        let smooth = self.label_smoothing / target.len() as f32;
        for (emotion, t) in Emotion::ALL.into_iter().zip(target) {
            let hard = if emotion == example.class { 1.0 } else { 0.0 };
            let votes = example.votes.map_or(0.0, |v| v.get(emotion));
            let mixed = (1.0 - soft) * hard + soft * votes;
            *t = (1.0 - self.label_smoothing) * mixed + smooth;
        }
    }
}

impl EvaluationSet for FaceSet {
    fn len(&self) -> usize {
        self.examples.len()
    }

    fn views(&self, _index: usize) -> usize {
        if self.mirror { 2 } else { 1 }
    }

    fn view(&self, index: usize, view: usize, input: &mut [f32]) {
        let image = &self.examples[index].image;
        let mirrored = (view == 1).then(|| image.mirrored());
        for (v, &p) in input.iter_mut().zip(&mirrored.as_ref().unwrap_or(image).0) {
            *v = (f32::from(p) / 255.0 - self.mean) / self.std;
        }
    }

    fn class(&self, index: usize) -> Option<usize> {
        Some(self.examples[index].class.index())
    }

    fn target(&self, index: usize) -> Option<[f32; 7]> {
        self.examples[index].votes.map(|v| *v.values())
    }

    fn averages_logits(&self) -> bool {
        true
    }
}
