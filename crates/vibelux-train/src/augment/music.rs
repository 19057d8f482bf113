//! Augmentation of log-mel windows: gain, tilt and ripple of the spectrum, pitch shift, masks.

use serde::{Deserialize, Serialize};

use crate::nn::Random;

/// Ranges of the random changes; all zero (the default) changes nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct MusicAugmentation {
    /// Louder or softer by up to this many dB.
    pub gain_db: f32,
    /// An equaliser's slope and curve of up to this many dB at the edges of the spectrum.
    pub equaliser_db: f32,
    /// Spectrum moved by up to this many mel bands either way.
    pub shift_bands: usize,
    /// Tempo between 1 - tempo and 1 + tempo, by drawing more or fewer frames.
    pub tempo: f32,
    /// Standard deviation of added noise, in dB.
    pub noise_db: f32,
    /// Number of frequency masks and of time masks (SpecAugment, Park et al. 2019).
    pub masks: usize,
    /// Largest height of a frequency mask, in bands.
    pub mask_bands: usize,
    /// Largest width of a time mask, in frames.
    pub mask_frames: usize,
}

impl MusicAugmentation {
    /// How many frames of a song a window of `frames` frames is drawn from, and the step between
    /// them.
    pub fn tempo_step(&self, random: &mut Random) -> f32 {
        if self.tempo > 0.0 {
            random.uniform(1.0 - self.tempo, 1.0 + self.tempo)
        } else {
            1.0
        }
    }

    /// Changes a window `[bands][frames]` of standardised dB in place; `std_db` is what one unit is
    /// worth in each band, so that changes in dB keep their meaning.
    pub fn apply(&self, window: &mut [f32], bands: usize, std_db: &[f32], random: &mut Random) {
        let frames = window.len() / bands.max(1);
        self.shift(window, bands, frames, random);
        let gain = random.uniform(-self.gain_db, self.gain_db);
        let slope = random.uniform(-self.equaliser_db, self.equaliser_db);
        let curve = random.uniform(-self.equaliser_db, self.equaliser_db);
        for (band, row) in window.chunks_exact_mut(frames).enumerate() {
            let x = 2.0 * band as f32 / bands as f32 - 1.0;
            let change = (gain + slope * x + curve * (x * x - 0.5)) / std_db[band];
            let noise = self.noise_db / std_db[band];
            for v in row {
                *v += change;
                if noise > 0.0 {
                    *v += noise * random.normal();
                }
            }
        }
        self.mask(window, bands, frames, random);
    }

    fn shift(&self, window: &mut [f32], bands: usize, frames: usize, random: &mut Random) {
        if self.shift_bands == 0 || self.shift_bands >= bands {
            return;
        }
        let by = random.below(2 * self.shift_bands + 1);
        if by < self.shift_bands {
            let down = self.shift_bands - by;
            window.copy_within(down * frames.., 0);
        } else {
            let up = by - self.shift_bands;
            window.copy_within(..(bands - up) * frames, up * frames);
        }
    }

    fn mask(&self, window: &mut [f32], bands: usize, frames: usize, random: &mut Random) {
        for _ in 0..self.masks {
            let height = random.below(self.mask_bands.min(bands) + 1);
            let first = random.below(bands - height + 1);
            window[first * frames..(first + height) * frames].fill(0.0);
            let width = random.below(self.mask_frames.min(frames) + 1);
            let first = random.below(frames - width + 1);
            for row in window.chunks_exact_mut(frames) {
                row[first..first + width].fill(0.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_augmentation_changes_nothing() {
        let mut window: Vec<f32> = (0..40).map(|i| i as f32).collect();
        let before = window.clone();
        MusicAugmentation::default().apply(&mut window, 4, &[10.0; 4], &mut Random::new(1, 1, 1));
        assert_eq!(window, before);
    }

    #[test]
    fn every_change_stays_finite_and_in_place() {
        let strong = MusicAugmentation {
            gain_db: 20.0,
            equaliser_db: 20.0,
            shift_bands: 3,
            tempo: 0.5,
            noise_db: 3.0,
            masks: 3,
            mask_bands: 9,
            mask_frames: 99,
        };
        for seed in 0..200 {
            let mut random = Random::new(seed, 0, 0);
            let mut window = vec![0.5; 8 * 10];
            strong.apply(&mut window, 8, &[10.0; 8], &mut random);
            assert!(window.iter().all(|v| v.is_finite()));
            assert!((0.5..=1.5).contains(&strong.tempo_step(&mut random)));
        }
    }
}
