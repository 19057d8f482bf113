//! What cameras, rooms and detectors do to a face, as fixed changes of a 48x48 picture.
//!
//! The kinds are those of Hendrycks and Dietterich ("Benchmarking Neural Network Robustness to Common
//! Corruptions and Perturbations", 2019, arXiv:1903.12261) that a webcam has, and the errors of a
//! detector's box: turned, shifted, too small, too large. Everything is deterministic: noise is drawn
//! from the file's own seed.

use image::ImageError;
use vibelux::face::{FACE_SIDE, FaceImage};

use super::pixels::{reflect, sample, to_face, to_unit};
use crate::augment::jpeg;
use crate::nn::Random;

/// The stream of random numbers that noise comes from.
const NOISE_STREAM: u64 = 0x6e01_5e00;

/// One fixed change of a face. Lengths are in pixels of the 48x48 picture, values on the 0..1 scale.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Corruption {
    /// None at all.
    Clean,
    /// Out of focus: a Gaussian of this standard deviation in pixels; 0 changes nothing.
    GaussianBlur {
        /// Standard deviation in pixels.
        sigma: f32,
    },
    /// Sensor noise: independent for each pixel, then clamped.
    GaussianNoise {
        /// Standard deviation on the 0..1 scale.
        std: f32,
    },
    /// A dark room: `gain * value^gamma` with the noise of a sensor that has too little light.
    LowLight {
        /// Exponent; 1 changes nothing.
        gamma: f32,
        /// Factor; 1 changes nothing.
        gain: f32,
        /// Standard deviation of the noise.
        noise: f32,
    },
    /// Haze or a bad screen: distances to the picture's mean, times this factor.
    Contrast {
        /// 0 is flat grey, 1 changes nothing.
        factor: f32,
    },
    /// Compression as JPEG and back.
    Jpeg {
        /// Quality, 1..=100.
        quality: u8,
    },
    /// Far away: averaged over areas to a picture with this side, then enlarged linearly.
    DownScaling {
        /// Side in pixels, 1..=48; 48 changes nothing.
        side: usize,
    },
    /// The head, tilted about the middle of the crop, clockwise if positive.
    Rotation {
        /// Angle in degrees.
        degrees: f32,
    },
    /// The box, moved by these shares of its side.
    BoxShift {
        /// To the right if positive.
        right: f32,
        /// Down if positive.
        down: f32,
    },
    /// The box, grown about its middle. Beyond 1 it shows what the 48x48 picture does not have: its
    /// border, mirrored. So it is with what a turned or shifted box uncovers.
    BoxScale {
        /// Side over the right side.
        factor: f32,
    },
}

impl Corruption {
    /// A changed copy. The same face and seed give the same copy.
    ///
    /// # Errors
    /// If the JPEG coder fails.
    pub fn apply(&self, face: &FaceImage, seed: u64) -> Result<FaceImage, ImageError> {
        let mut values = to_unit(face);
        match *self {
            Self::Clean => return Ok(*face),
            Self::Jpeg { quality } => return jpeg::recompressed(face, quality),
            Self::GaussianBlur { sigma } => values = blurred(&values, sigma),
            Self::GaussianNoise { std } => add_noise(&mut values, std, seed),
            Self::LowLight { gamma, gain, noise } => {
                for value in &mut values {
                    *value = gain * value.powf(gamma);
                }
                add_noise(&mut values, noise, seed);
            }
            Self::Contrast { factor } => {
                let mean = values.iter().sum::<f32>() / values.len() as f32;
                for value in &mut values {
                    *value = mean + (*value - mean) * factor;
                }
            }
            Self::DownScaling { side } => values = down_and_up(&values, side),
            Self::Rotation { degrees } => {
                let (sin, cos) = degrees.to_radians().sin_cos();
                values = warped(&values, |u, v| (cos * u + sin * v, cos * v - sin * u));
            }
            Self::BoxShift { right, down } => {
                let side = FACE_SIDE as f32;
                values = warped(&values, |u, v| (u + right * side, v + down * side));
            }
            Self::BoxScale { factor } => {
                values = warped(&values, |u, v| (u * factor, v * factor));
            }
        }
        Ok(to_face(&values))
    }
}

fn add_noise(values: &mut [f32], std: f32, seed: u64) {
    let mut random = Random::new(seed, NOISE_STREAM, 0);
    for value in values {
        *value += std * random.normal();
    }
}

