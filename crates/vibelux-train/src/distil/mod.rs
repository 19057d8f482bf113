//! Distillation: a network learns from what finished runs say, beside its labels.
//!
//! [`crate::trainer`] trains the student on a mix of labels and the mean of the teachers'
//! distributions (Hinton et al. 2015, arXiv:1503.02531, at temperature 1). The teachers are shown each
//! batch as changed by augmentation and mixup, like the student ("consistent teaching", Beyer et al.
//! 2022, arXiv:2106.05237), or every training image once as it is ([`TeacherView`]). Teachers are run
//! folders; their weights stay as they are. They must not have been trained on what the student is
//! judged on, or its figures are worthless.

mod config;
mod error;
mod teacher;
mod teachers;
#[cfg(test)]
mod tests;
mod weights_file;

pub use config::{DistilConfig, TeacherView};
pub use error::DistilError;
pub use teachers::{Teachers, pin};
pub(crate) use weights_file::weights_file;
