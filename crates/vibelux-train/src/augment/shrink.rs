//! Area averaging: what stages of a run on smaller images (see [`crate::config::SizeStage`]) see.

/// Scales square images down by the mean over the area of each new pixel: a box filter, exact for
/// sides that do not divide each other too.
#[derive(Debug, Clone)]
pub struct AreaAverage {
    from: usize,
    /// For each new pixel along one axis: its first old pixel, and the shares of that and the next.
    taps: Vec<(usize, Vec<f32>)>,
}

impl AreaAverage {
    /// From a side of `from` pixels to one of `to`, which is at least 1 and at most `from`.
    #[must_use]
    pub fn new(from: usize, to: usize) -> Self {
        // In units of 1 / (from * to) of the image, all borders of pixels are whole numbers: old pixel
        // j covers j*to .. (j+1)*to, new pixel i covers i*from .. (i+1)*from.
        let taps = (0..to)
            .map(|i| {
                let (start, end) = (i * from, (i + 1) * from);
                let (first, last) = (start / to, (end - 1) / to);
                let shares = (first..=last)
                    .map(|j| {
                        let overlap = end.min((j + 1) * to) - start.max(j * to);
                        overlap as f32 / from as f32
                    })
                    .collect();
                (first, shares)
            })
            .collect();
        Self { from, taps }
    }

    /// Fills `small` (`to * to` values, row by row) from `image` (`from * from`).
    pub fn apply(&self, image: &[f32], small: &mut [f32]) {
        let side = self.taps.len();
        let mut row = vec![0.0; self.from];
        for (out, (first, shares)) in small.chunks_exact_mut(side).zip(&self.taps) {
            row.fill(0.0);
            let rows = image.chunks_exact(self.from).skip(*first);
            for (old, share) in rows.zip(shares) {
                for (sum, v) in row.iter_mut().zip(old) {
                    *sum += share * v;
                }
            }
            for (v, (first, shares)) in out.iter_mut().zip(&self.taps) {
                *v = row[*first..].iter().zip(shares).map(|(v, s)| v * s).sum();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::Random;
    use proptest::prelude::*;

    fn picture(side: usize, seed: u64) -> Vec<f32> {
        let mut random = Random::new(seed, 0, 0);
        (0..side * side).map(|_| random.normal()).collect()
    }

    fn shrunk(image: &[f32], from: usize, to: usize) -> Vec<f32> {
        let mut small = vec![f32::NAN; to * to];
        AreaAverage::new(from, to).apply(image, &mut small);
        small
    }

    #[test]
    fn the_same_side_changes_nothing() {
        let image = picture(48, 1);
        assert_eq!(shrunk(&image, 48, 48), image);
    }

    #[test]
    fn half_the_side_gives_means_of_two_by_two() {
        let image = picture(48, 2);
        let small = shrunk(&image, 48, 24);
        for (i, v) in small.iter().enumerate() {
            let corner = (i / 24) * 2 * 48 + (i % 24) * 2;
            let sum: f32 = [0, 1, 48, 49].iter().map(|o| image[corner + o]).sum();
            assert!((v - sum / 4.0).abs() < 1e-6);
        }
    }

    #[test]
    fn three_quarters_of_the_side_shares_pixels_out() {
        // Four old pixels to three new ones: 1 and a third of the next, two thirds of both, ...
        let image: Vec<f32> = (0..16).map(|i| (i % 4) as f32).collect();
        let small = shrunk(&image, 4, 3);
        for row in small.chunks_exact(3) {
            for (v, expected) in row.iter().zip([0.25, 1.5, 2.75]) {
                assert!((v - expected).abs() < 1e-6);
            }
        }
    }

    proptest! {
        #[test]
        fn the_mean_and_the_range_are_kept(to in 1_usize..=48, seed in any::<u64>()) {
            let image = picture(48, seed);
            let small = shrunk(&image, 48, to);
            let mean = |v: &[f32]| v.iter().sum::<f32>() / v.len() as f32;
            prop_assert!((mean(&small) - mean(&image)).abs() < 1e-5);
            let largest = image.iter().fold(0.0_f32, |m, v| m.max(v.abs()));
            prop_assert!(small.iter().all(|v| v.abs() <= largest * 1.000_01));
        }
    }
}
