//! [`Waveform`]: what leaves the audio module and enters the spectrogram.

/// Mono samples at a known rate, nominally in -1.0..=1.0.
#[derive(Debug, Clone, PartialEq)]
pub struct Waveform {
    /// One sample per 1/`sample_rate_hz` seconds.
    pub samples: Vec<f32>,
    /// Samples per second.
    pub sample_rate_hz: u32,
}

impl Waveform {
    /// The length in seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.samples.len() as f64 / f64::from(self.sample_rate_hz)
    }

    /// The first `samples` of the sound, which starts again from its beginning as often as that needs:
    /// unlike silence, a repeat is nothing that the sound did not have. Silence if there is no sound.
    #[must_use]
    pub fn cut_or_repeated(&self, samples: usize) -> Self {
        let repeated = self.samples.iter().copied().cycle();
        let silence = std::iter::repeat(0.0);
        Self {
            samples: repeated.chain(silence).take(samples).collect(),
            sample_rate_hz: self.sample_rate_hz,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_sounds_are_repeated_and_long_ones_cut() {
        let sound = |samples: &[f32]| Waveform {
            samples: samples.to_vec(),
            sample_rate_hz: 8_000,
        };
        let three = sound(&[1.0, 2.0, 3.0]);
        assert_eq!(three.cut_or_repeated(2), sound(&[1.0, 2.0]));
        assert_eq!(
            three.cut_or_repeated(7),
            sound(&[1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0])
        );
        assert_eq!(sound(&[]).cut_or_repeated(2), sound(&[0.0, 0.0]));
    }
}
