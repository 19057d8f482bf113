//! [`FaceFigures`]: what is known about a face model after its evaluation.

use vibelux_train::evaluate::{ClassPrior, CoverageReport, DetectorReport, RobustnessReport};
use vibelux_train::metrics::{CrossFitted, Report};

/// Everything that is known about the model afterwards.
pub struct FaceFigures {
    /// On all files.
    pub report: Report,
    /// On those without a twin among the training pictures, where some have one.
    pub without_twins: Option<Report>,
    /// Calibration that has not seen what it is judged on.
    pub cross_fitted: Option<CrossFitted>,
    /// Where the model can be believed.
    pub coverage: Option<CoverageReport>,
    /// What votes agree with that sees no face.
    pub class_prior: Option<ClassPrior>,
    /// With `--corruptions`.
    pub corruptions: Option<RobustnessReport>,
    /// With `--detector`, one for each tilt.
    pub detector: Vec<DetectorReport>,
}
