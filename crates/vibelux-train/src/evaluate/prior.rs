//! What a model's agreement with votes is worth: beside that of the class prior, which sees no face.

use serde::{Deserialize, Serialize};
use vibelux::{EmotionVector, by_emotion};

use super::judgement::Judgement;
use crate::metrics::{CrossFitted, SoftReport, cross_fitted_temperature, soft_agreement};

/// Agreement of one distribution, the same for every face, with the faces' votes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassPrior {
    /// The distribution.
    #[serde(with = "by_emotion")]
    pub vector: EmotionVector,
    /// Whether it is the mean of the training split's votes; else it is that of the judged faces
    /// themselves, which flatters it a little.
    pub from_training: bool,
    /// How well it agrees with the votes of the judged faces.
    pub agreement: SoftReport,
}

impl Judgement {
    /// The class prior beside the model: `training` is the mean of the training split's votes, if it
    /// is known. `None` if no judged file has a soft target.
    #[must_use]
    pub fn class_prior(&self, training: Option<EmotionVector>) -> Option<ClassPrior> {
        let targets: Vec<EmotionVector> = self.judged.iter().filter_map(|j| j.target).collect();
        let vector = training.or_else(|| EmotionVector::mean(&targets))?;
        if targets.is_empty() {
            return None;
        }
        let targets: Vec<[f32; 7]> = targets.iter().map(|t| *t.values()).collect();
        let rows = vec![*vector.values(); targets.len()];
        Some(ClassPrior {
            vector,
            from_training: training.is_some(),
            agreement: soft_agreement(&rows, &targets),
        })
    }

    /// Calibration with a temperature that each half of the files gets from the other half.
    #[must_use]
    pub fn cross_fitted_temperature(&self, seed: u64) -> Option<CrossFitted> {
        let rows: Vec<[f32; 7]> = self.judged.iter().map(|j| *j.vector.values()).collect();
        let classes: Vec<usize> = self.judged.iter().map(|j| j.class.index()).collect();
        cross_fitted_temperature(&rows, &classes, seed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::judgement::tests::judged;
    use super::*;
    use vibelux::Emotion;

    #[test]
    fn the_prior_is_the_mean_of_the_votes() {
        let mut judgement = Judgement::default();
        for class in [Emotion::Happy, Emotion::Happy, Emotion::Sad, Emotion::Sad] {
            judgement.judged.push(judged(class, EmotionVector::UNIFORM));
        }
        let own = judgement.class_prior(None).unwrap();
        assert!((own.vector.get(Emotion::Sad) - 0.5).abs() < 1e-6);
        assert!(!own.from_training);
        // One-hot targets against halves: KL ln 2, cosine 1 / sqrt 2.
        assert!((own.agreement.kl_divergence - 2_f64.ln()).abs() < 1e-6);
        assert!((own.agreement.cosine - 0.5_f64.sqrt()).abs() < 1e-6);
        let given = judgement.class_prior(Some(EmotionVector::UNIFORM)).unwrap();
        assert!(given.from_training && given.agreement.kl_divergence > 1.9);
        judgement.judged.iter_mut().for_each(|j| j.target = None);
        assert_eq!(judgement.class_prior(None), None);
    }
}
