//! Judging finished models as they are used: files in, vectors out, figures about them.
//!
//! Unlike the validation inside a run, everything here goes the way that a user's pictures and songs
//! go: [`FaceModel`] and [`MusicModel`] on files. [`matching`] judges both together: do the songs
//! recommended for a face carry the face's emotion?

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use vibelux::face::{FaceImage, load_picture};
use vibelux::model::{FaceModel, MusicModel};
use vibelux::recommend::{Mode, Query, SongIndex};
use vibelux::{Emotion, EmotionVector};

use crate::dataset::{ClassFile, SoftLabels, TableRow};
use crate::metrics::{MetricsError, Report};
use crate::nn::Random;
use crate::run::report_of;

/// Bootstrap resamples behind the intervals of [`matching`].
const RESAMPLES: usize = 1_000;

/// One judged file.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The file.
    pub path: PathBuf,
    /// Its class.
    pub class: Emotion,
    /// Its target distribution, where labels are softer than a class.
    pub target: Option<EmotionVector>,
    /// Whether the same picture is among those that were trained on.
    pub twin: bool,
    /// Its quadrant of valence and arousal, 0..4, if known.
    pub quadrant: Option<usize>,
    /// What the model said.
    pub vector: EmotionVector,
}

/// What came of a set of files.
#[derive(Debug, Clone, Default)]
pub struct Judgement {
    /// Files with a vector.
    pub judged: Vec<Judged>,
    /// Files without one, with the reason.
    pub failed: Vec<(PathBuf, String)>,
}

impl Judgement {
    fn collect(rows: Vec<Result<Judged, (PathBuf, String)>>) -> Self {
        let mut judgement = Self::default();
        for row in rows {
            match row {
                Ok(judged) => judgement.judged.push(judged),
                Err(failure) => judgement.failed.push(failure),
            }
        }
        judgement
    }

    /// The files that have no twin among those that were trained on, if some have one.
    #[must_use]
    pub fn without_twins(&self) -> Option<Self> {
        let judged: Vec<Judged> = self.judged.iter().filter(|j| !j.twin).cloned().collect();
        (judged.len() < self.judged.len()).then_some(Self {
            judged,
            failed: Vec::new(),
        })
    }

    /// Every figure about these files.
    ///
    /// # Errors
    /// If no file has a vector.
    pub fn report(&self, seed: u64) -> Result<Report, MetricsError> {
        let rows: Vec<[f32; 7]> = self.judged.iter().map(|j| *j.vector.values()).collect();
        let classes: Vec<usize> = self.judged.iter().map(|j| j.class.index()).collect();
        let targets: Vec<_> = self
            .judged
            .iter()
            .map(|j| j.target.map(|t| *t.values()))
            .collect();
        report_of(&rows, &classes, &targets, seed)
    }

    /// Accuracy on the quadrants of valence and arousal; `None` if no file has one.
    #[must_use]
    pub fn quadrants(&self) -> Option<QuadrantReport> {
        let known: Vec<(usize, usize)> = self
            .judged
            .iter()
            .filter_map(|j| j.quadrant.map(|q| (q, quadrant_of(&j.vector))))
            .collect();
        if known.is_empty() {
            return None;
        }
        let share = |right: &dyn Fn(usize, usize) -> bool| {
            known.iter().filter(|(t, p)| right(*t, *p)).count() as f64 / known.len() as f64
        };
        let mut counts = [0_usize; 4];
        known.iter().for_each(|(t, _)| counts[*t] += 1);
        Some(QuadrantReport {
            examples: known.len(),
            accuracy: share(&|t, p| t == p),
            // Arousal is high in Q1 and Q2, valence in Q1 and Q4.
            arousal_accuracy: share(&|t, p| (t < 2) == (p < 2)),
            valence_accuracy: share(&|t, p| (t % 3 == 0) == (p % 3 == 0)),
            majority_share: counts.iter().copied().max().unwrap_or(0) as f64 / known.len() as f64,
        })
    }
}

