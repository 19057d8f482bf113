//! [`Stft`]: short-time Fourier transform as `librosa.stft(center=True, pad_mode="constant")`.
//!
//! A frame is centred on every `hop_length`-th sample, with zeros beyond both ends, weighted by a
//! periodic Hann window. The transform is planned once; its scratch is reused for every frame.

use std::f64::consts::PI;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

use super::{Spectrogram, SpectrogramError};

/// The longest transform that is planned.
const MAX_FFT: usize = 1 << 16;
/// The largest spectrogram, in numbers: 2 GiB.
const MAX_VALUES: usize = 1 << 29;
/// Frames that are worked on together. Sixteen `f32` are whole vectors on every machine, and a
/// block of 1,025 bins times 16 frames stays in the second-level cache.
pub(super) const BATCH: usize = 16;

/// A planned short-time Fourier transform.
#[derive(Clone)]
pub struct Stft {
    n_fft: usize,
    hop_length: usize,
    window: Vec<f32>,
    fft: Arc<dyn RealToComplex<f32>>,
    frame: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    /// `[bin][BATCH]`: the powers of the latest batch.
    batch: Vec<[f32; BATCH]>,
}

impl Stft {
    /// Plans frames of `n_fft` samples (even) every `hop_length` samples.
    ///
    /// # Errors
    /// [`SpectrogramError::BadFftLength`] or [`SpectrogramError::BadHopLength`].
    pub fn new(n_fft: usize, hop_length: usize) -> Result<Self, SpectrogramError> {
        if !(4..=MAX_FFT).contains(&n_fft) || !n_fft.is_multiple_of(2) {
            return Err(SpectrogramError::BadFftLength(n_fft));
        }
        if !(1..=n_fft).contains(&hop_length) {
            return Err(SpectrogramError::BadHopLength { hop_length, n_fft });
        }
        let fft = RealFftPlanner::<f32>::new().plan_fft_forward(n_fft);
        let hann = |n: usize| 0.5 - 0.5 * (2.0 * PI * n as f64 / n_fft as f64).cos();
        Ok(Self {
            n_fft,
            hop_length,
            window: (0..n_fft).map(|n| hann(n) as f32).collect(),
            frame: fft.make_input_vec(),
            spectrum: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            batch: vec![[0.0; BATCH]; n_fft / 2 + 1],
            fft,
        })
    }

    /// Frequency bins of every frame: `n_fft / 2 + 1`.
    #[must_use]
    pub fn bins(&self) -> usize {
        self.n_fft / 2 + 1
    }

    /// Frames of a waveform of `samples`: `1 + samples / hop_length`.
    #[must_use]
    pub fn frames(&self, samples: usize) -> usize {
        1 + samples / self.hop_length
    }

    /// |X|², row-major `[bin][frame]`.
    ///
    /// # Errors
    /// [`SpectrogramError::TooLarge`].
    pub fn power(&mut self, samples: &[f32]) -> Result<Spectrogram, SpectrogramError> {
        let (bins, frames) = (self.bins(), self.frames(samples.len()));
        let mut values = allocate(bins, frames)?;
        self.for_each_batch(samples, |first, batch| {
            let width = BATCH.min(frames - first);
            for (row, powers) in values.chunks_exact_mut(frames).zip(batch) {
                row[first..first + width].copy_from_slice(&powers[..width]);
            }
        });
        Ok(Spectrogram {
            bins,
            frames,
            values,
        })
    }

    /// |X|, row-major `[bin][frame]`.
    ///
    /// # Errors
    /// [`SpectrogramError::TooLarge`].
    pub fn magnitude(&mut self, samples: &[f32]) -> Result<Spectrogram, SpectrogramError> {
        let mut spectrogram = self.power(samples)?;
        for value in &mut spectrogram.values {
            *value = value.sqrt();
        }
        Ok(spectrogram)
    }

    /// Calls `use_batch` with the number of a frame and the powers of that frame and the next
    /// ones, `[bin][frame]`; the last batch is filled up with zeros.
    pub(super) fn for_each_batch(
        &mut self,
        samples: &[f32],
        mut use_batch: impl FnMut(usize, &[[f32; BATCH]]),
    ) {
        let frames = self.frames(samples.len());
        for first in (0..frames).step_by(BATCH) {
            let width = BATCH.min(frames - first);
            if width < BATCH {
                self.batch.fill([0.0; BATCH]);
            }
            for column in 0..width {
                self.transform(samples, first + column);
                for (powers, x) in self.batch.iter_mut().zip(&self.spectrum) {
                    powers[column] = x.re * x.re + x.im * x.im;
                }
            }
            use_batch(first, &self.batch);
        }
    }

