//! The corruptions that [`super::robustness`] tries, and which of them share a line of its table.
//!
//! Strengths are those between "seen every evening" and "hardly a face any more" at 48x48 pixels.

use super::corruption::Corruption;

/// Corruptions of one kind that share a line of the table: their figures are averaged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CorruptionKind {
    /// For files: `gaussian_blur_1`.
    pub name: &'static str,
    /// For people: `blur, sigma 1 px`.
    pub label: &'static str,
    /// At least one.
    pub variants: &'static [Corruption],
}

const fn kind(
    name: &'static str,
    label: &'static str,
    variants: &'static [Corruption],
) -> CorruptionKind {
    CorruptionKind {
        name,
        label,
        variants,
    }
}

/// Every kind that [`super::robustness`] tries; the first is the untouched picture.
pub const SUITE: &[CorruptionKind] = &[
    kind("clean", "clean", &[Corruption::Clean]),
    kind(
        "gaussian_blur_1",
        "blur, sigma 1 px",
        &[Corruption::GaussianBlur { sigma: 1.0 }],
    ),
    kind(
        "gaussian_blur_2",
        "blur, sigma 2 px",
        &[Corruption::GaussianBlur { sigma: 2.0 }],
    ),
    kind(
        "gaussian_noise_05",
        "noise, std 0.05",
        &[Corruption::GaussianNoise { std: 0.05 }],
    ),
    kind(
        "gaussian_noise_10",
        "noise, std 0.10",
        &[Corruption::GaussianNoise { std: 0.1 }],
    ),
    kind(
        "dim_light",
        "dim light (gamma 1.5, x 0.6)",
        &[Corruption::LowLight {
            gamma: 1.5,
            gain: 0.6,
            noise: 0.01,
        }],
    ),
    kind(
        "low_light",
        "low light (gamma 2, x 0.3)",
        &[Corruption::LowLight {
            gamma: 2.0,
            gain: 0.3,
            noise: 0.02,
        }],
    ),
    kind(
        "low_contrast",
        "contrast x 0.3",
        &[Corruption::Contrast { factor: 0.3 }],
    ),
    kind(
        "jpeg_20",
        "JPEG, quality 20",
        &[Corruption::Jpeg { quality: 20 }],
    ),
    kind(
        "jpeg_10",
        "JPEG, quality 10",
        &[Corruption::Jpeg { quality: 10 }],
    ),
    kind(
        "down_scaling_24",
        "24 px and up again",
        &[Corruption::DownScaling { side: 24 }],
    ),
    kind(
        "down_scaling_16",
        "16 px and up again",
        &[Corruption::DownScaling { side: 16 }],
    ),
    kind(
        "rotation_15",
        "rotation by 15 degrees",
        &[
            Corruption::Rotation { degrees: 15.0 },
            Corruption::Rotation { degrees: -15.0 },
        ],
    ),
    kind(
        "box_shift_10",
        "box shifted by 10 %",
        &[
            Corruption::BoxShift {
                right: -0.1,
                down: 0.0,
            },
            Corruption::BoxShift {
                right: 0.1,
                down: 0.0,
            },
            Corruption::BoxShift {
                right: 0.0,
                down: -0.1,
            },
            Corruption::BoxShift {
                right: 0.0,
                down: 0.1,
            },
        ],
    ),
    kind(
        "box_scale_080",
        "box scaled by 0.8",
        &[Corruption::BoxScale { factor: 0.8 }],
    ),
    kind(
        "box_scale_120",
        "box scaled by 1.2",
        &[Corruption::BoxScale { factor: 1.2 }],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_clean_comes_first() {
        let mut names: Vec<_> = SUITE.iter().map(|kind| kind.name).collect();
        assert_eq!(names[0], "clean");
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SUITE.len());
        assert!(SUITE.iter().all(|kind| !kind.variants.is_empty()));
    }
}
