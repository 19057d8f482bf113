//! [`Logistic`]: a fitted logistic regression, from measured numbers to a probability.

/// Weights of `N` numbers as they are measured, not standardised.
#[derive(Debug, Clone, Copy)]
pub(super) struct Logistic<const N: usize> {
    pub(super) weights: [f32; N],
    pub(super) bias: f32,
}

impl<const N: usize> Logistic<N> {
    /// 0 to 1.
    pub(super) fn probability(&self, values: &[f32; N]) -> f32 {
        let products = self
            .weights
            .iter()
            .zip(values)
            .map(|(w, x)| f64::from(*w) * f64::from(*x));
        let logit = products.sum::<f64>() + f64::from(self.bias);
        (1.0 / (1.0 + (-logit).exp())) as f32
    }
}
