//! [`MetricsError`]: what can be wrong with the input of a report.

/// What can be wrong with the input of [`super::Report::new`].
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// No example was given.
    #[error("there is nothing to measure: give at least one example")]
    Empty,
    /// No class name was given.
    #[error("there are no classes: give at least one class name")]
    NoClasses,
    /// Two inputs that belong together differ in length.
    #[error("{what} has {actual} rows but there are {expected} predictions; give one per example")]
    LengthMismatch {
        /// Which input.
        what: &'static str,
        /// The number of predictions.
        expected: usize,
        /// Its own length.
        actual: usize,
    },
    /// A row has not one value per class.
    #[error("{what} row {row} has {actual} values; there are {expected} classes")]
    WrongWidth {
        /// Which input.
        what: &'static str,
        /// Which row, from 0.
        row: usize,
        /// The number of classes.
        expected: usize,
        /// The length of the row.
        actual: usize,
    },
    /// A value is NaN, infinite or negative.
    #[error("{what} row {row} holds {value}; probabilities must be finite and not negative")]
    BadProbability {
        /// Which input.
        what: &'static str,
        /// Which row, from 0.
        row: usize,
        /// The value.
        value: f32,
    },
    /// A row does not sum to 1.
    #[error("{what} row {row} sums to {sum:.4}, not 1; apply softmax to logits first")]
    NotADistribution {
        /// Which input.
        what: &'static str,
        /// Which row, from 0.
        row: usize,
        /// What it sums to.
        sum: f64,
    },
    /// A true class is out of range.
    #[error("example {row} has the true class {class}; there are only {classes} classes")]
    UnknownClass {
        /// Which example, from 0.
        row: usize,
        /// Its class index.
        class: usize,
        /// The number of classes.
        classes: usize,
    },
}
