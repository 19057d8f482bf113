//! The faces of a data set and the models that classify them, each picture taken as a crop.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use vibelux::EmotionVector;
use vibelux::face::{FaceImage, load_picture};
use vibelux::model::{FaceModel, ModelError};

use super::judgement::{Judged, Judgement};
use crate::dataset::{ClassFile, DatasetError, SoftLabels, class_files};
use crate::fingerprint::fnv1a;

/// One or several face models; the vector is the mean of theirs.
#[derive(Debug)]
pub struct FaceEnsemble {
    first: FaceModel,
    others: Vec<FaceModel>,
}

impl From<FaceModel> for FaceEnsemble {
    fn from(first: FaceModel) -> Self {
        Self {
            first,
            others: Vec::new(),
        }
    }
}

impl FaceEnsemble {
    /// Takes in another model.
    pub fn push(&mut self, model: FaceModel) {
        self.others.push(model);
    }

    /// The models' names, joined by ` + `.
    #[must_use]
    pub fn name(&self) -> String {
        let names: Vec<&str> = self.models().map(FaceModel::name).collect();
        names.join(" + ")
    }

    /// The mean vector of the models' own priors; `None` if one has none.
    #[must_use]
    pub fn prior(&self) -> Option<EmotionVector> {
        let priors: Option<Vec<EmotionVector>> = self.models().map(FaceModel::prior).collect();
        EmotionVector::mean(&priors?)
    }

    /// One vector per face, in order.
    ///
    /// # Errors
    /// If one of the models fails.
    pub fn classify(&self, faces: &[FaceImage]) -> Result<Vec<EmotionVector>, ModelError> {
        let first = self.first.classify_batch(faces)?;
        if self.others.is_empty() {
            return Ok(first);
        }
        let mut each = vec![first];
        for model in &self.others {
            each.push(model.classify_batch(faces)?);
        }
        Ok((0..faces.len())
            .filter_map(|face| EmotionVector::mean(each.iter().filter_map(|of| of.get(face))))
            .collect())
    }

    fn models(&self) -> impl Iterator<Item = &FaceModel> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

/// One face of a data set.
#[derive(Debug, Clone, PartialEq)]
pub struct FaceFile {
    /// The file and its class.
    pub file: ClassFile,
    /// What labels call it: its path from the data set's folder on, with `/`.
    pub name: String,
}

impl FaceFile {
    /// A seed that only this file has, the same wherever the data set lies (from its
    /// name).
    #[must_use]
    pub fn seed(&self) -> u64 {
        fnv1a(self.name.bytes())
    }

    /// The picture as a crop.
    pub(super) fn load(&self) -> Result<FaceImage, String> {
        let picture = load_picture(&self.file.path).map_err(|e| e.to_string())?;
        Ok(FaceImage::whole(&picture))
    }
}

/// The faces that are judged, and their labels.
#[derive(Debug, Clone)]
pub struct FaceFiles {
    root: PathBuf,
    faces: Vec<FaceFile>,
    labels: Option<SoftLabels>,
}

impl FaceFiles {
    /// Lists a folder of class folders, or the `validation/` or `test/` of a data set. `labels` is a
    /// table of soft labels; without it, `labels.csv` in the data set's folder, if there is one.
    ///
    /// # Errors
    /// If the folder cannot be listed, holds no class folder, or the labels cannot be read.
    pub fn open(dir: &Path, labels: Option<&Path>) -> Result<Self, DatasetError> {
        // A data set's folder stands for its validation split.
        let split = ["validation", "test"]
            .map(|name| dir.join(name))
            .into_iter()
            .find(|path| path.is_dir())
            .unwrap_or_else(|| dir.to_owned());
        // Tables of labels name files from the data set's folder on: validation/happy/im0.png.
        let absolute = std::path::absolute(&split).map_err(|source| DatasetError::Io {
            path: split.clone(),
            source,
        })?;
        let root = absolute.parent().unwrap_or(&absolute).to_owned();
        let faces = listed(&absolute, &root)?;
        let beside = root.join("labels.csv");
        let labels = match labels {
            Some(path) => Some(SoftLabels::load(path)?),
            None if beside.is_file() => Some(SoftLabels::load(&beside)?),
            None => None,
        };
        Ok(Self {
            root,
            faces,
            labels,
        })
    }

    /// Keeps `count` of the faces, evenly spaced, so that the classes keep their shares.
    pub fn limit(&mut self, count: usize) {
        let all = self.faces.len();
        if count < all {
            self.faces = (0..count)
                .filter_map(|i| self.faces.get(i * all / count).cloned())
                .collect();
        }
    }

    /// The faces, by class and path.
    #[must_use]
    pub fn faces(&self) -> &[FaceFile] {
        &self.faces
    }

