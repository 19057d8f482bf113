//! Spectrogram pictures in class folders, as `vibelux preprocess` writes them; audio files are turned
//! into such pictures on the way in.

use std::path::{Path, PathBuf};

use image::GrayImage;
use image::imageops::{FilterType, resize};
use rayon::prelude::*;
use vibelux::Emotion;
use vibelux::audio::{decode_start, is_audio_file};
use vibelux::spectrogram::image::{SAMPLE_RATE_HZ, SECONDS, spectrogram_image};

use super::folders::{ClassFile, DatasetError, class_files};
use super::{EvaluationSet, TrainingSet};
use crate::fingerprint::{combined, fnv1a};
use crate::nn::Random;

/// Pictures of songs, resized to the network's input.
#[derive(Debug, Clone)]
pub struct PictureSet {
    pictures: Vec<(Vec<u8>, Emotion)>,
    /// Files that could not be read, with the reason.
    pub failed: Vec<(PathBuf, String)>,
    mean: f32,
    std: f32,
}

impl PictureSet {
    /// Reads all pictures (or songs) in the class folders of `split`; `input` is channels, height and
    /// width of the network's input, `mean` and `std` are on the 0..1 scale.
    ///
    /// # Errors
    /// If there are no class folders, or no file can be read.
    pub fn load(
        split: &Path,
        [_, height, width]: [usize; 3],
        (mean, std): (f32, f32),
    ) -> Result<Self, DatasetError> {
        let files = class_files(split)?;
        let count = files.len();
        let read: Vec<_> = files
            .into_par_iter()
            .map(|file| match load_picture(&file) {
                Ok(picture) => {
                    let size = (width as u32, height as u32);
                    let small = resize(&picture, size.0, size.1, FilterType::Triangle);
                    Ok((small.into_raw(), file.class))
                }
                Err(reason) => Err((file.path, reason)),
            })
            .collect();
        let (mut pictures, mut failed) = (Vec::new(), Vec::new());
        for row in read {
            match row {
                Ok(picture) => pictures.push(picture),
                Err(failure) => failed.push(failure),
            }
        }
        if pictures.is_empty() {
            let first = failed.first().map_or_else(String::new, |f| f.1.clone());
            return Err(DatasetError::AllFailed {
                path: split.to_owned(),
                count,
                first,
            });
        }
        Ok(Self {
            pictures,
            failed,
            mean,
            std,
        })
    }

    fn fill(&self, index: usize, input: &mut [f32]) {
        for (v, &p) in input.iter_mut().zip(&self.pictures[index].0) {
            *v = (f32::from(p) / 255.0 - self.mean) / self.std;
        }
    }
}

fn load_picture(file: &ClassFile) -> Result<GrayImage, String> {
    if is_audio_file(&file.path) {
        let waveform =
            decode_start(&file.path, SAMPLE_RATE_HZ, Some(SECONDS)).map_err(|e| e.to_string())?;
        return Ok(spectrogram_image(&waveform));
    }
    Ok(image::open(&file.path)
        .map_err(|e| e.to_string())?
        .to_luma8())
}

impl TrainingSet for PictureSet {
    fn fingerprint(&self) -> u64 {
        let pictures: Vec<u64> = self
            .pictures
            .par_iter()
            .map(|(pixels, class)| {
                let label = [class.index() as u8];
                fnv1a(pixels.iter().copied().chain(label))
            })
            .collect();
        combined(pictures)
    }

    fn len(&self) -> usize {
        self.pictures.len()
    }

    fn draw(&self, index: usize, _random: &mut Random, input: &mut [f32], target: &mut [f32]) {
        self.fill(index, input);
        target.fill(0.0);
        target[self.pictures[index].1.index()] = 1.0;
    }
}

impl EvaluationSet for PictureSet {
    fn len(&self) -> usize {
        self.pictures.len()
    }

    fn views(&self, _index: usize) -> usize {
        1
    }

    fn view(&self, index: usize, _view: usize, input: &mut [f32]) {
        self.fill(index, input);
    }

    fn class(&self, index: usize) -> Option<usize> {
        Some(self.pictures[index].1.index())
    }

    fn target(&self, _index: usize) -> Option<[f32; 7]> {
        None
    }

    fn averages_logits(&self) -> bool {
        true
    }
}