/// How well quadrants follow from the seven emotions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuadrantReport {
    /// How many examples.
    pub examples: usize,
    /// Share of right quadrants (chance 0.25).
    pub accuracy: f64,
    /// Share of examples on the right side of arousal.
    pub arousal_accuracy: f64,
    /// Share of examples on the right side of valence.
    pub valence_accuracy: f64,
    /// Accuracy of always naming the most frequent quadrant.
    pub majority_share: f64,
}

/// The quadrant of valence and arousal that a vector lies in, 0 (Q1: both high) to 3 (Q4: pleasant
/// and calm): the one whose emotions hold most weight. Happy and surprised count for Q1, angry,
/// disgusted and fearful for Q2, sad for Q3, neutral (calm, in music) for Q4.
#[must_use]
pub fn quadrant_of(vector: &EmotionVector) -> usize {
    let weights = [
        vector.get(Emotion::Happy) + vector.get(Emotion::Surprised),
        vector.get(Emotion::Angry) + vector.get(Emotion::Disgusted) + vector.get(Emotion::Fearful),
        vector.get(Emotion::Sad),
        vector.get(Emotion::Neutral),
    ];
    let mut best = 0;
    for (i, weight) in weights.iter().enumerate() {
        if *weight > weights[best] {
            best = i;
        }
    }
    best
}

/// Classifies pictures of faces, each taken as a crop.
///
/// `root` is what the paths in `labels` are relative to. `done` counts up as files are finished.
#[must_use]
pub fn faces(
    model: &FaceModel,
    root: &Path,
    files: &[ClassFile],
    labels: Option<&SoftLabels>,
    done: &AtomicUsize,
) -> Judgement {
    let judge = |file: &ClassFile| -> Result<Judged, String> {
        let picture = load_picture(&file.path).map_err(|e| e.to_string())?;
        let vector = model
            .classify(&FaceImage::whole(&picture))
            .map_err(|e| e.to_string())?;
        let relative = file.path.strip_prefix(root).unwrap_or(&file.path);
        let name = relative.to_string_lossy().replace('\\', "/");
        Ok(Judged {
            path: file.path.clone(),
            class: file.class,
            target: labels.and_then(|l| l.get(&name)).flatten(),
            twin: labels.is_some_and(|l| l.has_twin(&name)),
            quadrant: None,
            vector,
        })
    };
    let rows = files
        .par_iter()
        .map(|file| {
            let row = judge(file).map_err(|reason| (file.path.clone(), reason));
            done.fetch_add(1, Ordering::Relaxed);
            row
        })
        .collect();
    Judgement::collect(rows)
}

/// Embeds songs and holds them against their targets; the class is the target's strongest emotion.
///
/// `done` counts up as files are finished.
#[must_use]
pub fn songs(model: &MusicModel, rows: &[TableRow], done: &AtomicUsize) -> Judgement {
    let rows = rows
        .par_iter()
        .map(|row| {
            let embedded = model.embed_song(&row.path);
            done.fetch_add(1, Ordering::Relaxed);
            match embedded {
                Ok(embedding) => Ok(Judged {
                    path: row.path.clone(),
                    class: row.target.strongest(),
                    target: Some(row.target),
                    twin: false,
                    quadrant: row.quadrant,
                    vector: embedding.vector,
                }),
                Err(error) => Err((row.path.clone(), error.to_string())),
            }
        })
        .collect();
    Judgement::collect(rows)
}

