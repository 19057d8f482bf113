//! [`LogMel`]: the front end of the music models, from a waveform to decibels in mel bands.

use super::decibel::{POWER_FLOOR, power_to_db};
use super::mel::MelFilterBank;
use super::stft::{BATCH, Stft, allocate};
use super::{LogMelConfig, Spectrogram, SpectrogramError};
use crate::audio::Waveform;

/// A planned log-mel spectrogram. Planning costs more than a second of audio; keep one per thread.
#[derive(Clone)]
pub struct LogMel {
    sample_rate_hz: u32,
    stft: Stft,
    bank: MelFilterBank,
}

impl LogMel {
    /// Plans the transform and the filter bank. `window_frames` of the configuration is the
    /// caller's business.
    ///
    /// # Errors
    /// Any [`SpectrogramError`] about a setting.
    pub fn new(config: &LogMelConfig) -> Result<Self, SpectrogramError> {
        let stft = Stft::new(config.n_fft, config.hop_length)?;
        let bank = MelFilterBank::new(
            config.sample_rate_hz,
            config.n_fft,
            config.n_mels,
            config.f_min_hz,
            config.f_max_hz,
        )?;
        Ok(Self {
            sample_rate_hz: config.sample_rate_hz,
            stft,
            bank,
        })
    }

    /// `power_to_db(melspectrogram(y), ref=1.0, amin=1e-10, top_db=None)`: `n_mels` rows of
    /// `1 + samples / hop_length` frames, in dB, at least -100.
    ///
    /// # Errors
    /// [`SpectrogramError::WrongSampleRate`] or [`SpectrogramError::TooLarge`].
    pub fn compute(&mut self, waveform: &Waveform) -> Result<Spectrogram, SpectrogramError> {
        if waveform.sample_rate_hz != self.sample_rate_hz {
            return Err(SpectrogramError::WrongSampleRate {
                expected_hz: self.sample_rate_hz,
                got_hz: waveform.sample_rate_hz,
            });
        }
        let bins = self.bank.bands.len();
        let frames = self.stft.frames(waveform.samples.len());
        let mut values = allocate(bins, frames)?;
        let bank = &self.bank;
        self.stft
            .for_each_batch(&waveform.samples, |first, powers| {
                let width = BATCH.min(frames - first);
                for (row, band) in values.chunks_exact_mut(frames).zip(&bank.bands) {
                    let mut sums = [0.0_f32; BATCH];
                    for (power, &weight) in powers[band.first_bin..].iter().zip(&band.weights) {
                        for (sum, p) in sums.iter_mut().zip(power) {
                            *sum += weight * p;
                        }
                    }
                    row[first..first + width].copy_from_slice(&sums[..width]);
                }
            });
        power_to_db(&mut values, 1.0, POWER_FLOOR, None);
        Ok(Spectrogram {
            bins,
            frames,
            values,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_the_floor_and_never_nan() {
        let mut log_mel = LogMel::new(&LogMelConfig::default()).unwrap();
        for length in [0, 1, 255, 256, 16_000] {
            let silence = Waveform {
                samples: vec![0.0; length],
                sample_rate_hz: 16_000,
            };
            let spectrogram = log_mel.compute(&silence).unwrap();
            assert_eq!(
                (spectrogram.bins, spectrogram.frames),
                (64, 1 + length / 256)
            );
            assert!(
                spectrogram
                    .values
                    .iter()
                    .all(|&db| (db + 100.0).abs() < 1e-4)
            );
        }
    }

    #[test]
    fn twice_as_loud_is_six_decibels_more() {
        let mut log_mel = LogMel::new(&LogMelConfig::default()).unwrap();
        let quiet: Vec<f32> = (0..8_000_u32)
            .map(|n| (n.wrapping_mul(2_654_435_761) as f32 / 4e9) - 0.5)
            .collect();
        let loud = quiet.iter().map(|x| 2.0 * x).collect();
        let a = log_mel
            .compute(&Waveform {
                samples: quiet,
                sample_rate_hz: 16_000,
            })
            .unwrap();
        let b = log_mel
            .compute(&Waveform {
                samples: loud,
                sample_rate_hz: 16_000,
            })
            .unwrap();
        for (x, y) in a.values.iter().zip(&b.values) {
            assert!((y - x - 6.0206).abs() < 1e-3);
        }
    }

    #[test]
    fn another_rate_is_refused() {
        let mut log_mel = LogMel::new(&LogMelConfig::default()).unwrap();
        let waveform = Waveform {
            samples: vec![0.0; 100],
            sample_rate_hz: 8_000,
        };
        assert_eq!(
            log_mel.compute(&waveform),
            Err(SpectrogramError::WrongSampleRate {
                expected_hz: 16_000,
                got_hz: 8_000
            })
        );
    }
}
