//! Faces and songs judged together: do the songs recommended for a face carry its emotion?

use rayon::prelude::*;
use serde::Serialize;
use vibelux::recommend::{Mode, Query, SongIndex};
use vibelux::{Emotion, EmotionVector, by_emotion};

use super::intervals::{Share, mean, share};
use super::judgement::Judged;

/// How much of a face's emotion the songs recommended for it carry: the mean target weight, over
/// faces and their songs, of the face's class.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
    #[serde(serialize_with = "by_emotion::serialize")]
    pub plain_precision: [f64; 7],
    /// The same by centred cosine, seen against no mood at all.
    #[serde(serialize_with = "by_emotion::serialize")]
    pub centred_precision: [f64; 7],
    /// The share of all songs whose strongest target it is.
    #[serde(serialize_with = "by_emotion::serialize")]
    pub base_rate: [f64; 7],
    /// Centred, per class of the faces.
    #[serde(serialize_with = "by_emotion::serialize")]
    pub centred_per_class: [Option<f64>; 7],
    /// Plain, per class of the faces.
    #[serde(serialize_with = "by_emotion::serialize")]
    pub plain_per_class: [Option<f64>; 7],
    /// Songs drawn at random carry this much of each class.
    #[serde(serialize_with = "by_emotion::serialize")]
    pub random_per_class: [f64; 7],
    /// The songs that carry most of each class.
    #[serde(serialize_with = "by_emotion::serialize")]
    pub oracle_per_class: [f64; 7],
}

/// Judges recommendations: for every face the `count` best songs, or all if there are fewer.
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
    let count = count.min(vectors.len());
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
        let index = SongIndex::new(vectors.as_slice(), mode);
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
    let weights = |class: Emotion| -> Vec<f64> {
        let mut weights: Vec<f64> = targets.iter().map(|t| f64::from(t.get(class))).collect();
        weights.sort_by(|a, b| b.total_cmp(a));
        weights
    };
    let random_per_class = Emotion::ALL.map(|class| mean(&weights(class)));
    let oracle_per_class = Emotion::ALL.map(|class| {
        let weights = weights(class);
        mean(&weights[..count.min(weights.len())])
    });
    Some(MatchingReport {
        faces: faces.len(),
        songs: targets.len(),
        count,
        random: by_class(&|class| random_per_class[class.index()]),
        oracle: by_class(&|class| oracle_per_class[class.index()]),
        random_per_class,
        oracle_per_class,
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

#[cfg(test)]
mod tests {
    use super::super::judgement::tests::judged;
    use super::*;

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
}
