//! Distillation: a network learns from what finished runs say, beside its labels.
//!
//! [`crate::trainer`] trains the student on a mix of labels and the mean of the teachers'
//! distributions (Hinton et al. 2015, arXiv:1503.02531, at temperature 1). The teachers are shown each
//! batch as changed by augmentation and mixup, like the student ("consistent teaching", Beyer et al.
//! 2022, arXiv:2106.05237), or every training image once as it is ([`TeacherView`]). Teachers are run
//! folders; their weights stay as they are. They must not have been trained on what the student is
//! judged on, or its figures are worthless.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vibelux::model::weights::{Weights, WeightsError};

use crate::config::{ConfigError, TaskConfig, TrainingConfig};
use crate::fingerprint::fnv1a;
use crate::nn::{InstructionSet, Mode, Network, NetworkError, softmax};

/// Number of emotions: the length of a target.
const CLASSES: usize = 7;

/// Which pixels the teachers see of what the student is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TeacherView {
    /// The same, at full size even where the student's are smaller (see
    /// [`crate::config::SizeStage`]): the teachers are at their best there.
    #[default]
    Changed,
    /// Exactly the same: quicker on smaller images.
    ChangedSmall,
    /// Each training image and its mirror image as they are, once, when the run starts or resumes.
    /// Costs next to nothing, and tells a student that sees noise and blur what is behind them.
    Unchanged,
}

/// Who teaches, and how much it counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DistilConfig {
    /// Run folders of finished face runs, or weights files with their `config.toml` beside them.
    pub runs: Vec<PathBuf>,
    /// Share of the target that comes from the teachers, above 0 and at most 1.
    #[serde(default = "default_weight")]
    pub weight: f32,
    /// What the teachers are shown.
    #[serde(default)]
    pub view: TeacherView,
    /// 64 bits of FNV-1a of each teacher's weights file, as hexadecimal digits. [`pin`] fills it in
    /// where it is empty, so that a run cannot go on with other teachers than it began with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fingerprints: Vec<String>,
}

impl DistilConfig {
    /// These teachers, not yet pinned, with the default weight.
    #[must_use]
    pub fn new(runs: Vec<PathBuf>) -> Self {
        Self {
            runs,
            weight: default_weight(),
            view: TeacherView::default(),
            fingerprints: Vec::new(),
        }
    }

    /// Checks that every value is in its range; reads no files.
    ///
    /// # Errors
    /// [`ConfigError::Range`].
    pub fn check(&self) -> Result<(), ConfigError> {
        let checks = [
            (
                "distil.runs",
                !self.runs.is_empty(),
                self.runs.len(),
                "at least one run folder",
            ),
            (
                "distil.fingerprints",
                self.fingerprints.is_empty() || self.fingerprints.len() == self.runs.len(),
                self.fingerprints.len(),
                "one per run, or left out",
            ),
        ];
        for (field, good, count, expected) in checks {
            if !good {
                return Err(ConfigError::Range {
                    field,
                    value: format!("a list of {count}"),
                    expected,
                });
            }
        }
        if self.weight > 0.0 && self.weight <= 1.0 {
            return Ok(());
        }
        Err(ConfigError::Range {
            field: "distil.weight",
            value: self.weight.to_string(),
            expected: "above 0 and at most 1",
        })
    }
}

fn default_weight() -> f32 {
    0.7
}

/// Why a run cannot teach.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DistilError {
    /// Its configuration cannot be read.
    #[error("not a teacher's configuration: {0}")]
    Config(#[from] ConfigError),
    /// Its weights file cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Its weights file is none.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// Its weights do not fit its configuration, or it cannot take the sizes of the run.
    #[error("{path}: {source}")]
    Network {
        /// The weights file.
        path: PathBuf,
        /// Why.
        source: NetworkError,
    },
    /// It is another kind of model.
    #[error("{path} does not give seven values for a face, so it cannot teach a face model")]
    NotAFaceRun {
        /// The weights file.
        path: PathBuf,
    },
    /// It is not the file that the run began with.
    #[error(
        "{path} has changed: its fingerprint is {got}, but the run was set up with {expected}; bring \
         the old file back, or start another run without distil.fingerprints in its configuration"
    )]
    Changed {
        /// The weights file.
        path: PathBuf,
        /// Its fingerprint now.
        got: String,
        /// Its fingerprint when the run began.
        expected: String,
    },
}

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

