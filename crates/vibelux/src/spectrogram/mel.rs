//! [`MelFilterBank`]: triangular bands on Slaney's mel scale with Slaney's area norm, the default
//! of `librosa.filters.mel` (after Slaney, Auditory Toolbox, 1998).
//!
//! A band covers few bins, and these lie together: each is kept as a start and its weights.

use super::SpectrogramError;

/// Linear below 1,000 Hz, 15 mels per 1,000 Hz; logarithmic above, 27 mels per factor of 6.4.
const HZ_PER_MEL: f64 = 200.0 / 3.0;
const BREAK_HZ: f64 = 1000.0;
const BREAK_MEL: f64 = BREAK_HZ / HZ_PER_MEL;

fn log_step() -> f64 {
    6.4_f64.ln() / 27.0
}

/// Slaney's mel scale.
#[must_use]
pub fn hz_to_mel(hz: f64) -> f64 {
    if hz < BREAK_HZ {
        hz / HZ_PER_MEL
    } else {
        BREAK_MEL + (hz / BREAK_HZ).ln() / log_step()
    }
}

/// The inverse of [`hz_to_mel`].
#[must_use]
pub fn mel_to_hz(mel: f64) -> f64 {
    if mel < BREAK_MEL {
        mel * HZ_PER_MEL
    } else {
        BREAK_HZ * (log_step() * (mel - BREAK_MEL)).exp()
    }
}

/// One triangle.
#[derive(Debug, Clone, PartialEq)]
pub struct MelBand {
    /// The first bin with a weight.
    pub first_bin: usize,
    /// One weight per bin from there on.
    pub weights: Vec<f32>,
}

/// All triangles, the lowest first.
#[derive(Debug, Clone, PartialEq)]
pub struct MelFilterBank {
    /// `n_mels` bands.
    pub bands: Vec<MelBand>,
}

impl MelFilterBank {
    /// `librosa.filters.mel(sr, n_fft, n_mels, fmin, fmax, htk=False, norm="slaney")`.
    ///
    /// # Errors
    /// [`SpectrogramError::BadMelCount`] or [`SpectrogramError::BadMelRange`].
    pub fn new(
        sample_rate_hz: u32,
        n_fft: usize,
        n_mels: usize,
        f_min_hz: f32,
        f_max_hz: f32,
    ) -> Result<Self, SpectrogramError> {
        if !(1..=1024).contains(&n_mels) {
            return Err(SpectrogramError::BadMelCount(n_mels));
        }
        let nyquist_hz = sample_rate_hz as f32 / 2.0;
        if !(f_min_hz >= 0.0 && f_min_hz < f_max_hz && f_max_hz <= nyquist_hz) {
            return Err(SpectrogramError::BadMelRange {
                f_min_hz,
                f_max_hz,
                nyquist_hz,
            });
        }
        let (low, high) = (
            hz_to_mel(f64::from(f_min_hz)),
            hz_to_mel(f64::from(f_max_hz)),
        );
        let step = (high - low) / (n_mels + 1) as f64;
        let edge = |i: usize| mel_to_hz(low + step * i as f64);
        let bin_hz = f64::from(sample_rate_hz) / n_fft as f64;
        let bands = (0..n_mels)
            .map(|m| MelBand::new([edge(m), edge(m + 1), edge(m + 2)], bin_hz, n_fft / 2 + 1))
            .collect();
        Ok(Self { bands })
    }
}

impl MelBand {
    /// A triangle from edge to edge over its peak, of area 2 / width.
    fn new([low, peak, high]: [f64; 3], bin_hz: f64, bins: usize) -> Self {
        let norm = 2.0 / (high - low);
        let weight = |bin: usize| {
            let hz = bin as f64 * bin_hz;
            let rising = (hz - low) / (peak - low);
            let falling = (high - hz) / (high - peak);
            (rising.min(falling).max(0.0) * norm) as f32
        };
        let first_bin = ((low / bin_hz).floor() as usize).min(bins);
        let end = ((high / bin_hz).ceil() as usize + 1).clamp(first_bin, bins);
        Self {
            first_bin,
            weights: (first_bin..end).map(weight).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_scale_is_rising_and_inverts(a in 0.0_f64..96_000.0, b in 0.0_f64..96_000.0) {
            prop_assert!((mel_to_hz(hz_to_mel(a)) - a).abs() < 1e-6 * (1.0 + a));
            prop_assert_eq!(a < b, hz_to_mel(a) < hz_to_mel(b));
        }

        #[test]
        fn bands_stay_inside_the_spectrum(
            rate in 2_000_u32..200_000, half in 8_usize..4096, n_mels in 1_usize..300,
        ) {
            let top = rate as f32 / 2.0;
            let bank = MelFilterBank::new(rate, 2 * half, n_mels, 0.0, top).unwrap();
            prop_assert_eq!(bank.bands.len(), n_mels);
            for band in &bank.bands {
                prop_assert!(band.first_bin + band.weights.len() <= half + 1);
                prop_assert!(band.weights.iter().all(|w| w.is_finite() && *w >= 0.0));
            }
        }
    }

    #[test]
    fn impossible_banks_are_refused() {
        assert!(matches!(
            MelFilterBank::new(16_000, 512, 0, 0.0, 8_000.0),
            Err(SpectrogramError::BadMelCount(0))
        ));
        for (low, high) in [
            (-1.0, 8_000.0),
            (500.0, 400.0),
            (0.0, 9_000.0),
            (0.0, f32::NAN),
        ] {
            let bank = MelFilterBank::new(16_000, 512, 64, low, high);
            assert!(matches!(bank, Err(SpectrogramError::BadMelRange { .. })));
        }
    }
}
