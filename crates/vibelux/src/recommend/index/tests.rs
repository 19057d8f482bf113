//! Tests of [`SongIndex`].

use super::*;
use crate::emotion::cosine;
use proptest::prelude::*;

fn vector() -> impl Strategy<Value = EmotionVector> {
    // Few distinct values, so that ties and equal vectors are common.
    prop::array::uniform7(0_u8..4)
        .prop_map(|w| EmotionVector::from_weights(w.map(f32::from)))
        .prop_filter_map("all zero", Result::ok)
}

fn mode() -> impl Strategy<Value = Mode> {
    prop_oneof![Just(Mode::Plain), Just(Mode::Centred)]
}

fn query() -> impl Strategy<Value = Query> {
    (vector(), vector()).prop_map(|(vector, reference)| Query { vector, reference })
}

proptest! {
    #[test]
    fn top_k_is_the_start_of_a_full_sort(
        songs in prop::collection::vec(vector(), 0..60), query in query(), mode in mode(), k in 0_usize..70,
    ) {
        let index = SongIndex::new(songs.as_slice(), mode);
        let direction = query.direction(mode);
        let mut all: Vec<Match> = (0..songs.len())
            .map(|i| Match { index: i, cosine: index.cosine(&direction, i) })
            .collect();
        all.sort_by(|a, b| b.cosine.partial_cmp(&a.cosine).unwrap().then(a.index.cmp(&b.index)));
        let odd: Vec<Match> = all.iter().copied().filter(|m| m.index % 2 == 1).take(k).collect();
        let rows: Vec<bool> = (0..songs.len() + 40).map(|i| i % 2 == 1).collect();
        prop_assert_eq!(index.top_k_among(&query, k, &rows), odd);
        let cut = songs.len() / 2;
        let first: Vec<Match> = all.iter().copied().filter(|m| m.index % 2 == 1 && m.index < cut).take(k).collect();
        prop_assert_eq!(index.top_k_among(&query, k, &rows[..cut]), first);
        // One song among many that are left out.
        for m in &all {
            let rows: Vec<bool> = (0..songs.len()).map(|i| i == m.index).collect();
            prop_assert_eq!(index.top_k_among(&query, 1, &rows), [*m]);
        }
        all.truncate(k);
        prop_assert_eq!(index.top_k(&query, k), all);
    }

    #[test]
    fn the_cosine_is_the_definition(songs in prop::collection::vec(vector(), 1..20), query in query()) {
        for found in SongIndex::new(songs.as_slice(), Mode::Plain).top_k(&query, songs.len()) {
            prop_assert!((found.cosine - query.vector.cosine(&songs[found.index])).abs() < 1e-6);
        }
        let mean = EmotionVector::mean(&songs).unwrap();
        for found in SongIndex::new(songs.as_slice(), Mode::Centred).top_k(&query, songs.len()) {
            let song = songs[found.index].centred(&mean);
            let expected = cosine(&query.vector.centred(&query.reference), &song);
            let has_direction = song.iter().any(|x| x.abs() > 1e-5);
            let expected = if has_direction { expected } else { 0.0 };
            prop_assert!((found.cosine - expected).abs() < 1e-5);
        }
    }

    #[test]
    fn contributions_sum_to_the_cosine(
        songs in prop::collection::vec(vector(), 1..20), query in query(), mode in mode(),
    ) {
        let index = SongIndex::new(songs.as_slice(), mode);
        for found in index.top_k(&query, 5) {
            let why = index.why(&query, found.index).unwrap();
            prop_assert!(why.iter().all(|x| x.is_finite()));
            prop_assert!((why.iter().sum::<f32>() - found.cosine).abs() < 1e-6);
            let reasons = reasons(&why);
            prop_assert!(reasons.windows(2).all(|w| w[0].1 >= w[1].1));
        }
    }

    #[test]
    fn the_order_of_the_songs_changes_no_cosine(
        songs in prop::collection::vec(vector(), 1..30), query in query(), mode in mode(),
    ) {
        let mut reversed = songs.clone();
        reversed.reverse();
        let cosines = |songs: &[EmotionVector]| -> Vec<f32> {
            SongIndex::new(songs, mode).top_k(&query, 10).iter().map(|m| m.cosine).collect()
        };
        for (a, b) in cosines(&songs).into_iter().zip(cosines(&reversed)) {
            prop_assert!((a - b).abs() < 1e-5, "{} {}", a, b);
        }
    }

    #[test]
    fn every_cosine_is_a_number_in_range(
        songs in prop::collection::vec(prop::array::uniform7(0.0_f32..f32::MAX), 1..20), mode in mode(),
    ) {
        let songs: Vec<_> = songs.into_iter().filter_map(|w| EmotionVector::from_weights(w).ok()).collect();
        let query = Query { vector: EmotionVector::one_hot(Emotion::Sad), reference: EmotionVector::UNIFORM };
        for found in SongIndex::new(songs.as_slice(), mode).top_k(&query, 20) {
            prop_assert!((-1.0..=1.0).contains(&found.cosine));
        }
    }
}

#[test]
fn a_song_like_the_mean_and_a_face_like_the_prior_have_cosine_zero() {
    let song = EmotionVector::from_weights([0.1, 0.2, 0.3, 0.1, 0.1, 0.1, 0.1]).unwrap();
    let query = Query {
        vector: EmotionVector::one_hot(Emotion::Happy),
        reference: EmotionVector::UNIFORM,
    };
    for copies in [1, 3, 7] {
        let index = SongIndex::new(vec![song; copies], Mode::Centred);
        let found = index.top_k(&query, 10);
        assert!(found.iter().all(|m| m.cosine == 0.0));
        let order: Vec<_> = found.iter().map(|m| m.index).collect();
        assert_eq!(order, (0..copies).collect::<Vec<_>>());
    }
    let average = Query {
        vector: song,
        reference: song,
    };
    assert!(average.is_undirected(Mode::Centred));
    assert!(!average.is_undirected(Mode::Plain));
}

#[test]
fn no_songs_give_no_matches() {
    let index = SongIndex::new([], Mode::Centred);
    let query = Query {
        vector: EmotionVector::UNIFORM,
        reference: EmotionVector::UNIFORM,
    };
    assert!(index.is_empty() && index.mean().is_none());
    assert_eq!(index.top_k(&query, usize::MAX), []);
    assert_eq!(index.why(&query, 0), None);
}

#[test]
fn centring_finds_the_song_that_stands_out() {
    // All songs are mostly sad; one is a little happier than the rest.
    let sad = EmotionVector::from_weights([0.0, 0.0, 0.0, 0.1, 0.0, 0.9, 0.0]).unwrap();
    let less = EmotionVector::from_weights([0.1, 0.0, 0.0, 0.2, 0.0, 0.7, 0.0]).unwrap();
    let query = Query {
        vector: EmotionVector::one_hot(Emotion::Happy),
        reference: EmotionVector::UNIFORM,
    };
    let index = SongIndex::new([sad, less, sad], Mode::Centred);
    assert_eq!(index.top_k(&query, 1)[0].index, 1);
    let why = index.why(&query, 1).unwrap();
    assert_eq!(reasons(&why)[0].0, Emotion::Happy);
}
