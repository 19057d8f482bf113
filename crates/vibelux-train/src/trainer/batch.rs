//! What [`crate::trainer`] does to a drawn batch: mixup, and smaller images.

use rayon::prelude::*;

use crate::augment::AreaAverage;
use crate::nn::Random;

/// Makes batches as small as the epoch's images are.
pub(crate) struct Shrink {
    /// `None` at full size.
    average: Option<AreaAverage>,
    full_len: usize,
    small_len: usize,
    small: Vec<f32>,
}

impl Shrink {
    /// From images of `full` (channels, height, width) to images of `small`, both square.
    pub(crate) fn new(full: [usize; 3], small: [usize; 3]) -> Self {
        Self {
            average: (small != full).then(|| AreaAverage::new(full[2], small[2])),
            full_len: full.iter().product(),
            small_len: small.iter().product(),
            small: Vec::new(),
        }
    }

    /// Whole examples, each at the size that the network takes.
    pub(crate) fn apply<'a>(&'a mut self, inputs: &'a [f32]) -> &'a [f32] {
        let Some(average) = &self.average else {
            return inputs;
        };
        let examples = inputs.len() / self.full_len;
        self.small.resize(examples * self.small_len, 0.0);
        self.small
            .par_chunks_exact_mut(self.small_len)
            .zip(inputs.par_chunks_exact(self.full_len))
            .for_each(|(small, image)| average.apply(image, small));
        &self.small
    }
}

/// How much each example of a batch takes from the one before it: at most half (Zhang et al. 2018).
pub(crate) fn mixing_shares(examples: usize, alpha: f32, random: &mut Random) -> Vec<f32> {
    let draw = |_| {
        let share = random.beta(alpha);
        share.min(1.0 - share)
    };
    (0..examples).map(draw).collect()
}

/// Mixes each row of `len` values with the one before it, the first with the last. What is NaN (not known)
/// in the other row stays as it is in the own one.
pub(crate) fn mix_up(rows: &mut [f32], len: usize, shares: &[f32]) {
    let mut last = rows[rows.len() - len..].to_vec();
    for (row, &share) in rows.chunks_exact_mut(len).zip(shares) {
        for (v, l) in row.iter_mut().zip(&mut last) {
            let own = *v;
            if !l.is_nan() {
                *v += share * (*l - own);
            }
            *l = own;
        }
    }
}