/// The weights file of a run folder; a file is one itself.
pub(crate) fn weights_file(run: &Path) -> PathBuf {
    if run.is_file() {
        run.to_owned()
    } else {
        run.join("weights.safetensors")
    }
}

/// One finished run.
struct Teacher {
    network: Network,
    /// From the student's standardised pixels to its own: `x * scale + offset`.
    scale: f32,
    offset: f32,
    fingerprint: String,
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

impl Teacher {
    fn load(
        run: &Path,
        student: &TrainingConfig,
        view: TeacherView,
        expected: Option<&str>,
    ) -> Result<Self, DistilError> {
        let path = weights_file(run);
        let config = TrainingConfig::load(&path.with_file_name("config.toml"))?;
        let fingerprint = fingerprint(&path)?;
        if let Some(expected) = expected.filter(|&expected| expected != fingerprint) {
            return Err(DistilError::Changed {
                path,
                got: fingerprint,
                expected: expected.to_owned(),
            });
        }
        let weights = Weights::load(&path)?;
        let network = Self::network(&config, &weights, student, view);
        let network = network.map_err(|source| DistilError::Network {
            path: path.clone(),
            source,
        })?;
        let standardisations = (standardisation(student), standardisation(&config));
        let ((Some((mean, std)), Some((own_mean, own_std))), CLASSES) =
            (standardisations, network.output_len())
        else {
            return Err(DistilError::NotAFaceRun { path });
        };
        Ok(Self {
            network,
            // Exactly 1 and 0 where the two agree.
            scale: std / own_std,
            offset: (mean - own_mean) / own_std,
            fingerprint,
        })
    }

