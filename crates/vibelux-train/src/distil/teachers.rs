//! [`Teachers`]: what finished runs say of a batch, and the targets that come of it.

use std::path::PathBuf;

use super::config::TeacherView;
use super::error::DistilError;
use super::teacher::{CLASSES, Teacher};
use crate::config::TrainingConfig;
use crate::nn::{Mode, NetworkError, softmax};

/// Writes absolute paths and the fingerprints of the teachers into a configuration, and makes sure
/// that they can teach it; fingerprints that are there already must be right.
///
/// # Errors
/// [`DistilError`].
pub fn pin(config: &mut TrainingConfig) -> Result<(), DistilError> {
    if let Some(distil) = &mut config.distil {
        for run in &mut distil.runs {
            *run = std::path::absolute(&run).map_err(|source| DistilError::Io {
                path: run.clone(),
                source,
            })?;
        }
    }
    let fingerprints = Teachers::load(config)?.map(|teachers| {
        let of_each = teachers.teachers.into_iter();
        of_each.map(|teacher| teacher.fingerprint).collect()
    });
    if let (Some(distil), Some(fingerprints)) = (&mut config.distil, fingerprints) {
        distil.fingerprints = fingerprints;
    }
    Ok(())
}

/// The teachers of a run, ready to be asked.
pub struct Teachers {
    teachers: Vec<Teacher>,
    weight: f32,
    view: TeacherView,
    restandardised: Vec<f32>,
}

impl Teachers {
    /// Loads what the configuration names; `None` if it names no teachers.
    ///
    /// # Errors
    /// If a teacher cannot be read, gives something else, has changed, or cannot take the images.
    pub fn load(config: &TrainingConfig) -> Result<Option<Self>, DistilError> {
        let Some(distil) = &config.distil else {
            return Ok(None);
        };
        let load = |(index, run): (usize, &PathBuf)| {
            let expected = distil.fingerprints.get(index).map(String::as_str);
            Teacher::load(run, config, distil.view, expected)
        };
        let teachers = distil.runs.iter().enumerate().map(load);
        Ok(Some(Self {
            teachers: teachers.collect::<Result<_, _>>()?,
            weight: distil.weight,
            view: distil.view,
            restandardised: Vec::new(),
        }))
    }

    /// What they are shown.
    #[must_use]
    pub fn view(&self) -> TeacherView {
        self.view
    }

    /// Makes them take inputs of `input` (channels, height, width).
    ///
    /// # Errors
    /// If the weights of one depend on the size.
    pub fn set_input(&mut self, input: [usize; 3]) -> Result<(), NetworkError> {
        for teacher in &mut self.teachers {
            teacher.network.set_input(input)?;
        }
        Ok(())
    }

    /// Fills `targets` with the labels' share and the teachers' share: rows that sum to 1 stay so.
    ///
    /// `inputs` are whole examples, standardised as the student's; `labels` and `targets` are
    /// `[examples][7]`.
    pub fn teach(&mut self, inputs: &[f32], labels: &[f32], targets: &mut [f32]) {
        self.ask(inputs, targets);
        self.mix(labels, targets);
    }

    /// Makes targets of what teachers said and labels; both are `[examples][7]`.
    pub fn mix(&self, labels: &[f32], targets: &mut [f32]) {
        for (t, label) in targets.iter_mut().zip(labels) {
            *t = (1.0 - self.weight) * label + self.weight * *t;
        }
    }

    /// Fills `answers`, `[examples][7]`, with the mean of what the teachers say of `inputs`.
    pub fn ask(&mut self, inputs: &[f32], answers: &mut [f32]) {
        answers.fill(0.0);
        let share = 1.0 / self.teachers.len().max(1) as f32;
        for teacher in &mut self.teachers {
            let inputs = if (teacher.scale, teacher.offset) == (1.0, 0.0) {
                inputs
            } else {
                let (scale, offset) = (teacher.scale, teacher.offset);
                self.restandardised.clear();
                self.restandardised
                    .extend(inputs.iter().map(|x| x * scale + offset));
                &self.restandardised
            };
            let logits = teacher.network.forward(inputs, Mode::Evaluate);
            for (answer, p) in answers.iter_mut().zip(softmax(logits, CLASSES)) {
                *answer += share * p;
            }
        }
    }
}