/// The picture seen through a map from each pixel's place to the place it shows, both from the
/// middle of the picture.
fn warped(values: &[f32], source: impl Fn(f32, f32) -> (f32, f32)) -> Vec<f32> {
    let centre = (FACE_SIDE as f32 - 1.0) / 2.0;
    let place = |i: usize| i as f32 - centre;
    (0..FACE_SIDE * FACE_SIDE)
        .map(|i| {
            let (x, y) = source(place(i % FACE_SIDE), place(i / FACE_SIDE));
            sample(values, centre + x, centre + y)
        })
        .collect()
}

/// The source pixels, with weights that sum to 1, that each output pixel is made of along one axis.
type Taps = Vec<Vec<(usize, f32)>>;

/// Applies the same taps along both axes of a square picture.
fn separable(values: &[f32], taps: &Taps) -> Vec<f32> {
    let side = values.len().isqrt();
    let along_rows: Vec<f32> = values
        .chunks_exact(side)
        .flat_map(|row| {
            taps.iter()
                .map(|taps| taps.iter().map(|&(i, w)| row[i] * w).sum::<f32>())
        })
        .collect();
    let width = taps.len();
    taps.iter()
        .flat_map(|taps| {
            let along_rows = &along_rows;
            (0..width).map(move |x| {
                taps.iter()
                    .map(|&(i, w)| along_rows[i * width + x] * w)
                    .sum()
            })
        })
        .collect()
}

fn blurred(values: &[f32], sigma: f32) -> Vec<f32> {
    // Beyond four standard deviations lies less than a ten-thousandth of the weight.
    let radius = (4.0 * sigma).ceil().clamp(0.0, 4.0 * FACE_SIDE as f32) as isize;
    let weight = |k: isize| {
        if k == 0 {
            1.0
        } else {
            (-0.5 * (k as f32 / sigma).powi(2)).exp()
        }
    };
    let total: f32 = (-radius..=radius).map(weight).sum();
    let taps = (0..FACE_SIDE as isize)
        .map(|i| {
            (-radius..=radius)
                .map(|k| (reflect(i + k, FACE_SIDE), weight(k) / total))
                .collect()
        })
        .collect();
    separable(values, &taps)
}