    /// The network, having tried every size that it will be shown.
    fn network(
        config: &TrainingConfig,
        weights: &Weights,
        student: &TrainingConfig,
        view: TeacherView,
    ) -> Result<Network, NetworkError> {
        let isa = InstructionSet::detect(config.precision);
        let architecture = &config.architecture;
        let mut network = Network::with_instructions(architecture, config.init, config.seed, isa)?;
        network.load(weights)?;
        let full = student.architecture.input;
        if view == TeacherView::ChangedSmall {
            for stage in &student.sizes {
                network.set_input([full[0], stage.side, stage.side])?;
            }
        }
        network.set_input(full)?;
        Ok(network)
    }
}

/// Mean and standard deviation that faces are standardised by.
fn standardisation(config: &TrainingConfig) -> Option<(f32, f32)> {
    match config.task {
        TaskConfig::Face { mean, std, .. } => Some((mean, std)),
        _ => None,
    }
}

/// The fingerprint of a file, as hexadecimal digits.
fn fingerprint(path: &Path) -> Result<String, DistilError> {
    let bytes = std::fs::read(path).map_err(|source| DistilError::Io {
        path: path.to_owned(),
        source,
    })?;
    Ok(format!("{:016x}", fnv1a(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{Init, Precision, Random};
    use crate::preset;
    use vibelux::model::architecture::LayerSpec;

    /// A face configuration whose network is a single dense layer on pooled pixels.
    fn tiny(mean: f32, std: f32) -> TrainingConfig {
        let mut config = preset::face("default").unwrap();
        config.precision = Precision::F32;
        if let TaskConfig::Face {
            mean: own_mean,
            std: own_std,
            ..
        } = &mut config.task
        {
            (*own_mean, *own_std) = (mean, std);
        }
        config.architecture.layers = vec![
            LayerSpec::MaxPool {
                size: [2, 2],
                stride: [2, 2],
            },
            LayerSpec::GlobalAveragePool,
            LayerSpec::Dense { units: CLASSES },
            LayerSpec::Softmax,
        ];
        config
    }

    fn write_run(folder: &Path, config: &TrainingConfig, seed: u64) -> Network {
        std::fs::create_dir_all(folder).unwrap();
        config.save(&folder.join("config.toml")).unwrap();
        let network = Network::new(&config.architecture, Init::He, seed).unwrap();
        let path = folder.join("weights.safetensors");
        network.weights().save(&path).unwrap();
        network
    }

    #[test]
    fn targets_are_the_labels_and_the_mean_of_what_teachers_say_of_the_same_pixels() {
        let dir = tempfile::tempdir().unwrap();
        let (one, other) = (dir.path().join("one"), dir.path().join("other"));
        let mut networks = [
            write_run(&one, &tiny(0.5, 0.25), 1),
            write_run(&other, &tiny(0.0, 1.0), 2),
        ];
        let mut student = tiny(0.5, 0.25);
        // A weights file will do as well as its folder.
        let runs = vec![one, other.join("weights.safetensors")];
        student.distil = Some(DistilConfig::new(runs));
        let mut teachers = Teachers::load(&student).unwrap().unwrap();

        let mut random = Random::new(3, 0, 0);
        let pixels: Vec<f32> = (0..2 * 48 * 48).map(|_| random.unit()).collect();
        let standardised: Vec<f32> = pixels.iter().map(|p| (p - 0.5) / 0.25).collect();
        let mut labels = vec![0.0; 2 * CLASSES];
        (labels[3], labels[CLASSES]) = (1.0, 1.0);
        let mut targets = vec![f32::NAN; 2 * CLASSES];
        teachers.teach(&standardised, &labels, &mut targets);

        let first = softmax(networks[0].forward(&standardised, Mode::Evaluate), CLASSES);
        let second = softmax(networks[1].forward(&pixels, Mode::Evaluate), CLASSES);
        for i in 0..2 * CLASSES {
            let expected = 0.3 * labels[i] + 0.35 * first[i] + 0.35 * second[i];
            assert!((targets[i] - expected).abs() < 1e-5);
        }
        for row in targets.chunks_exact(CLASSES) {
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        }
    }

    #[test]
    fn pinning_keeps_absolute_paths_and_notices_a_changed_teacher() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("teacher");
        write_run(&run, &tiny(0.5, 0.25), 1);
        let mut student = tiny(0.5, 0.25);
        student.distil = Some(DistilConfig::new(vec![run.clone()]));
        pin(&mut student).unwrap();
        let pinned = student.clone();
        assert_eq!(pinned.distil.as_ref().unwrap().fingerprints.len(), 1);
        pinned.check().unwrap();
        let path = dir.path().join("student.toml");
        pinned.save(&path).unwrap();
        assert_eq!(TrainingConfig::load(&path).unwrap(), pinned);
        pin(&mut student).unwrap();
        assert_eq!(student, pinned);

        write_run(&run, &tiny(0.5, 0.25), 2);
        assert!(matches!(
            pin(&mut student),
            Err(DistilError::Changed { .. })
        ));
        student.distil = Some(DistilConfig::new(vec![PathBuf::from("teacher")]));
        assert!(matches!(pin(&mut student), Err(DistilError::Config(_))));
        let distil = student.distil.unwrap();
        assert!(distil.runs[0].is_absolute());
    }

    #[test]
    fn who_cannot_teach_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("flattening");
        let mut flattening = tiny(0.5, 0.25);
        flattening.architecture.layers[1] = LayerSpec::Flatten;
        write_run(&run, &flattening, 1);
        let mut student = tiny(0.5, 0.25);
        student.sizes = vec![crate::config::SizeStage {
            until: 0.5,
            side: 24,
        }];
        let mut distil = DistilConfig::new(vec![run]);
        student.distil = Some(distil.clone());
        pin(&mut student).unwrap();
        distil.view = TeacherView::ChangedSmall;
        student.distil = Some(distil);
        assert!(matches!(
            pin(&mut student),
            Err(DistilError::Network {
                source: NetworkError::SizeDependent { .. },
                ..
            })
        ));

        let run = dir.path().join("music");
        let mut music = preset::music("original").unwrap();
        music.architecture.layers = tiny(0.0, 1.0).architecture.layers;
        write_run(&run, &music, 1);
        student.sizes.clear();
        student.distil = Some(DistilConfig::new(vec![run]));
        assert!(pin(&mut student).is_err());
        for bad in [0.0, 1.1, f32::NAN] {
            let mut distil = student.distil.clone().unwrap();
            distil.weight = bad;
            assert!(distil.check().is_err());
        }
        assert!(DistilConfig::new(Vec::new()).check().is_err());
    }
}