/// How much of a face's emotion the songs recommended for it carry: the mean target weight, over
/// faces and their songs, of the face's class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MatchingReport {
    /// Faces.
    pub faces: usize,
    /// Songs to choose from.
    pub songs: usize,
    /// Songs recommended per face.
    pub count: usize,
    /// Songs drawn at random: the mean over all.
    pub random: f64,
    /// Recommended by plain cosine.
    pub plain: Share,
    /// Recommended by centred cosine.
    pub centred: Share,
    /// Recommended by plain cosine if the songs' true targets were their vectors.
    pub plain_true_songs: f64,
    /// The same by centred cosine.
    pub centred_true_songs: f64,
    /// The songs that carry most of the face's true class: nothing can do better.
    pub oracle: f64,
    /// Asked for one emotion alone, the share of the songs found whose strongest target it is: plain,
    /// for each emotion.
    pub plain_precision: [f64; 7],
    /// The same by centred cosine, seen against no mood at all.
    pub centred_precision: [f64; 7],
    /// The share of all songs whose strongest target it is.
    pub base_rate: [f64; 7],
    /// Centred, per class of the faces.
    pub centred_per_class: [Option<f64>; 7],
    /// Plain, per class of the faces.
    pub plain_per_class: [Option<f64>; 7],
}

/// A mean and its 95 % interval by bootstrap over the faces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The mean.
    pub mean: f64,
    /// Lower and upper end.
    pub interval: [f64; 2],
}