fn down_and_up(values: &[f32], side: usize) -> Vec<f32> {
    let side = side.clamp(1, FACE_SIDE);
    let ratio = FACE_SIDE as f32 / side as f32;
    let area = (0..side)
        .map(|i| {
            let (from, to) = (i as f32 * ratio, (i + 1) as f32 * ratio);
            let covered = |j: usize| ((j + 1) as f32).min(to) - (j as f32).max(from);
            (from as usize..(to.ceil() as usize).min(FACE_SIDE))
                .map(|j| (j, covered(j).max(0.0) / ratio))
                .collect()
        })
        .collect();
    let linear = (0..FACE_SIDE)
        .map(|i| {
            let at = ((i as f32 + 0.5) / ratio - 0.5).clamp(0.0, (side - 1) as f32);
            let below = at as usize;
            let share = at - below as f32;
            vec![(below, 1.0 - share), ((below + 1).min(side - 1), share)]
        })
        .collect();
    separable(&separable(values, &area), &linear)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::suite::SUITE;
    use super::*;

    fn picture(seed: u64) -> FaceImage {
        let mut random = Random::new(seed, 1, 1);
        FaceImage(std::array::from_fn(|_| random.below(256) as u8))
    }

    fn all() -> impl Iterator<Item = &'static Corruption> {
        SUITE.iter().flat_map(|kind| kind.variants)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn the_same_seed_gives_the_same_picture(seed: u64) {
            for corruption in all() {
                let once = corruption.apply(&picture(seed), seed).unwrap();
                prop_assert_eq!(once, corruption.apply(&picture(seed), seed).unwrap());
            }
        }

        #[test]
        fn geometry_blur_and_contrast_invent_no_values(seed: u64, low in 0_u8..200, span in 1_u8..55) {
            let mut face = picture(seed);
            face.0.iter_mut().for_each(|v| *v = low + *v % span);
            for corruption in all() {
                use Corruption::{GaussianNoise, Jpeg, LowLight};
                if !matches!(corruption, GaussianNoise { .. } | LowLight { .. } | Jpeg { .. }) {
                    let changed = corruption.apply(&face, seed).unwrap();
                    prop_assert!(
                        changed.0.iter().all(|v| (low..low + span).contains(v)),
                        "{:?}", corruption
                    );
                }
            }
        }

        #[test]
        fn parameters_that_change_nothing_change_nothing(seed: u64) {
            let face = picture(seed);
            for nothing in [
                Corruption::Clean,
                Corruption::GaussianBlur { sigma: 0.0 },
                Corruption::GaussianNoise { std: 0.0 },
                Corruption::LowLight { gamma: 1.0, gain: 1.0, noise: 0.0 },
                Corruption::Contrast { factor: 1.0 },
                Corruption::DownScaling { side: FACE_SIDE },
                Corruption::Rotation { degrees: 0.0 },
                Corruption::BoxShift { right: 0.0, down: 0.0 },
                Corruption::BoxScale { factor: 1.0 },
            ] {
                prop_assert_eq!(nothing.apply(&face, seed).unwrap(), face, "{:?}", nothing);
            }
        }

        #[test]
        fn any_parameter_is_survived(
            a in prop::num::f32::ANY, b in prop::num::f32::ANY, side: usize, quality: u8,
        ) {
            for corruption in [
                Corruption::GaussianBlur { sigma: b },
                Corruption::GaussianNoise { std: a },
                Corruption::LowLight { gamma: a, gain: b, noise: a },
                Corruption::Contrast { factor: a },
                Corruption::DownScaling { side },
                Corruption::Rotation { degrees: a },
                Corruption::BoxScale { factor: b.clamp(-9.0, 9.0) },
                Corruption::Jpeg { quality },
            ] {
                let _ = corruption.apply(&picture(3), 1);
            }
        }
    }

    #[test]
    fn every_corruption_but_clean_changes_a_textured_picture() {
        let face = picture(7);
        for corruption in all() {
            let same = corruption.apply(&face, 1).unwrap() == face;
            assert_eq!(same, *corruption == Corruption::Clean, "{corruption:?}");
        }
    }

    #[test]
    fn noise_has_its_standard_deviation_and_differs_between_files() {
        let grey = FaceImage([128; FACE_SIDE * FACE_SIDE]);
        let noise = Corruption::GaussianNoise { std: 0.1 };
        let noisy = noise.apply(&grey, 1).unwrap();
        let square = |v: &u8| ((f64::from(*v) - 128.0) / 255.0).powi(2);
        let variance = noisy.0.iter().map(square).sum::<f64>() / noisy.0.len() as f64;
        assert!((variance.sqrt() - 0.1).abs() < 0.005, "{}", variance.sqrt());
        assert_ne!(noisy, noise.apply(&grey, 2).unwrap());
    }

    #[test]
    fn blur_spreads_a_point_by_its_sigma() {
        let mut point = vec![0.0; FACE_SIDE * FACE_SIDE];
        point[24 * FACE_SIDE + 24] = 1.0;
        let blurred = blurred(&point, 2.0);
        let variance: f32 = (0..FACE_SIDE * FACE_SIDE)
            .map(|i| blurred[i] * ((i % FACE_SIDE) as f32 - 24.0).powi(2))
            .sum();
        assert!((variance.sqrt() - 2.0).abs() < 0.01, "{}", variance.sqrt());
        assert!((blurred.iter().sum::<f32>() - 1.0).abs() < 1e-4);
    }

    #[test]
    fn boxes_move_and_grow_the_way_they_say() {
        // The value tells the column.
        let ramp = FaceImage(std::array::from_fn(|i| (i % FACE_SIDE * 5) as u8));
        let at = |corruption: Corruption, x: usize| {
            f32::from(corruption.apply(&ramp, 1).unwrap().0[24 * FACE_SIDE + x]) / 5.0
        };
        let right = Corruption::BoxShift {
            right: 0.1,
            down: 0.0,
        };
        assert!((at(right, 10) - 14.8).abs() < 0.2);
        // Beyond the border, mirrored: 47 + 4.8 shows 94 - 51.8.
        assert!((at(right, 47) - 42.2).abs() < 0.2);
        let large = Corruption::BoxScale { factor: 1.2 };
        assert!((at(large, 10) - (23.5 - 13.5 * 1.2)).abs() < 0.2);
        // A head that turns clockwise: what was on top goes to the right.
        let mut dot = FaceImage([0; FACE_SIDE * FACE_SIDE]);
        dot.0[4 * FACE_SIDE + 23] = 255;
        let turned = Corruption::Rotation { degrees: 90.0 }
            .apply(&dot, 1)
            .unwrap();
        let brightest = (0..turned.0.len()).max_by_key(|&i| turned.0[i]).unwrap();
        let (x, y) = (brightest % FACE_SIDE, brightest / FACE_SIDE);
        assert!((42..=44).contains(&x) && (22..=25).contains(&y), "{x} {y}");
    }

    #[test]
    fn down_scaling_averages_areas() {
        // Half the side averages pairs of pixels: stripes of one pixel become flat grey.
        let stripes = FaceImage(std::array::from_fn(|i| if i % 2 == 0 { 0 } else { 255 }));
        let small = Corruption::DownScaling { side: 24 }
            .apply(&stripes, 1)
            .unwrap();
        assert!(small.0.iter().all(|&v| (127..=128).contains(&v)));
    }
}