    /// One windowed frame into `self.spectrum`.
    fn transform(&mut self, samples: &[f32], frame: usize) {
        let half = self.n_fft / 2;
        let centre = frame * self.hop_length;
        if centre >= half && centre + half <= samples.len() {
            let part = &samples[centre - half..centre + half];
            for ((to, x), w) in self.frame.iter_mut().zip(part).zip(&self.window) {
                *to = x * w;
            }
        } else {
            for (n, (to, w)) in self.frame.iter_mut().zip(&self.window).enumerate() {
                let at = (centre + n).checked_sub(half);
                let x = at.and_then(|i| samples.get(i)).copied().unwrap_or(0.0);
                *to = x * w;
            }
        }
        // Fails only for buffers of the wrong length, and these come from the plan itself.
        let _ =
            self.fft
                .process_with_scratch(&mut self.frame, &mut self.spectrum, &mut self.scratch);
    }
}

/// Zeros for a spectrogram of this size.
pub(super) fn allocate(bins: usize, frames: usize) -> Result<Vec<f32>, SpectrogramError> {
    match bins.checked_mul(frames) {
        Some(count) if count <= MAX_VALUES => Ok(vec![0.0; count]),
        _ => Err(SpectrogramError::TooLarge { bins, frames }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn samples() -> impl Strategy<Value = Vec<f32>> {
        prop::collection::vec(-1.0_f32..1.0, 0..3000)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Parseval: the powers of a frame's bins sum to the energy of the windowed frame.
        #[test]
        fn energy_is_kept(samples in samples(), hop in 1_usize..=256) {
            let mut stft = Stft::new(256, hop).unwrap();
            let power = stft.power(&samples).unwrap();
            prop_assert_eq!(power.frames, 1 + samples.len() / hop);
            prop_assert_eq!(power.values.len(), 129 * power.frames);
            for frame in [0, power.frames / 2, power.frames - 1] {
                let windowed: f64 = (0..256).map(|n| {
                    let at = (frame * hop + n).checked_sub(128).and_then(|i| samples.get(i));
                    f64::from(at.copied().unwrap_or(0.0) * stft.window[n]).powi(2)
                }).sum();
                let bins: f64 = (0..129).map(|bin| {
                    let twice = if bin == 0 || bin == 128 { 1.0 } else { 2.0 };
                    twice * f64::from(power.row(bin).unwrap()[frame])
                }).sum();
                prop_assert!((bins / 256.0 - windowed).abs() <= 1e-4 * windowed + 1e-9);
            }
        }

        #[test]
        fn magnitude_is_linear_in_loudness(samples in samples(), gain in 0.01_f32..100.0) {
            let mut stft = Stft::new(256, 64).unwrap();
            let plain = stft.magnitude(&samples).unwrap();
            let louder: Vec<f32> = samples.iter().map(|x| x * gain).collect();
            let louder = stft.magnitude(&louder).unwrap();
            let largest = plain.values.iter().copied().fold(0.0, f32::max);
            for (a, b) in plain.values.iter().zip(&louder.values) {
                prop_assert!((a * gain - b).abs() <= 1e-5 * gain * largest);
            }
        }
    }

    #[test]
    fn a_tone_peaks_in_its_bin() {
        let tone: Vec<f32> = (0..4096)
            .map(|n| (2.0 * PI * 32.0 * n as f64 / 512.0).sin() as f32)
            .collect();
        let power = Stft::new(512, 256).unwrap().power(&tone).unwrap();
        let strongest = (0..power.bins)
            .max_by(|&a, &b| power.row(a).unwrap()[8].total_cmp(&power.row(b).unwrap()[8]));
        assert_eq!(strongest, Some(32));
        // A sine of amplitude 1 under a Hann window: (n_fft / 4)^2.
        assert!((power.row(32).unwrap()[8] - 16_384.0).abs() < 1.0);
    }

    #[test]
    fn impossible_plans_are_refused() {
        assert!(matches!(
            Stft::new(0, 1),
            Err(SpectrogramError::BadFftLength(0))
        ));
        assert!(matches!(
            Stft::new(513, 1),
            Err(SpectrogramError::BadFftLength(513))
        ));
        assert!(matches!(
            Stft::new(512, 0),
            Err(SpectrogramError::BadHopLength { .. })
        ));
        assert!(allocate(usize::MAX, 2).is_err());
    }
}
