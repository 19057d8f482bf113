//! How good a model is: everything between predicted probabilities and a judgement.
//!
//! ```text
//! logits -> temperature::softmax -> probabilities + truth -> Report -> terminal, JSON, plots
//! ```
//!
//! No I/O happens here. [`Report`] is the one result type of `vibelux evaluate`; [`crate::plots`]
//! draws it. Definitions follow scikit-learn where it has the measure, so that numbers can be
//! compared: a precision without predictions is 0, and macro F1 averages over the classes that
//! occur among the true or the predicted ones.

mod agreement;
mod average;
mod bootstrap;
mod check;
mod cross_fit;
mod display;
mod emotions;
mod error;
mod report;
mod temperature;

pub(crate) use agreement::soft_agreement;
pub use agreement::{PROBABILITY_FLOOR, SoftReport};
pub(crate) use average::argmax;
pub use cross_fit::{CrossFitted, cross_fitted_temperature};
pub use emotions::report_of;
pub use error::MetricsError;
pub use report::{ClassReport, RELIABILITY_BINS, ReliabilityBin, Report};
pub use temperature::{fit_temperature, fit_temperature_by, softmax};

#[cfg(test)]
mod tests;