/// Judges recommendations: for every face the `count` best songs.
///
/// `prior` is the face model's mean vector, which centred cosine subtracts. Songs without a target
/// are left out; `None` if no face or no song is left.
#[must_use]
pub fn matching(
    faces: &[Judged],
    prior: EmotionVector,
    songs: &[Judged],
    count: usize,
    seed: u64,
) -> Option<MatchingReport> {
    let songs: Vec<(EmotionVector, EmotionVector)> = songs
        .iter()
        .filter_map(|s| s.target.map(|t| (s.vector, t)))
        .collect();
    if faces.is_empty() || songs.is_empty() {
        return None;
    }
    let (vectors, targets): (Vec<_>, Vec<_>) = songs.into_iter().unzip();
    let carried = |index: &SongIndex, face: &Judged| -> f64 {
        let query = Query {
            vector: face.vector,
            reference: prior,
        };
        let found = index.top_k(&query, count);
        let sum: f32 = found.iter().map(|m| targets[m.index].get(face.class)).sum();
        f64::from(sum) / found.len().max(1) as f64
    };
    let per_face = |vectors: &[EmotionVector], mode: Mode| -> Vec<f64> {
        let index = SongIndex::new(vectors, mode);
        faces.par_iter().map(|face| carried(&index, face)).collect()
    };
    let plain = per_face(&vectors, Mode::Plain);
    let centred = per_face(&vectors, Mode::Centred);
    let of_class = |values: &[f64]| {
        std::array::from_fn(|class| {
            let of: Vec<f64> = faces
                .iter()
                .zip(values)
                .filter(|(face, _)| face.class.index() == class)
                .map(|(_, v)| *v)
                .collect();
            (!of.is_empty()).then(|| mean(&of))
        })
    };
    let by_class = |value: &dyn Fn(Emotion) -> f64| {
        mean(
            &faces
                .iter()
                .map(|face| value(face.class))
                .collect::<Vec<_>>(),
        )
    };
    let precision = |mode: Mode| {
        let index = SongIndex::new(&vectors, mode);
        Emotion::ALL.map(|emotion| {
            let query = Query {
                vector: EmotionVector::one_hot(emotion),
                reference: EmotionVector::UNIFORM,
            };
            let found = index.top_k(&query, count);
            let right = found
                .iter()
                .filter(|m| targets[m.index].strongest() == emotion)
                .count();
            right as f64 / found.len().max(1) as f64
        })
    };
    let base_rate = Emotion::ALL.map(|emotion| {
        let of = targets.iter().filter(|t| t.strongest() == emotion).count();
        of as f64 / targets.len() as f64
    });
    let weights = |class: Emotion| targets.iter().map(move |t| f64::from(t.get(class)));
    Some(MatchingReport {
        faces: faces.len(),
        songs: targets.len(),
        count,
        random: by_class(&|class| mean(&weights(class).collect::<Vec<_>>())),
        oracle: by_class(&|class| {
            let mut all: Vec<f64> = weights(class).collect();
            all.sort_by(|a, b| b.total_cmp(a));
            all.truncate(count);
            mean(&all)
        }),
        plain_true_songs: mean(&per_face(&targets, Mode::Plain)),
        centred_true_songs: mean(&per_face(&targets, Mode::Centred)),
        plain_precision: precision(Mode::Plain),
        centred_precision: precision(Mode::Centred),
        base_rate,
        plain_per_class: of_class(&plain),
        centred_per_class: of_class(&centred),
        plain: share(&plain, seed),
        centred: share(&centred, seed),
    })
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The mean and its percentile bootstrap interval (Efron 1979).
fn share(values: &[f64], seed: u64) -> Share {
    let mut means: Vec<f64> = (0..RESAMPLES)
        .into_par_iter()
        .map(|resample| {
            let mut random = Random::new(seed, 0xb007, resample as u64);
            let sum: f64 = values
                .iter()
                .map(|_| values[random.below(values.len())])
                .sum();
            sum / values.len() as f64
        })
        .collect();
    means.sort_by(f64::total_cmp);
    let at = |share: f64| means[((means.len() - 1) as f64 * share).round() as usize];
    Share {
        mean: mean(values),
        interval: [at(0.025), at(0.975)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(class: Emotion, vector: EmotionVector) -> Judged {
        Judged {
            path: PathBuf::new(),
            class,
            target: Some(EmotionVector::one_hot(class)),
            twin: false,
            quadrant: None,
            vector,
        }
    }

    #[test]
    fn perfect_vectors_match_perfectly() {
        let all: Vec<Judged> = Emotion::ALL
            .into_iter()
            .map(|e| judged(e, EmotionVector::one_hot(e)))
            .collect();
        let report = matching(&all, EmotionVector::UNIFORM, &all, 1, 1).unwrap();
        for value in [
            report.plain.mean,
            report.centred.mean,
            report.oracle,
            report.plain_true_songs,
        ] {
            assert!((value - 1.0).abs() < 1e-9, "{report:?}");
        }
        assert!((report.random - 1.0 / 7.0).abs() < 1e-6);
        assert_eq!(report.centred_per_class[3], Some(1.0));
        assert_eq!(report.plain_precision, [1.0; 7]);
        assert_eq!(report.centred_precision, [1.0; 7]);
    }

    #[test]
    fn swapped_vectors_match_nothing() {
        let swap = |e: Emotion| Emotion::ALL[(e.index() + 1) % 7];
        let faces: Vec<Judged> = Emotion::ALL
            .into_iter()
            .map(|e| judged(e, EmotionVector::one_hot(swap(e))))
            .collect();
        let songs: Vec<Judged> = Emotion::ALL
            .into_iter()
            .map(|e| judged(e, EmotionVector::one_hot(e)))
            .collect();
        let report = matching(&faces, EmotionVector::UNIFORM, &songs, 1, 1).unwrap();
        assert_eq!((report.plain.mean, report.centred.mean), (0.0, 0.0));
        assert!(matching(&faces, EmotionVector::UNIFORM, &[], 1, 1).is_none());
    }

    #[test]
    fn quadrants_follow_the_heaviest_emotions() {
        for (mood, quadrant) in [
            ("happy", 0),
            ("angry=0.3,fearful=0.3,happy=0.4", 1),
            ("sad", 2),
            ("neutral", 3),
        ] {
            assert_eq!(quadrant_of(&mood.parse().unwrap()), quadrant, "{mood}");
        }
        let mut song = judged(Emotion::Sad, "sad".parse().unwrap());
        song.quadrant = Some(3);
        let report = Judgement {
            judged: vec![song],
            failed: vec![],
        }
        .quadrants()
        .unwrap();
        assert_eq!((report.accuracy, report.arousal_accuracy), (0.0, 1.0));
        assert_eq!(report.valence_accuracy, 0.0);
    }
}