    /// The mean vote distribution of the data set's `train/`; `None` without labels, or where there is
    /// no such folder with class folders in it.
    ///
    /// # Errors
    /// If the folder cannot be listed.
    pub fn training_votes(&self) -> Result<Option<EmotionVector>, DatasetError> {
        let train = self.root.join("train");
        let Some(labels) = self.labels.as_ref().filter(|_| train.is_dir()) else {
            return Ok(None);
        };
        let faces = match listed(&train, &self.root) {
            Err(DatasetError::NoClasses { .. }) => return Ok(None),
            listed => listed?,
        };
        let votes: Vec<EmotionVector> = faces
            .iter()
            .filter_map(|face| labels.get(&face.name).flatten())
            .collect();
        Ok(EmotionVector::mean(&votes))
    }
}

fn listed(split: &Path, root: &Path) -> Result<Vec<FaceFile>, DatasetError> {
    let named = |file: ClassFile| {
        let relative = file.path.strip_prefix(root).unwrap_or(&file.path);
        let name = relative.to_string_lossy().replace('\\', "/");
        FaceFile { file, name }
    };
    Ok(class_files(split)?.into_iter().map(named).collect())
}

/// Works on every face on all cores; `done` counts up as they are finished. Failures keep their
/// file.
pub(super) fn for_each<T: Send>(
    files: &FaceFiles,
    done: &AtomicUsize,
    work: impl Fn(&FaceFile) -> Result<T, String> + Sync,
) -> Vec<Result<T, (PathBuf, String)>> {
    files
        .faces
        .par_iter()
        .map(|face| {
            let row = work(face).map_err(|reason| (face.file.path.clone(), reason));
            done.fetch_add(1, Ordering::Relaxed);
            row
        })
        .collect()
}

/// Classifies pictures of faces, each taken as a crop. `done` counts up as files are finished.
#[must_use]
pub fn faces(model: &FaceEnsemble, files: &FaceFiles, done: &AtomicUsize) -> Judgement {
    let labels = files.labels.as_ref();
    let rows = for_each(files, done, |face| {
        let crop = face.load()?;
        let vectors = model.classify(&[crop]).map_err(|e| e.to_string())?;
        let vector = *vectors.first().ok_or("the model gave no vector")?;
        Ok(Judged {
            path: face.file.path.clone(),
            class: face.file.class,
            target: labels.and_then(|l| l.get(&face.name)).flatten(),
            twin: labels.is_some_and(|l| l.has_twin(&face.name)),
            quadrant: None,
            light_and_focus: Some([crop.brightness(), crop.sharpness()]),
            vector,
        })
    });
    Judgement::collect(rows)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use vibelux::Emotion;

    /// A data set of tiny pictures: `count` of each class in `validation/`, one in `train/`.
    pub fn data_set(count: usize) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let mut labels = String::from("file,happiness,sadness\n");
        for (split, count) in [("validation", count), ("train", 1)] {
            for class in Emotion::ALL {
                let folder = dir.path().join(split).join(class.name());
                std::fs::create_dir_all(&folder).unwrap();
                for i in 0..count {
                    let grey = image::GrayImage::from_fn(48, 48, |x, y| {
                        image::Luma([(x * 5 + y * (i as u32 + class.index() as u32)) as u8])
                    });
                    grey.save(folder.join(format!("{i}.png"))).unwrap();
                    labels += &format!("{split}/{class}/{i}.png,3,1\n");
                }
            }
        }
        std::fs::write(dir.path().join("labels.csv"), labels).unwrap();
        dir
    }

    #[test]
    fn a_limit_keeps_the_shares_of_the_classes() {
        let dir = data_set(6);
        let mut files = FaceFiles::open(dir.path(), None).unwrap();
        assert_eq!(files.faces().len(), 42);
        files.limit(14);
        for class in Emotion::ALL {
            let of = files.faces().iter().filter(|f| f.file.class == class);
            assert_eq!(of.count(), 2);
        }
        files.limit(99);
        assert_eq!(files.faces().len(), 14);
    }

    #[test]
    fn names_and_seeds_do_not_depend_on_where_the_data_lies() {
        let (a, b) = (data_set(1), data_set(1));
        let open = |dir: &tempfile::TempDir| FaceFiles::open(dir.path(), None).unwrap();
        let (a, b) = (open(&a), open(&b));
        assert_eq!(a.faces()[3].name, "validation/happy/0.png");
        for (a, b) in a.faces().iter().zip(b.faces()) {
            assert_eq!(a.seed(), b.seed());
        }
        assert_ne!(a.faces()[0].seed(), a.faces()[1].seed());
    }

    #[test]
    fn training_votes_are_the_mean_of_the_training_split() {
        let dir = data_set(2);
        let files = FaceFiles::open(&dir.path().join("validation"), None).unwrap();
        let votes = files.training_votes().unwrap().unwrap();
        assert!((votes.get(Emotion::Happy) - 0.75).abs() < 1e-6);
        std::fs::remove_dir_all(dir.path().join("train")).unwrap();
        assert_eq!(files.training_votes().unwrap(), None);
    }

    #[test]
    fn an_ensemble_of_twice_the_same_model_says_the_same() {
        let one = FaceEnsemble::from(FaceModel::shipped().unwrap());
        let mut two = FaceEnsemble::from(FaceModel::shipped().unwrap());
        two.push(FaceModel::shipped().unwrap());
        let face = FaceImage(std::array::from_fn(|i| (i * 11 % 256) as u8));
        let (a, b) = (
            one.classify(&[face]).unwrap(),
            two.classify(&[face]).unwrap(),
        );
        for (a, b) in a[0].values().iter().zip(b[0].values()) {
            assert!((a - b).abs() < 1e-6);
        }
        assert_eq!(two.name(), format!("{0} + {0}", one.name()));
        assert!(two.prior().is_some());
    }
}
